"""A worker's signs of life, by which the others and `/ready` know that somebody does the tasks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import DatabaseError, close_old_connections, connections

from billbridge import logs
from billbridge.store.clock import database_now
from billbridge.store.lease import LEASE, RENEWAL
from billbridge.store.models import Worker

_FAREWELL = 2.0
"""Seconds that leaving in order may take: a database that is busy or away must not hold up the process."""

_log = logs.logger(__name__)


@contextmanager
def heard_of(name: str, *, renewal: float = RENEWAL) -> Iterator[None]:
    """Let the worker of this name be heard of while the block runs; a database that is away is waited for."""
    over = threading.Event()
    beating = threading.Thread(
        target=_keep_beating, args=(name, over, renewal), daemon=True, name="worker presence"
    )
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join(_FAREWELL)


def _keep_beating(name: str, over: threading.Event, renewal: float) -> None:
    began = datetime.now(UTC)
    is_lost = False
    try:
        while True:
            close_old_connections()
            try:
                _beat(name, began)
                is_lost = False
            except DatabaseError:
                if not is_lost:
                    _log.warning("the worker cannot be heard of: its database does not answer", worker=name)
                is_lost = True
            if over.wait(renewal):
                break
        _leave(name)
    finally:
        connections.close_all()  # this thread's own


def _beat(name: str, began: datetime) -> None:
    now = database_now()
    if Worker.objects.filter(name=name).update(alive_until=now + LEASE):
        return
    Worker.objects.filter(alive_until__lt=now - LEASE).delete()  # those that were killed
    Worker.objects.create(name=name, machine=socket.gethostname()[:200], began=began, alive_until=now + LEASE)


def _leave(name: str) -> None:
    try:
        Worker.objects.filter(name=name).delete()
    except DatabaseError:
        return  # it lapses
