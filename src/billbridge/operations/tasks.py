"""Asking for work in the background, and looking how far it is. What runs it is `billbridge.jobs`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.audit import record
from billbridge.store.clock import database_now
from billbridge.store.models import Provider, Task
from billbridge.store.roles import Role


class TaskKind(StrEnum):
    """What can be asked for."""

    PLAN = "plan"
    """Make the bills, read HaloPSA and plan; the result is the plan."""
    SYNC = "sync"
    """Plan again and, if the plan is still the one that was looked at, send it and read it back."""
    AUTO_BILLING = "auto-billing"
    """Make last month's automatic bills and send them; nobody looks at the plan first."""
    COLLECT = "collect"
    """Collect usage from the source now."""
    REFRESH = "refresh"
    """Read HaloPSA's lists anew into our copy."""
    RECONCILE = "reconcile"
    """Compare a month's figures with HaloPSA; nothing is written there."""
    DRIFT = "drift check"
    """Look what was changed in HaloPSA since our last sync; nothing is written there."""
    NOTIFY = "notification"
    """Bring one notice to one channel."""
    TEST_HALOPSA = "test HaloPSA"
    TEST_SOURCE = "test source"

    @property
    def noun(self) -> str:
        """The kind as one calls a task of it."""
        return _NOUNS[self]

    @property
    def lane(self) -> Lane:
        """What a task of the kind works on."""
        return _LANES.get(self, Lane.HALOPSA)


class Lane(StrEnum):
    """What a provider's task works on. In each lane one is at work, and lanes do not wait for each other."""

    HALOPSA = "halopsa"
    SOURCE = "source"
    NOTICES = "notices"


_NOUNS = {
    TaskKind.PLAN: "plan",
    TaskKind.SYNC: "sync with HaloPSA",
    TaskKind.AUTO_BILLING: "auto-billing",
    TaskKind.COLLECT: "collection",
    TaskKind.REFRESH: "refresh of HaloPSA's lists",
    TaskKind.RECONCILE: "reconciliation",
    TaskKind.DRIFT: "drift check",
    TaskKind.NOTIFY: "notification",
    TaskKind.TEST_HALOPSA: "test of the HaloPSA connection",
    TaskKind.TEST_SOURCE: "test of the source",
}
_LANES = {
    TaskKind.COLLECT: Lane.SOURCE,
    TaskKind.TEST_SOURCE: Lane.SOURCE,
    TaskKind.NOTIFY: Lane.NOTICES,
}
_ROLES = {TaskKind.TEST_HALOPSA: Role.OWNER, TaskKind.TEST_SOURCE: Role.OWNER}
UNFINISHED = (Task.State.QUEUED, Task.State.RUNNING)
CUT_SHORT = (Task.State.FAILED, Task.State.STOPPED)
"""States of a task that ended without its result, and can be retried."""

PATIENCE = timedelta(seconds=10)
"""How long a task waits before it is said that no worker seems to run."""


def ask_for(actor: Actor, kind: TaskKind, inputs: Mapping[str, Any] | None = None) -> Task:
    """Put a task into the queue. `inputs` are ids and choices, never secrets or figures.

    One task of a kind at a time: while one is not finished, the same request gives it, and another is refused.
    Raises `NotAllowed`, or `InvalidInput` when another of the kind is at work.
    """
    actor.require(_ROLES.get(kind, Role.BILLING))
    wanted = dict(inputs or {})
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        waiting = unfinished(actor.provider, kind)
        if waiting is not None:
            if waiting.inputs == wanted:
                return waiting
            raise InvalidInput(
                f"A {kind.noun} that {waiting.asked_by} asked for is not finished.",
                hint="Wait until it is, or stop it, then ask again.",
            )
        return _new(actor, kind, wanted)


