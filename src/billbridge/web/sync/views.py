"""Syncing with HaloPSA: what would be synced, the plan with every value before and after, then sending it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations.access import NotThere
from billbridge.operations.plans import ask_for_plan, ask_for_sync
from billbridge.operations.provider import today
from billbridge.operations.tasks import TaskKind, latest, task_of, unfinished
from billbridge.store.models import Company, HaloConnection, Task
from billbridge.store.queries.runs import run_begun_by, runs_of
from billbridge.store.queries.sync import configured_companies, entries_of, readiness, with_bills
from billbridge.store.roles import Role
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.sync.coverage import coverage_table
from billbridge.web.sync.forms import PlanForm, SendForm, is_id
from billbridge.web.sync.look import PlanLook, entries_csv, entry_rows, entry_table, look_of_plan
from billbridge.web.tables import Column, Filter, Table, read_table, tick_all, wants_csv

_TASKS = (TaskKind.PLAN, TaskKind.SYNC)
_TICK, _NO_TICK = tick_all("company", "companies"), Column(name="select", label="")
_COLUMNS = (
    Column(name="name", label="Company", order=("name",)),
    Column(name="customer", label="HaloPSA customer"),
    Column(name="auto", label="Auto-billing", order=("auto_since",)),
    Column(name="last", label="Last month"),
    Column(name="current", label="This month"),
)


def _by_mapping(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
    return rows.filter(client_id__isnull=value == "no")


def _by_auto_billing(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
    return rows.filter(auto_since__isnull=value == "off")


_FILTERS = (
    Filter(name="mapped", label="Mapped", choices=(("yes", "mapped"), ("no", "not mapped")), narrow=_by_mapping),
    Filter(name="auto", label="Auto-billing", choices=(("on", "on"), ("off", "off")), narrow=_by_auto_billing),
)


@require_safe
def sync(request: ConsoleRequest) -> HttpResponse:
    """What a sync would be about, and the choice of what to plan."""
    return _sync_page(request, PlanForm(initial={"month": request.GET.get("month", "")[:7]}))


@require_POST
def plan(request: ConsoleRequest) -> HttpResponse:
    """Ask for a plan of the companies given as `company`, or of all."""
    form = PlanForm(request.POST, chosen=request.POST.getlist("company"))
    if not form.is_valid():
        return _sync_page(request, form, status=400)
    values = form.cleaned_data
    try:
        asked = ask_for_plan(
            request.actor,
            companies=values["companies"],
            month=values["month"],
            accept_partial=values["accept_partial"],
            on_conflict=values["on_conflict"],
        )
    except NotThere:
        raise
    except InvalidInput as error:
        form.add_error(None, str(error))
        return _sync_page(request, form, status=409)
    return redirect("sync:task", pk=asked.pk)


@require_safe
def task(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A plan or a sync: live while it runs, then the plan to look at, or the run with what was read back."""
    one = _task(request, pk)
    if one.state != Task.State.DONE:
        run = run_begun_by(one) if one.kind == TaskKind.SYNC else None
        return render(request, "sync/working.html", {"task": one, "run": run})
    look = look_of_plan(one)
    if look is None:
        return redirect("runs:run", pk=one.result["run"])
    table = entry_table(request, look, entries_of(one))
    if wants_csv(request):
        return entries_csv(table, one)
    currency = request.actor.provider.currency
    table.page.object_list = entry_rows(table.page.object_list, currency)
    return _plan_page(request, one, look, "sync/plan.html", table)


@require_safe
def companies(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The companies a plan covers, each with its state and the reason."""
    one = _task(request, pk)
    look = look_of_plan(one) if one.state == Task.State.DONE else None
    if look is None:
        return redirect("sync:task", pk=pk)
    table = coverage_table(request, look.covered)
    return _plan_page(request, one, look, "sync/plan_companies.html", table)


@require_POST
def send(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask for the sync of a plan that was looked at."""
    one = _task(request, pk)
    form = SendForm(request.POST)
    adopt = form.is_valid() and bool(form.cleaned_data["adopt"])
    return redirect("sync:task", pk=ask_for_sync(request.actor, one, adopt=adopt).pk)


def _task(request: ConsoleRequest, pk: int) -> Task:
    one = task_of(request.actor.provider, pk)
    if one.kind not in _TASKS:
        raise NotThere("There is no such plan.")
    return one


def _plan_page(request: ConsoleRequest, one: Task, look: PlanLook, template: str, table: Table) -> HttpResponse:
    newer = latest(request.actor.provider, TaskKind.PLAN)
    context = {
        "task": one,
        "look": look,
        "table": table,
        "tab": "companies" if template.endswith("companies.html") else "changes",
        "newer": newer if newer is not None and newer.pk > one.pk else None,
    }
    return render(request, template, context)


def _sync_page(request: ConsoleRequest, form: PlanForm, *, status: int = 200) -> HttpResponse:
    provider = request.actor.provider
    running = Month.of(today(provider))
    table = read_table(
        request,
        configured_companies(provider),
        (_TICK if request.actor.may(Role.BILLING) else _NO_TICK, *_COLUMNS),
        search_in=("name", "source_id"),
        filters=_FILTERS,
        order="name",
        per_page=50,
    )
    shown = {str(one.pk) for one in table.page.object_list}
    table.page.object_list = with_bills(provider, table.page.object_list, running)
    chosen = set(request.POST.getlist("company"))
    context: dict[str, Any] = {
        "form": form,
        "chosen": chosen,
        "chosen_elsewhere": sorted(one for one in chosen - shown if is_id(one)),
        "table": table,
        "readiness": readiness(provider),
        "running": running,
        "is_connected": HaloConnection.objects.filter(provider=provider).exists(),
        "at_work": unfinished(provider, TaskKind.SYNC) or unfinished(provider, TaskKind.PLAN),
        "last_plan": latest(provider, TaskKind.PLAN),
        "last_run": runs_of(provider).first(),
    }
    return render(request, "sync/sync.html", context, status=status)
