"""A worker without an engine, in the test's own process: it does what waits, one task after another."""

from __future__ import annotations

from billbridge.jobs.perform import perform
from billbridge.operations.attempts import new_worker_name
from billbridge.store.clock import database_now
from billbridge.store.models import Task


def work_once() -> bool:
    """Do the oldest task that may run now; `False` when there is none."""
    waiting = Task.objects.filter(state=Task.State.QUEUED, not_before__lte=database_now())
    task = waiting.order_by("pk").first()
    if task is None:
        return False
    perform(task.pk, task.attempt, new_worker_name())
    return True


def work_all() -> int:
    """Do everything that waits; gives how many attempts that took."""
    number = 0
    while work_once():
        number += 1
    return number
