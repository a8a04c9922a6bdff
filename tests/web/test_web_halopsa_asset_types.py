"""The tab Default asset types: products with asset types, asset types with items."""

from __future__ import annotations

import pytest
from django.test import Client
from halopsa_copy import ASSET_TYPES as COPIED
from halopsa_copy import copy_lists

from billbridge.operations.asset_types import ASSET_TYPES
from billbridge.operations.change_settings import settings_version
from billbridge.store.models import DefaultAssetType, Provider, StorageAccount

ADDRESS = "/settings/halopsa/asset-types/"
ITEMS = f"{ADDRESS}items/"


@pytest.fixture
def server(provider: Provider) -> DefaultAssetType:
    return DefaultAssetType.objects.create(
        provider=provider, product="license:Server", asset_type="Server", item_id=61
    )


@pytest.fixture
def browser(billing_person, client_of) -> Client:
    return client_of(billing_person)


def chosen(provider: Provider) -> dict[str, tuple[str, int | None]]:
    rows = DefaultAssetType.objects.filter(provider=provider)
    return {row.product: (row.asset_type, row.item_id) for row in rows}


def test_license_products_and_storage_accounts_get_asset_types(provider, browser):
    copy_lists(provider)
    StorageAccount.objects.create(provider=provider, source_id="s3", name="Our S3")
    text = browser.get(ADDRESS).content.decode()
    assert "Our S3" in text
    assert "RMM" not in text
    browser.post(ADDRESS, {"asset_type:license:Desktop": "Workstation", "asset_type:storage:s3": "Server"})
    assert chosen(provider) == {"license:Desktop": ("Workstation", None), "storage:s3": ("Server", None)}


def test_a_product_gets_the_item_that_its_asset_type_has(provider, server, browser):
    copy_lists(provider)
    browser.post(ADDRESS, {"asset_type:license:Ultimate": "Server"})
    assert chosen(provider)["license:Ultimate"] == ("Server", 61)


def test_an_asset_type_taken_away_is_gone_and_others_stay(provider, server, browser):
    copy_lists(provider)
    browser.post(ADDRESS, {"asset_type:license:Desktop": "Workstation"})
    browser.post(ADDRESS, {"asset_type:license:Server": ""})
    assert chosen(provider) == {"license:Desktop": ("Workstation", None)}


def test_an_asset_type_that_no_longer_exists_is_marked_and_kept_until_another_is_chosen(provider, server, browser):
    copy_lists(provider, ASSET_TYPES=[one for one in COPIED if one["name"] != "Server"])
    text = browser.get(ADDRESS).content.decode()
    assert "HaloPSA has no asset type Server any more" in text
    browser.post(ADDRESS, {"asset_type:license:Server": "Server", "asset_type:license:Desktop": "Workstation"})
    assert chosen(provider)["license:Server"] == ("Server", 61)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("asset_type:license:Desktop", "Toaster", "no asset type &#x27;Toaster&#x27;"),
        ("asset_type:license:Desktop", "<script>", "&lt;script&gt;"),
        ("asset_type:license:Unheard of", "Server", "Unheard of"),
        ("asset_type:storage:nowhere", "Server", "nowhere"),
        ("asset_type:nonsense", "Server", "is not a product"),
        ("asset_type:license:" + "x" * 10_000, "Server", "x"),
        ("asset_type:license:a\0b", "Server", ""),
    ],
)
def test_what_is_no_product_or_asset_type_is_refused_in_words(provider, server, browser, field, value, says):
    copy_lists(provider)
    answer = browser.post(ADDRESS, {field: value})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert says in text
    assert "<script>" not in text
    assert chosen(provider) == {"license:Server": ("Server", 61)}


def test_the_only_item_that_fits_is_suggested_and_taken_over_by_a_person(provider, browser):
    copy_lists(provider)
    DefaultAssetType.objects.create(provider=provider, product="license:Server", asset_type="Server")
    DefaultAssetType.objects.create(provider=provider, product="license:Ultimate", asset_type="Server")
    DefaultAssetType.objects.create(provider=provider, product="license:Desktop", asset_type="Workstation")
    text = browser.get(ADDRESS).content.decode()
    assert "Use Managed Backup: Server" in text
    assert "2 items fit" in text
    assert chosen(provider)["license:Server"] == ("Server", None)
    browser.post(ITEMS, {"item:Server": "61"})
    assert chosen(provider)["license:Server"] == chosen(provider)["license:Ultimate"] == ("Server", 61)
    assert chosen(provider)["license:Desktop"] == ("Workstation", None)


def test_an_item_is_taken_away_again(provider, server, browser):
    copy_lists(provider)
    browser.post(ITEMS, {"item:Server": ""})
    assert chosen(provider) == {"license:Server": ("Server", None)}


@pytest.mark.parametrize("item", ["99", "-1", "<script>", "9" * 100, "1\0", "٣"])
def test_what_is_no_item_is_refused(provider, server, browser, item):
    copy_lists(provider)
    answer = browser.post(ITEMS, {"item:Server": item})
    assert answer.status_code == 400
    assert "<script>" not in answer.content.decode()
    assert chosen(provider) == {"license:Server": ("Server", 61)}


def test_an_item_that_no_longer_exists_is_marked(provider, server, browser):
    copy_lists(provider, ITEMS=[{"id": 5, "name": "Something else"}])
    assert "HaloPSA has no item 61 any more" in browser.get(ADDRESS).content.decode()


def test_of_many_items_those_a_search_finds_are_offered(provider, server, browser):
    copy_lists(provider, ITEMS=[{"id": number, "name": f"Item {number:04}"} for number in range(61, 461)])
    text = browser.get(ADDRESS).content.decode()
    assert "200 of 400 items offered" in text
    assert "Item 0450" not in text
    assert "Item 0450" in browser.get(ADDRESS, {"items": "0450"}).content.decode()


def test_without_a_copy_asset_types_can_be_typed(provider, browser):
    assert "There is no copy" in browser.get(ADDRESS).content.decode()
    browser.post(ADDRESS, {"asset_type:license:Server": "Virtual host"})
    assert chosen(provider) == {"license:Server": ("Virtual host", None)}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(provider, server, browser):
    copy_lists(provider)
    version = settings_version(provider, ASSET_TYPES)
    DefaultAssetType.objects.update(item_id=None)
    for address, given in ((ADDRESS, {"asset_type:license:Server": "Workstation"}), (ITEMS, {"item:Server": "63"})):
        assert browser.post(address, {**given, "version": version}).status_code == 409
    assert chosen(provider) == {"license:Server": ("Server", None)}


def test_a_viewer_sees_asset_types_and_changes_none(provider, server, viewer, client_of):
    copy_lists(provider)
    browser = client_of(viewer)
    text = browser.get(ADDRESS).content.decode()
    assert "Managed Backup: Server" in text
    assert "<select" not in text
    assert browser.post(ADDRESS, {"asset_type:license:Server": ""}).status_code == 403
    assert browser.post(ITEMS, {"item:Server": ""}).status_code == 403
    assert chosen(provider) == {"license:Server": ("Server", 61)}


def test_another_providers_asset_types_are_neither_shown_nor_changed(provider, other_provider, browser):
    DefaultAssetType.objects.create(provider=other_provider, product="license:Server", asset_type="Theirs")
    copy_lists(provider)
    assert "Theirs" not in browser.get(ADDRESS).content.decode()
    browser.post(ADDRESS, {"asset_type:license:Server": "Server"})
    assert chosen(other_provider) == {"license:Server": ("Theirs", None)}
