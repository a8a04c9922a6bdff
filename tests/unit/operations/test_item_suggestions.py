"""Which HaloPSA item is suggested for an asset type: the one that fits, if it is the only one."""

from __future__ import annotations

import pytest

from billbridge.halopsa.values import AssetType, Item
from billbridge.operations.item_suggestions import ItemSuggestion, suggest_items

TYPES = [AssetType(id=101, name="Server"), AssetType(id=103, name="Database server"), AssetType(id=105, name="NAS")]


def suggested(*items: Item, asset_type: str = "Server") -> ItemSuggestion:
    (only,) = suggest_items([asset_type], TYPES, items)
    return only


def test_the_only_item_halopsa_gives_the_asset_type_is_suggested_whatever_its_name() -> None:
    found = suggested(Item(id=61, name="Managed backup", assettype_id=101), Item(id=62, assettype_id=105))
    assert (found.item_id, found.item_name) == (61, "Managed backup")


@pytest.mark.parametrize("name", ["Server", "  server ", "Managed Backup: Server (per month)"])
def test_the_only_item_that_has_the_asset_types_name_is_suggested(name: str) -> None:
    assert suggested(Item(id=61, name=name), Item(id=62, name="Observer tools")).item_id == 61


def test_of_two_items_that_fit_none_is_suggested_and_both_are_named() -> None:
    found = suggested(Item(id=61, name="Backup", assettype_id=101), Item(id=62, name="Server backup"))
    assert found.item_id is None
    assert found.reason == "2 items fit: 61 Backup, 62 Server backup"


def test_an_item_of_another_asset_type_does_not_fit_by_its_name() -> None:
    assert suggested(Item(id=61, name="Server backup", assettype_id=105)).item_id is None


def test_an_item_fits_the_longest_name_it_holds() -> None:
    item = Item(id=61, name="Backup of a database server")
    assert suggested(item).reason == "no item fits"
    assert suggested(item, asset_type="Database Server").item_id == 61


def test_an_asset_type_that_halopsa_does_not_have_gets_the_reason() -> None:
    assert suggested(Item(id=61, name="Mainframe"), asset_type="Mainframe").reason == (
        "HaloPSA has no asset type of this name"
    )
