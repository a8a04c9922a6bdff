"""One company: what it has and what needs a person, its configurations, bills, mapping and history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billbridge.billing.bills import BillState
from billbridge.billing.configuration import SendMode
from billbridge.billing.months import Month
from billbridge.operations.company_storage import AccountStorage, storage_of_company
from billbridge.operations.halopsa_lists import age_of_lists
from billbridge.operations.provider import today
from billbridge.store.models import AuditEntry, Bill, Company
from billbridge.store.queries import company as queries
from billbridge.store.queries.companies import agreement_names, customer_names, glance, site_names
from billbridge.store.queries.drift import open_findings_of
from billbridge.web.companies.views.tabs import company_in, context_of
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_BILL_COLUMNS = (
    Column(name="month", label="Month", order=("month",)),
    Column(name="kind", label="Kind", order=("kind",)),
    Column(name="state", label="State", order=("state",)),
    Column(name="cost", label="Cost", order=("cost",), is_figure=True),
    Column(name="price", label="Price", order=("price",), is_figure=True),
    Column(name="margin", label="Margin", is_figure=True),
    Column(name="notes", label="Notes"),
)
_HISTORY_COLUMNS = (
    Column(name="at", label="When", order=("at",)),
    Column(name="who", label="Who", order=("who",)),
    Column(name="subject", label="What", order=("subject",)),
    Column(name="before", label="Before"),
    Column(name="after", label="After"),
)
_SENT_AS = {
    SendMode.AVERAGE: "quantity, with average cost and price per unit",
    SendMode.TOTAL: "quantity 1, with the total cost and price",
    SendMode.QUANTITY: "quantity alone; HaloPSA's own cost and price stay",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Something about the company that needs a person: one sentence, and where it is solved."""

    text: str
    address: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """An entry of the audit log with its subject as it reads on the company's own page."""

    entry: AuditEntry
    subject: str


@require_safe
def overview(request: ConsoleRequest, pk: int) -> HttpResponse:
    """What the company has now, its last bills, and what needs a person."""
    company = company_in(request, pk)
    provider = request.actor.provider
    day = today(provider)
    month = Month.of(day)
    bills = {bill.month: bill for bill in queries.bills_of(company).filter(month__in=[month, month.previous])}
    domains = queries.domains_of(company)
    products = queries.license_products(company, month, domains)
    accounts = storage_of_company(provider, company, month)
    configurations = queries.configurations_of(company)
    context = context_of(
        company,
        "company",
        month=month,
        licenses=sum(product.now for product in products),
        held=[product for product in products if product.now],
        storage=sum(account.backup_bytes for account in accounts),
        configurations=[one for one in configurations if one.last_month is None or one.last_month >= month],
        this_month=glance(bills[month]) if month in bills else None,
        last_month=glance(bills[month.previous]) if month.previous in bills else None,
        customer=customer_names(provider).get(company.client_id) if company.client_id is not None else None,
        attention=[
            *_attention(company, day, products, accounts, list(bills.values())),
            *_drift(company),
        ],
    )
    return render(request, "companies/overview.html", context)


