"""Cost and price per unit of license products: which setting holds for a company in a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from billbridge.billing.months import Month
from billbridge.billing.products import type_key


class MissingPrice(StrEnum):
    """What happens to a bill with a product whose cost and price nobody ever set."""

    BILL_AT_ZERO = "bill at 0"
    HOLD = "hold the bill"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSetting:
    """Cost and price per unit and month of a license type, from `from_month` on.

    Without a company it holds for everyone; with one it overrides the general setting for that company, until
    `last_month` if it ends: after it the general setting holds again.
    """

    license_type: str
    from_month: Month
    cost: Decimal
    price: Decimal
    company_id: str = ""
    last_month: Month | None = None

    def holds_in(self, month: Month) -> bool:
        return self.from_month <= month and (self.last_month is None or month <= self.last_month)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceInForce:
    """The cost and price that hold, and where they come from. Never set is not the same as set to 0."""

    cost: Decimal
    price: Decimal
    origin: str
    never_set: bool = False


NEVER_SET = PriceInForce(cost=Decimal(0), price=Decimal(0), origin="never set", never_set=True)


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Every price setting of a provider, ready to be asked."""

    _settings: dict[tuple[str, str], list[PriceSetting]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Iterable[PriceSetting]) -> PriceBook:
        by_product: dict[tuple[str, str], list[PriceSetting]] = {}
        for setting in settings:
            by_product.setdefault((type_key(setting.license_type), setting.company_id), []).append(setting)
        for same in by_product.values():
            same.sort(key=lambda setting: setting.from_month)
        return cls(by_product)

    def in_force(self, license_type: str, company_id: str, month: Month) -> PriceInForce:
        """The company's own setting, else the general one, else 0 and marked as never set.

        Of several that hold in `month`, the one with the latest first month wins, so old months keep old prices.
        """
        for owner, origin in ((company_id, "the company's price"), ("", "general price")):
            setting = self._latest(license_type, owner, month)
            if setting is not None:
                return PriceInForce(
                    cost=setting.cost, price=setting.price, origin=f"{origin} since {setting.from_month}"
                )
        return NEVER_SET

    def _latest(self, license_type: str, company_id: str, month: Month) -> PriceSetting | None:
        settings = self._settings.get((type_key(license_type), company_id), [])
        return next((setting for setting in reversed(settings) if setting.holds_in(month)), None)
