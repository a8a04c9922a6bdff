"""Whether another address is another HaloPSA, and what a person must say about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.products import Product
from billbridge.operations.setup.compare import compare
from billbridge.operations.setup.document import (
    CompanySetup,
    DefaultAssetTypeSetting,
    HaloSettings,
    ProviderSettings,
    SetupDocument,
)
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.instance import Instance, is_moved
from billbridge.operations.setup.problems import SetupError
from billbridge.operations.setup.read import read_setup
from billbridge.operations.setup.settle import settle

DAY = date(2026, 10, 5)
UID = "0b6c2f5e-0000-4000-8000-000000000001"
SERVER = Product.parse("license:Server")
BEFORE = HaloSettings(address="https://a.halopsa.com/api", client_id="x", tenant="acme")
NAS = Configuration(id=UID, name="Backup", mode=SendMode.TOTAL, products=(SERVER,), item_id=61)
ACME = CompanySetup(
    id="1",
    name="Acme",
    customer_id=12,
    site_id=40,
    agreement_id=7,
    configurations=(NAS,),
    exclusions=(),
    adjustments=(),
)
BARE = Installed(
    document=SetupDocument(
        provider=ProviderSettings(name="Northwind", currency="USD", time_zone="UTC"),
        halopsa=BEFORE,
        license_types=(),
        default_asset_types=(),
        prices=(),
        storage_costs=(),
        storage_limits=(),
        domains=(),
        companies=(),
    )
)
KNOWN = replace(
    BARE,
    document=replace(
        BARE.document,
        companies=(ACME,),
        default_asset_types=(DefaultAssetTypeSetting(product=SERVER, asset_type="Server", item_id=61),),
    ),
    subscriptions=8,
)
MOVED = '[halopsa]\naddress = "https://b.halopsa.com/api"\nclient_id = "x"\ntenant = "acme"\n'
COMPANY = '[[companies]]\nid = "1"\nname = "Acme"\n'


def settled(text: str, instance: Instance | None = None, installed: Installed = KNOWN) -> SetupDocument:
    return settle(read_setup(text, "setup.toml", environment={}), installed, day=DAY, instance=instance)


def refused(text: str, instance: Instance | None = None) -> str:
    with pytest.raises(SetupError) as error:
        settled(text, instance)
    return str(error.value)


@pytest.mark.parametrize(
    ("address", "tenant"),
    [
        ("https://a.halopsa.com", "acme"),
        ("A.halopsa.com/auth", "ACME"),
        ("http://a.halopsa.com/api/", ""),
    ],
    ids=["the root", "the other server", "no tenant"],
)
def test_another_way_to_write_the_same_place_is_no_move(address: str, tenant: str) -> None:
    after = replace(BEFORE, address=address.replace("http://a", "https://a"), tenant=tenant)
    assert not is_moved(BEFORE, after)


@pytest.mark.parametrize(
    "after",
    [
        replace(BEFORE, address="https://b.halopsa.com/api"),
        replace(BEFORE, address="https://a.halopsa.com:444/api"),
        replace(BEFORE, address="https://a.halopsa.com/second/api"),
        replace(BEFORE, tenant="other"),
    ],
    ids=["host", "port", "path", "tenant"],
)
def test_another_host_port_path_or_tenant_is_a_move(after: HaloSettings) -> None:
    assert is_moved(BEFORE, after)


def test_a_move_is_refused_while_something_of_the_halopsa_before_is_known() -> None:
    said = refused(MOVED)
    assert "setup.toml:2: " in said
    assert "8 subscriptions and 1 customers and 2 items are known of the one before" in said
    assert "--new-instance if it is another HaloPSA, --same-instance if it is the same one" in said


def test_a_move_before_anything_is_known_needs_no_word() -> None:
    assert settled(MOVED, installed=BARE).halopsa == replace(BEFORE, address="https://b.halopsa.com/api")


def test_the_same_halopsa_by_another_address_keeps_everything() -> None:
    assert settled(MOVED, Instance.SAME).companies is None


def test_of_another_halopsa_every_id_is_forgotten_that_the_file_does_not_give() -> None:
    after = settled(MOVED, Instance.NEW)
    (company,) = after.companies or ()
    assert (company.customer_id, company.site_id, company.agreement_id) == (None, None, None)
    assert [one.item_id for one in company.configurations or ()] == [None]
    assert [one.item_id for one in after.default_asset_types or ()] == [None]


def test_of_another_halopsa_new_ids_of_the_file_are_taken() -> None:
    after = settled(f"{MOVED}{COMPANY}customer_id = 99\nsite_id = 98\n", Instance.NEW)
    (company,) = after.companies or ()
    assert (company.customer_id, company.site_id, company.agreement_id) == (99, 98, None)
    assert [one.item_id for one in company.configurations or ()] == [None]


def test_an_id_that_the_file_repeats_from_the_halopsa_before_is_refused_where_it_stands() -> None:
    said = refused(f"{MOVED}{COMPANY}customer_id = 12\n", Instance.NEW)
    assert "setup.toml:8: customer_id 12 of 'Acme' is that of the HaloPSA before" in said
    assert "Remove it, or write the new one" in said


def test_items_that_the_file_repeats_from_the_halopsa_before_are_refused() -> None:
    default = '[[default_asset_types]]\nproduct = "Server"\nasset_type = "Server"\nitem_id = 61\n'
    configured = (
        f'[[companies.configurations]]\nid = "{UID}"\nname = "Backup"\nmode = "total"\nproducts = ["Server"]\n'
        "item_id = 61\n"
    )
    said = refused(f"{MOVED}{default}{COMPANY}{configured}", Instance.NEW)
    assert "item_id 61 of Server" in said
    assert "item_id 61 of 'Backup'" in said


def test_the_changes_say_that_subscriptions_are_looked_for_anew() -> None:
    changes = compare(KNOWN, read_setup(MOVED, "setup.toml", environment={}), day=DAY, instance=Instance.NEW)
    told = [str(change) for change in changes]
    assert "halopsa.subscriptions: 8 known by their ids -> looked for anew by their keys" in told
    assert "companies[Acme (1)].customer_id: 12 -> not set" in told
