"""The tab *Company mapping*: which HaloPSA customer each company is, with suggestions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from billbridge.errors import InvalidInput
from billbridge.halopsa.values import Client, Site
from billbridge.operations import company_mapping, halopsa_lists
from billbridge.operations.access import NotThere
from billbridge.operations.change_settings import ChangedMeanwhile
from billbridge.operations.company_mapping import NOWHERE, Place
from billbridge.operations.mapping import Suggestion
from billbridge.store.models import Company, Provider
from billbridge.store.queries import halopsa as queries
from billbridge.store.roles import Role
from billbridge.web.halopsa.forms import PlaceForm, UnmapForm, refuse
from billbridge.web.halopsa.views.lists import lists_copy, where_from
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, csv_response, read_table, wants_csv

_AT_ONCE = 500
"""Exact suggestions shown, and accepted, on one page."""
_FOUND = 12
"""Customers that a search offers."""
_LONGEST_SEARCH = 200

_COLUMNS = (
    Column(name="name", label="Company", order=("name",)),
    Column(name="customer", label="HaloPSA customer", order=("client_id",)),
    Column(name="site", label="Default site"),
    Column(name="state", label="State", order=("urgency", "name")),
    Column(name="actions", label=""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedCompany:
    """A row of the table: where the company stands in HaloPSA, or what is suggested."""

    company: Company
    state: str
    customer: str = ""
    site: str = ""
    suggestion: Suggestion | None = None
    lacks_site: bool = False
    """Whether the suggested customer has several sites, of which one is to be chosen."""


@require_safe
def mapping(request: ConsoleRequest) -> HttpResponse:
    """Every company with its customer; those without one first."""
    provider = request.actor.provider
    customers = halopsa_lists.customers_by_id(provider)
    sites = halopsa_lists.sites_by_id(provider)
    lists = lists_copy(provider)
    gone = _gone(queries.customers_in_use(provider), customers) if lists.read_at else []
    table = read_table(
        request, _by_urgency(provider, gone), _COLUMNS, search_in=("name",), filters=_filters(gone), order="state"
    )
    if wants_csv(request):
        return _csv([_row(one, customers, sites) for one in table.all_rows])
    shown: list[Company] = list(table.page.object_list)
    unmapped = [one.source_id for one in shown if one.client_id is None]
    found = company_mapping.suggestions(provider, unmapped, customers.values(), sites.values()) if unmapped else ()
    suggested = {one.company: one for one in found}
    lacking = company_mapping.without_site(found, sites.values())
    table.page.object_list = [
        replace(
            _row(one, customers, sites),
            suggestion=suggested.get(one.source_id),
            lacks_site=one.source_id in lacking,
        )
        for one in shown
    ]
    context = {
        "table": table,
        "counts": queries.mapping_counts(provider),
        "gone": len(gone),
        "exact": len(company_mapping.without_doubt(found, sites.values())),
        "lists": lists,
    }
    return render(request, "halopsa/mapping.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def company(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One company's mapping: search a customer, choose its site, save; or take the mapping away."""
    provider = request.actor.provider
    one = queries.company_of(provider, pk)
    if one is None:
        raise NotThere("There is no such company.")
    if request.method != "POST":
        return _company_page(request, one, _chosen(request, one))
    request.actor.require(Role.BILLING)
    unmaps = "unmap" in request.POST
    form = UnmapForm(request.POST) if unmaps else PlaceForm(request.POST)
    if not form.is_valid():
        return _company_page(request, one, None, form=form, status=400)
    given = form.cleaned_data
    place = NOWHERE if unmaps else Place(customer_id=given["customer"], site_id=given["site"])
    seen = Place(customer_id=given["was_customer"], site_id=given["was_site"])
    try:
        company_mapping.map_company(request.actor, pk, place, seen=seen)
    except (InvalidInput, ChangedMeanwhile) as error:
        return _company_page(request, one, place.customer_id, form=form, status=refuse(form, error))
    _say_what_was_done(request, one, place)
    return redirect(where_from(request, "halopsa:mapping"))


@require_http_methods(["GET", "HEAD", "POST"])
def exact(request: ConsoleRequest) -> HttpResponse:
    """Every company that has the very name of a customer: looked at first, then mapped at once."""
    provider = request.actor.provider
    if request.method == "POST":
        wanted = dict(filter(None, map(_ticked, request.POST.getlist("company")[:_AT_ONCE])))
        mapped = company_mapping.map_exact(request.actor, wanted)
        left = len(wanted) - mapped
        text = f"{mapped} {'company was' if mapped == 1 else 'companies were'} mapped."
        if left:
            text += f" {left} changed meanwhile and were left alone."
        (messages.success if mapped else messages.warning)(request, text)
        return redirect("halopsa:mapping")
    found = company_mapping.exact_suggestions(provider)
    sites = {one.id: one.name for one in halopsa_lists.sites(provider)}
    rows = [
        {
            "suggestion": one,
            "site": sites.get(one.site_id, "") if one.site_id else "",
            "value": f"{one.customer_id}:{one.site_id or ''}:{one.company}",
        }
        for one in found[:_AT_ONCE]
    ]
    context = {"rows": rows, "total": len(found), "lists": lists_copy(provider)}
    return render(request, "halopsa/map_exact.html", context)


def _chosen(request: ConsoleRequest, one: Company) -> int | None:
    """The customer the address names, else the company's own."""
    written = request.GET.get("customer", "")[:10]
    return int(written) if written.isascii() and written.isdigit() else one.client_id


