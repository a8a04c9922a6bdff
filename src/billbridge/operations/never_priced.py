"""Products that companies are billed for although nobody ever set what they cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from billbridge.billing.configuration import SendMode
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook
from billbridge.billing.products import Product, ProductKind
from billbridge.operations.usage import price_book
from billbridge.store.models import BilledProduct, Provider, StorageRate, StorageReading


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverPriced:
    """A product, and the names of the companies that would be billed for it at 0."""

    product: Product
    companies: tuple[str, ...]


def never_priced(provider: Provider, month: Month) -> list[NeverPriced]:
    """Every product without cost and price for a company that is billed for it in the month.

    Set to 0 is set. Configurations that send the quantity alone need no price of ours: HaloPSA's own stay.
    """
    prices = price_book(provider)
    rates = _StorageRates(provider, month)
    rows = BilledProduct.objects.filter(
        Q(configuration__last_month=None) | Q(configuration__last_month__gte=month), company__provider=provider
    ).exclude(configuration__mode=SendMode.QUANTITY.value)
    # What has a general price is set for everyone, so that of thousands of companies only few are looked at.
    products = {code: Product.parse(code) for code in rows.values_list("product", flat=True).distinct()}
    unset = {
        code: product for code, product in products.items() if not _is_set_for_all(product, prices, rates, month)
    }
    found: dict[Product, set[str]] = defaultdict(set)
    companies = rows.filter(product__in=list(unset)).values_list(
        "product", "company_id", "company__source_id", "company__name"
    )
    for code, company_id, source_id, name in companies.iterator():
        product = unset[code]
        if product.kind is ProductKind.LICENSE:
            is_set = not prices.in_force(product.code, source_id, month).never_set
        else:
            is_set = rates.are_set(company_id, product.code)
        if not is_set:
            found[product].add(name)
    return [
        NeverPriced(product=product, companies=tuple(sorted(companies)))
        for product, companies in sorted(found.items())
    ]


def _is_set_for_all(product: Product, prices: PriceBook, rates: _StorageRates, month: Month) -> bool:
    if product.kind is ProductKind.LICENSE:
        return not prices.in_force(product.code, "", month).never_set
    return rates.are_set_for_all(product.code)


class _StorageRates:
    """Who has cost and price per GB in a month: everyone on an account, a company, or single users of it."""

    def __init__(self, provider: Provider, month: Month) -> None:
        self._everyone: set[str] = set()
        self._companies: set[tuple[int, str]] = set()
        self._users: set[tuple[str, str]] = set()
        for rate in StorageRate.objects.filter(provider=provider, from_month__lte=month):
            if rate.user_id:
                self._users.add((rate.account_id, rate.user_id))
            elif rate.company_id is not None:
                self._companies.add((rate.company_id, rate.account_id))
            else:
                self._everyone.add(rate.account_id)
        self._using = _users_by_account(provider, month) if self._users else {}

    def are_set_for_all(self, account_id: str) -> bool:
        """Whether the account has a rate of its own, which holds for everyone without another."""
        return account_id in self._everyone

    def are_set(self, company_id: int, account_id: str) -> bool:
        """Whether all the company's users of the account have a rate; where it has none yet, none has."""
        if self.are_set_for_all(account_id) or (company_id, account_id) in self._companies:
            return True
        using = self._using.get((company_id, account_id), set())
        return bool(using) and all((account_id, user) in self._users for user in using)


def _users_by_account(provider: Provider, month: Month) -> dict[tuple[int, str], set[str]]:
    """The users read on each storage account in a month or the one before, by company and account."""
    readings: Iterable[tuple[int, str, str]] = (
        StorageReading.objects.filter(
            company__provider=provider, day__gte=month.previous.first, day__lte=month.last
        )
        .values_list("company_id", "account_id", "user_id")
        .distinct()
    )
    using: dict[tuple[int, str], set[str]] = defaultdict(set)
    for company_id, account_id, user_id in readings:
        using[company_id, account_id].add(user_id)
    return using
