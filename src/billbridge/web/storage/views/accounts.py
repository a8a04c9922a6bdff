"""The list of storage accounts, and who uses one of them."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.billing.months import Month
from billbridge.operations.provider import today
from billbridge.store.queries import storage as queries
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.storage.views.tabs import account_in, context_of
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_COLUMNS = (
    Column(name="name", label="Storage account", order=("name",)),
    Column(name="companies", label="Companies", order=("companies",), is_figure=True),
    Column(name="now", label="Now", order=("now",), is_figure=True),
    Column(name="this", label="This month", order=("this_month",), is_figure=True),
    Column(name="last", label="Last month", order=("last_month",), is_figure=True),
    Column(name="rates", label="Per GB, cost / price", is_figure=True),
    Column(name="terms", label="Own terms"),
)
_COMPANY_COLUMNS = (
    Column(name="name", label="Company", order=("name",)),
    Column(name="users", label="Users", order=("users",), is_figure=True),
    Column(name="now", label="Now", order=("now",), is_figure=True),
    Column(name="last", label="Last month", order=("last_month",), is_figure=True),
    Column(name="terms", label="Its own terms"),
)


@require_safe
def accounts(request: ConsoleRequest) -> HttpResponse:
    """Every storage account with its usage of this and last month, and what a GB costs."""
    provider = request.actor.provider
    month = Month.of(today(provider))
    table = read_table(
        request, queries.accounts(provider, month), _COLUMNS, search_in=("name", "source_id", "type"), order="name"
    )
    if wants_csv(request):
        header = (
            "Storage account", "Id", "Type", "Companies", "Bytes now", "Bytes this month", "Bytes last month",
            "Backup cost", "Backup price", "Restore cost", "Restore price", "Custom prices", "Limits",
        )  # fmt: skip
        return csv_response("storage-accounts", header, (_line(row) for row in table.all_rows))
    context = {"table": table, "month": month, "newest": queries.newest_reading(provider)}
    return render(request, "storage/accounts.html", context)


@require_safe
def account(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Which companies use a storage account, and how much."""
    account = account_in(request, pk)
    provider = request.actor.provider
    month = Month.of(today(provider))
    filters = (
        Filter(
            name="terms",
            label="Terms",
            choices=(("custom", "With a custom price"), ("limit", "With a storage limit")),
            narrow=lambda rows, value: [row for row in rows if (row.custom if value == "custom" else row.limits)],
        ),
    )
    table = read_table(
        request,
        queries.account_companies(provider, account, month),
        _COMPANY_COLUMNS,
        search_in=("name",),
        filters=filters,
        order="name",
    )
    if wants_csv(request):
        header = ("Company", "Users", "Bytes now", "Bytes last month", "Custom price", "Limits")
        lines = (
            (row.name, row.users, row.now, row.last_month, "yes" if row.custom else "", row.limits)
            for row in table.all_rows
        )
        return csv_response(f"storage-account-{account.pk}", header, lines)
    context = context_of(
        account,
        "account",
        table=table,
        month=month,
        newest=queries.newest_reading(provider),
        rates=queries.rates_in_force(provider, month, account.source_id).get(account.source_id),
    )
    return render(request, "storage/account.html", context)


def _line(row: queries.AccountRow) -> tuple[object, ...]:
    rates = row.rates.rates if row.rates else None
    money = (rates.backup_cost, rates.backup_price, rates.restore_cost, rates.restore_price) if rates else ("",) * 4
    return (
        row.name, row.source_id, row.type, row.companies, row.now, row.this_month, row.last_month, *money,
        row.custom, row.limits,
    )  # fmt: skip
