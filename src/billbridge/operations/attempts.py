"""The attempts in which a task is done: claimed by one worker, ended, put back, or taken over from a dead one.

A task's row says which attempt is due. Whoever begins one must claim it, and an attempt that is not due any more
changes nothing: so a task is done once, however often the engine or a restarted worker begins it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from billbridge.failpoints import reach
from billbridge.operations.access import Actor
from billbridge.operations.tasks import TaskKind
from billbridge.operations.workers import process_is_gone
from billbridge.store.clock import database_now
from billbridge.store.lease import LEASE
from billbridge.store.models import Run, Task
from billbridge.store.processes import Process


class NotClaimed(StrEnum):
    """Why an attempt is not begun."""

    NOT_DUE = "not due"
    """It was done, stopped, or replaced by a later attempt."""
    BUSY = "busy"
    """Another task of its lane is at work."""


def claim(task_id: int, attempt: int, worker: str) -> Task | NotClaimed:
    """Make an attempt this worker's own; of several that try, one gets it.

    An attempt at work is claimed only if its worker is dead: it was begun before the worker's end, and is begun
    again.
    """
    due = Task.objects.filter(pk=task_id, attempt=attempt)
    found = due.first()
    if found is None:
        return NotClaimed.NOT_DUE
    if found.state == Task.State.RUNNING and _is_abandoned(found.worker, found.alive_until):
        free = due.filter(state=Task.State.RUNNING, worker=found.worker)
    else:
        free = due.filter(state=Task.State.QUEUED)
    reach("before-claim")
    try:
        with transaction.atomic():
            claimed = free.update(
                state=Task.State.RUNNING,
                began=datetime.now(UTC),
                worker=worker,
                alive_until=database_now() + LEASE,
                step="",
                finished=0,
                total=0,
            )
    except IntegrityError:  # one task of a lane at work
        return NotClaimed.BUSY
    reach("after-claim")
    return Task.objects.select_related("provider").get(pk=task_id) if claimed else NotClaimed.NOT_DUE


def wait_for_lane(task_id: int, attempt: int, seconds: float) -> None:
    """Let an attempt whose lane was busy be tried again in `seconds`, as the next one."""
    Task.objects.filter(pk=task_id, attempt=attempt, state=Task.State.QUEUED).update(
        attempt=attempt + 1, handed_over="", not_before=database_now() + seconds
    )


def begin_here(actor: Actor, kind: TaskKind, inputs: Mapping[str, Any], worker: str) -> Task | None:
    """A task that the calling process does itself, at once; `None` when another of its lane is at work.

    Should the process be killed, a worker goes on from there.
    """
    now = datetime.now(UTC)
    try:
        with transaction.atomic():
            return Task.objects.create(
                provider=actor.provider,
                kind=kind.value,
                lane=kind.lane.value,
                inputs=dict(inputs),
                asked_by=actor.who,
                administrator=actor.administrator,
                asked=now,
                began=now,
                state=Task.State.RUNNING,
                worker=worker,
                alive_until=database_now() + LEASE,
            )
    except IntegrityError:
        return None


def keep_alive(task: Task) -> None:
    """Give a sign of life for the attempt at work, so that nobody takes it over."""
    _at_work(task).update(alive_until=database_now() + LEASE)


def is_stopped_by(task: Task) -> str:
    """Who asked the attempt at work to stop, if anybody did."""
    return Task.objects.filter(pk=task.pk).values_list("stop_asked_by", flat=True).first() or ""


def end(task: Task, state: Task.State, *, result: Mapping[str, Any] | None = None, reason: str = "") -> bool:
    """Record how an attempt ended the task; `False` when it was taken over meanwhile: the other records its end."""
    reach("before-end")
    ended = _at_work(task).update(
        state=state, ended=datetime.now(UTC), result=dict(result or {}), reason=reason, step="", alive_until=0.0
    )
    return bool(ended)


def put_back(task: Task, *, seconds: float, reason: str, counts: bool) -> bool:
    """Let another attempt go on in `seconds`; `counts` says that this one met trouble, which makes the waits
    longer.

    `False` when it was taken over meanwhile.
    """
    reach("before-put-back")
    return bool(
        _at_work(task).update(
            state=Task.State.QUEUED,
            attempt=F("attempt") + 1,
            tries=F("tries") + (1 if counts else 0),
            not_before=database_now() + seconds if seconds else 0.0,
            handed_over="",
            worker="",
            alive_until=0.0,
            step="",
            reason=reason,
        )
    )


def take_over_abandoned() -> list[tuple[int, int]]:
    """Put back the tasks whose worker died; gives them with the attempt that is over.

    A worker is dead when it was not heard of for its lease, or when its process on this machine is gone. What it
    did is known from the rows it wrote, so the next attempt goes on from there.
    """
    taken: list[tuple[int, int]] = []
    running = Task.objects.filter(state=Task.State.RUNNING)
    for pk, attempt, worker, until in running.values_list("pk", "attempt", "worker", "alive_until"):
        if not _is_abandoned(worker, until):
            continue
        reach("before-take-over")
        with transaction.atomic():
            mine = running.filter(pk=pk, attempt=attempt, worker=worker).update(**_AGAIN)
            if mine:
                Run.objects.filter(task_id=pk, state=Run.State.RUNNING).update(
                    state=Run.State.INTERRUPTED, reason="Its worker died; another went on from there."
                )
        if mine:
            taken.append((pk, attempt))
    return taken


def put_back_those_of(worker: str) -> int:
    """Put back the tasks of a worker that ends now; gives how many."""
    return Task.objects.filter(state=Task.State.RUNNING, worker=worker).update(**_AGAIN)


_AGAIN: dict[str, Any] = {
    "state": Task.State.QUEUED,
    "attempt": F("attempt") + 1,
    "handed_over": "",
    "worker": "",
    "alive_until": 0.0,
    "step": "",
}


def new_worker_name() -> str:
    """A name for a worker of this process, unlike that of every other."""
    return worker_name(secrets.token_hex(4))


def worker_name(token: str) -> str:
    """A worker's name: its process, by which it is seen whether it still lives, and a token of its own."""
    return f"{Process.this() or '-'} {token}"


def _at_work(task: Task) -> QuerySet[Task]:
    return Task.objects.filter(pk=task.pk, attempt=task.attempt, worker=task.worker, state=Task.State.RUNNING)


def _is_abandoned(worker: str, until: float) -> bool:
    return until <= database_now() or process_is_gone(worker)
