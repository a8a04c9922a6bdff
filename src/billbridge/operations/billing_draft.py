"""How a company is billed while somebody edits it, and how a draft keeps that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.months import Month
from billbridge.billing.products import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyBilling:
    """How a company is billed. `unfinished` are half-filled configurations by their id, as they were entered."""

    site_id: int | None = None
    agreement_id: int | None = None
    auto_billing: bool = False
    configurations: tuple[Configuration, ...] = ()
    unfinished: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def configuration(self, configuration_id: str) -> Configuration | None:
        """The configuration with an id."""
        return next((one for one in self.configurations if one.id == configuration_id), None)

    def with_configuration(self, configuration: Configuration) -> CompanyBilling:
        """The same with a configuration put in the place it has, or at the end; it is finished then."""
        known = self.configuration(configuration.id) is not None
        others = tuple(configuration if one.id == configuration.id else one for one in self.configurations)
        return replace(
            self,
            configurations=others if known else (*others, configuration),
            unfinished=_without(self.unfinished, configuration.id),
        )

    def without_configuration(self, configuration_id: str) -> CompanyBilling:
        """The same without a configuration and what was entered of it."""
        return replace(
            self,
            configurations=tuple(one for one in self.configurations if one.id != configuration_id),
            unfinished=_without(self.unfinished, configuration_id),
        )

    def with_unfinished(self, configuration_id: str, entered: Mapping[str, Any]) -> CompanyBilling:
        """The same with what was entered of a configuration so far."""
        return replace(self, unfinished={**self.unfinished, configuration_id: dict(entered)})

    def without_unfinished(self, configuration_id: str) -> CompanyBilling:
        """The same without what was entered of a configuration; the configuration stays as it was."""
        return replace(self, unfinished=_without(self.unfinished, configuration_id))


def as_content(billing: CompanyBilling) -> dict[str, Any]:
    """The billing as a draft keeps it."""
    return {
        "site_id": billing.site_id,
        "agreement_id": billing.agreement_id,
        "auto_billing": billing.auto_billing,
        "configurations": [
            {
                "id": one.id,
                "name": one.name,
                "mode": one.mode.value,
                "products": [str(product) for product in one.products],
                "asset_types": {str(product): name for product, name in one.asset_types.items()},
                "item_id": one.item_id,
                "last_month": str(one.last_month) if one.last_month else None,
            }
            for one in billing.configurations
        ],
        "unfinished": {key: dict(entered) for key, entered in billing.unfinished.items()},
    }


def from_content(content: Mapping[str, Any]) -> CompanyBilling | None:
    """A draft's content; `None` for one that an earlier release wrote in another way."""
    try:
        return CompanyBilling(
            site_id=content["site_id"],
            agreement_id=content["agreement_id"],
            auto_billing=content["auto_billing"],
            configurations=tuple(
                Configuration(
                    id=one["id"],
                    name=one["name"],
                    mode=SendMode(one["mode"]),
                    products=tuple(Product.parse(product) for product in one["products"]),
                    asset_types={Product.parse(product): name for product, name in one["asset_types"].items()},
                    item_id=one["item_id"],
                    last_month=Month.parse(one["last_month"]) if one["last_month"] else None,
                )
                for one in content["configurations"]
            ),
            unfinished=content["unfinished"],
        )
    except (KeyError, TypeError, ValueError):
        return None


def _without(unfinished: Mapping[str, Mapping[str, Any]], gone: str) -> dict[str, Mapping[str, Any]]:
    return {key: entered for key, entered in unfinished.items() if key != gone}