def ask_when_due(
    provider: Provider, kind: TaskKind, due: str, inputs: Mapping[str, Any] | None = None
) -> Task | None:
    """Put what a schedule asks for into the queue; `due` names it, and is asked for once, whoever looks how often.

    `None` when it was asked for before, or while a task of the kind is not finished.
    """
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=provider.pk)
        asked = Task.objects.filter(provider=provider, due=due).exists()
        if asked or (kind is not TaskKind.NOTIFY and unfinished(provider, kind) is not None):
            return None
        return _new(Actor.schedule(provider), kind, dict(inputs or {}), due=due)


def _new(actor: Actor, kind: TaskKind, inputs: dict[str, Any], *, due: str = "") -> Task:
    return Task.objects.create(
        provider=actor.provider,
        kind=kind.value,
        lane=kind.lane.value,
        inputs=inputs,
        due=due,
        asked_by=actor.who,
        administrator=actor.administrator,
        asked=datetime.now(UTC),
    )


def stop(actor: Actor, task: Task) -> None:
    """Ask an unfinished task to stop: one that waits is stopped at once, one at work after the call in flight.

    What it has sent until then is read back and stays; the task says what was and what was not. Raises
    `NotAllowed`, or `InvalidInput` when it has ended.
    """
    actor.require(Role.BILLING)
    mine = Task.objects.filter(pk=task.pk, provider=actor.provider)
    with transaction.atomic():
        waiting = mine.filter(state=Task.State.QUEUED).update(
            state=Task.State.STOPPED,
            stop_asked_by=actor.who,
            reason=f"Stopped by {actor.who} while it waited.",
            ended=datetime.now(UTC),
            attempt=F("attempt") + 1,
            handed_over="",
        )
        if not waiting and not mine.filter(state=Task.State.RUNNING).update(stop_asked_by=actor.who):
            raise InvalidInput("This has ended already.", hint="There is nothing to stop.")
        record(actor, "stop", f"{TaskKind(task.kind).noun} {task.pk}")


def retry(actor: Actor, task: Task) -> None:
    """Try a task again that failed or was stopped, or try at once what waits to be tried again.

    A run goes on from where it stopped, with the same figures: what HaloPSA shows already is not sent again. Raises
    `NotAllowed`, or `InvalidInput` when it is at work, is done, or another of its kind is not finished.
    """
    actor.require(Role.BILLING)
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        other = unfinished(actor.provider, TaskKind(task.kind))
        if task.kind != TaskKind.NOTIFY and other is not None and other.pk != task.pk:
            raise InvalidInput(
                f"Another {TaskKind(task.kind).noun} is not finished.", hint="Wait until it is, then try again."
            )
        again = Task.objects.filter(pk=task.pk, provider=actor.provider, state__in=(*CUT_SHORT, Task.State.QUEUED))
        if not again.update(
            state=Task.State.QUEUED,
            attempt=F("attempt") + 1,
            tries=0,
            not_before=0.0,
            handed_over="",
            stop_asked_by="",
            reason="",
            ended=None,
        ):
            raise InvalidInput("This cannot be tried again.", hint="It is at work, or it is done.")
        record(actor, "retry", f"{TaskKind(task.kind).noun} {task.pk}")


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


def waits_for_another_try(task: Task) -> bool:
    """Whether a task waits until trouble that passes may be over."""
    return task.state == Task.State.QUEUED and task.not_before > database_now()


def waits_in_vain(task: Task) -> bool:
    """Whether a task has waited for a while although no worker is busy: none seems to run."""
    if task.state != Task.State.QUEUED or datetime.now(UTC) - task.asked < PATIENCE or waits_for_another_try(task):
        return False
    busy = Q(state=Task.State.RUNNING, alive_until__gt=database_now())
    return not Task.objects.filter(busy).exists()


def is_abandoned(task: Task) -> bool:
    """Whether a task that seems to run has not been heard of for its worker's lease."""
    return task.state == Task.State.RUNNING and task.alive_until <= database_now()
