"""Suggesting the HaloPSA item of each asset type: a subscription has no asset type, it gets the item of its one.

A suggestion is only ever taken over by a person, who writes the item's id into the setup file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from billbridge.halopsa import resources
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.values import AssetType, Item
from billbridge.operations.names import folded
from billbridge.store.models import BilledProduct, DefaultAssetType, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSuggestion:
    """The one HaloPSA item that fits an asset type, or why there is none; `reason` says how it was found."""

    asset_type: str
    item_id: int | None = None
    item_name: str = ""
    reason: str


def suggest_items(
    names: Iterable[str], asset_types: Iterable[AssetType], items: Iterable[Item]
) -> tuple[ItemSuggestion, ...]:
    """One suggestion for each of the asset types named, suggested only if exactly one item fits.

    An item fits the asset type HaloPSA gives it. One without fits the asset type whose name is, or stands in, its
    own; of several such the longest.
    """
    known = {folded(asset_type.name): asset_type for asset_type in asset_types}
    fitting: dict[int, list[tuple[Item, str]]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.id):
        called = folded(item.name)
        if item.assettype_id is not None:
            fitting[item.assettype_id].append((item, "HaloPSA gives the item this asset type"))
        elif named := [name for name in known if name in called and _stands_in(name, called)]:
            fitting[known[max(named, key=len)].id].append((item, "the item has the asset type's name"))
    return tuple(_suggestion(name, known.get(folded(name)), fitting) for name in names)


def item_suggestions_for(provider: Provider, halo: HaloPSA) -> tuple[ItemSuggestion, ...]:
    """Suggestions for the provider's asset types that have no item yet, from HaloPSA's items as they are now.

    Raises PageError when the lists cannot be read whole: an item that is missing could fit as well.
    """
    defaults = list(DefaultAssetType.objects.filter(provider=provider))
    chosen = {folded(row.asset_type) for row in defaults if row.item_id is not None}
    products = BilledProduct.objects.filter(company__provider=provider).exclude(asset_type="")
    used = [*(row.asset_type for row in defaults), *products.values_list("asset_type", flat=True).distinct()]
    names = {folded(name): name for name in used if folded(name) not in chosen}
    if not names:
        return ()
    asset_types = resources.asset_types(halo).require_complete()
    return suggest_items(
        [names[name] for name in sorted(names)], asset_types, resources.items(halo).require_complete()
    )


def _suggestion(
    name: str, asset_type: AssetType | None, fitting: dict[int, list[tuple[Item, str]]]
) -> ItemSuggestion:
    if asset_type is None:
        return ItemSuggestion(asset_type=name, reason="HaloPSA has no asset type of this name")
    found = fitting.get(asset_type.id, [])
    if not found:
        return ItemSuggestion(asset_type=name, reason="no item fits")
    if len(found) > 1:
        items = ", ".join(f"{item.id} {item.name}" for item, _ in found)
        return ItemSuggestion(asset_type=name, reason=f"{len(found)} items fit: {items}")
    ((item, reason),) = found
    return ItemSuggestion(asset_type=name, item_id=item.id, item_name=item.name, reason=reason)


def _stands_in(name: str, text: str) -> bool:
    """Whether a name stands in a text as whole words; both are folded."""
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
