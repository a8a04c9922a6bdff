"""The list of bills, a bill with its lines, and the evidence of a line."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.months import Month
from billbridge.documents import words
from billbridge.operations.access import NotThere
from billbridge.operations.bill_documents import bill_document
from billbridge.operations.provider import today
from billbridge.store.models import Bill
from billbridge.store.queries import bills as queries
from billbridge.web.bills.evidence import left_out, shown_line
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_COLUMNS = (
    Column(name="company", label="Company", order=("company__name", "month")),
    Column(name="month", label="Month", order=("month", "company__name")),
    Column(name="kind", label="Kind", order=("kind",)),
    Column(name="state", label="State", order=("state",)),
    Column(name="cost", label="Cost", order=("cost",), is_figure=True),
    Column(name="price", label="Price", order=("price",), is_figure=True),
    Column(name="margin", label="Margin", order=("margin",), is_figure=True),
    Column(name="warnings", label="Warnings"),
)
_WARNINGS = (
    (queries.Warned.LATE.value, "late"),
    (queries.Warned.PARTIAL.value, "partly collected"),
    (queries.Warned.BEFORE_MONTH_END.value, "made before the month's end was collected"),
    (queries.Warned.NEVER_SET.value, "price never set"),
    (queries.Warned.REMAINDER.value, "unit price leaves a rest"),
)
_CSV_HEADER = ("Company", "Month", "Kind", "State", "Currency", "Cost", "Price", "Margin", "Made on", "Reasons")
_RECENT = "recent"


@require_safe
def bills(request: ConsoleRequest) -> HttpResponse:
    """All bills in a table. Without a choice in the address it shows last and this month."""
    if not request.GET:
        return HttpResponseRedirect(f"{reverse('bills:bills')}?month={_RECENT}")
    provider = request.actor.provider
    running = Month.of(today(provider))
    months = queries.months_of(provider)
    table = read_table(
        request,
        queries.bills_of(provider),
        _COLUMNS,
        search_in=("company__name",),
        filters=_filters(months, running),
    )
    rows = table.all_rows
    if wants_csv(request):
        return csv_response("bills", _CSV_HEADER, (_csv_row(bill) for bill in rows))
    context = {
        "table": table,
        "totals": queries.totals_of(rows),  # type: ignore[arg-type]
        "marks": queries.warnings_of(table.page),
        "months": months,
        "last_month": running.previous,
    }
    return render(request, "bills/bills.html", context)


@require_safe
def bill(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A bill with its lines; what stands behind a line is loaded when it is opened."""
    provider = request.actor.provider
    document = bill_document(provider, pk)
    row = Bill.objects.only("company_id").get(pk=pk)
    running = Month.of(today(provider))
    context = {
        "bill": document,
        "company_id": row.company_id,
        "period": words.period(document.month, document),
        "counting": words.counting(document.counting_rule),
        "caveats": words.caveats(document),
        "lines": [(line, words.quantity(line), words.sending(line, document)) for line in document.lines],
        "left_out": left_out(document),
        "is_closed": document.month < running.previous,
        "is_sent": document.state is BillState.SENT,
    }
    return render(request, "bills/bill.html", context)


@require_safe
def line(request: ConsoleRequest, pk: int, line: int) -> HttpResponse:
    """The evidence of a line: a page of its own, or the part of the bill's page that is asked for by htmx."""
    document = bill_document(request.actor.provider, pk)
    found = next((each for each in document.lines if each.id == line), None)
    if found is None:
        raise NotThere("There is no such line.")
    template = "bills/evidence.html" if request.headers.get("HX-Request") else "bills/line.html"
    return render(request, template, {"bill": document, "shown": shown_line(found, document)})


def _filters(months: list[Month], running: Month) -> tuple[Filter, ...]:
    named = tuple((str(month), month.title) for month in months)
    states = tuple((state.value, state.value) for state in BillState if state is not BillState.APPROVED)
    return (
        Filter(
            name="month",
            label="Month",
            choices=((_RECENT, "last and this month"), ("closed", "closed months"), *named),
            narrow=lambda rows, value: _in_month(rows, value, running),
        ),
        Filter(
            name="state",
            label="State",
            choices=(("not-sent", "not sent"), *states),
            narrow=lambda rows, value: (
                queries.not_sent(rows, running) if value == "not-sent" else rows.filter(state=value)
            ),
        ),
        Filter(
            name="kind",
            label="Kind",
            choices=tuple((kind.value, kind.value) for kind in BillKind),
            narrow=lambda rows, value: rows.filter(kind=value),
        ),
        Filter(
            name="warning",
            label="Warning",
            choices=_WARNINGS,
            narrow=lambda rows, value: queries.warned(rows, queries.Warned(value)),
        ),
    )


def _in_month(rows: queries.Bills, value: str, running: Month) -> queries.Bills:
    if value == _RECENT:
        return queries.in_recent_months(rows, running)
    if value == "closed":
        return queries.in_closed_months(rows, running)
    return rows.filter(month=Month.parse(value))


def _csv_row(row: Bill) -> tuple[object, ...]:
    return (
        row.company.name, row.month, row.kind, row.state, row.currency, row.cost, row.price, row.price - row.cost,
        row.made_on, "; ".join(row.reasons),
    )  # fmt: skip
