"""Asking for work in the background, and looking how far it is. What runs it is `billbridge.jobs`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor, NotThere
from billbridge.store.clock import database_now
from billbridge.store.models import Provider, Task
from billbridge.store.processes import Process
from billbridge.store.roles import Role


class TaskKind(StrEnum):
    """What can be asked for."""

    PLAN = "plan"
    """Make the bills, read HaloPSA and plan; the result is the plan."""
    SYNC = "sync"
    """Plan again and, if the plan is still the one that was looked at, send it and read it back."""
    COLLECT = "collect"
    """Collect usage from the source now."""
    REFRESH = "refresh"
    """Read HaloPSA's lists anew into our copy."""
    RECONCILE = "reconcile"
    """Compare a month's figures with HaloPSA; nothing is written there."""
    DRIFT = "drift check"
    """Look for what was changed in HaloPSA since our last sync; nothing is written there."""
    TEST_HALOPSA = "test HaloPSA"
    TEST_SOURCE = "test source"

    @property
    def noun(self) -> str:
        """The kind as one calls a task of it."""
        return _NOUNS[self]


_NOUNS = {
    TaskKind.PLAN: "plan",
    TaskKind.SYNC: "sync with HaloPSA",
    TaskKind.COLLECT: "collection",
    TaskKind.REFRESH: "refresh of HaloPSA's lists",
    TaskKind.RECONCILE: "reconciliation",
    TaskKind.DRIFT: "drift check",
    TaskKind.TEST_HALOPSA: "test of the HaloPSA connection",
    TaskKind.TEST_SOURCE: "test of the source",
}
_ROLES = {TaskKind.TEST_HALOPSA: Role.OWNER, TaskKind.TEST_SOURCE: Role.OWNER}
UNFINISHED = (Task.State.QUEUED, Task.State.RUNNING)

_INTERRUPTED = "The worker was stopped while this ran. Ask for it again: what was sent already is not sent twice."

PATIENCE = timedelta(seconds=10)
"""How long a task waits before it is said that no worker seems to run."""


def ask_for(actor: Actor, kind: TaskKind, inputs: Mapping[str, Any] | None = None) -> Task:
    """Put a task into the queue. `inputs` are ids and choices, never secrets or figures.

    One task of a kind at a time: while one is not finished, the same request gives it, and another is refused.
    Raises `NotAllowed`, or `InvalidInput` when another of the kind is at work.
    """
    actor.require(_ROLES.get(kind, Role.BILLING))
    wanted = dict(inputs or {})
    interrupt_abandoned()
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        waiting = unfinished(actor.provider, kind)
        if waiting is not None:
            if waiting.inputs == wanted:
                return waiting
            raise InvalidInput(
                f"A {kind.noun} that {waiting.asked_by} asked for is not finished.",
                hint="Wait until it is, then ask again.",
            )
        return Task.objects.create(
            provider=actor.provider,
            kind=kind.value,
            inputs=wanted,
            asked_by=actor.who,
            administrator=actor.administrator,
            asked=datetime.now(UTC),
        )


def tasks_of(provider: Provider) -> QuerySet[Task]:
    """A provider's tasks, newest first, without their results: those of some kinds are large."""
    return Task.objects.filter(provider=provider).defer("result").order_by("-pk")


def unfinished(provider: Provider, kind: TaskKind) -> Task | None:
    """The task of a kind that waits or runs, if there is one."""
    return tasks_of(provider).filter(kind=kind.value, state__in=UNFINISHED).last()


def latest(provider: Provider, kind: TaskKind) -> Task | None:
    """The newest task of a kind, whatever became of it."""
    return tasks_of(provider).filter(kind=kind.value).first()


def task_of(provider: Provider, task_id: int) -> Task:
    """A provider's task; raises `NotThere` for any other."""
    task = tasks_of(provider).filter(pk=task_id).first()
    if task is None:
        raise NotThere("There is no such task.")
    return task


def interrupt_abandoned() -> int:
    """Mark tasks whose worker died as interrupted; gives how many.

    A worker is dead when it was not heard of for its lease, or when its process on this machine is gone. Nothing
    runs twice by itself: asking again resumes what HaloPSA has already.
    """
    running = Task.objects.filter(state=Task.State.RUNNING)
    dead = [
        pk
        for pk, worker, until in running.values_list("pk", "worker", "alive_until")
        if until <= database_now() or _is_gone(worker)
    ]
    if not dead:
        return 0
    return _interrupt(running.filter(pk__in=dead))


def interrupt_those_of(worker: str) -> int:
    """Mark the tasks of a worker that ends now as interrupted; gives how many."""
    return _interrupt(Task.objects.filter(state=Task.State.RUNNING, worker=worker))


def _interrupt(running: QuerySet[Task]) -> int:
    return running.update(state=Task.State.STOPPED, step="", ended=datetime.now(UTC), reason=_INTERRUPTED)


def worker_name(token: str) -> str:
    """A worker's name: its process, by which it is seen whether it still lives, and a token of its own."""
    return f"{Process.this() or '-'} {token}"


def _is_gone(worker: str) -> bool:
    process = Process.parse(worker.partition(" ")[0])
    return process is not None and process.is_dead()


def waits_in_vain(task: Task) -> bool:
    """Whether a task has waited for a while although no worker is busy: none seems to run."""
    if task.state != Task.State.QUEUED or datetime.now(UTC) - task.asked < PATIENCE:
        return False
    busy = Q(state=Task.State.RUNNING, alive_until__gt=database_now())
    return not Task.objects.filter(busy).exists()


def is_abandoned(task: Task) -> bool:
    """Whether a task that seems to run has not been heard of for its worker's lease."""
    return task.state == Task.State.RUNNING and task.alive_until <= database_now()