@require_safe
def configurations(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The company's billing configurations, as they are edited in Settings > HaloPSA."""
    company = company_in(request, pk)
    rows = [(row, _SENT_AS[row.mode]) for row in queries.configurations_of(company)]
    month = Month.of(today(request.actor.provider))
    return render(
        request, "companies/configurations.html", context_of(company, "configurations", rows=rows, month=month)
    )


@require_safe
def bills(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The company's bills, the newest first."""
    company = company_in(request, pk)
    rows = queries.bills_of(company)
    states = tuple((state.value, state.value) for state in BillState)
    filters = (
        Filter(name="state", label="State", choices=states, narrow=lambda rows, value: rows.filter(state=value)),
    )
    table = read_table(request, rows, _BILL_COLUMNS, filters=filters, order="-month")
    if wants_csv(request):
        header = ("Month", "Kind", "State", "Currency", "Cost", "Price", "Made on", "Reasons")
        return csv_response(
            f"bills-of-company-{company.pk}",
            header,
            (
                (b.month, b.kind, b.state, b.currency, b.cost, b.price, b.made_on, "; ".join(b.reasons))
                for b in table.all_rows
            ),
        )
    return render(request, "companies/bills.html", context_of(company, "bills", table=table))


@require_safe
def mapping(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The HaloPSA customer, site and agreement the company is mapped to."""
    company = company_in(request, pk)
    provider = request.actor.provider
    return render(
        request,
        "companies/mapping.html",
        context_of(
            company,
            "mapping",
            customer=customer_names(provider).get(company.client_id, "") if company.client_id else "",
            site=site_names(provider).get(company.site_id, "") if company.site_id else "",
            agreement=agreement_names(provider).get(company.agreement_id, "") if company.agreement_id else "",
            lists_age=age_of_lists(provider),
        ),
    )


@require_safe
def history(request: ConsoleRequest, pk: int) -> HttpResponse:
    """What the audit log says about the company."""
    company = company_in(request, pk)
    table = read_table(
        request,
        queries.history_of(company),
        _HISTORY_COLUMNS,
        search_in=("subject", "before", "after", "who"),
        order="-at",
    )
    if wants_csv(request):
        zone = ZoneInfo(request.actor.provider.time_zone)
        header = ("When", "Who", "What", "Before", "After")
        rows = (
            (one.at.astimezone(zone).isoformat(" ", "seconds"), one.who, one.subject, one.before, one.after)
            for one in table.all_rows
        )
        return csv_response(f"history-of-company-{company.pk}", header, rows)
    table.page.object_list = [
        HistoryRow(entry=entry, subject=queries.subject_of(entry, company)) for entry in table.page.object_list
    ]
    return render(request, "companies/history.html", context_of(company, "history", table=table))


def _drift(company: Company) -> list[Attention]:
    """What was changed of it in HaloPSA, and what that does to its next bill."""
    address = f"{reverse('drift:drift')}?company={company.pk}"
    return [
        Attention(
            text=f"{one.thing.capitalize()} {one.name}: {one.finding} {one.effect}", address=address, action="Drift"
        )
        for one in open_findings_of(company)
        if one.harms
    ]


def _attention(
    company: Company,
    day: date,
    products: list[queries.LicenseProduct],
    accounts: list[AccountStorage],
    bills: list[Bill],
) -> list[Attention]:
    """Everything about the company that needs a person, what stops its bill first."""
    edit = reverse("configure:company", args=[company.pk])
    found: list[Attention] = []
    if company.is_ambiguous:
        found.append(
            Attention(
                text="Another company has the same name, and the source cannot tell them apart: rename one of them "
                "there, then collect again. Until then its bills are held."
            )
        )
    if not company.in_source:
        seen = queries.last_seen(company)
        since = f" Its licenses were last seen on {seen}." if seen else ""
        found.append(
            Attention(
                text=f"The source does not show this company any more.{since} End its billing configurations with "
                "its last month, so that its subscriptions close.",
                address=edit,
                action="Edit billing",
            )
        )
    used = [product for product in products if product.now]
    if company.client_id is None and (used or any(product.configuration for product in products)):
        found.append(
            Attention(
                text="It is mapped to no HaloPSA customer, so nothing can be sent.",
                address=reverse("companies:mapping", args=[company.pk]),
                action="Map it",
            )
        )
    open_types = [product.license_type for product in used if not product.configuration]
    if open_types:
        found.append(
            Attention(
                text=f"No billing configuration bills {', '.join(open_types)}.",
                address=edit,
                action="Edit billing",
            )
        )
    never_set = [p.license_type for p in products if p.configuration and p.price.never_set]
    never_set += [f"storage on {account.name}" for account in accounts if account.never_set]
    if never_set:
        found.append(
            Attention(
                text=f"Cost and price were never set: {', '.join(never_set)}.",
                address=reverse("companies:prices", args=[company.pk]),
                action="Prices",
            )
        )
    found += [
        Attention(
            text=f"The bill of {bill.month.title} is {bill.state}: {'; '.join(bill.reasons)}.",
            address=reverse("companies:bills", args=[company.pk]),
            action="Bills",
        )
        for bill in sorted(bills, key=lambda bill: bill.month)
        if bill.reasons
    ]
    return found
