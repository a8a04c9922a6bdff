"""The ledger as a table: of everyone, or of one company."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse

from billbridge.billing.months import Month
from billbridge.billing.products import type_key
from billbridge.billing.usage import BillingRules
from billbridge.operations.provider import billing_rules, today
from billbridge.store.models import Company, Provider
from billbridge.store.queries import licenses as queries
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, Table, csv_response, read_table

_MONTHS = 13
"""The running month and a year before it can be chosen."""

_COMPANY = Column(name="company", label="Company", order=("company__name", "company_id", "endpoint_key"))
_COLUMNS = (
    Column(name="endpoint", label="Endpoint", order=("endpoint_key",)),
    Column(name="type", label="License type", order=("license_type", "endpoint_key")),
    Column(name="from", label="From", order=("first_day",)),
    Column(name="to", label="To", order=("last_day",)),
    Column(name="days", label="Days", is_figure=True),
    Column(name="origin", label="Origin", order=("origin",)),
    Column(name="configuration", label="Billed by"),
)
_STATES = (
    ("active", "Active now"),
    ("ended", "Ended"),
    ("billed", "In a billing configuration"),
    ("unbilled", "In no billing configuration"),
)
_CSV_HEADER = (
    "Company", "User", "Endpoint", "License type", "From", "To", "Given back", "Last seen", "Month",
    "Days in month", "Origin", "Billing configuration", "Not billed because",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """One page of the ledger of a month."""

    table: Table
    month: Month
    through: date
    """The last day known of it."""
    rules: BillingRules


def months_offered(provider: Provider) -> list[Month]:
    """The months a person can choose, the running one first."""
    running = Month.of(today(provider))
    return [running.plus(-before) for before in range(_MONTHS)]


def month_asked(request: ConsoleRequest) -> Month:
    """The month an address names, if it can be chosen; else the running one."""
    offered = months_offered(request.actor.provider)
    return next((month for month in offered if str(month) == request.GET.get("month", "")), offered[0])


def month_filter(provider: Provider) -> Filter:
    """The choice of a month; what reads the rows knows it already."""
    running, *earlier = months_offered(provider)
    return Filter(
        name="month",
        label="Month",
        choices=tuple((str(month), month.title) for month in earlier),
        narrow=lambda rows, _: rows,
        unchosen=running.title,
    )


def ledger_page(request: ConsoleRequest, company: Company | None = None) -> LedgerPage:
    """The page of the ledger an address asks for."""
    provider = request.actor.provider
    month = month_asked(request)
    through = min(month.last, today(provider))
    rules = billing_rules(provider)

    def by_state(rows: Any, value: str) -> Any:
        return queries.narrow_by_state(
            rows, value, provider=provider, month=month, license_types=rules.license_types
        )

    filters = (
        month_filter(provider),
        Filter(
            name="product",
            label="Product",
            choices=_types(provider, rules),
            narrow=lambda rows, value: rows.filter(license_type__iexact=value),
        ),
        Filter(name="state", label="State", choices=_STATES, narrow=by_state),
    )
    everyone = company is None
    table = read_table(
        request,
        queries.ledger(provider, month, company),
        (_COMPANY, *_COLUMNS) if everyone else _COLUMNS,
        search_in=("endpoint", "user_login", "company__name") if everyone else ("endpoint", "user_login"),
        filters=filters,
        order="company" if everyone else "endpoint",
    )
    page = LedgerPage(table=table, month=month, through=through, rules=rules)
    if request.GET.get("format") != "csv":
        table.page.object_list = _rows(provider, page, table.page.object_list)
    return page


def ledger_csv(request: ConsoleRequest, page: LedgerPage, name: str) -> HttpResponse:
    """Every activation that fits, as a CSV file."""
    return csv_response(f"{name}-{page.month}", _CSV_HEADER, _csv(request.actor.provider, page))


def _csv(provider: Provider, page: LedgerPage) -> Iterator[tuple[object, ...]]:
    for row in _rows(provider, page, page.table.all_rows):
        yield (
            row.company, row.user, row.endpoint, row.license_type, row.first_day, row.last_day,
            "yes" if row.given_back else "", row.last_seen, page.month, row.days, row.origin, row.configuration,
            row.reason,
        )  # fmt: skip


def _rows(provider: Provider, page: LedgerPage, chosen: Any) -> list[queries.LedgerRow]:
    return queries.ledger_rows(
        provider,
        queries.whole(chosen),
        month=page.month,
        through=page.through,
        license_types=page.rules.license_types,
    )


def _types(provider: Provider, rules: BillingRules) -> tuple[tuple[str, str], ...]:
    """License types to choose from: those some endpoint holds, and the known ones a company can be billed for."""
    names = {key: one.name for key, one in rules.license_types.items() if one.billable and not one.count_only}
    names |= {type_key(name): name for name in queries.license_types_held(provider)}
    return tuple((name, name) for name in sorted(names.values(), key=str.casefold))
