"""Exit codes that scripts can rely on."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the exit code of every command means."""

    DONE = 0
    UNEXPECTED = 1
    """A defect: please report it."""
    USAGE = 2
    """The command line could not be understood."""
    WRONG = 3
    """Input or a setting is wrong, or a person must do something first; the message says what."""
    TRY_AGAIN = 4
    """Something outside did not answer; the same command may succeed later."""
    NEEDS_A_PERSON = 5
    """Done, but something was held, left out, failed or is in conflict; the output says what."""
    NOT_CONFIRMED = 6
    """Asked and answered no: nothing was written."""
