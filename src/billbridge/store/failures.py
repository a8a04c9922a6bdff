"""What a person can do about a database that refuses, or a disk that is full."""

from __future__ import annotations

import errno

from django.db import OperationalError

from billbridge.errors import BillbridgeError, PermanentError, TransientError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL = ("disk is full", "disk i/o error", "no space left", "could not extend file", "could not write")
_READ_ONLY = ("readonly database", "read-only transaction")
_MAKE_ROOM = (
    "Look whether the disk is full or failing, and run the same again: what did not come in whole changed nothing, "
    "and a sync goes on from what was recorded."
)


def explained(error: BaseException) -> BillbridgeError | None:
    """A failure of the database or the disk in words, with its remedy; None for anything else: a defect."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = f" {error.filename}" if error.filename else ""
        return PermanentError(f"The file{where} cannot be written: {error.strerror}.", hint=_MAKE_ROOM)
    if not isinstance(error, OperationalError):
        return None
    said = str(error).strip()
    lower = said.lower()
    if any(words in lower for words in _FULL):
        return PermanentError(f"The database cannot be written: {said}.", hint=_MAKE_ROOM)
    if any(words in lower for words in _READ_ONLY):
        return PermanentError(f"The database cannot be written: {said}.", hint="Let this user write to it.")
    if "locked" in lower:
        return TransientError("Another process has the database for itself.", hint="Try again in a minute.")
    return TransientError(f"The database does not answer: {said}.", hint="See that it runs, and try again.")
