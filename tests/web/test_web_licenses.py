"""Licenses: the ledger of a month by endpoint, and what was collected and is on no line, with the reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from acme import TODAY, configured, make_acme
from django.test import Client

from billbridge.operations.bill import BillRequest, make_bills
from billbridge.store.models import (
    ActivationRow,
    Bill,
    BillingConfiguration,
    Collection,
    Company,
    Domain,
    DomainReading,
    ExclusionSetting,
    Provider,
)
from billbridge.store.queries.licenses import LedgerRow
from billbridge.store.queries.not_billed import NotBilledRow


@pytest.fixture
def acme(provider: Provider) -> Company:
    return make_acme(provider)


@pytest.fixture
def browser(viewer, client_of) -> Client:
    return client_of(viewer)


def ledger(browser: Client, query: str = "") -> dict[str, LedgerRow]:
    response = browser.get(f"/licenses/?{query}")
    assert response.status_code == 200
    return {row.endpoint: row for row in response.context["table"].page}


def left_out(browser: Client, query: str = "") -> list[NotBilledRow]:
    response = browser.get(f"/licenses/not-billed/?{query}")
    assert response.status_code == 200
    return [shown.row for shown in response.context["table"].page]


def endpoint(company: Company, name: str, **fields: object) -> ActivationRow:
    given = {"license_type": "Server", "first_day": date(2026, 11, 3), "last_seen": TODAY, "origin": "observed"}
    return ActivationRow.objects.create(
        provider=company.provider,
        company=company,
        endpoint=name,
        endpoint_key=name.casefold(),
        **{**given, **fields},
    )


def collection(provider: Provider, *not_billed: dict[str, object], day: date = TODAY) -> None:
    Collection.objects.create(
        provider=provider, source="mbs", section="licenses", state="done", began=datetime.now(UTC), day=day,
        not_billed=list(not_billed),
    )  # fmt: skip


# The ledger


def test_days_of_the_running_month_count_so_far_and_of_an_earlier_one_whole(acme, browser):
    endpoint(acme, "NEW")
    assert {name: row.days for name, row in ledger(browser).items()} == {
        "DC01": 12,
        "DC02": 12,
        "RX7": 12,
        "NEW": 10,
    }
    assert {row.days for row in ledger(browser, "month=2026-10").values()} == {31}


def test_a_license_given_back_is_in_the_month_of_its_last_day_and_in_no_later_one(acme, browser):
    endpoint(acme, "OLD", first_day=date(2026, 10, 1), last_day=date(2026, 10, 4), given_back=True)
    assert ledger(browser, "month=2026-10")["OLD"].days == 4
    assert "OLD" not in ledger(browser)


def test_each_license_says_what_bills_it_or_why_nothing_does(acme, browser):
    configured(acme, "license:Server")
    ExclusionSetting.objects.create(company=acme, endpoint="dc02", reason="our own")
    endpoint(acme, "ODD", license_type="Quantum Backup")
    rows = ledger(browser)
    assert rows["DC01"].configuration == "Managed Backup"
    assert rows["DC02"].reason == "excluded: our own"
    assert rows["RX7"].reason == "its product is in no billing configuration of the company"
    assert rows["ODD"].reason == "the license type is unknown: add it to the license types"


def test_imported_and_collected_days_are_told_apart(acme, browser):
    endpoint(acme, "EXACT", origin="usage history")
    rows = ledger(browser)
    assert (rows["EXACT"].origin, rows["DC01"].origin) == ("imported", "collected")


def test_the_ledger_is_narrowed_by_product_state_and_search(acme, browser):
    configured(acme, "license:Server")
    endpoint(acme, "GONE", last_day=date(2026, 11, 5))
    assert set(ledger(browser, "product=Desktop")) == {"RX7"}
    assert set(ledger(browser, "state=ended")) == {"GONE"}
    assert set(ledger(browser, "state=active")) == {"DC01", "DC02", "RX7"}
    assert set(ledger(browser, "state=billed")) == {"DC01", "DC02", "GONE"}
    assert set(ledger(browser, "state=unbilled")) == {"RX7"}
    assert set(ledger(browser, "q=dc0")) == {"DC01", "DC02"}


def test_a_license_type_the_source_spells_otherwise_is_billed_all_the_same(acme, browser):
    configured(acme, "license:Server")
    endpoint(acme, "ODD", license_type="  SERVER")
    assert "ODD" in ledger(browser, "state=billed")
    assert ledger(browser)["ODD"].configuration == "Managed Backup"


def test_a_configuration_that_ended_bills_nothing_any_more(acme, browser):
    configured(acme, "license:Server")
    BillingConfiguration.objects.update(last_month="2026-10")
    assert set(ledger(browser, "state=billed")) == set()
    assert set(ledger(browser, "state=billed&month=2026-10")) == {"DC01", "DC02"}
    assert ledger(browser)["DC01"].configuration == ""


def test_the_ledger_as_csv_holds_every_license(acme, browser):
    configured(acme, "license:Server")
    lines = browser.get("/licenses/?format=csv").content.decode().splitlines()
    assert len(lines) == 4
    assert lines[1] == "Acme,,DC01,Server,2026-09-01,,,2026-11-12,2026-11,12,collected,Managed Backup,"


def test_other_providers_licenses_are_not_shown(acme, other_provider, browser):
    theirs = Company.objects.create(provider=other_provider, source_id="x", name="Theirs")
    endpoint(theirs, "SECRET")
    assert "SECRET" not in ledger(browser)
    assert left_out(browser, "q=Theirs") == []


def test_the_ledger_needs_few_queries_however_many_companies(acme, browser, django_assert_max_num_queries):
    for number in range(45):
        company = Company.objects.create(provider=acme.provider, source_id=f"c{number}", name=f"Company {number}")
        configured(company, "license:Server")
        endpoint(company, f"PC{number}")
    with django_assert_max_num_queries(16):
        assert len(ledger(browser)) == 48


# Not billed, because


def test_what_no_configuration_bills_stands_there_before_any_bill_is_made(acme, browser):
    configured(acme, "license:Server")
    (row,) = left_out(browser)
    assert (row.company, row.license_type, row.count) == ("Acme", "Desktop", 1)
    assert row.reason == "its product is in no billing configuration of the company"


def test_a_bill_says_itself_what_it_left_out_and_nothing_stands_there_twice(acme, provider, browser):
    configured(acme, "license:Server")
    ExclusionSetting.objects.create(company=acme, endpoint="DC01", reason="our own")
    make_bills(provider, BillRequest(day=TODAY))
    rows = left_out(browser)
    assert [(row.subject, row.seen_in) for row in rows] == [
        ("RX7", "bill of November 2026"),
        ("DC01", "bill of November 2026"),
    ]
    assert rows[1].detail == "our own"


def test_what_the_latest_collection_of_the_month_could_not_place_is_listed(acme, provider, browser):
    configured(acme, "license:Server", "license:Desktop")
    collection(provider, {"reason": "it is a trial", "subject": "OCTOBERS"}, day=date(2026, 10, 30))
    collection(provider, {"reason": "it is a trial", "subject": "YESTERDAYS"}, day=date(2026, 11, 11))
    collection(provider, {"reason": "its user belongs to no company", "subject": "PC9", "user": "lab"})
    assert [(row.subject, row.user) for row in left_out(browser)] == [("PC9", "lab")]
    assert [row.subject for row in left_out(browser, "month=2026-10")] == ["OCTOBERS"]


def test_licenses_in_a_pool_are_one_row_per_license_type(acme, provider, browser):
    configured(acme, "license:Server", "license:Desktop")
    pooled = {"reason": "it lies in a pool and no endpoint holds it", "license_type": "Server"}
    collection(provider, *({**pooled, "subject": name} for name in ("a", "b", "c")))
    assert [(row.subject, row.count) for row in left_out(browser)] == [("3 licenses", 3)]


def test_a_domain_whose_product_is_in_no_configuration_is_listed(acme, provider, browser):
    configured(acme, "license:Server", "license:Desktop")
    Domain.objects.create(provider=provider, name="acme.test", company=acme, license_type="Mailbox")
    DomainReading.objects.create(provider=provider, domain="acme.test", day=TODAY, licenses=7)
    assert [(row.subject, row.count) for row in left_out(browser)] == [("acme.test", 7)]


def test_each_reason_comes_with_the_way_to_solve_it(acme, provider, browser):
    collection(
        provider,
        {"reason": "the domain is mapped to no company and product", "subject": "x.test"},
        {"reason": "the license type is unknown: add it to the license types", "subject": "PC1"},
        {"reason": "a reason of some later version", "subject": "PC2"},
    )
    text = browser.get("/licenses/not-billed/").content.decode()
    assert f'href="/settings/halopsa/company/{acme.pk}/"' in text
    assert 'href="/settings/sources/domains/"' in text
    assert 'href="/settings/provider/"' in text
    assert "a reason of some later version" in text


def test_what_can_be_solved_stands_before_what_is_as_it_should_be(acme, provider, browser):
    configured(acme, "license:Server")
    collection(provider, {"reason": "it is a trial", "subject": "AAA"})
    assert [row.company for row in left_out(browser)] == ["Acme", ""]
    assert [row.subject for row in left_out(browser, "todo=no")] == ["AAA"]
    assert [row.company for row in left_out(browser, "todo=yes")] == ["Acme"]


def test_storage_without_a_configuration_is_named_by_its_account(acme, provider, browser):
    Bill.objects.create(
        provider=provider, company=acme, month="2026-11", kind="temporary", state="ready", currency="EUR",
        counting_rule="active_in_month", cost=Decimal(0), price=Decimal(0), made_on=TODAY,
        not_billed=[{
            "reason": "its product is in no billing configuration of the company", "subject": "acc-1",
            "license_type": "", "company_id": "acme", "user": "", "count": 1, "detail": "storage of 2 users",
        }],
    )  # fmt: skip
    assert [row.subject for row in left_out(browser)] == ["storage account CorporateS3"]


def test_the_list_as_csv_says_what_to_do(acme, browser):
    lines = browser.get("/licenses/not-billed/?format=csv").content.decode().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("Acme,1 endpoint,Desktop,,1,its product is in no billing configuration")
    assert lines[1].endswith("Add the product to one of the company's billing configurations.")
