"""A database that refuses and a disk that is full are told with their remedy; a defect is not taken for either."""

from __future__ import annotations

import errno

import pytest
from django.db import IntegrityError, OperationalError

from billbridge.errors import PermanentError, TransientError
from billbridge.store.failures import explained


@pytest.mark.parametrize(
    "said",
    [
        "database or disk is full",
        "disk I/O error",
        'could not extend file "base/16384/2619": No space left on device',
    ],
)
def test_a_full_disk_needs_a_person_to_make_room(said: str) -> None:
    error = explained(OperationalError(said))
    assert isinstance(error, PermanentError)
    assert said in error.message
    assert "the disk is full" in error.hint


def test_a_database_that_may_only_be_read_needs_a_person() -> None:
    error = explained(OperationalError("attempt to write a readonly database"))
    assert isinstance(error, PermanentError)
    assert "this user" in error.hint


@pytest.mark.parametrize("said", ["database is locked", "server closed the connection unexpectedly"])
def test_a_database_that_is_busy_or_away_may_answer_later(said: str) -> None:
    assert isinstance(explained(OperationalError(said)), TransientError)


def test_a_file_that_finds_no_room_is_named() -> None:
    error = explained(OSError(errno.ENOSPC, "No space left on device", "/data/keys"))
    assert isinstance(error, PermanentError)
    assert "/data/keys" in error.message


@pytest.mark.parametrize(
    "error", [IntegrityError("UNIQUE constraint failed"), OSError(errno.ENOENT, "none"), KeyError("a")]
)
def test_anything_else_is_a_defect(error: Exception) -> None:
    assert explained(error) is None
