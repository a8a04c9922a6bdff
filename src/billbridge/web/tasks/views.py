"""Background work: every task with its state, and one task live while it runs."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from billbridge.operations.tasks import TaskKind, retry, stop, task_of, tasks_of
from billbridge.store.models import Task
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, read_table
from billbridge.web.tasks.look import look_of

_COLUMNS = (
    Column(name="kind", label="What", order=("kind",)),
    Column(name="state", label="State", order=("state",)),
    Column(name="who", label="Asked for by", order=("asked_by",)),
    Column(name="asked", label="Asked", order=("pk",)),
    Column(name="ended", label="Ended", order=("ended",)),
    Column(name="reason", label="Remarks"),
)


def _of_kind(rows: QuerySet[Task], kind: str) -> QuerySet[Task]:
    return rows.filter(kind=kind)


def _in_state(rows: QuerySet[Task], state: str) -> QuerySet[Task]:
    return rows.filter(state=state)


_FILTERS = (
    Filter(
        name="kind",
        label="What",
        choices=tuple((kind.value, kind.noun) for kind in TaskKind),
        narrow=_of_kind,
    ),
    Filter(
        name="state",
        label="State",
        choices=tuple((state.value, state.value) for state in Task.State),
        narrow=_in_state,
    ),
)


@require_safe
def tasks(request: ConsoleRequest) -> HttpResponse:
    """Everything that was asked for, newest first; notifications only when they are chosen, for they are many."""
    rows = tasks_of(request.actor.provider)
    if request.GET.get("kind") != TaskKind.NOTIFY.value:
        rows = rows.exclude(kind=TaskKind.NOTIFY.value)
    table = read_table(request, rows, _COLUMNS, search_in=("asked_by", "reason"), filters=_FILTERS, order="-asked")
    return render(request, "tasks/tasks.html", {"table": table})


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def task(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One task; for htmx the part of it that changes while it runs, until it has ended."""
    one = task_of(request.actor.provider, pk)
    if not request.htmx:
        return render(request, "tasks/task.html", {"task": one})
    look = look_of(one)
    if look.is_unfinished:
        return render(request, "tasks/progress.html", {"task": one, "look": look})
    if request.GET.get("then") == "stay":
        response = render(request, "tasks/ended.html", {"task": one, "look": look})
        response["HX-Reswap"] = "outerHTML"
        return response
    return HttpResponse(headers={"HX-Refresh": "true"})


@require_POST
def stop_task(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask a task to stop; its page says what was done until then."""
    one = task_of(request.actor.provider, pk)
    stop(request.actor, one)
    return redirect("tasks:task", pk=one.pk)


@require_POST
def retry_task(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Try a task again that failed or was stopped, or one at once that waits for another try."""
    one = task_of(request.actor.provider, pk)
    retry(request.actor, one)
    return redirect("tasks:task", pk=one.pk)
