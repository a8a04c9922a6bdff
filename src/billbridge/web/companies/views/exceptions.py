"""A company's exclusions and adjustments: what is not counted as it was collected, and why."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations import company_exceptions as operation
from billbridge.operations.change_settings import ChangedMeanwhile, company_settings
from billbridge.operations.provider import billing_rules, today
from billbridge.store.models import Company
from billbridge.store.queries import company as queries
from billbridge.store.queries.storage import users_of
from billbridge.store.roles import Role
from billbridge.web.companies.forms import (
    AdjustmentForm,
    ExclusionForm,
    RemoveExceptionForm,
    TypeChoices,
    VersionedForm,
    type_choices,
)
from billbridge.web.companies.views.tabs import company_in, context_of
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.removed import removed

_LONGEST = 300


@require_safe
def exceptions(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Every exclusion and adjustment of the company."""
    company = company_in(request, pk)
    settings = company_settings(request.actor.provider, company.source_id)
    month = Month.of(today(request.actor.provider))
    context = context_of(
        company,
        "exceptions",
        exclusions=settings.exclusions or (),
        adjustments=[(one, one.holds_in(month)) for one in settings.adjustments or ()],
        version=operation.exceptions_version(company),
    )
    return render(request, "companies/exceptions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def exclude(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A new exclusion."""
    company = company_in(request, pk)
    request.actor.require(Role.BILLING)
    initial = {
        name: request.GET.get(name, "").replace("\0", "")[:_LONGEST]
        for name in ("endpoint", "user", "license_type")
    }
    form = ExclusionForm(
        request.POST or None,
        initial={**initial, "version": operation.exceptions_version(company)},
        types=_types(request, company),
    )
    if request.method == "POST" and form.is_valid():
        try:
            operation.add_exclusion(request.actor, company, form.exclusion, version=form.cleaned_data["version"])
        except InvalidInput as error:
            return _refused(request, company, form, error)
        messages.success(request, f"{form.exclusion.endpoint} is not billed from now on.")
        return redirect("companies:exceptions", pk=company.pk)
    return _form(request, company, form)


@require_http_methods(["GET", "HEAD", "POST"])
def adjust(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A new adjustment."""
    company = company_in(request, pk)
    request.actor.require(Role.BILLING)
    initial = {
        "first_month": str(Month.of(today(request.actor.provider))),
        "version": operation.exceptions_version(company),
    }
    form = AdjustmentForm(request.POST or None, initial=initial, types=_types(request, company))
    if request.method == "POST" and form.is_valid():
        try:
            operation.add_adjustment(request.actor, company, form.adjustment, version=form.cleaned_data["version"])
        except InvalidInput as error:
            return _refused(request, company, form, error)
        messages.success(request, f"{form.adjustment.license_type} is adjusted.")
        return redirect("companies:exceptions", pk=company.pk)
    return _form(request, company, form)


@require_POST
def remove(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Take an exclusion or an adjustment away."""
    company = company_in(request, pk)
    form = RemoveExceptionForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["version"]:
        raise InvalidInput("The entry to remove is not named.", hint="Load the company's page again.")
    given = form.cleaned_data
    if given["kind"] == "exclusion":
        changes = operation.remove_exclusion(request.actor, company, given["position"], version=given["version"])
    else:
        changes = operation.remove_adjustment(request.actor, company, given["position"], version=given["version"])
    messages.success(request, removed(f"The {given['kind']}", changes))
    return redirect("companies:exceptions", pk=company.pk)


def _refused(
    request: ConsoleRequest, company: Company, form: ExclusionForm | AdjustmentForm, error: InvalidInput
) -> HttpResponse:
    form.add_error(None, str(error))
    return _form(request, company, form, 409 if isinstance(error, ChangedMeanwhile) else 400)


def _form(request: ConsoleRequest, company: Company, form: VersionedForm, status: int = 0) -> HttpResponse:
    is_exclusion = isinstance(form, ExclusionForm)
    context = context_of(
        company,
        "exceptions",
        form=form,
        endpoints=queries.endpoints_of(company) if is_exclusion else [],
        users=[user.login for user in users_of(company)] if is_exclusion else [],
    )
    template = "companies/exclusion_form.html" if is_exclusion else "companies/adjustment_form.html"
    return render(request, template, context, status=status or (400 if form.is_bound else 200))


def _types(request: ConsoleRequest, company: Company) -> TypeChoices:
    known = billing_rules(request.actor.provider).license_types.values()
    return type_choices(queries.license_types_of(company), [one.name for one in known if one.billable])
