"""The tab *Billing*: every company with its bills and last sync, and the way to sync them with HaloPSA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from billbridge.billing.bills import BillState
from billbridge.billing.months import Month
from billbridge.operations import halopsa_lists
from billbridge.operations.change_settings import (
    ChangedMeanwhile,
    Part,
    SettingsRefused,
    change_settings,
    settings_version,
)
from billbridge.operations.never_priced import never_priced
from billbridge.operations.provider import today
from billbridge.operations.setup.document import SetupDocument
from billbridge.store.models import Company, HaloConnection
from billbridge.store.queries import halopsa as queries
from billbridge.store.roles import Role
from billbridge.web.halopsa.forms import SupplierForm, refuse
from billbridge.web.halopsa.views.lists import lists_copy
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, tick_all, wants_csv

_SUPPLIER = Part(name="supplier_name")
_NO_BILL = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledCompany:
    """A row of the table: the company, its customer's name, and its last sync."""

    company: Company
    customer: str
    last_sync: queries.LastSync | None


@require_safe
def billing(request: ConsoleRequest) -> HttpResponse:
    """The table of companies, with last and this month's bills."""
    provider = request.actor.provider
    running = Month.of(today(provider))
    rows = queries.billed_companies(provider, running.previous, running)
    table = read_table(
        request,
        rows,
        _columns(running, may_bill=request.actor.may(Role.BILLING)),
        search_in=("name",),
        filters=_filters(running),
        order="name",
    )
    customers = halopsa_lists.customer_names(provider)
    if wants_csv(request):
        return _csv(table.all_rows, customers, running)
    shown: list[Company] = list(table.page.object_list)
    syncs = queries.last_syncs(provider, shown)
    table.page.object_list = [
        BilledCompany(
            company=one,
            customer=customers.get(one.client_id, f"customer {one.client_id}") if one.client_id else "",
            last_sync=syncs.get(one.pk),
        )
        for one in shown
    ]
    context = {
        "table": table,
        "running": running,
        "connection": HaloConnection.objects.filter(provider=provider).first(),
        "counts": queries.mapping_counts(provider),
        "never_priced": len(never_priced(provider, running)),
        "lists": lists_copy(provider),
    }
    return render(request, "halopsa/billing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def additional_settings(request: ConsoleRequest) -> HttpResponse:
    """*Additional settings*: the supplier's name."""
    provider = request.actor.provider
    connection = HaloConnection.objects.filter(provider=provider).first()
    form = SupplierForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            document = SetupDocument(supplier_name=given["supplier_name"])
            try:
                change_settings(request.actor, document, version=given["version"], parts=(_SUPPLIER,))
            except (SettingsRefused, ChangedMeanwhile) as error:
                status = refuse(form, error)
            else:
                messages.success(request, "The supplier name was saved.")
                return redirect("halopsa:billing")
    else:
        name = connection.supplier_name if connection else ""
        form = SupplierForm(initial={"supplier_name": name, "version": settings_version(provider, _SUPPLIER)})
    names = dict.fromkeys(one.name for one in halopsa_lists.suppliers(provider) if not one.inactive)
    context = {"form": form, "connection": connection, "suppliers": names, "lists": lists_copy(provider)}
    return render(request, "halopsa/additional_settings.html", context, status=status)


def _columns(running: Month, *, may_bill: bool) -> tuple[Column, ...]:
    return (
        tick_all("company", "companies") if may_bill else Column(name="select", label=""),
        Column(name="name", label="Company", order=("name",)),
        Column(name="customer", label="HaloPSA customer", order=("client_id",)),
        Column(name="auto", label="Auto-billing", order=("auto_since",)),
        Column(name="configurations", label="Config.", order=("configured",), is_figure=True),
        Column(name="last", label=_short(running.previous), order=("last_price",), is_figure=True),
        Column(name="running", label=f"{_short(running)} so far", order=("running_price",), is_figure=True),
        Column(name="sync", label="Last sync"),
        Column(name="edit", label=""),
    )


def _short(month: Month) -> str:
    return f"{month.first:%b %Y}"


def _filters(running: Month) -> tuple[Filter, ...]:
    states = ((_NO_BILL, "no bill"), *((state.value, state.value) for state in BillState))
    return (
        Filter(
            name="mapping",
            label="Mapping",
            choices=(("yes", "mapped"), ("no", "not mapped")),
            narrow=lambda rows, value: rows.filter(client_id__isnull=value == "no"),
        ),
        Filter(
            name="configured",
            label="Configured",
            choices=(("yes", "configured"), ("no", "not configured")),
            narrow=lambda rows, value: rows.filter(is_configured=value == "yes"),
        ),
        Filter(
            name="auto",
            label="Auto-billing",
            choices=(("yes", "on"), ("no", "off")),
            narrow=lambda rows, value: rows.filter(auto_since__isnull=value == "no"),
        ),
        Filter(
            name="last",
            label=f"Bill of {_short(running.previous)}",
            choices=states,
            narrow=lambda rows, value: _in_state(rows, "last_state", value),
        ),
        Filter(
            name="running",
            label=f"Bill of {_short(running)}",
            choices=states,
            narrow=lambda rows, value: _in_state(rows, "running_state", value),
        ),
    )


def _in_state(rows: QuerySet[Company], field: str, value: str) -> QuerySet[Company]:
    return rows.filter(**({f"{field}__isnull": True} if value == _NO_BILL else {field: value}))


def _csv(rows: Any, customers: dict[int, str], running: Month) -> HttpResponse:
    header = (
        "Company", "HaloPSA customer", "HaloPSA customer id", "Auto-billing since", "Configurations",
        f"{running.previous} state", f"{running.previous} price", f"{running} state", f"{running} price",
    )  # fmt: skip
    return csv_response(
        "billing",
        header,
        (
            (
                one.name, customers.get(one.client_id, ""), one.client_id, one.auto_since, one.configured,
                one.last_state, one.last_price, one.running_state, one.running_price,
            )
            for one in rows
        ),
    )  # fmt: skip
