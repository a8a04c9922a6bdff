"""The one error model: transient errors may be repeated, permanent errors need a person.

Every error says what happened and to what; a permanent one says what to do about it.
"""

from __future__ import annotations


class BillbridgeError(Exception):
    """The root of every error Billbridge raises on purpose.

    `message` says what happened, to which thing; `hint` says what to do, and may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class TransientError(BillbridgeError):
    """Something that may succeed when it is tried again: a time-out, a 429, a server error.

    `retry_after` is the number of seconds the other side asked us to wait, if it said so.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class PermanentError(BillbridgeError):
    """Something that stays wrong until a person does what `hint` says."""


class InvalidInput(PermanentError):
    """A person or a file gave a value that cannot be used; nothing was changed."""
