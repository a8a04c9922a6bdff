"""The list of companies, and the names offered where one has to be chosen."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.billing.months import Month
from billbridge.operations.companies import companies_called
from billbridge.operations.halopsa_lists import age_of_lists
from billbridge.operations.provider import today
from billbridge.store.queries import companies as queries
from billbridge.store.queries.storage import users_of
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_COLUMNS = (
    Column(name="name", label="Company", order=("name", "source_id")),
    Column(name="customer", label="HaloPSA customer"),
    Column(name="licenses", label="Licenses", order=("licenses_now", "name"), is_figure=True),
    Column(name="configurations", label="Billing", order=("configured", "name")),
    Column(name="auto", label="Auto-billing", order=("auto_since", "name")),
    Column(name="bill", label="Last month's bill", order=("bill_price", "name"), is_figure=True),
    Column(name="edit", label=""),
)
_FILTERS = (
    Filter(
        name="mapping",
        label="Mapping",
        choices=(("yes", "Mapped"), ("no", "Not mapped")),
        narrow=queries.narrow_by_mapping,
    ),
    Filter(
        name="auto",
        label="Auto-billing",
        choices=(("on", "Auto-billing on"), ("off", "Auto-billing off")),
        narrow=queries.narrow_by_auto_billing,
    ),
    Filter(
        name="configured",
        label="Billing",
        choices=(("yes", "Configured"), ("no", "Not configured")),
        narrow=queries.narrow_by_configured,
    ),
    Filter(
        name="source",
        label="Source",
        choices=(("there", "In the source"), ("gone", "Gone from the source"), ("same-name", "Name used twice")),
        narrow=queries.narrow_by_source,
    ),
)
_CSV_HEADER = (
    "Company", "Id", "In source", "HaloPSA customer", "HaloPSA customer id", "Licenses now", "Configurations",
    "Auto-billing since", "Month", "State of bill", "Cost", "Price",
)  # fmt: skip
_LONGEST = 300


@require_safe
def companies(request: ConsoleRequest) -> HttpResponse:
    """Every company, with what it has now and its last bill."""
    provider = request.actor.provider
    month = Month.of(today(provider)).previous
    sort = request.GET.get("sort", "").lstrip("-")
    rows = queries.companies(provider, sort=sort, month=month)
    table = read_table(request, rows, _COLUMNS, search_in=("name", "source_id"), filters=_FILTERS, order="name")
    if wants_csv(request):
        return csv_response(
            "companies", _CSV_HEADER, _csv(queries.company_rows(provider, list(table.all_rows), month))
        )
    table.page.object_list = queries.company_rows(provider, list(table.page), month)
    context = {"table": table, "month": month, "lists_age": age_of_lists(provider)}
    return render(request, "companies/companies.html", context)


@require_safe
def options(request: ConsoleRequest) -> HttpResponse:
    """The companies that fit what was written so far, as choices of a field."""
    written = _written(request, "company")
    found = queries.suggested_companies(request.actor.provider, written)
    names = [company.name.casefold() for company in found]
    choices = [
        (company.name, "") if names.count(company.name.casefold()) == 1 else (company.source_id, company.name)
        for company in found
    ]
    return render(request, "companies/options.html", {"choices": choices})


@require_safe
def user_options(request: ConsoleRequest) -> HttpResponse:
    """The users of the company that was written, as choices of a field; none while it is not one company."""
    found = companies_called(request.actor.provider, _written(request, "company"))
    users = users_of(found[0]) if len(found) == 1 else []
    return render(request, "companies/options.html", {"choices": [(user.login, "") for user in users]})


def _written(request: ConsoleRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "")[:_LONGEST].strip()


def _csv(rows: list[queries.CompanyRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        bill = row.bill
        yield (
            row.name, row.source_id, "yes" if row.in_source else "no", row.customer, row.customer_id, row.licenses,
            row.configurations, row.auto_since, bill.month if bill else "", bill.state if bill else "",
            bill.cost if bill else "", bill.price if bill else "",
        )  # fmt: skip
