"""What every attempt needs, whoever does it: signs of life while it lasts, and its end told to people."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connections, transaction

from billbridge.operations import attempts
from billbridge.operations.telling import tell
from billbridge.store.lease import RENEWAL
from billbridge.store.models import Task


def end_and_tell(
    task: Task, state: Task.State, *, result: Mapping[str, Any] | None = None, reason: str = ""
) -> bool:
    """Record how an attempt ended the task and tell people of it, both or neither; `False` if it was taken over."""
    with transaction.atomic():
        ended = attempts.end(task, state, result=result, reason=reason)
        if ended:
            task.state, task.result, task.reason = state, dict(result or {}), reason
            tell(task)
    return ended


@contextmanager
def heard_of(task: Task, *, renewal: float = RENEWAL) -> Iterator[None]:
    """Give signs of life in the background while the block runs, so that a long task is not taken for abandoned."""
    over = threading.Event()
    renewing = threading.Thread(target=_keep_renewing, args=(task, over, renewal), daemon=True, name="task lease")
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()


def _keep_renewing(task: Task, over: threading.Event, renewal: float) -> None:
    try:
        while not over.wait(renewal):
            try:
                attempts.keep_alive(task)
            except DatabaseError:
                connections.close_all()
                continue  # the lease outlasts several renewals: the next one may succeed
    finally:
        connections.close_all()  # this thread's own
