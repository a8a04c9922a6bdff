"""A company's own prices, which override the general ones: setting, ending and removing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import type_key
from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor
from billbridge.operations.change_entries import EntryList, Mine, change_entries, entries_of
from billbridge.operations.setup.compare import SettingChange
from billbridge.store.models import Company, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceKey:
    """What tells one of a company's prices from its others."""

    license_type: str
    from_month: Month

    def fits(self, price: PriceSetting) -> bool:
        return type_key(price.license_type) == type_key(self.license_type) and price.from_month == self.from_month


def company_prices(provider: Provider, company: Company) -> tuple[PriceSetting, ...]:
    """The company's own prices, by license type and first month."""
    return entries_of(provider, EntryList.PRICES, _of(company))


def set_company_price(
    actor: Actor, company: Company, price: PriceSetting, *, replaces: PriceKey | None = None, version: str = ""
) -> None:
    """Add a price of the company, or put it in the place of another one.

    Raises `NotAllowed`, `ChangedMeanwhile`, or `SettingsRefused`.
    """

    def change(prices: tuple[PriceSetting, ...]) -> Iterable[PriceSetting]:
        kept = [one for one in prices if replaces is None or not replaces.fits(one)]
        return (*kept, replace(price, company_id=company.source_id))

    change_entries(actor, EntryList.PRICES, _of(company), change, version=version)


def end_company_price(
    actor: Actor, company: Company, license_type: str, last_month: Month, *, version: str = ""
) -> None:
    """Let the company's prices of a license type hold until a month; after it the general price holds again.

    Prices that would only begin later go. Raises `InvalidInput` when none holds in that month.
    """

    def change(prices: tuple[PriceSetting, ...]) -> Iterable[PriceSetting]:
        same = [one for one in prices if type_key(one.license_type) == type_key(license_type)]
        if not any(one.holds_in(last_month) for one in same):
            raise InvalidInput(
                f"No price of this company for {license_type} holds in {last_month}.",
                hint="Choose a month in which it holds, or remove the price.",
            )
        ended = (
            replace(one, last_month=min(one.last_month or last_month, last_month))
            for one in same
            if one.from_month <= last_month
        )
        return (*(one for one in prices if one not in same), *ended)

    change_entries(actor, EntryList.PRICES, _of(company), change, version=version)


def remove_company_price(
    actor: Actor, company: Company, key: PriceKey, *, version: str = ""
) -> tuple[SettingChange, ...]:
    """Remove a price of the company as if it had never been; bills already closed keep their figures."""

    def change(prices: tuple[PriceSetting, ...]) -> Iterable[PriceSetting]:
        return tuple(one for one in prices if not key.fits(one))

    return change_entries(actor, EntryList.PRICES, _of(company), change, version=version)


def _of(company: Company) -> Mine[PriceSetting]:
    return lambda price: price.company_id == company.source_id
