"""The audit log: who did what and when, before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.store.models import AuditEntry
from billbridge.store.queries.audit import actions_of, audit_entries, people_of
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_COLUMNS = (
    Column(name="at", label="When", order=("at",)),
    Column(name="who", label="Who", order=("who",)),
    Column(name="action", label="What", order=("action",)),
    Column(name="subject", label="To what", order=("subject",)),
    Column(name="change", label="Before and after"),
)
_PERIODS = (("1", "the last day"), ("7", "the last 7 days"), ("30", "the last 30 days"), ("365", "the last year"))


@require_safe
def audit(request: ConsoleRequest) -> HttpResponse:
    """Every change a person, or the command line, made."""
    provider = request.actor.provider
    filters = (
        Filter(name="action", label="What", choices=_same(actions_of(provider)), narrow=_of_action),
        Filter(name="who", label="Who", choices=_same(people_of(provider)), narrow=_by_whom),
        Filter(name="since", label="When", choices=_PERIODS, narrow=_since),
    )
    table = read_table(
        request,
        audit_entries(provider),
        _COLUMNS,
        search_in=("who", "subject", "before", "after"),
        filters=filters,
        order="-at",
    )
    if wants_csv(request):
        zone = ZoneInfo(provider.time_zone)
        rows = (
            (
                one.at.astimezone(zone).isoformat(" ", "seconds"),
                one.who,
                one.action,
                one.subject,
                one.before,
                one.after,
            )
            for one in table.all_rows
        )
        return csv_response("audit-log", ("When", "Who", "What", "To what", "Before", "After"), rows)
    return render(request, "audit/audit.html", {"table": table})


def _same(values: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


def _of_action(rows: QuerySet[AuditEntry], action: str) -> QuerySet[AuditEntry]:
    return rows.filter(action=action)


def _by_whom(rows: QuerySet[AuditEntry], who: str) -> QuerySet[AuditEntry]:
    return rows.filter(who=who)


def _since(rows: QuerySet[AuditEntry], days: str) -> QuerySet[AuditEntry]:
    return rows.filter(at__gte=datetime.now(UTC) - timedelta(days=int(days)))
