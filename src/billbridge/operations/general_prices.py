"""Cost/Price settings: what every license product costs and is charged, from a month on, for all companies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import LicenseType, license_types_by_name, type_key
from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor
from billbridge.operations.change_settings import Part, change_settings
from billbridge.operations.provider import billing_rules, today
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import SetupDocument
from billbridge.store.models import Provider

PRICES = Part(name="prices")
"""The part of the settings these operations change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Cost and price per unit and month."""

    cost: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPrices:
    """A license product with the price that holds in a month, those before it, and those that are to come."""

    license_type: LicenseType
    now: PriceSetting | None
    earlier: tuple[PriceSetting, ...]
    coming: tuple[PriceSetting, ...]

    @property
    def name(self) -> str:
        return self.license_type.name


class PriceWithoutEffect(InvalidInput):
    """A price that a later one, which holds already, would hide; `license_type` is the product's."""

    def __init__(self, license_type: str, since: Month) -> None:
        super().__init__(
            f"{license_type} has a price since {since}, which would go on to hold.",
            hint=f"Choose {since} or a later month, or remove that price.",
        )
        self.license_type = license_type


def product_prices(provider: Provider, month: Month) -> tuple[ProductPrices, ...]:
    """Every license product that companies can be billed for, with its general prices seen from a month."""
    settings = [one for one in _prices(provider) if not one.company_id]
    known = dict(billing_rules(provider).license_types)
    priced = license_types_by_name(LicenseType(name=one.license_type) for one in settings)
    by_key = {key: one for key, one in (priced | known).items() if one.billable or key in priced}
    return tuple(
        _seen_from(month, license_type, [one for one in settings if type_key(one.license_type) == key])
        for key, license_type in sorted(by_key.items(), key=lambda one: _order(one[0], known))
    )


def set_prices(
    actor: Actor, wanted: Mapping[str, Amounts], from_month: Month, *, version: str = ""
) -> tuple[SettingChange, ...]:
    """Let license types cost and be charged other amounts from a month on; old months keep their prices.

    What `wanted` says of a license type replaces a price set for the very same month. Raises `PriceWithoutEffect`,
    and what changing settings raises.
    """
    kept = _prices(actor.provider)
    running = Month.of(today(actor.provider))
    added: list[PriceSetting] = []
    for license_type, amounts in wanted.items():
        own = [one for one in kept if not one.company_id and type_key(one.license_type) == type_key(license_type)]
        later = [one.from_month for one in own if from_month < one.from_month <= running]
        if later:
            raise PriceWithoutEffect(license_type, max(later))
        kept = [one for one in kept if one not in own or one.from_month != from_month]
        added.append(
            PriceSetting(license_type=license_type, from_month=from_month, cost=amounts.cost, price=amounts.price)
        )
    document = SetupDocument(prices=(*kept, *added))
    return change_settings(actor, document, version=version, parts=(PRICES,))


def remove_price(
    actor: Actor, license_type: str, from_month: Month, *, version: str = ""
) -> tuple[SettingChange, ...]:
    """Take back a general price; the one before it holds again, if there is one."""
    kept = [
        one
        for one in _prices(actor.provider)
        if one.company_id or one.from_month != from_month or type_key(one.license_type) != type_key(license_type)
    ]
    return change_settings(actor, SetupDocument(prices=tuple(kept)), version=version, parts=(PRICES,))


def _prices(provider: Provider) -> list[PriceSetting]:
    return list(cast("tuple[PriceSetting, ...]", current_part(provider, "prices")))


def _seen_from(month: Month, license_type: LicenseType, settings: list[PriceSetting]) -> ProductPrices:
    past = sorted(
        (one for one in settings if one.from_month <= month), key=lambda one: one.from_month, reverse=True
    )
    return ProductPrices(
        license_type=license_type,
        now=past[0] if past else None,
        earlier=tuple(past[1:]),
        coming=tuple(sorted((one for one in settings if one.from_month > month), key=lambda one: one.from_month)),
    )


def _order(key: str, known: Mapping[str, LicenseType]) -> tuple[int, str]:
    """The vendor's own order, then types that only a price names."""
    return (list(known).index(key), "") if key in known else (len(known), key)
