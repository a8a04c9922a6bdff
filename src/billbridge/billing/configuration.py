"""Billing configurations and the send modes, with the combinations that are refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from billbridge.billing.months import Month
from billbridge.billing.products import Product, ProductKind
from billbridge.errors import InvalidInput


class SendMode(StrEnum):
    """What of a configuration is sent to HaloPSA."""

    AVERAGE = "average"
    """The quantity, and the average cost and price per unit."""
    TOTAL = "total"
    """Quantity 1, and the total cost and price."""
    QUANTITY = "quantity"
    """The quantity alone; HaloPSA's own cost and price stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A named set of products of one company that is billed as one line.

    `id` never changes, `name` may: it is what the subscription is called. `asset_types` names the HaloPSA asset
    type of each product that does not use its default. `last_month` is the last month it is billed for, if it ends.
    """

    id: str
    name: str
    mode: SendMode
    products: tuple[Product, ...]
    asset_types: Mapping[Product, str] = field(default_factory=dict)
    item_id: int | None = None
    """The HaloPSA item chosen for the whole configuration, when the asset types do not decide it."""
    last_month: Month | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether licenses and storage stand together, so that their quantities cannot be added."""
        return len({product.kind for product in self.products}) > 1

    def holds_in(self, month: Month) -> bool:
        return self.last_month is None or month <= self.last_month


class ConfigurationError(InvalidInput):
    """A billing configuration that would bill something twice, or could not be billed at all."""


def check_configurations(
    company: str, configurations: Sequence[Configuration], names: Mapping[Product, str] | None = None
) -> None:
    """Refuse what a company's configurations may not be, with one error that says what to move.

    Names are unique, each has at least one product unless it ends, a product stands in at most one configuration,
    and where licenses and storage are mixed only the total can be sent. `names` are the products' names for the
    message. One that ends may have given its products to another.
    """
    seen_names: set[str] = set()
    used: dict[tuple[ProductKind, str], str] = {}
    for configuration in configurations:
        name = configuration.name.strip()
        where = f"Company {company!r}, configuration {name!r}"
        if not name:
            raise ConfigurationError(
                f"Company {company!r} has a configuration without a name.",
                hint="Give it one: it becomes the name of the subscription in HaloPSA.",
            )
        if name.casefold() in seen_names:
            raise ConfigurationError(
                f"Company {company!r} has two configurations named {name!r}.", hint="Rename one of them."
            )
        seen_names.add(name.casefold())
        if not configuration.products and configuration.last_month is None:
            raise ConfigurationError(
                f"{where} has no products.", hint="Add a product, give it a last month, or remove it."
            )
        for product in configuration.products:
            if product.key in used:
                taken_by = used[product.key]
                raise ConfigurationError(
                    f"{where} bills {_named(product, names)}, which configuration {taken_by!r} bills already.",
                    hint="A product is billed once: remove it from one of the two.",
                )
            used[product.key] = name
        _check_mode(where, configuration, names)


def _check_mode(where: str, configuration: Configuration, names: Mapping[Product, str] | None) -> None:
    if not configuration.is_mixed or configuration.mode is SendMode.TOTAL:
        return
    storage = [product for product in configuration.products if product.kind is ProductKind.STORAGE]
    moving = ", ".join(_named(product, names) for product in storage)
    raise ConfigurationError(
        f"{where} mixes licenses and storage, and their quantities cannot be added, "
        f"so it cannot be sent as {configuration.mode.value!r}.",
        hint=f"Send it as 'total', or move {moving} to a configuration of its own.",
    )


def products_billed(configurations: Iterable[Configuration], month: Month) -> dict[Product, Configuration]:
    """Which configuration bills each product in a month."""
    return {
        product: configuration
        for configuration in configurations
        if configuration.holds_in(month)
        for product in configuration.products
    }


def _named(product: Product, names: Mapping[Product, str] | None) -> str:
    return (names or {}).get(product, product.code)
