"""Default asset types: the HaloPSA asset type of each product, and the HaloPSA item of each asset type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from billbridge.billing.products import Product
from billbridge.errors import InvalidInput
from billbridge.halopsa.values import AssetType, Item
from billbridge.operations import halopsa_lists
from billbridge.operations.access import Actor
from billbridge.operations.change_settings import Part, change_settings
from billbridge.operations.item_suggestions import ItemSuggestion, suggest_items
from billbridge.operations.names import folded
from billbridge.operations.provider import billing_rules
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import DefaultAssetTypeSetting, SetupDocument
from billbridge.store.models import Provider, StorageAccount

ASSET_TYPES = Part(name="default_asset_types")
"""The part of the settings these operations change."""

_REFRESH = "Refresh the copy of HaloPSA's lists, then choose again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAssetType:
    """A product, what it is called, and its default asset type; `is_gone` if HaloPSA has none of that name."""

    product: Product
    name: str
    asset_type: str
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTypeItem:
    """An asset type that products have by default, its item, and the item that would fit."""

    asset_type: str
    item_id: int | None
    item: Item | None
    suggestion: ItemSuggestion
    is_gone: bool
    """Whether our copy has no item of this id."""


def product_asset_types(provider: Provider) -> tuple[ProductAssetType, ...]:
    """Every product that companies can be billed for with its default asset type."""
    chosen = {setting.product.key: setting for setting in _settings(provider)}
    accounts = dict(
        StorageAccount.objects.filter(provider=provider).order_by("name").values_list("source_id", "name")
    )
    types = [one for one in billing_rules(provider).license_types.values() if one.billable]
    products = {Product.license(one.name).key: (Product.license(one.name), one.name) for one in types}
    products |= {Product.storage(code).key: (Product.storage(code), name) for code, name in accounts.items()}
    products |= {
        key: (setting.product, setting.product.code) for key, setting in chosen.items() if key not in products
    }
    names = _names(halopsa_lists.asset_types(provider))
    return tuple(
        ProductAssetType(
            product=chosen[key].product if key in chosen else product,
            name=name,
            asset_type=chosen[key].asset_type if key in chosen else "",
            is_gone=bool(names) and key in chosen and folded(chosen[key].asset_type) not in names,
        )
        for key, (product, name) in products.items()
    )


def asset_type_items(provider: Provider) -> tuple[AssetTypeItem, ...]:
    """Each asset type that products have by default with its item, and the one item that fits if there is one."""
    chosen = _items_by_asset_type(_settings(provider))
    spelled = {folded(one.asset_type): one.asset_type for one in _settings(provider)}
    items = {item.id: item for item in halopsa_lists.items(provider)}
    found = suggest_items(spelled.values(), halopsa_lists.asset_types(provider), items.values())
    return tuple(
        AssetTypeItem(
            asset_type=one.asset_type,
            item_id=(item_id := chosen.get(folded(one.asset_type))),
            item=items.get(item_id) if item_id is not None else None,
            suggestion=one,
            is_gone=bool(items) and item_id is not None and item_id not in items,
        )
        for one in sorted(found, key=lambda one: folded(one.asset_type))
    )


def choose_asset_types(
    actor: Actor, wanted: Mapping[Product, str], *, version: str = ""
) -> tuple[SettingChange, ...]:
    """Set the default asset type of some products; an empty text takes it away.

    A product gets the item that its asset type has. Raises `InvalidInput` for an asset type our copy does not have,
    unless the product has it already.
    """
    settings = {setting.product.key: setting for setting in _settings(actor.provider)}
    items = _items_by_asset_type(settings.values())
    known = _names(halopsa_lists.asset_types(actor.provider))
    for product, written in wanted.items():
        now = settings.get(product.key)
        if now is not None and folded(now.asset_type) == folded(written):
            continue
        if not written:
            settings.pop(product.key, None)
            continue
        if known and folded(written) not in known:
            raise InvalidInput(f"HaloPSA has no asset type {written!r} in our copy.", hint=_REFRESH)
        name = known.get(folded(written), written)
        settings[product.key] = DefaultAssetTypeSetting(
            product=now.product if now is not None else product, asset_type=name, item_id=items.get(folded(name))
        )
    return _store(actor, tuple(settings.values()), version)


def choose_items(actor: Actor, wanted: Mapping[str, int | None], *, version: str = "") -> tuple[SettingChange, ...]:
    """Set the item of some asset types, for all products that have one of them by default.

    Raises `InvalidInput` for an item our copy does not have, unless the asset type has it already.
    """
    settings = _settings(actor.provider)
    now = _items_by_asset_type(settings)
    known = {item.id for item in halopsa_lists.items(actor.provider)}
    items = {folded(name): item_id for name, item_id in wanted.items()}
    for name, item_id in items.items():
        if item_id is not None and known and item_id not in known and item_id != now.get(name):
            raise InvalidInput(f"HaloPSA has no item {item_id} in our copy.", hint=_REFRESH)
    changed = tuple(replace(one, item_id=items.get(folded(one.asset_type), one.item_id)) for one in settings)
    return _store(actor, changed, version)


def product_named(text: str) -> Product:
    """The product a form names; raises `InvalidInput` for a text that is none."""
    try:
        return Product.parse(text)
    except ValueError as error:
        raise InvalidInput(f"{text[:100]!r} is not a product.", hint="Load the page again.") from error


def _settings(provider: Provider) -> tuple[DefaultAssetTypeSetting, ...]:
    return cast("tuple[DefaultAssetTypeSetting, ...]", current_part(provider, "default_asset_types"))


def _items_by_asset_type(settings: Iterable[DefaultAssetTypeSetting]) -> dict[str, int]:
    return {folded(one.asset_type): one.item_id for one in settings if one.item_id is not None}


def _names(asset_types: tuple[AssetType, ...]) -> dict[str, str]:
    return {folded(one.name): one.name for one in asset_types}


def _store(actor: Actor, settings: tuple[DefaultAssetTypeSetting, ...], version: str) -> tuple[SettingChange, ...]:
    document = SetupDocument(default_asset_types=settings)
    return change_settings(actor, document, version=version, parts=(ASSET_TYPES,))
