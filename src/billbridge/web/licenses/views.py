"""The ledger of everyone, and everything that was collected and is on no line of a bill."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.operations.provider import billing_rules
from billbridge.store.queries.not_billed import NOTHING_TO_DO, NotBilledRow, not_billed
from billbridge.web.licenses.ledger import ledger_csv, ledger_page, month_asked, month_filter
from billbridge.web.licenses.remedies import remedy_for, shown
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_LEFT_OUT_COLUMNS = (
    Column(name="company", label="Company", order=("company", "reason", "subject")),
    Column(name="subject", label="What", order=("subject",)),
    Column(name="type", label="License type", order=("license_type", "subject")),
    Column(name="count", label="Units", order=("count",), is_figure=True),
    Column(name="reason", label="Not billed, because", order=("reason", "company", "subject")),
    Column(name="remedy", label="What to do"),
)
_LEFT_OUT_HEADER = (
    "Company", "What", "License type", "User", "Units", "Not billed because", "Detail", "Seen in", "What to do",
)  # fmt: skip


_TO_DO = Filter(
    name="todo",
    label="To do",
    choices=(("yes", "To be solved"), ("no", "Nothing to do")),
    narrow=lambda rows, value: [row for row in rows if (row.reason in NOTHING_TO_DO) == (value == "no")],
)


@require_safe
def licenses(request: ConsoleRequest) -> HttpResponse:
    """Every activation of a month, by endpoint."""
    page = ledger_page(request)
    if wants_csv(request):
        return ledger_csv(request, page, "licenses")
    return render(request, "licenses/licenses.html", {"table": page.table, "month": page.month, "tab": "ledger"})


@require_safe
def left_out(request: ConsoleRequest) -> HttpResponse:
    """Everything that was collected and is on no line, with its reason and what to do about it."""
    month = month_asked(request)
    rows = not_billed(request.actor.provider, month, billing_rules(request.actor.provider).license_types)
    table = read_table(
        request,
        rows,
        _LEFT_OUT_COLUMNS,
        search_in=("company", "subject", "user", "detail"),
        filters=(month_filter(request.actor.provider), _TO_DO, _by_reason(rows), _by_type(rows)),
    )
    if wants_csv(request):
        lines = (
            (
                row.company, row.subject, row.license_type, row.user, row.count, row.reason, row.detail,
                row.seen_in, remedy_for(row).text,
            )
            for row in table.all_rows
        )  # fmt: skip
        return csv_response(f"not-billed-{month}", _LEFT_OUT_HEADER, lines)
    table.page.object_list = [shown(row) for row in table.page.object_list]
    return render(request, "licenses/not_billed.html", {"table": table, "month": month, "tab": "not-billed"})


def _by_reason(rows: Sequence[NotBilledRow]) -> Filter:
    reasons = sorted({row.reason for row in rows})
    return Filter(
        name="reason",
        label="Reason",
        choices=tuple((reason, reason) for reason in reasons),
        narrow=lambda rows, value: [row for row in rows if row.reason == value],
    )


def _by_type(rows: Sequence[NotBilledRow]) -> Filter:
    types = sorted({row.license_type for row in rows} - {""}, key=str.casefold)
    return Filter(
        name="product",
        label="Product",
        choices=tuple((name, name) for name in types),
        narrow=lambda rows, value: [row for row in rows if row.license_type == value],
    )
