"""Domains: which company and license type the number of each counts for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billbridge.errors import InvalidInput
from billbridge.operations.access import NotThere
from billbridge.operations.change_settings import ChangedMeanwhile
from billbridge.operations.domains import company_named, domains_version, map_domain
from billbridge.store.models import Domain
from billbridge.store.queries import sources as queries
from billbridge.store.roles import Role
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.sources.forms import DomainForm
from billbridge.web.tables import Column, Filter, read_table

_COLUMNS = (
    Column(name="name", label="Domain", order=("name",)),
    Column(name="licenses", label="Licenses", order=("licenses",), is_figure=True),
    Column(name="company", label="Company", order=("company_name",)),
    Column(name="license_type", label="License type", order=("license_type",)),
    Column(name="edit", label=""),
)


def _by_mapping(rows: QuerySet[Domain], chosen: str) -> QuerySet[Domain]:
    unmapped = Q(company=None) | Q(license_type="")
    return rows.filter(unmapped) if chosen == "no" else rows.exclude(unmapped)


_FILTERS = (
    Filter(name="mapped", label="Mapped", choices=(("no", "not mapped"), ("yes", "mapped")), narrow=_by_mapping),
)


@require_safe
def domains(request: ConsoleRequest) -> HttpResponse:
    """Every domain the source showed."""
    rows = queries.domains(request.actor.provider)
    table = read_table(request, rows, _COLUMNS, search_in=("name", "company__name"), filters=_FILTERS, order="name")
    return render(request, "sources/domains.html", {"tab": "domains", "table": table})


@never_cache
def domain(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One domain: its company and license type."""
    provider = request.actor.provider
    row = queries.domains(provider).select_related("company").filter(pk=pk).first()
    if row is None:
        raise NotThere("There is no such domain.")
    request.actor.require(Role.BILLING)
    initial: dict[str, Any] = {
        "company": row.company.name if row.company else "",
        "license_type": row.license_type,
    }
    types = queries.domain_types(provider)
    form = DomainForm(request.POST if request.method == "POST" else None, initial=initial, types=types)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid() and _saved(request, form, row):
            messages.success(request, f"{row.name} was saved.")
            return redirect("sources:domains")
        if any("since you opened" in error for error in form.non_field_errors()):
            status = 409
    context = {
        "tab": "domains",
        "domain": row,
        "form": form,
        "version": request.POST.get("version", "") if form.is_bound else domains_version(provider),
    }
    return render(request, "sources/domain.html", context, status=status)


def _saved(request: ConsoleRequest, form: DomainForm, row: Domain) -> bool:
    """Whether the domain could be saved; if not, the form says why."""
    try:
        company = company_named(request.actor.provider, form.cleaned_data["company"])
    except InvalidInput as error:
        form.add_error("company", str(error))
        return False
    try:
        map_domain(
            request.actor,
            row.pk,
            company=company,
            license_type=form.cleaned_data["license_type"],
            version=request.POST.get("version", ""),
        )
    except (ChangedMeanwhile, InvalidInput) as error:
        form.add_error(None, str(error))
        return False
    return True


@require_safe
def companies(request: ConsoleRequest) -> HttpResponse:
    """Companies to choose from while a name is typed."""
    written = request.GET.get("company", "").replace("\0", "")[:300].strip()
    found = queries.companies_like(request.actor.provider, written)
    return render(request, "sources/company_options.html", {"companies": found})
