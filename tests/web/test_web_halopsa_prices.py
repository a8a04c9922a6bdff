"""Cost/Price settings: what every product costs and is charged, from which month on, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from billbridge.billing.months import Month
from billbridge.operations.change_settings import settings_version
from billbridge.operations.general_prices import PRICES
from billbridge.operations.usage import price_book
from billbridge.store.models import (
    AuditEntry,
    BilledProduct,
    BillingConfiguration,
    Company,
    LicensePrice,
    Provider,
    StorageAccount,
    StorageRate,
)

ADDRESS = "/settings/halopsa/cost-price/"
OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)


@pytest.fixture(autouse=True)
def november(provider: Provider) -> None:
    provider.moved_day = date(2026, 11, 12)
    provider.save()


@pytest.fixture
def server(provider: Provider) -> LicensePrice:
    return LicensePrice.objects.create(
        provider=provider, license_type="Server", from_month="2026-09", cost=Decimal(5), price=Decimal(12)
    )


@pytest.fixture
def browser(billing_person, client_of) -> Client:
    return client_of(billing_person)


def price_of(provider: Provider, month: Month, license_type: str = "Server") -> tuple[Decimal, Decimal] | None:
    found = price_book(provider).in_force(license_type, "", month)
    return None if found.never_set else (found.cost, found.price)


def test_every_billable_product_is_shown_and_never_set_ones_are_marked(server, browser):
    text = browser.get(ADDRESS).content.decode()
    assert 'name="cost:Server" value="5.00"' in text
    assert 'name="price:VM Server Socket" value=""' in text
    assert text.count("never set") == 10
    assert "RMM" not in text


def test_a_never_set_product_that_is_billed_is_said_so_above_the_table(provider, browser):
    company = Company.objects.create(provider=provider, source_id="a", name="Acme")
    made = BillingConfiguration.objects.create(company=company, name="Backup", mode="total")
    BilledProduct.objects.create(configuration=made, company=company, product="license:Desktop")
    text = browser.get(ADDRESS).content.decode()
    assert "1 product that is billed was never priced" in text
    assert "billed to 1 company" in text


def test_a_new_price_holds_from_its_month_on_and_older_months_keep_theirs(provider, server, browser):
    given = {"from_month": "2026-11", "cost:Server": "5,25", "price:Server": "12.50"}
    browser.post(ADDRESS, given)
    assert price_of(provider, OCTOBER) == (Decimal(5), Decimal(12))
    assert price_of(provider, NOVEMBER) == (Decimal("5.25"), Decimal("12.50"))
    text = browser.get(ADDRESS).content.decode()
    assert "September 2026" in text
    assert AuditEntry.objects.filter(subject__contains="Server from 2026-11").exists()


def test_a_price_for_the_same_month_is_replaced_and_one_to_come_is_shown(provider, server, browser):
    browser.post(ADDRESS, {"from_month": "2026-09", "cost:Server": "6", "price:Server": "12"})
    browser.post(ADDRESS, {"from_month": "2026-12", "cost:Server": "7", "price:Server": "13"})
    assert price_of(provider, NOVEMBER) == (Decimal(6), Decimal(12))
    assert price_of(provider, DECEMBER) == (Decimal(7), Decimal(13))
    assert LicensePrice.objects.count() == 2
    assert "from December 2026" in browser.get(ADDRESS).content.decode()


def test_zero_is_a_price_and_not_never_set(provider, browser):
    browser.post(ADDRESS, {"from_month": "2026-11", "cost:Server": "0", "price:Server": "0"})
    assert price_of(provider, NOVEMBER) == (Decimal(0), Decimal(0))


def test_what_was_not_changed_gets_no_new_price(server, browser):
    answer = browser.post(
        ADDRESS, {"from_month": "2026-11", "cost:Server": "5.0", "price:Server": "12"}, follow=True
    )
    assert "Nothing was changed" in answer.content.decode()
    assert LicensePrice.objects.get().from_month == Month(2026, 9)


def test_a_price_that_a_later_one_would_hide_is_refused_beside_its_field(server, browser):
    answer = browser.post(ADDRESS, {"from_month": "2026-08", "cost:Server": "6", "price:Server": "12"})
    assert answer.status_code == 400
    assert "Server has a price since 2026-09" in answer.content.decode()


@pytest.mark.parametrize(
    ("cost", "price", "month", "says"),
    [
        ("x", "1", "2026-11", "is not a number"),
        ("-1", "1", "2026-11", "is negative"),
        ("1", "", "2026-11", "Enter both cost and price"),
        ("1.1234567", "1", "2026-11", "more than 6 decimals"),
        ("1e30", "1", "2026-11", "too large"),
        ("NaN", "1", "2026-11", "is not a number"),
        ("9" * 10_000, "1", "2026-11", "at most 30 characters"),
        ("<script>", "1", "2026-11", "&lt;script&gt;"),
        ("1\0", "1", "2026-11", "Null characters"),
        ("1", "1", "2026-13", "Write the month as"),
        ("1", "1", "", "This field is required"),
        ("1", "1", "0000-00", "Write the month as"),
    ],
)
def test_a_bad_figure_or_month_is_refused_and_the_input_kept(browser, cost, price, month, says):
    answer = browser.post(ADDRESS, {"from_month": month, "cost:Server": cost, "price:Server": price})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert says in text
    assert f'name="price:Server" value="{price}"' in text
    assert "<script>" not in text
    assert not LicensePrice.objects.exists()


def test_a_price_that_somebody_else_changed_meanwhile_is_not_overwritten(provider, server, browser):
    version = settings_version(provider, PRICES)
    LicensePrice.objects.update(price=Decimal(20))
    given = {"from_month": "2026-11", "cost:Server": "6", "price:Server": "12", "version": version}
    answer = browser.post(ADDRESS, given)
    assert answer.status_code == 409
    assert "were changed since you opened the form" in answer.content.decode()
    assert price_of(provider, NOVEMBER) == (Decimal(5), Decimal(20))


def test_removing_a_price_lets_the_one_before_hold_again(provider, server, browser):
    browser.post(ADDRESS, {"from_month": "2026-11", "cost:Server": "6", "price:Server": "14"})
    answer = browser.post(f"{ADDRESS}remove/", {"product": "Server", "from_month": "2026-11"}, follow=True)
    assert "was removed. It was: cost" in answer.content.decode()
    assert price_of(provider, NOVEMBER) == (Decimal(5), Decimal(12))
    assert browser.post(f"{ADDRESS}remove/", {"product": "Server", "from_month": "x"}).status_code == 400


def test_prices_of_single_companies_stay_and_are_listed(provider, server, browser):
    acme = Company.objects.create(provider=provider, source_id="a", name="Acme")
    LicensePrice.objects.create(
        provider=provider, company=acme, license_type="Server", from_month="2026-10", cost=4, price=9
    )
    browser.post(ADDRESS, {"from_month": "2026-11", "cost:Server": "6", "price:Server": "14"})
    found = price_book(provider).in_force("Server", "a", NOVEMBER)
    assert (found.cost, found.price) == (Decimal(4), Decimal(9))
    text = browser.get(ADDRESS).content.decode()
    assert "Acme" in text
    assert "€9.00" in text


def test_storage_accounts_are_shown_with_what_they_cost_per_gb(provider, browser):
    for code in ("one", "two"):
        StorageAccount.objects.create(provider=provider, source_id=code, name=f"Account {code}")
    StorageRate.objects.create(
        provider=provider, account_id="one", from_month="2026-10",
        backup_cost=Decimal("0.008"), backup_price=Decimal("0.02"), restore_cost=0, restore_price=0,
    )  # fmt: skip
    text = browser.get(ADDRESS).content.decode()
    assert "€0.008" in text
    assert "Account two" in text


def test_a_viewer_sees_prices_and_changes_none(server, viewer, client_of):
    browser = client_of(viewer)
    text = browser.get(ADDRESS).content.decode()
    assert "€12.00" in text
    assert "Save prices" not in text
    given = {"from_month": "2026-11", "cost:Server": "6", "price:Server": "14"}
    assert browser.post(ADDRESS, given).status_code == 403
    assert browser.post(f"{ADDRESS}remove/", {"product": "Server", "from_month": "2026-09"}).status_code == 403
    assert LicensePrice.objects.get().price == Decimal(12)


def test_another_providers_prices_are_neither_shown_nor_changed(other_provider, server, browser):
    theirs = LicensePrice.objects.create(
        provider=other_provider, license_type="Server", from_month="2026-09", cost=77, price=88
    )
    assert "77" not in browser.get(ADDRESS).content.decode()
    browser.post(ADDRESS, {"from_month": "2026-09", "cost:Server": "6", "price:Server": "14"})
    theirs.refresh_from_db()
    assert theirs.price == Decimal(88)
