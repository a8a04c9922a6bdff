"""The lock that lets one worker at a time run on SQLite: a file in the data folder that a living process holds.

The system gives it back when the process ends, however it ends, so there is never one to clear away.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from billbridge.errors import PermanentError
from billbridge.store.start import installation

_FILE = "worker.lock"


class AnotherWorker(PermanentError):
    """A worker runs on this SQLite installation already."""


@contextmanager
def only_worker() -> Iterator[None]:
    """Be the installation's only worker while the block runs; on PostgreSQL any number may be.

    Raises `AnotherWorker` when there is one already.
    """
    settings = installation()
    if settings.uses_postgresql:
        yield
        return
    file = settings.data / _FILE
    with _opened(file) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherWorker(
                f"A worker runs on {settings.data} already: {_holder(descriptor)}.",
                hint="SQLite takes one. Stop it first, or run `billbridge web` for pages alone; "
                "more workers need PostgreSQL.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)  # not handed on to processes that are started
    except OSError as error:
        raise PermanentError(
            f"The lock {file} cannot be opened: {error.strerror}.", hint="Run as the user that owns the folder."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Who wrote itself into the lock; it may be about to."""
    return os.pread(descriptor, 500, 0).decode("utf-8", "replace") or "one that has just started"
