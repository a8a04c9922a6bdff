"""Reconciling a month with HaloPSA: the last result with its age, and asking for a new one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billbridge.billing.months import Month
from billbridge.billing.reconciliation import Match
from billbridge.errors import InvalidInput
from billbridge.operations.provider import today
from billbridge.operations.reconcile import ask_for_reconciliation
from billbridge.operations.tasks import TaskKind, unfinished
from billbridge.store.models import HaloConnection
from billbridge.store.queries.reconciliation import company_rows, last_reconciliation, months_to_reconcile
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.reconciliation.lines import line_table, lines_csv
from billbridge.web.tables import wants_csv


@require_safe
def reconciliation(request: ConsoleRequest) -> HttpResponse:
    """Leads to the month given as `month`, or to last month."""
    try:
        chosen = Month.parse(request.GET.get("month", "")[:20])
    except ValueError:
        chosen = Month.of(today(request.actor.provider)).previous
    return redirect("reconciliation:month", month=chosen)


@require_safe
def month(request: ConsoleRequest, month: Month) -> HttpResponse:
    """A month's lines as they were last compared."""
    return _page(request, month)


@require_POST
def start(request: ConsoleRequest, month: Month) -> HttpResponse:
    """Ask for the month's reconciliation."""
    try:
        ask_for_reconciliation(request.actor, month)
    except InvalidInput as error:
        return _page(request, month, refusal=str(error), status=409)
    return redirect("reconciliation:month", month=month)


def _page(request: ConsoleRequest, chosen: Month, *, refusal: str = "", status: int = 200) -> HttpResponse:
    provider = request.actor.provider
    last = last_reconciliation(provider, chosen)
    table = line_table(request, last.result)
    if wants_csv(request):
        return lines_csv(table, chosen)
    rows = list(table.page.object_list)
    companies = company_rows(provider, {row.company_id for row in rows})
    for row in rows:
        row.company_row = companies.get(row.company_id)
    table.page.object_list = rows
    running = Month.of(today(provider))
    months = months_to_reconcile(provider, running)
    states = [(state, number) for state, number in last.result.get("states", {}).items() if number]
    context: dict[str, Any] = {
        "month": chosen,
        "months": months if chosen in months else sorted([*months, chosen], reverse=True),
        "is_running": chosen == running,
        "is_to_come": chosen > running,
        "last": last,
        "result": last.result,
        "states": states,
        "differ": [(state, number) for state, number in states if state != Match.EQUAL],
        "table": table,
        "at_work": unfinished(provider, TaskKind.RECONCILE),
        "is_connected": HaloConnection.objects.filter(provider=provider).exists(),
        "refusal": refusal,
    }
    return render(request, "reconciliation/reconciliation.html", context, status=status)
