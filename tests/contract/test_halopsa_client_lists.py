"""The HaloPSA client reads the lists and records of a HaloPSA that answers over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from halopsa_tenant import (
    ACME,
    ACME_DEPOT,
    ACME_MAIN,
    BIRCH,
    CANCELLED,
    CLOSED,
    FIREWALL,
    INVOICE,
    OLD_LICENCE,
    Tenant,
)

from billbridge.halopsa import resources
from billbridge.halopsa.auth import Credentials
from billbridge.halopsa.client import Backoff, HaloPSA
from billbridge.halopsa.limits import InMemoryLimiter
from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


@pytest.fixture
def halo(tenant: Tenant) -> Iterator[HaloPSA]:
    with HaloPSA(
        tenant.server.url,
        Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, tenant=TENANT),
        limiter=InMemoryLimiter(limit=10_000),
        backoff=Backoff(tries=2, first=0.0),
        timeout=10,
    ) as halo:
        yield halo


def create(tenant: Tenant, number: int, **fields: Any) -> None:
    answer = tenant.post(
        "SoftwareLicence", [{"client_id": BIRCH, "type": 1, "name": f"S{n:03}", **fields} for n in range(number)]
    )
    assert answer.status_code == 201


def test_customers_come_with_the_inactive_ones(halo: HaloPSA) -> None:
    clients = resources.clients(halo)
    assert [(client.id, client.inactive) for client in clients] == [(ACME, False), (BIRCH, False), (CLOSED, True)]
    assert clients.complete
    assert clients.rows[0].default_currency_code == 0


def test_one_customer_is_read_by_its_id(halo: HaloPSA) -> None:
    client = resources.client(halo, BIRCH)
    assert client is not None
    assert client.name == "Birch <Law>"
    assert resources.client(halo, 4711) is None


def test_sites_belong_to_their_customer_whatever_type_its_id_has(halo: HaloPSA, tenant: Tenant) -> None:
    for spelling in ("int", "double", "mixed"):
        tenant.turn(site_client_id=spelling)
        assert [site.id for site in resources.sites(halo, ACME)] == [ACME_MAIN, ACME_DEPOT]


def test_asset_types_items_suppliers_and_currencies_are_read(halo: HaloPSA) -> None:
    assert [(kind.id, kind.name) for kind in resources.asset_types(halo)] == [(101, "Server"), (102, "Mailbox")]
    item = resources.items(halo).rows[0]
    assert (item.assettype_id, item.baseprice, item.costprice) == (101, Decimal(15), Decimal("7.5"))
    assert [supplier.name for supplier in resources.suppliers(halo, "north")] == ["Northwind", "northwind"]
    assert [currency.code for currency in resources.currencies(halo)] == ["USD", "EUR"]


def test_agreements_are_read_with_their_days(halo: HaloPSA) -> None:
    found = {contract.id: contract for contract in resources.contracts(halo, ACME)}
    assert (found[201].start_date, found[201].end_date) == (date(2026, 1, 1), None)
    assert found[202].end_date == date(2025, 12, 31)
    one = resources.contract(halo, 202)
    assert one is not None
    assert (one.ref, one.client_id) == ("MSA-0", ACME)


@pytest.mark.parametrize("empty", ["omit", "0001-01-01T00:00:00", "1899-12-30T00:00:00", "1901-01-01T00:00:00"])
def test_a_subscription_is_read_whole_however_an_empty_date_shows(
    halo: HaloPSA, tenant: Tenant, empty: str
) -> None:
    tenant.turn(empty_date=empty)
    firewall = resources.subscription(halo, FIREWALL)
    assert firewall is not None
    assert (firewall.type, firewall.name, firewall.client_id, firewall.site_id) == (1, "Firewall", ACME, ACME_MAIN)
    assert (firewall.count, firewall.purchase_price, firewall.price) == (
        Decimal(2),
        Decimal("4.25"),
        Decimal("9.5"),
    )
    assert (firewall.start_date, firewall.end_date) == (date(2026, 3, 1), None)
    assert (firewall.is_active, firewall.deleted, firewall.billing_cycle) == (True, False, "Monthly")


def test_the_list_and_the_record_of_a_subscription_say_the_same(halo: HaloPSA) -> None:
    listed = {licence.id: licence for licence in resources.licences(halo)}
    assert listed[FIREWALL] == resources.subscription(halo, FIREWALL)


def test_inactive_subscriptions_are_read_and_other_licences_are_not(halo: HaloPSA) -> None:
    assert [licence.id for licence in resources.licences(halo)] == [FIREWALL, OLD_LICENCE, CANCELLED]
    assert [licence.id for licence in resources.subscriptions(halo)] == [FIREWALL, CANCELLED]
    assert [licence.id for licence in resources.subscriptions(halo, BIRCH)] == [CANCELLED]


def test_a_deleted_subscription_is_not_found(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.http.delete(f"/api/SoftwareLicence/{FIREWALL}")
    assert resources.subscription(halo, FIREWALL) is None


@pytest.mark.parametrize("cap", [100, 40])
def test_every_row_of_a_long_list_is_read_once(halo: HaloPSA, tenant: Tenant, cap: int) -> None:
    create(tenant, 247)
    tenant.turn(page_cap=cap)
    before = halo.calls.reads
    listing = resources.licences(halo)
    assert listing.complete
    assert len({licence.id for licence in listing}) == len(listing) == 250
    assert halo.calls.reads - before == -(-250 // cap)


@pytest.mark.parametrize("kind", ["repeat_page", "shift_page"])
def test_a_page_that_goes_wrong_once_is_read_again(halo: HaloPSA, tenant: Tenant, kind: str) -> None:
    create(tenant, 147)
    tenant.fault(kind=kind, route="GET /SoftwareLicence", times=1)
    listing = resources.licences(halo)
    assert (listing.complete, len(listing), halo.calls.reads) == (True, 150, 4)


@pytest.mark.parametrize("kind", ["repeat_page", "shift_page"])
def test_a_list_whose_pages_keep_going_wrong_is_incomplete_with_a_reason(
    halo: HaloPSA, tenant: Tenant, kind: str
) -> None:
    create(tenant, 147)
    tenant.fault(kind=kind, route="GET /SoftwareLicence", times=-1)
    listing = resources.licences(halo)
    assert not listing.complete
    assert "came twice" in listing.reason
    assert len({licence.id for licence in listing}) == len(listing)


def test_recurring_invoices_name_the_subscriptions_they_bill(halo: HaloPSA) -> None:
    invoices = resources.recurring_invoices(halo, ACME)
    assert [(invoice.id, invoice.subscription_ids) for invoice in invoices] == [(INVOICE, frozenset({FIREWALL}))]
    one = resources.recurring_invoice(halo, INVOICE)
    assert one is not None
    assert one.lines[1].quantity_subscriptions[0].use_linked_subscription_price is True


def test_the_history_shows_what_was_changed(halo: HaloPSA) -> None:
    resources.post_subscriptions(halo, [{"id": FIREWALL, "count": 7}])
    changes = resources.licence_changes(halo, FIREWALL)
    assert [change.licence_id for change in changes] == [FIREWALL]
    assert [(change.old_value, change.new_value) for change in changes if change.field_name == "count"] == [
        ("2", "7")
    ]
