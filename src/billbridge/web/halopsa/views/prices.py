"""*Cost/Price settings*: what every product costs and is charged, since when, and what it was before."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from billbridge.billing.months import Month
from billbridge.operations import general_prices as operation
from billbridge.operations.change_settings import ChangedMeanwhile, SettingsRefused, settings_version
from billbridge.operations.general_prices import Amounts, PriceWithoutEffect, ProductPrices
from billbridge.operations.provider import today
from billbridge.store.queries import halopsa as queries
from billbridge.web.forms import MoneyField, MonthField
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Table, read_table

_LONGEST = 200

_COMPANY_COLUMNS = (
    Column(name="company", label="Company", order=("company__name",)),
    Column(name="product", label="Product", order=("license_type",)),
    Column(name="cost", label="Cost", order=("cost",), is_figure=True),
    Column(name="price", label="Price", order=("price",), is_figure=True),
    Column(name="from", label="From", order=("from_month",)),
    Column(name="to", label="To"),
)


@dataclass(slots=True, kw_only=True)
class PriceRow:
    """A product with what stands in its two fields, and what is wrong with that."""

    product: ProductPrices
    companies: int
    cost: str
    price: str
    errors: list[str] = field(default_factory=list)

    @property
    def amounts(self) -> Amounts | None:
        """What was entered, if it is another cost or price than the one that holds; notes what is wrong."""
        entered = []
        for label, text in (("Cost", self.cost), ("Price", self.price)):
            try:
                entered.append(MoneyField(required=False).clean(text))
            except forms.ValidationError as error:
                self.errors.append(f"{label}: {' '.join(error.messages)}")
                entered.append(None)
        cost, price = entered
        now = self.product.now
        if self.errors or (cost is None and price is None and now is None):
            return None
        if cost is None or price is None:
            self.errors.append("Enter both cost and price; 0 if there is none.")
            return None
        return (
            None if now is not None and (now.cost, now.price) == (cost, price) else Amounts(cost=cost, price=price)
        )


@require_http_methods(["GET", "HEAD", "POST"])
def cost_price(request: ConsoleRequest) -> HttpResponse:
    """Every product with cost and price; changed ones hold from a month on."""
    running = Month.of(today(request.actor.provider))
    rows = _rows(request, running)
    if request.method != "POST":
        return _page(request, rows, str(running))
    month_text = request.POST.get("from_month", "")[:_LONGEST]
    problems: list[str] = []
    month: Month | None = None
    try:
        month = MonthField().clean(month_text)
    except forms.ValidationError as error:
        problems += [f"From month: {text}" for text in error.messages]
    wanted = {row.product.name: amounts for row in rows if (amounts := row.amounts) is not None}
    if month is None or any(row.errors for row in rows):
        return _page(request, rows, month_text, problems, status=400)
    version = request.POST.get("version", "")[:_LONGEST]
    try:
        operation.set_prices(request.actor, wanted, month, version=version)
    except PriceWithoutEffect as error:
        next(row for row in rows if row.product.name == error.license_type).errors.append(str(error))
        return _page(request, rows, month_text, status=400)
    except SettingsRefused as error:
        return _page(request, rows, month_text, list(error.problems), status=400)
    except ChangedMeanwhile as error:
        return _page(request, rows, month_text, [str(error)], status=409)
    count = len(wanted)
    said = f"{count} {'price' if count == 1 else 'prices'} saved, from {month.title} on." if count else ""
    messages.success(request, said or "Nothing was changed.")
    return redirect("halopsa:cost-price")


@require_POST
def remove(request: ConsoleRequest) -> HttpResponse:
    """Take back a price; the one before it holds again."""
    running = Month.of(today(request.actor.provider))
    product = request.POST.get("product", "")[:_LONGEST]
    try:
        month: Month = MonthField().clean(request.POST.get("from_month", "")[:_LONGEST])
        changes = operation.remove_price(
            request.actor, product, month, version=request.POST.get("version", "")[:_LONGEST]
        )
    except forms.ValidationError as error:
        return _page(request, _rows(request, running), str(running), error.messages, status=400)
    except (SettingsRefused, ChangedMeanwhile) as error:
        status = 409 if isinstance(error, ChangedMeanwhile) else 400
        return _page(request, _rows(request, running), str(running), [str(error)], status=status)
    if changes:
        was = "; ".join(one.before for one in changes)
        messages.success(request, f"The price of {product} from {month.title} on was removed. It was: {was}.")
    else:
        messages.info(request, "There is no such price; nothing was changed.")
    return redirect("halopsa:cost-price")


def _rows(request: ConsoleRequest, running: Month) -> list[PriceRow]:
    """Every license product, with what the request says of it or what holds now."""
    provider = request.actor.provider
    billed = queries.billed_products(provider)
    rows = []
    for one in operation.product_prices(provider, running):
        now = one.now
        given = request.POST if f"cost:{one.name}" in request.POST else None
        rows.append(
            PriceRow(
                product=one,
                companies=billed.get(f"license:{one.name}", 0),
                cost=given[f"cost:{one.name}"][:_LONGEST] if given else f"{now.cost:f}" if now else "",
                price=given.get(f"price:{one.name}", "")[:_LONGEST] if given else f"{now.price:f}" if now else "",
            )
        )
    return rows


def _page(
    request: ConsoleRequest,
    rows: list[PriceRow],
    month: str,
    problems: list[str] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    provider = request.actor.provider
    running = Month.of(today(provider))
    rates = queries.general_storage_rates(provider, running)
    context = {
        "rows": rows,
        "never_set": [row for row in rows if row.product.now is None and row.companies],
        "from_month": month,
        "running": running,
        "problems": problems or [],
        "history": _history(rows),
        "accounts": [(one, rates.get(one.source_id)) for one in queries.storage_accounts(provider)],
        "table": _company_prices(request),
        "version": request.POST.get("version", "")[:_LONGEST] or settings_version(provider, operation.PRICES),
    }
    return render(request, "halopsa/cost_price.html", context, status=status)


def _history(rows: list[PriceRow]) -> list[dict[str, object]]:
    """Every general price that was set, by product, the newest first."""
    return [
        {"setting": setting, "state": state}
        for row in rows
        for state, settings in (
            ("to come", row.product.coming[::-1]),
            ("holds", [row.product.now] if row.product.now else []),
            ("over", row.product.earlier),
        )
        for setting in settings
    ]


def _company_prices(request: ConsoleRequest) -> Table:
    rows = queries.company_prices(request.actor.provider)
    return read_table(request, rows, _COMPANY_COLUMNS, search_in=("company__name", "license_type"), order="company")
