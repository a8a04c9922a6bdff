"""Companies: the list, one company tab by tab, its own prices, its exclusions and adjustments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from acme import TODAY, VAULT, configured, make_acme
from django.test import Client

from billbridge.billing.months import Month
from billbridge.operations.change_entries import version_of
from billbridge.operations.company_exceptions import exceptions_version
from billbridge.operations.company_prices import company_prices
from billbridge.operations.usage import load_settings, price_book
from billbridge.store.models import (
    ActivationRow,
    AuditEntry,
    BackupUser,
    Bill,
    Company,
    Domain,
    DomainReading,
    HaloList,
    Provider,
    StorageReading,
)

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (Month(2026, number) for number in (9, 10, 11, 12))
TABS = ("", "licenses/", "storage/", "prices/", "configurations/", "exceptions/", "bills/", "mapping/", "history/")
FORMS = ("prices/set/", "prices/end/", "exceptions/exclude/", "exceptions/adjust/")


@pytest.fixture
def acme(provider: Provider) -> Company:
    return make_acme(provider)


@pytest.fixture
def browser(billing_person, client_of) -> Client:
    return client_of(billing_person)


def another(provider: Provider, name: str, **fields: object) -> Company:
    return Company.objects.create(provider=provider, source_id=name.casefold(), name=name, **fields)


def bill(company: Company, month: Month, price: str, **fields: object) -> Bill:
    return Bill.objects.create(
        provider=company.provider, company=company, month=month, currency="EUR", counting_rule="active_in_month",
        cost=Decimal(5), price=Decimal(price), made_on=TODAY, **{"kind": "manual", "state": "sent", **fields},
    )  # fmt: skip


def page(browser: Client, address: str, status: int = 200) -> str:
    response = browser.get(address)
    assert response.status_code == status
    return response.content.decode()


def names(browser: Client, query: str) -> list[str]:
    return [row.name for row in browser.get(f"/companies/?{query}").context["table"].page]


def price_in(provider: Provider, month: Month, license_type: str = "Server") -> tuple[Decimal, str]:
    found = price_book(provider).in_force(license_type, "acme", month)
    return found.price, found.origin


def a_price(**given: str) -> dict[str, str]:
    return {"license_type": "Server", "from_month": "2026-11", "cost": "4", "price": "10.50"} | given


# The list


def test_the_list_shows_licenses_customer_and_last_months_bill(acme, provider, browser):
    HaloList.objects.create(
        provider=provider, kind="customers", rows=[{"id": 13, "name": "Birch & Co"}], read_at=datetime.now(UTC)
    )
    configured(acme, "license:Server")
    bill(acme, OCTOBER, "36")
    bill(acme, NOVEMBER, "99")
    (row,) = browser.get("/companies/").context["table"].page
    assert (row.licenses, row.customer, row.configurations) == (3, "Birch & Co", 1)
    assert (row.bill.month, row.bill.price, row.bill.state) == (OCTOBER, Decimal(36), "sent")


def test_the_licenses_of_a_companys_domains_count_as_last_read(acme, provider, browser):
    Domain.objects.create(provider=provider, name="acme.test", company=acme, license_type="Microsoft 365")
    DomainReading.objects.create(provider=provider, domain="acme.test", day=date(2026, 11, 11), licenses=9)
    DomainReading.objects.create(provider=provider, domain="acme.test", day=TODAY, licenses=4)
    another(provider, "Birch")
    rows = browser.get("/companies/?sort=-licenses").context["table"].page
    assert [(row.name, row.licenses) for row in rows] == [("Acme", 7), ("Birch", 0)]


def test_filters_narrow_the_list(acme, provider, browser):
    configured(acme, "license:Server")
    another(provider, "Birch", auto_since=date(2026, 10, 1))
    another(provider, "Cedar", client_id=7, in_source=False)
    assert names(browser, "mapping=no") == ["Birch"]
    assert names(browser, "auto=on") == ["Birch"]
    assert names(browser, "configured=yes") == ["Acme"]
    assert names(browser, "configured=no&mapping=yes") == ["Cedar"]
    assert names(browser, "source=gone") == ["Cedar"]
    assert names(browser, "q=bIr") == ["Birch"]


def test_companies_without_a_bill_stand_last_when_the_dearest_come_first(acme, provider, browser):
    bill(acme, OCTOBER, "36")
    birch = another(provider, "Birch")
    bill(birch, OCTOBER, "40")
    another(provider, "Aspen")
    assert names(browser, "sort=-bill") == ["Birch", "Acme", "Aspen"]


def test_the_list_needs_as_many_queries_for_many_companies_as_for_few(acme, browser, django_assert_max_num_queries):
    for number in range(60):
        company = another(acme.provider, f"Company {number}", client_id=number)
        configured(company, "license:Server")
        bill(company, OCTOBER, "1")
    with django_assert_max_num_queries(15):
        page(browser, "/companies/")


def test_the_list_as_csv_holds_every_company_and_no_formula(acme, provider, browser):
    another(provider, "=cmd|' /C calc'!A0")
    text = page(browser, "/companies/?format=csv")
    assert "\r\nAcme,acme,yes," in text
    assert "\r\n'=cmd" in text


def test_other_providers_companies_are_neither_listed_nor_offered(acme, other_provider, browser):
    another(other_provider, "Acme of somebody else")
    assert names(browser, "") == ["Acme"]
    assert "somebody else" not in page(browser, "/companies/options/?company=acme")


def test_a_company_whose_name_is_used_twice_is_offered_by_its_id(acme, provider, browser):
    Company.objects.create(provider=provider, source_id="acme-2", name="ACME", is_ambiguous=True)
    assert '<option value="acme">Acme</option>' in page(browser, "/companies/options/?company=ac")


def test_the_users_of_the_written_company_are_offered(acme, provider, browser):
    BackupUser.objects.create(provider=provider, source_id="u1", login="ann@acme.test", company=acme)
    BackupUser.objects.create(
        provider=provider, source_id="u2", login="bob@birch.test", company=another(provider, "B")
    )
    text = page(browser, "/companies/options/users/?company=acme")
    assert "ann@acme.test" in text
    assert "bob@birch.test" not in text


# One company


@pytest.mark.parametrize("tab", [*TABS, *FORMS])
def test_another_providers_company_is_not_there(other_provider, browser, tab):
    theirs = another(other_provider, "Theirs")
    assert "Theirs" not in page(browser, f"/companies/{theirs.pk}/{tab}", 404)


def test_the_overview_says_what_needs_a_person(acme, provider, browser):
    configured(acme, "license:Server", "license:VM Server")
    acme.client_id = None
    acme.in_source = False
    acme.save()
    bill(acme, OCTOBER, "0", state="held", reasons=["it is mapped to no HaloPSA customer"])
    text = page(browser, f"/companies/{acme.pk}/")
    assert "No billing configuration bills Desktop." in text
    assert "Cost and price were never set: VM Server." in text
    assert "The source does not show this company any more." in text
    assert "It is mapped to no HaloPSA customer, so nothing can be sent." in text
    assert "The bill of October 2026 is held: it is mapped to no HaloPSA customer." in text


def test_the_overview_of_a_company_in_order_asks_for_nothing(acme, browser):
    configured(acme, "license:Server", "license:Desktop")
    assert browser.get(f"/companies/{acme.pk}/").context["attention"] == []


def test_storage_is_charged_as_a_bill_would_charge_it(acme, provider, browser):
    for day, size in ((date(2026, 11, 11), 10), (TODAY, 20)):
        StorageReading.objects.create(
            provider=provider, company=acme, account_id=VAULT, user_id="u1", user_login="ann", day=day,
            backup_bytes=size << 30, restore_bytes=0,
        )  # fmt: skip
    (account,) = browser.get(f"/companies/{acme.pk}/storage/").context["accounts"]
    assert (account.name, account.backup_bytes, account.price) == ("CorporateS3", 15 << 30, Decimal("0.75"))


def test_the_companys_part_of_the_ledger_can_be_searched(acme, provider, browser):
    text = page(browser, f"/companies/{acme.pk}/licenses/?q=rx")
    assert "RX7" in text
    assert "DC01" not in text


def test_configurations_show_products_and_what_is_sent(acme, browser):
    configured(acme, "license:Server", f"storage:{VAULT}", mode="total")
    text = page(browser, f"/companies/{acme.pk}/configurations/")
    assert "storage CorporateS3" in text
    assert "quantity 1, with the total cost and price" in text


def test_the_history_shows_what_was_changed_about_the_company_and_nothing_else(acme, provider, browser):
    birch = another(provider, "Birch")
    for company, reason in ((acme, "ours"), (birch, "theirs")):
        given = {"endpoint": "DC01", "reason": reason}
        assert browser.post(f"/companies/{company.pk}/exceptions/exclude/", given).status_code == 302
    AuditEntry.objects.filter(provider=provider).update(at=datetime.now(UTC))
    acme.name = "Acme renamed"
    acme.save()
    (row,) = browser.get(f"/companies/{acme.pk}/history/").context["table"].page
    assert (row.subject, row.entry.after) == ("exclusions", "DC01: ours")


def test_the_companys_bills_are_shown_newest_first(acme, browser):
    bill(acme, SEPTEMBER, "1")
    bill(acme, NOVEMBER, "3", reasons=["waits for a collection"])
    bill(acme, OCTOBER, "2")
    table = browser.get(f"/companies/{acme.pk}/bills/").context["table"]
    assert [row.month for row in table.page] == [NOVEMBER, OCTOBER, SEPTEMBER]


# Prices


def test_prices_in_force_say_where_they_come_from(acme, browser):
    configured(acme, "license:VM Server")
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price(license_type="Desktop", from_month="2026-10"))
    products = {
        one.license_type: one.price for one in browser.get(f"/companies/{acme.pk}/prices/").context["products"]
    }
    assert products["Server"].origin == "general price since 2026-01"
    assert products["Desktop"].origin == "the company's price since 2026-10"
    assert products["VM Server"].never_set


def test_a_company_price_holds_from_its_month_on(acme, provider, browser):
    response = browser.post(f"/companies/{acme.pk}/prices/set/", a_price(price="10,50"))
    assert response.status_code == 302
    assert price_in(provider, OCTOBER)[0] == Decimal(12)
    assert price_in(provider, NOVEMBER) == (Decimal("10.50"), "the company's price since 2026-11")


def test_an_ended_company_price_gives_way_to_the_general_one(acme, provider, browser):
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price())
    ended = {"license_type": "Server", "last_month": "2026-11"}
    assert browser.post(f"/companies/{acme.pk}/prices/end/", ended).status_code == 302
    assert price_in(provider, NOVEMBER)[0] == Decimal("10.50")
    assert price_in(provider, DECEMBER) == (Decimal(12), "general price since 2026-01")


def test_a_company_price_does_not_end_before_it_begins(acme, provider, browser):
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price())
    response = browser.post(
        f"/companies/{acme.pk}/prices/end/", {"license_type": "Server", "last_month": "2026-10"}
    )
    assert response.status_code == 400
    assert "No price of this company for Server holds in 2026-10." in response.content.decode()
    assert price_in(provider, DECEMBER)[0] == Decimal("10.50")


def test_changing_a_company_price_puts_it_in_the_place_of_the_old_one(acme, provider, browser):
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price())
    address = f"/companies/{acme.pk}/prices/set/?type=Server&from=2026-11"
    assert 'value="10.50"' in page(browser, address)
    browser.post(address, a_price(from_month="2026-12", price="9"))
    assert [price_in(provider, month)[0] for month in (NOVEMBER, DECEMBER)] == [Decimal(12), Decimal(9)]


def test_a_removed_company_price_is_as_if_it_had_never_been(acme, provider, browser):
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price())
    browser.post(f"/companies/{acme.pk}/prices/remove/", {"license_type": "Server", "from_month": "2026-11"})
    assert company_prices(provider, acme) == ()
    assert price_in(provider, NOVEMBER)[0] == Decimal(12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"price": "-1"}, "negative"),
        ({"price": "1.2345678"}, "more than 6 decimals"),
        ({"price": "9" * 30}, "too large"),
        ({"from_month": "November"}, "Write the month as YYYY-MM"),
        ({"from_month": "2026-13"}, "Write the month as YYYY-MM"),
        ({"from_month": "0001-01"}, "Write a month from 2000-01"),
        ({"last_month": "2026-10"}, "lies before the month in which the price begins"),
        ({"license_type": "Nonsense"}, "Select a valid choice"),
    ],
)
def test_a_refused_price_is_told_beside_its_field_and_kept(acme, provider, browser, given, message):
    response = browser.post(f"/companies/{acme.pk}/prices/set/", a_price(cost="4.44") | given)
    text = response.content.decode()
    assert response.status_code == 400
    assert message in text
    assert 'value="4.44"' in text
    assert company_prices(provider, acme) == ()


def test_two_prices_from_one_month_are_refused(acme, provider, browser):
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price())
    response = browser.post(f"/companies/{acme.pk}/prices/set/", a_price(price="1"))
    assert response.status_code == 400
    assert "There is a price from November 2026 already" in response.content.decode()


def test_a_price_changed_meanwhile_is_not_overwritten(acme, provider, browser):
    stale = version_of(company_prices(provider, acme))
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price(license_type="Desktop"))
    response = browser.post(f"/companies/{acme.pk}/prices/set/", a_price(version=stale))
    assert response.status_code == 409
    assert "Somebody changed these entries" in response.content.decode()
    assert [price.license_type for price in company_prices(provider, acme)] == ["Desktop"]


def test_prices_of_two_companies_can_be_changed_at_the_same_time(acme, provider, browser):
    birch = another(provider, "Birch")
    mine = version_of(company_prices(provider, acme))
    browser.post(f"/companies/{birch.pk}/prices/set/", a_price())
    assert browser.post(f"/companies/{acme.pk}/prices/set/", a_price(version=mine)).status_code == 302


def test_a_company_price_stands_in_the_audit_log(acme, provider, browser):
    browser.post(f"/companies/{acme.pk}/prices/set/", a_price())
    entry = AuditEntry.objects.get(provider=provider)
    assert (entry.subject, entry.after) == ("prices[Server from 2026-11, Acme (acme)]", "cost 4.00, price 10.50")


@pytest.mark.parametrize("form", [*FORMS, "prices/remove/", "exceptions/remove/"])
def test_a_viewer_changes_nothing(acme, viewer, client_of, form):
    given = a_price() | {
        "last_month": "2026-12", "endpoint": "DC01", "reason": "no", "units": "1", "first_month": "2026-11",
        "kind": "exclusion", "position": "0", "version": "x",
    }  # fmt: skip
    assert client_of(viewer).post(f"/companies/{acme.pk}/{form}", given).status_code == 403
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("tab", TABS)
def test_a_viewer_sees_every_tab(acme, viewer, client_of, tab):
    configured(acme, "license:Server")
    page(client_of(viewer), f"/companies/{acme.pk}/{tab}")


# Exclusions and adjustments


def test_an_excluded_endpoint_is_stored_with_its_reason(acme, browser):
    given = {"endpoint": "DC01", "user": "", "license_type": "Server", "reason": "our own machine"}
    assert browser.post(f"/companies/{acme.pk}/exceptions/exclude/", given).status_code == 302
    (exclusion,) = load_settings([acme])[acme.pk].exclusions
    assert (exclusion.endpoint, exclusion.license_type, exclusion.reason) == ("DC01", "Server", "our own machine")
    assert "our own machine" in page(browser, f"/companies/{acme.pk}/exceptions/")


def test_adding_an_exclusion_leaves_the_companys_billing_as_it_is(acme, browser):
    configured(acme, "license:Server")
    acme.auto_since = date(2026, 10, 1)
    acme.save()
    browser.post(f"/companies/{acme.pk}/exceptions/exclude/", {"endpoint": "DC01", "reason": "own"})
    acme.refresh_from_db()
    assert (acme.client_id, acme.auto_since) == (13, date(2026, 10, 1))
    assert len(load_settings([acme])[acme.pk].configurations) == 1


def test_an_exclusion_needs_endpoint_and_reason(acme, browser):
    response = browser.post(f"/companies/{acme.pk}/exceptions/exclude/", {"endpoint": "a\tb", "reason": ""})
    text = response.content.decode()
    assert response.status_code == 400
    assert "Write it on one line" in text
    assert "This field is required." in text


def test_an_adjustment_is_stored_with_its_months(acme, browser):
    given = {
        "license_type": "Server",
        "units": "-1.5",
        "first_month": "2026-10",
        "last_month": "2026-12",
        "reason": "gift",
    }
    assert browser.post(f"/companies/{acme.pk}/exceptions/adjust/", given).status_code == 302
    (one,) = load_settings([acme])[acme.pk].adjustments
    assert (one.units, one.first_month, one.last_month) == (Decimal("-1.5"), OCTOBER, DECEMBER)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"units": "0"}, "0 changes nothing"),
        ({"units": "1e99"}, "Ensure"),
        ({"units": "nan"}, "Enter a number"),
        ({"last_month": "2026-09"}, "lies before the first month"),
    ],
)
def test_a_senseless_adjustment_is_refused(acme, browser, given, message):
    adjustment = {"license_type": "Server", "units": "1", "first_month": "2026-10", "reason": "gift"} | given
    response = browser.post(f"/companies/{acme.pk}/exceptions/adjust/", adjustment)
    assert response.status_code == 400
    assert message in response.content.decode()
    assert load_settings([acme])[acme.pk].adjustments == ()


def test_the_entry_that_was_looked_at_is_removed(acme, browser):
    for endpoint in ("DC01", "DC02"):
        browser.post(f"/companies/{acme.pk}/exceptions/exclude/", {"endpoint": endpoint, "reason": "own"})
    given = {"kind": "exclusion", "position": "0", "version": exceptions_version(acme)}
    assert browser.post(f"/companies/{acme.pk}/exceptions/remove/", given).status_code == 302
    assert [one.endpoint for one in load_settings([acme])[acme.pk].exclusions] == ["DC02"]
    assert browser.post(f"/companies/{acme.pk}/exceptions/remove/", given).status_code == 400
    assert [one.endpoint for one in load_settings([acme])[acme.pk].exclusions] == ["DC02"]


def test_a_script_in_an_endpoints_name_is_shown_as_text(acme, browser):
    ActivationRow.objects.filter(endpoint="DC01").update(endpoint="<script>alert(1)</script>")
    for tab in ("licenses/", "exceptions/exclude/"):
        assert "<script>alert" not in page(browser, f"/companies/{acme.pk}/{tab}")
