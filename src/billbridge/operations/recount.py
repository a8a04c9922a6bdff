"""Counting a month anew from the ledger, by the rules its bills were made by, to compare the bills with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billbridge.billing.bills import Coverage
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.counting import CountingRule
from billbridge.billing.month_lines import Counted, NotKnown
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook
from billbridge.billing.products import Product, ProductKind
from billbridge.billing.usage import BillingRules
from billbridge.operations.coverage import coverage, storage_coverage
from billbridge.operations.provider import billing_rules
from billbridge.operations.rate_company import rate_company
from billbridge.operations.storage_usage import storage_product_names
from billbridge.operations.usage import CompanySettings, load_settings, load_usage, price_book
from billbridge.store.models import Bill, Company, Provider

Recounted = dict[str, Counted] | NotKnown
"""What each configuration of a company comes to, by its id; or why that cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recounting:
    """What counting the companies of one month has in common."""

    provider: Provider
    month: Month
    day: date
    """The business day: nothing after it is known."""
    rules: BillingRules
    prices: PriceBook
    names: Mapping[Product, str]
    licenses: Coverage
    storage: Coverage


def recounting(provider: Provider, month: Month, day: date) -> Recounting:
    """Load what all companies share."""
    return Recounting(
        provider=provider,
        month=month,
        day=day,
        rules=billing_rules(provider),
        prices=price_book(provider),
        names=storage_product_names(provider),
        licenses=coverage(provider, month),
        storage=storage_coverage(provider, month),
    )


def recount(
    shared: Recounting, companies: Sequence[Company], bills: Mapping[int, Bill]
) -> tuple[dict[int, CompanySettings], dict[int, Recounted]]:
    """Count some companies anew; `bills` are theirs of the month, with lines, by company. By the company's row id.

    A company with a bill is counted by the bill's counting rule, with the products its lines have, and in a running
    month up to the day of the bill: what a month's bill was made of is compared, and not today's settings. Gives
    the settings it was counted with beside what it came to.
    """
    settings = load_settings(companies)
    for company in companies:
        lines = _lines_as_settings(bills.get(company.pk))
        if lines:
            settings[company.pk] = replace(settings[company.pk], configurations=lines)
    by_last_day: dict[date, list[Company]] = defaultdict(list)
    for company in companies:
        by_last_day[_through(shared, bills.get(company.pk))].append(company)
    counted: dict[int, Recounted] = {}
    for through, some in by_last_day.items():
        usage = load_usage(shared.provider, some, shared.month, through, settings=settings)
        for company in some:
            if not _is_known(shared, settings[company.pk]):
                counted[company.pk] = NotKnown(reason="nothing was collected or imported for the month")
                continue
            bill = bills.get(company.pk)
            rules = replace(shared.rules, counting=CountingRule(bill.counting_rule)) if bill else shared.rules
            rated = rate_company(company, usage[company.pk], rules, shared.prices)
            if not rated.lines and rated.hold_reasons:
                counted[company.pk] = NotKnown(reason=rated.hold_reasons[0])
                continue
            counted[company.pk] = {
                line.configuration_id: Counted(
                    parts=parts_of(((p.product, p.quantity) for p in line.products), shared.names),
                    cost=line.cost,
                    price=line.price,
                )
                for line in rated.lines
            }
    return settings, counted


def parts_of(products: Iterable[tuple[Product, Decimal]], names: Mapping[Product, str]) -> dict[str, Decimal]:
    """Quantities by the product's name, as a person knows it."""
    parts: dict[str, Decimal] = defaultdict(Decimal)
    for product, quantity in products:
        parts[names.get(product, product.code)] += quantity
    return dict(parts)


def _lines_as_settings(bill: Bill | None) -> tuple[Configuration, ...]:
    """The configurations a bill was made of, as its lines still tell."""
    if bill is None:
        return ()
    return tuple(
        Configuration(
            id=str(line.configuration.uid),
            name=line.name,
            mode=SendMode(line.mode),
            products=tuple(Product.parse(part["product"]) for part in line.products),
        )
        for line in bill.lines.all()
    )


def _through(shared: Recounting, bill: Bill | None) -> date:
    """The last day that counts: the month's; in the running one the day of its bill, else today."""
    if shared.day > shared.month.last:
        return shared.month.last
    return min(bill.made_on, shared.day) if bill else shared.day


def _is_known(shared: Recounting, settings: CompanySettings) -> bool:
    kinds = {product.kind for one in settings.configurations for product in one.products}
    return not (shared.licenses.is_empty or (ProductKind.STORAGE in kinds and shared.storage.is_empty))
