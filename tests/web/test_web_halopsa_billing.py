"""The tab Billing and Additional settings: the companies with their bills, and the supplier's name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from halopsa_copy import copy_lists

from billbridge.operations.change_settings import Part, settings_version
from billbridge.store.models import (
    Bill,
    BillingConfiguration,
    Company,
    HaloConnection,
    PlannedChange,
    Provider,
    Run,
    Slot,
)

ADDRESS = "/settings/halopsa/"
SUPPLIER = f"{ADDRESS}additional-settings/"


@pytest.fixture(autouse=True)
def november(provider: Provider) -> None:
    provider.moved_day = date(2026, 11, 12)
    provider.save()


@pytest.fixture
def halopsa(provider: Provider) -> HaloConnection:
    return HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")


@pytest.fixture
def acme(provider: Provider) -> Company:
    return Company.objects.create(
        provider=provider, source_id="a", name="Acme Dental", client_id=12, site_id=31, auto_since=date(2026, 10, 1)
    )


@pytest.fixture
def birch(provider: Provider) -> Company:
    return Company.objects.create(provider=provider, source_id="b", name="Birch & Co")


@pytest.fixture
def browser(billing_person, client_of) -> Client:
    return client_of(billing_person)


def bill(company: Company, month: str, *, price: str, state: str = "sent") -> Bill:
    return Bill.objects.create(
        provider=company.provider, company=company, month=month, kind="manual", state=state,
        counting_rule="active_in_month", currency="EUR", cost=Decimal(1), price=Decimal(price),
        made_on=date(2026, 11, 2),
    )  # fmt: skip


def shown(answer) -> list[str]:
    return [row.company.name for row in answer.context["table"].page.object_list]


def test_each_company_shows_last_and_this_months_bill(provider, acme, birch, browser):
    copy_lists(provider)
    BillingConfiguration.objects.create(company=acme, name="Backup", mode="total")
    bill(acme, "2026-09", price="1111.00")
    bill(acme, "2026-10", price="100.00")
    bill(acme, "2026-11", price="33.50", state="held")
    answer = browser.get(ADDRESS)
    text = answer.content.decode()
    assert shown(answer) == ["Acme Dental", "Birch & Co"]
    assert "€100.00" in text
    assert "€33.50" in text
    assert "1,111" not in text
    assert f"/settings/halopsa/company/{acme.pk}/" in text
    assert "1 of 2 companies is not mapped" in text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"mapping": "no"}, ["Birch & Co"]),
        ({"mapping": "yes"}, ["Acme Dental"]),
        ({"configured": "yes"}, ["Acme Dental"]),
        ({"configured": "no"}, ["Birch & Co"]),
        ({"auto": "yes"}, ["Acme Dental"]),
        ({"last": "sent"}, ["Acme Dental"]),
        ({"last": "none"}, ["Birch & Co"]),
        ({"running": "sent"}, []),
        ({"q": "birch"}, ["Birch & Co"]),
        ({"sort": "-name"}, ["Birch & Co", "Acme Dental"]),
        ({"sort": "last"}, ["Birch & Co", "Acme Dental"]),
        ({"sort": "configurations"}, ["Birch & Co", "Acme Dental"]),
    ],
)
def test_the_table_is_narrowed_and_sorted_by_its_address(acme, birch, browser, query, names):
    BillingConfiguration.objects.create(company=acme, name="Backup", mode="total")
    bill(acme, "2026-10", price="100.00")
    assert shown(browser.get(ADDRESS, query)) == names


def test_the_last_sync_is_the_last_run_that_covered_the_company(provider, acme, birch, browser):
    covered = {"Acme Dental": {"state": "conflict", "reasons": []}, "Birch & Co": {"state": "not configured"}}
    run = Run.objects.create(
        provider=provider, trigger="manual sync", day=date(2026, 11, 12), began=datetime.now(UTC),
        ended=datetime.now(UTC), state="done", coverage=covered,
    )  # fmt: skip
    rows = {row.company.name: row.last_sync for row in browser.get(ADDRESS).context["table"].page.object_list}
    assert (rows["Acme Dental"].run, rows["Acme Dental"].state) == (run.pk, "conflict")
    assert rows["Birch & Co"] is None


def test_an_older_sync_is_known_by_what_was_read_back(provider, acme, browser):
    made = BillingConfiguration.objects.create(company=acme, name="Backup", mode="total")
    Slot.objects.create(configuration=made, slot="last", key="k", subscription_id=5)
    began = datetime(2026, 10, 2, 8, tzinfo=UTC)
    run = Run.objects.create(
        provider=provider, trigger="manual sync", day=date(2026, 10, 2), began=began, ended=began, state="done"
    )
    PlannedChange.objects.create(
        run=run, position=1, key="k", kind="update", client_id=12, fields={}, state="verified"
    )
    (row,) = browser.get(ADDRESS).context["table"].page.object_list
    assert (row.last_sync.run, row.last_sync.began) == (run.pk, began)


def test_syncing_the_ticked_companies_leads_to_a_plan_of_them(halopsa, acme, browser):
    text = browser.get(ADDRESS).content.decode()
    assert 'form="sync-selected"' in text
    assert f'name="company" value="{acme.pk}"' in text
    assert text.count('action="/sync/plan/"') == 2


def test_the_table_as_csv_has_every_company(provider, acme, birch, browser):
    copy_lists(provider)
    bill(acme, "2026-10", price="100.00")
    lines = browser.get(ADDRESS, {"format": "csv"}).content.decode().splitlines()
    assert lines[1:] == ["Acme Dental,Acme Dental,12,2026-10-01,0,sent,100.00,,", "Birch & Co,,,,0,,,,"]


def test_a_viewer_may_look_and_not_sync(halopsa, acme, viewer, client_of):
    text = client_of(viewer).get(ADDRESS).content.decode()
    assert "Acme Dental" in text
    assert "Sync selected" not in text


def test_another_providers_companies_are_not_shown(other_provider, browser):
    Company.objects.create(provider=other_provider, source_id="x", name="Theirs")
    assert "Theirs" not in browser.get(ADDRESS).content.decode()
    assert "Theirs" not in browser.get(ADDRESS, {"format": "csv"}).content.decode()


@pytest.mark.parametrize("tab", ["", "mapping/", "mapping/exact/", "asset-types/", "cost-price/", "connection/"])
def test_a_page_asks_the_database_as_often_for_many_companies_as_for_few(provider, browser, tab):
    def made(numbers: range) -> int:
        Company.objects.bulk_create(
            Company(provider=provider, source_id=f"c{number}", name=f"Company {number}") for number in numbers
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get(ADDRESS + tab).status_code == 200
        return len(queries)

    copy_lists(provider)
    few = made(range(3))
    assert made(range(3, 40)) == few <= 30


def test_the_supplier_name_is_saved_and_offers_halopsas_suppliers(provider, halopsa, browser):
    copy_lists(provider, SUPPLIERS=[{"id": 1, "name": "MSP360"}, {"id": 2, "name": "Old", "inactive": True}])
    text = browser.get(SUPPLIER).content.decode()
    assert '<option value="MSP360">' in text
    assert "Old" not in text
    browser.post(SUPPLIER, {"supplier_name": "  MSP360 "})
    halopsa.refresh_from_db()
    assert halopsa.supplier_name == "MSP360"
    browser.post(SUPPLIER, {"supplier_name": ""})
    halopsa.refresh_from_db()
    assert halopsa.supplier_name == ""


def test_a_supplier_name_that_cannot_be_or_is_another_by_now_is_refused(provider, halopsa, browser):
    version = settings_version(provider, Part(name="supplier_name"))
    for name in ("x" * 201, "a\0b", "a\tb"):
        assert browser.post(SUPPLIER, {"supplier_name": name}).status_code == 400
    HaloConnection.objects.update(supplier_name="Theirs")
    assert browser.post(SUPPLIER, {"supplier_name": "Ours", "version": version}).status_code == 409
    halopsa.refresh_from_db()
    assert halopsa.supplier_name == "Theirs"


def test_a_supplier_name_needs_a_connection_and_the_role_billing(provider, browser, viewer, client_of):
    assert "not connected yet" in browser.get(SUPPLIER).content.decode()
    assert browser.post(SUPPLIER, {"supplier_name": "MSP360"}).status_code == 400
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    assert client_of(viewer).post(SUPPLIER, {"supplier_name": "MSP360"}).status_code == 403
