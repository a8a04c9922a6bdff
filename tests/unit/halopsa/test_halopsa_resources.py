from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fake_halopsa import FakeHaloPSA, reply, sent, text

from billbridge.errors import InvalidInput
from billbridge.halopsa import resources
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.listings import Listing
from billbridge.halopsa.values import Client, Currency, Site, Supplier


@pytest.fixture
def halo() -> FakeHaloPSA:
    return FakeHaloPSA()


@pytest.mark.parametrize(
    ("function", "route", "key"),
    [
        (resources.clients, "Client", "clients"),
        (resources.sites, "Site", "sites"),
        (resources.suppliers, "Supplier", "suppliers"),
        (resources.items, "Item", "items"),
        (resources.contracts, "ClientContract", "contracts"),
        (resources.licences, "SoftwareLicence", "licences"),
        (resources.recurring_invoices, "RecurringInvoice", "invoices"),
    ],
)
def test_each_list_is_read_from_its_route_under_its_key(
    halo: FakeHaloPSA, function: Callable[[HaloPSA], Listing[Any]], route: str, key: str
) -> None:
    halo.on(f"GET /api/{route}", reply({"record_count": 1, key: [{"id": 5}], "other": []}))
    with halo.client() as client:
        listing = function(client)
    assert ([row.id for row in listing], listing.complete) == ([5], True)


@pytest.mark.parametrize(
    ("function", "route"),
    [
        (resources.clients, "Client"),
        (resources.sites, "Site"),
        (resources.suppliers, "Supplier"),
        (resources.items, "Item"),
        (resources.contracts, "ClientContract"),
        (resources.subscriptions, "SoftwareLicence"),
    ],
)
def test_inactive_records_are_asked_for(
    halo: FakeHaloPSA, function: Callable[[HaloPSA], Listing[Any]], route: str
) -> None:
    halo.on(f"GET /api/{route}", reply({"record_count": 0, "rows": []}))
    with halo.client() as client:
        function(client)
    assert halo.requests[-1].url.params["includeinactive"] == "true"


def test_asset_types_and_currencies_come_as_bare_arrays(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/AssetType", reply([{"id": 131, "name": "Server", "assetgroup_id": 104}]))
    halo.on("GET /api/Currency", text('[{"id": 2, "code": "EUR", "conversion_rate": 0.85}]'))
    with halo.client() as client:
        assert [kind.name for kind in resources.asset_types(client)] == ["Server"]
        assert resources.currencies(client).rows == (Currency(id=2, code="EUR", conversion_rate=Decimal("0.85")),)


def test_a_filter_that_halopsa_ignores_is_applied_all_the_same(halo: FakeHaloPSA) -> None:
    halo.on(
        "GET /api/Site",
        text('{"record_count": 2, "sites": [{"id": 1, "client_id": 12.0}, {"id": 2, "client_id": 13}]}'),
    )
    with halo.client() as client:
        assert resources.sites(client, 12).rows == (Site(id=1, client_id=12),)
    assert halo.requests[-1].url.params["client_id"] == "12"


def test_subscriptions_are_the_licences_of_type_1(halo: FakeHaloPSA) -> None:
    found = [{"id": 1, "type": 0}, {"id": 2, "type": 1}, {"id": 3}]
    halo.on("GET /api/SoftwareLicence", reply({"record_count": 3, "licences": found}))
    with halo.client() as client:
        assert [licence.id for licence in resources.licences(client)] == [1, 2, 3]
        assert [licence.id for licence in resources.subscriptions(client)] == [2]
    assert "licence_type" not in halo.requests[-1].url.params


def test_one_record_is_read_with_its_details(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/Client/12", reply({"id": 12, "name": "Acme", "default_currency_code": 0}))
    with halo.client() as client:
        assert resources.client(client, 12) == Client(id=12, name="Acme", default_currency_code=0)
    assert halo.requests[-1].url.query == b"includedetails=true"


@pytest.mark.parametrize(
    "function", [resources.client, resources.contract, resources.subscription, resources.recurring_invoice]
)
def test_a_record_that_is_not_there_is_none(halo: FakeHaloPSA, function: Callable[[HaloPSA, int], Any]) -> None:
    with halo.client() as client:
        assert function(client, 99) is None


def test_a_supplier_is_created_by_its_name(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/Supplier", reply({"id": 21, "name": "MSP360"}, 201))
    with halo.client() as client:
        assert resources.create_supplier(client, "MSP360") == Supplier(id=21, name="MSP360")
    assert sent(halo.requests[-1]) == [{"name": "MSP360"}]


def test_subscriptions_are_posted_in_one_call_with_exact_amounts(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/SoftwareLicence", reply([{"id": 1, "count": 3}, {"id": 2}], 201))
    payloads = [
        {"id": 1, "count": Decimal("3.0"), "price": Decimal("14.667"), "start_date": date(2026, 10, 1)},
        {"name": "new", "client_id": 12, "type": 1, "count": 1},
    ]
    with halo.client() as client:
        shown = resources.post_subscriptions(client, payloads)
    assert [licence.id for licence in shown] == [1, 2]
    assert halo.requests[-1].content == (
        b'[{"id":1,"count":3,"price":14.667,"start_date":"2026-10-01T00:00:00"},'
        b'{"name":"new","client_id":12,"type":1,"count":1}]'
    )


def test_an_odd_answer_to_a_post_shows_nothing(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/SoftwareLicence", reply("done", 200))
    with halo.client() as client:
        assert resources.post_subscriptions(client, [{"id": 1, "count": 3}]) == ()


def test_a_fraction_is_only_sent_to_a_halopsa_that_keeps_fractions(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/SoftwareLicence", reply({"id": 1}, 201))
    payload = [{"id": 1, "count": Decimal("2.5")}]
    with halo.client() as client:
        with pytest.raises(InvalidInput, match=r"The count 2\.5 of 1 has a fraction"):
            resources.post_subscriptions(client, payload)
        assert halo.requests == []
        resources.post_subscriptions(client, payload, counts="double")
    assert halo.requests[-1].content == b'[{"id":1,"count":2.5}]'


def test_the_history_of_one_subscription_is_asked_for_by_its_id(halo: FakeHaloPSA) -> None:
    row = {"id": 9, "licence_id": 512, "field_name": "count", "old_value": "3", "new_value": 4}
    halo.on("GET /api/LicenceChange", reply({"record_count": 1, "changes": [row]}))
    with halo.client() as client:
        change = resources.licence_changes(client, 512).rows[0]
    assert (change.field_name, change.old_value, change.new_value) == ("count", "3", "4")
    assert halo.requests[-1].url.params["licence_id"] == "512"
