"""The provider's own settings, and the license types it added."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from billbridge.billing.products import KNOWN_LICENSE_TYPES, LicenseType, type_key
from billbridge.operations.access import NotThere
from billbridge.operations.change_settings import (
    ChangedMeanwhile,
    Part,
    SettingsRefused,
    change_settings,
    settings_version,
)
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import ProviderSettings, SetupDocument
from billbridge.store.models import Provider
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.provider.forms import LicenseTypeForm, ProviderForm
from billbridge.web.saving import REFUSED, SAVED, save_part

_PROVIDER, _LICENSE_TYPES = Part(name="provider"), Part(name="license_types")
_TYPE_IDS = "type_%s"


@never_cache
def provider(request: ConsoleRequest) -> HttpResponse:
    """Name, currency, time zone and the billing rules."""
    form = _provider_form(request.actor.provider, request.POST if request.method == "POST" else None)
    status = SAVED
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            said = "The provider's settings were saved."
            status = save_part(request, form, SetupDocument(provider=form.settings()), _PROVIDER, said=said)
            if status == SAVED:
                return redirect("provider:provider")
    return _page(request, form, LicenseTypeForm(auto_id=_TYPE_IDS), status)


@require_POST
def add_license_type(request: ConsoleRequest) -> HttpResponse:
    """Make a license type known."""
    form = LicenseTypeForm(request.POST, auto_id=_TYPE_IDS)
    status = 400
    if form.is_valid():
        added = form.license_type()
        taken = {type_key(one.name) for one in (*KNOWN_LICENSE_TYPES, *_license_types(request.actor.provider))}
        if type_key(added.name) in taken:
            form.add_error("name", "A license type of this name is known already.")
        else:
            try:
                _store(request, (*_license_types(request.actor.provider), added))
            except (SettingsRefused, ChangedMeanwhile) as error:
                form.add_error(None, str(error))
                status = 409 if isinstance(error, ChangedMeanwhile) else 400
            else:
                messages.success(request, f"The license type {added.name} was added.")
                return redirect("provider:provider")
    return _page(request, _provider_form(request.actor.provider), form, status)


@require_POST
def remove_license_type(request: ConsoleRequest) -> HttpResponse:
    """Forget a license type that no setting names."""
    name = request.POST.get("name", "")
    now = _license_types(request.actor.provider)
    if all(one.name != name for one in now):
        raise NotThere("There is no such license type among those the provider added.")
    try:
        _store(request, tuple(one for one in now if one.name != name))
    except SettingsRefused:
        messages.error(
            request,
            f"{name} cannot be removed: prices, domains, asset types or configurations still name it. "
            "Change those first.",
        )
    except ChangedMeanwhile as error:
        messages.error(request, str(error))
    else:
        was = next(one for one in now if one.name == name)
        billed = "billed to companies" if was.billable else "not billed to companies"
        number = ", a number per domain" if was.count_only else ""
        messages.success(request, f"The license type {name} was removed. It was: per {was.unit}, {billed}{number}.")
    return redirect("provider:provider")


def _store(request: ConsoleRequest, types: tuple[LicenseType, ...]) -> None:
    change_settings(
        request.actor,
        SetupDocument(license_types=types),
        version=request.POST.get("version", ""),
        parts=(_LICENSE_TYPES,),
    )


def _provider_form(provider: Provider, given: QueryDict | None = None) -> ProviderForm:
    settings = current_part(provider, "provider")
    assert isinstance(settings, ProviderSettings)
    return ProviderForm(given, settings=settings)


def _license_types(provider: Provider) -> tuple[LicenseType, ...]:
    types = current_part(provider, "license_types")
    assert isinstance(types, tuple)
    return types


def _page(request: ConsoleRequest, form: ProviderForm, type_form: LicenseTypeForm, status: int) -> HttpResponse:
    row = request.actor.provider
    given = request.POST.get("version", "")
    context = {
        "form": form,
        "type_form": type_form,
        "version": given if form.is_bound else settings_version(row, _PROVIDER),
        "types_version": given if type_form.is_bound else settings_version(row, _LICENSE_TYPES),
        "added": _license_types(row),
        "known": KNOWN_LICENSE_TYPES,
    }
    return render(request, "provider/provider.html", context, status=status)
