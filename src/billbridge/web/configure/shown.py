"""A company's configurations in words: the products by name, what is sent, and what is not finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.operations.company_billing import Editing
from billbridge.store.queries.configure import OfferedProduct
from billbridge.web.configure.modes import mode_title


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProduct:
    """A product with the asset type its part of the subscription gets."""

    name: str
    asset_type: str
    is_chosen: bool
    """The asset type was chosen here and is not the product's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConfiguration:
    """A configuration as a list shows it."""

    id: str
    name: str
    mode: str
    products: tuple[ShownProduct, ...]
    item_id: int | None
    last_month: Month | None
    is_billed: bool
    is_new: bool
    is_unfinished: bool


def shown_billing(editing: Editing, offered: Sequence[OfferedProduct] = ()) -> tuple[ShownConfiguration, ...]:
    """The configurations by name, those that were only begun last."""
    billing = editing.billing
    saved = {one.id for one in editing.saved.configurations or ()}
    by_key = {one.product.key: one for one in offered}

    def product(one: Product, asset_type: str) -> ShownProduct:
        known = by_key.get(one.key)
        return ShownProduct(
            name=known.name if known else one.code,
            asset_type=asset_type or (known.asset_type if known else ""),
            is_chosen=bool(asset_type),
        )

    finished = [
        ShownConfiguration(
            id=one.id,
            name=one.name,
            mode=mode_title(one.mode),
            products=tuple(product(each, one.asset_types.get(each, "")) for each in one.products),
            item_id=one.item_id,
            last_month=one.last_month,
            is_billed=one.id in editing.billed,
            is_new=one.id not in saved,
            is_unfinished=one.id in billing.unfinished,
        )
        for one in sorted(billing.configurations, key=lambda one: one.name.casefold())
    ]
    begun = [
        ShownConfiguration(
            id=key,
            name=str(entered.get("name") or "New configuration"),
            mode="",
            products=tuple(product(Product.parse(text), "") for text in entered.get("products", ())),
            item_id=None,
            last_month=None,
            is_billed=False,
            is_new=True,
            is_unfinished=True,
        )
        for key, entered in billing.unfinished.items()
        if billing.configuration(key) is None
    ]
    return (*finished, *begun)
