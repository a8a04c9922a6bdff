"""The prices in force for a company, and its own ones: setting, ending and removing them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.errors import InvalidInput
from billbridge.operations import company_prices as operation
from billbridge.operations.change_entries import version_of
from billbridge.operations.change_settings import ChangedMeanwhile
from billbridge.operations.company_prices import PriceKey
from billbridge.operations.company_storage import storage_of_company
from billbridge.operations.provider import billing_rules, today
from billbridge.store.models import Company
from billbridge.store.queries import company as queries
from billbridge.store.roles import Role
from billbridge.web.companies.forms import CompanyPriceForm, EndPriceForm, TypeChoices, month_or_none, type_choices
from billbridge.web.companies.views.tabs import company_in, context_of
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.removed import removed

_LONGEST = 200


@require_safe
def prices(request: ConsoleRequest, pk: int) -> HttpResponse:
    """What holds for the company this month, where it comes from, and the company's own prices."""
    company = company_in(request, pk)
    provider = request.actor.provider
    month = Month.of(today(provider))
    own = operation.company_prices(provider, company)
    context = context_of(
        company,
        "prices",
        month=month,
        products=queries.license_products(company, month, queries.domains_of(company)),
        accounts=storage_of_company(provider, company, month),
        own=[(price, _state(price, own, month)) for price in own],
        version=version_of(own),
    )
    return render(request, "companies/prices.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def set_price(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A new price of the company, or another one in the place of the one the address names."""
    company = company_in(request, pk)
    request.actor.require(Role.BILLING)
    own = operation.company_prices(request.actor.provider, company)
    replaces = _named(request, own)
    form = CompanyPriceForm(
        request.POST or None,
        initial=_initial(request, own, replaces),
        types=_types(request, company, own),
        existing=own,
        replaces=PriceKey(license_type=replaces.license_type, from_month=replaces.from_month) if replaces else None,
    )
    if request.method == "POST" and form.is_valid():
        key = PriceKey(license_type=replaces.license_type, from_month=replaces.from_month) if replaces else None
        version = form.cleaned_data["version"]
        try:
            operation.set_company_price(request.actor, company, form.setting, replaces=key, version=version)
        except InvalidInput as error:
            return _form(request, company, form, replaces, error)
        price = form.setting
        said = f"{company.name} pays its own price for {price.license_type} from {price.from_month.title} on."
        messages.success(request, said)
        return redirect("companies:prices", pk=company.pk)
    return _form(request, company, form, replaces)


@require_http_methods(["GET", "HEAD", "POST"])
def end_price(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The month after which the general price of a license type holds again."""
    company = company_in(request, pk)
    request.actor.require(Role.BILLING)
    own = operation.company_prices(request.actor.provider, company)
    license_type = request.GET.get("type", "")[:_LONGEST]
    initial = {
        "license_type": license_type,
        "last_month": str(Month.of(today(request.actor.provider))),
        "version": version_of(own),
    }
    form = EndPriceForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data
            try:
                operation.end_company_price(
                    request.actor, company, given["license_type"], given["last_month"], version=given["version"]
                )
            except ChangedMeanwhile as error:
                form.add_error(None, str(error))
                status = 409
            except InvalidInput as error:
                form.add_error("last_month", str(error))
            else:
                messages.success(
                    request,
                    f"From {given['last_month'].next.title} on the general price of {given['license_type']} holds.",
                )
                return redirect("companies:prices", pk=company.pk)
    license_type = form["license_type"].value() or ""
    return render(
        request,
        "companies/end_price.html",
        context_of(company, "prices", form=form, license_type=license_type),
        status=status,
    )


@require_POST
def remove_price(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Take a price of the company away."""
    company = company_in(request, pk)
    month = month_or_none(request.POST.get("from_month", ""))
    license_type = request.POST.get("license_type", "")[:_LONGEST]
    if month is None:
        raise InvalidInput("The price to remove is not named.", hint="Load the page of prices again.")
    changes = operation.remove_company_price(
        request.actor,
        company,
        PriceKey(license_type=license_type, from_month=month),
        version=request.POST.get("version", "")[:_LONGEST],
    )
    messages.success(request, removed(f"The price of {license_type} from {month.title} on", changes))
    return redirect("companies:prices", pk=company.pk)


def _form(
    request: ConsoleRequest,
    company: Company,
    form: CompanyPriceForm,
    replaces: PriceSetting | None,
    error: InvalidInput | None = None,
) -> HttpResponse:
    status = 400 if form.is_bound else 200
    if error is not None:
        form.add_error(None, str(error))
        status = 409 if isinstance(error, ChangedMeanwhile) else 400
    return render(
        request,
        "companies/price_form.html",
        context_of(company, "prices", form=form, replaces=replaces),
        status=status,
    )


def _named(request: ConsoleRequest, own: tuple[PriceSetting, ...]) -> PriceSetting | None:
    """The price the address names, if the company has it."""
    month = month_or_none(request.GET.get("from", ""))
    if month is None:
        return None
    key = PriceKey(license_type=request.GET.get("type", "")[:_LONGEST], from_month=month)
    return next((one for one in own if key.fits(one)), None)


def _initial(
    request: ConsoleRequest, own: tuple[PriceSetting, ...], replaces: PriceSetting | None
) -> dict[str, object]:
    version = version_of(own)
    if replaces is None:
        return {
            "version": version,
            "license_type": request.GET.get("type", "")[:_LONGEST],
            "from_month": str(Month.of(today(request.actor.provider))),
        }
    return {
        "version": version,
        "license_type": replaces.license_type,
        "from_month": str(replaces.from_month),
        "last_month": str(replaces.last_month or ""),
        "cost": replaces.cost,
        "price": replaces.price,
    }


def _types(request: ConsoleRequest, company: Company, own: tuple[PriceSetting, ...]) -> TypeChoices:
    known = billing_rules(request.actor.provider).license_types.values()
    names = {*queries.license_types_of(company), *(price.license_type for price in own)}
    return type_choices(sorted(names, key=str.casefold), [one.name for one in known if one.billable])


def _state(price: PriceSetting, own: tuple[PriceSetting, ...], month: Month) -> str:
    """Whether a price holds in a month, will, did, or another of the company holds in its place."""
    if price.from_month > month:
        return "to come"
    if not price.holds_in(month):
        return "ended"
    same = [one for one in own if one.license_type == price.license_type and one.holds_in(month)]
    return "holds" if price == max(same, key=lambda one: one.from_month) else "replaced"