def _company_page(
    request: ConsoleRequest,
    one: Company,
    customer_id: int | None,
    *,
    form: PlaceForm | UnmapForm | None = None,
    status: int = 200,
) -> HttpResponse:
    provider = request.actor.provider
    search = request.GET.get("q", "" if one.client_id else one.name).replace("\0", "")[:_LONGEST_SEARCH]
    customers = {known.id: known for known in halopsa_lists.customers(provider)}
    customer = customers.get(customer_id) if customer_id is not None else None
    all_sites = {site.id: site for site in halopsa_lists.sites(provider)}
    sites = [site for site in all_sites.values() if customer is not None and site.client_id == customer.id]
    others = queries.companies_of_customer(provider, customer.id) if customer else ()
    now = _row(one, customers, all_sites)
    context = {
        "company": one,
        "now": now,
        "form": form,
        "search": search,
        "found": company_mapping.find_customers(customers.values(), search, most=_FOUND) if search.strip() else (),
        "customer": customer,
        "sites": [site for site in sites if not site.inactive],
        "site": _site_to_offer(one, customer, sites),
        "others": [name for name in others if name != one.name],
        "subscriptions": queries.open_subscriptions(provider, one),
        "lists": lists_copy(provider),
        "next": where_from(request, ""),
    }
    return render(request, "halopsa/map_company.html", context, status=status)


def _site_to_offer(one: Company, customer: Client | None, sites: Collection[Site]) -> int | None:
    if customer is None:
        return None
    if customer.id == one.client_id and one.site_id:
        return one.site_id
    return company_mapping.default_site(customer, sites)


def _say_what_was_done(request: ConsoleRequest, one: Company, place: Place) -> None:
    provider = request.actor.provider
    names = halopsa_lists.customer_names(provider)
    before = ""  # so that it can be put back
    if one.client_id:
        site = f", site {one.site_id}" if one.site_id else ""
        before = f" Before: “{names.get(one.client_id, 'a customer')}” (id {one.client_id}{site})."
    if place == NOWHERE:
        messages.success(request, f"{one.name} is mapped to no customer any more; it is not billed.{before}")
        return
    customer = names.get(place.customer_id or 0, f"customer {place.customer_id}")
    messages.success(request, f"{one.name} is mapped to the customer “{customer}”.{before}")
    others = [name for name in queries.companies_of_customer(provider, place.customer_id or 0) if name != one.name]
    if others:
        messages.warning(request, f"{customer} is the customer of {', '.join(others[:3])}, too.")


def _ticked(value: str) -> tuple[str, Place] | None:
    """A company and the place that was looked at, as its checkbox names them; nothing for anything else."""
    customer, _, rest = value.partition(":")
    site, _, company_id = rest.partition(":")
    if not (customer.isascii() and customer.isdigit() and (not site or (site.isascii() and site.isdigit()))):
        return None
    if len(customer) > 10 or len(site) > 10:
        return None
    return company_id, Place(customer_id=int(customer), site_id=int(site) if site else None)


def _gone(in_use: Collection[int], customers: dict[int, Client]) -> list[int]:
    """The customers companies are mapped to that HaloPSA does not have any more, or only as inactive ones."""
    return [one for one in in_use if one not in customers or customers[one].inactive]


def _by_urgency(provider: Provider, gone: Collection[int]) -> QuerySet[Company]:
    """Companies that need a person first: without a customer, then with one that is gone."""
    return queries.companies(provider).annotate(
        urgency=Case(
            When(client_id__isnull=True, in_source=True, then=Value(0)),
            When(client_id__in=gone, then=Value(1)),
            When(client_id__isnull=False, then=Value(2)),
            default=Value(3),
            output_field=IntegerField(),
        )
    )


def _filters(gone: Collection[int]) -> tuple[Filter, ...]:
    def narrow(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
        states = {
            "unmapped": Q(client_id__isnull=True),
            "mapped": Q(client_id__isnull=False) & ~Q(client_id__in=gone),
            "gone": Q(client_id__in=gone),
        }
        return rows.filter(states[value])

    choices = (("unmapped", "not mapped"), ("mapped", "mapped"), ("gone", "customer gone from HaloPSA"))
    return (Filter(name="state", label="State", choices=choices, narrow=narrow),)


def _row(one: Company, customers: dict[int, Client], sites: dict[int, Site]) -> MappedCompany:
    if one.client_id is None:
        return MappedCompany(company=one, state="not mapped")
    customer = customers.get(one.client_id)
    site = sites.get(one.site_id) if one.site_id else None
    state = "mapped"
    if customers and customer is None:
        state = "customer gone"
    elif customer is not None and customer.inactive:
        state = "customer inactive"
    elif one.site_id and sites and (site is None or site.inactive or site.client_id != one.client_id):
        state = "site gone"
    return MappedCompany(
        company=one,
        state=state,
        customer=customer.name if customer else f"Customer {one.client_id}",
        site=site.name if site else f"Site {one.site_id}" if one.site_id else "",
    )


def _csv(rows: list[MappedCompany]) -> HttpResponse:
    header = ("Company", "Company id", "HaloPSA customer", "Customer id", "Default site", "Site id", "State")
    values: list[tuple[Any, ...]] = [
        (row.company.name, row.company.source_id, row.customer, row.company.client_id, row.site,
         row.company.site_id, row.state)
        for row in rows
    ]  # fmt: skip
    return csv_response("company-mapping", header, values)
