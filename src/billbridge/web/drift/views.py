"""What was changed in HaloPSA since our last sync: open findings, when it was last checked, and checking now."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billbridge.billing.drift_findings import coverage_text
from billbridge.operations.drift import ask_for_drift_check
from billbridge.operations.tasks import TaskKind, latest, unfinished
from billbridge.store.models import DriftFinding, HaloConnection, Task
from billbridge.store.queries.drift import companies_with_findings, last_check, open_findings
from billbridge.web.drift.rows import finding_table, findings_csv
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import wants_csv


@require_safe
def drift(request: ConsoleRequest) -> HttpResponse:
    """The open findings."""
    provider = request.actor.provider
    rows = open_findings(provider)
    table = finding_table(request, rows, companies_with_findings(provider))
    if wants_csv(request):
        return findings_csv(table)
    checked = last_check(provider)
    newest = latest(provider, TaskKind.DRIFT)
    has_failed = newest is not None and newest.state in (Task.State.FAILED, Task.State.STOPPED)
    context = {
        "table": table,
        "checked": checked,
        "coverage": coverage_text(checked.things, checked.unknown) if checked else "",
        "harmful": rows.filter(harms=True, kind=DriftFinding.Kind.CHANGE).count(),
        "unread": rows.filter(harms=True, kind=DriftFinding.Kind.UNKNOWN).count(),
        "open": rows.count(),
        "failure": newest.reason if newest is not None and has_failed else "",
        "at_work": unfinished(provider, TaskKind.DRIFT),
        "is_connected": HaloConnection.objects.filter(provider=provider).exists(),
    }
    return render(request, "drift/drift.html", context)


@require_POST
def start(request: ConsoleRequest) -> HttpResponse:
    """Ask for a check."""
    ask_for_drift_check(request.actor)
    return redirect("drift:drift")
