"""How a task looks on a page: its state in words, how far it is, and where its result is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse

from billbridge.operations.tasks import (
    CUT_SHORT,
    UNFINISHED,
    TaskKind,
    is_abandoned,
    waits_for_another_try,
    waits_in_vain,
)
from billbridge.store.models import Task

_NOUNS = {kind.value: kind.noun for kind in TaskKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLook:
    """A task in words. `percent` is empty while the length of its step is not known."""

    title: str
    state: str
    is_unfinished: bool
    step: str
    """What it does now, or waits for."""
    since: datetime
    percent: int | None
    finished: int
    total: int
    trouble: str
    """Why nothing seems to happen, and what to do."""
    can_stop: bool
    can_retry: bool
    """Whether it can be tried again, or at once instead of later."""
    tries_at: datetime | None
    """When it is tried again after trouble."""
    address: str
    """The task's own page."""


def look_of(task: Task) -> TaskLook:
    """How a task looks now."""
    has_length = task.state == Task.State.RUNNING and task.total > 0
    waits = waits_for_another_try(task)
    return TaskLook(
        title=title_of(task),
        state=task.state,
        is_unfinished=task.state in UNFINISHED,
        step=_step(task),
        since=task.began or task.asked,
        percent=min(100, task.finished * 100 // task.total) if has_length else None,
        finished=task.finished,
        total=task.total,
        trouble=_trouble(task),
        can_stop=task.state in UNFINISHED and not task.stop_asked_by,
        can_retry=waits or task.state in CUT_SHORT,
        tries_at=datetime.fromtimestamp(task.not_before, UTC) if waits else None,
        address=reverse("tasks:task", args=[task.pk]),
    )


def title_of(task: Task) -> str:
    """What a task is, beginning a sentence."""
    noun = _NOUNS.get(task.kind, task.kind)
    return noun[:1].upper() + noun[1:]


def result_address(task: Task) -> str:
    """The page that shows what a task led to."""
    match task.kind:
        case TaskKind.PLAN | TaskKind.SYNC:
            return reverse("sync:task", args=[task.pk])
        case TaskKind.RECONCILE:
            return reverse("reconciliation:month", args=[task.inputs["month"]])
        case TaskKind.AUTO_BILLING if task.result.get("run"):
            return reverse("runs:run", args=[task.result["run"]])
    return reverse(_PAGES[TaskKind(task.kind)])


_PAGES = {
    TaskKind.AUTO_BILLING: "runs:runs",
    TaskKind.COLLECT: "sources:sources",
    TaskKind.REFRESH: "halopsa:mapping",
    TaskKind.DRIFT: "drift:drift",
    TaskKind.NOTIFY: "notifications:notifications",
    TaskKind.TEST_HALOPSA: "halopsa:connection",
    TaskKind.TEST_SOURCE: "sources:sources",
}
"""Where the results of a kind are shown, all together."""


def _step(task: Task) -> str:
    if task.state == Task.State.QUEUED:
        return f"tried {task.tries} times, waiting to be tried again" if task.tries else "waiting for its turn"
    if task.state == Task.State.RUNNING and task.stop_asked_by:
        return f"{task.stop_asked_by} asked it to stop: it ends after the call in flight"
    if task.state == Task.State.RUNNING:
        return task.step or "beginning"
    return ""


def _trouble(task: Task) -> str:
    if task.state == Task.State.QUEUED and task.tries:
        return task.reason
    if waits_in_vain(task):
        return "No worker seems to run: start `billbridge serve` on the server, and this begins by itself."
    if is_abandoned(task):
        return "Its worker was not heard of for a while: another goes on; if none runs, start `billbridge serve`."
    return ""
