"""Storage accounts: usage, what a GB costs for whom, and storage limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from acme import TODAY, VAULT, make_acme
from django.test import Client

from billbridge.billing.months import Month
from billbridge.operations.change_entries import version_of
from billbridge.operations.setup.document import StorageCost, StorageLimitSetting
from billbridge.operations.storage_settings import costs_of, limits_of
from billbridge.store.models import (
    AuditEntry,
    BackupUser,
    Company,
    MonthlyStorage,
    Provider,
    StorageAccount,
    StoragePackage,
    StorageRate,
    StorageReading,
)

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
GB = 1 << 30
COST = {
    "from_month": "2026-11",
    "backup_cost": "0.01",
    "backup_price": "0.03",
    "restore_cost": "0",
    "restore_price": "0",
}
LIMIT = {"company": "Acme", "name": "Backup 500 GB", "backup_gb": "500", "cost": "5", "price": "20"}


@pytest.fixture
def acme(provider: Provider) -> Company:
    made = make_acme(provider)
    BackupUser.objects.create(provider=provider, source_id="u1", login="Ann@acme.test", company=made)
    return made


@pytest.fixture
def vault(acme: Company) -> StorageAccount:
    return StorageAccount.objects.get(source_id=VAULT)


@pytest.fixture
def browser(billing_person, client_of) -> Client:
    return client_of(billing_person)


def read(company: Company, day: date, size: int, user: str = "u1") -> None:
    StorageReading.objects.create(
        provider=company.provider, company=company, account_id=VAULT, user_id=user, user_login=user, day=day,
        backup_bytes=size * GB, restore_bytes=0,
    )  # fmt: skip


def costs(vault: StorageAccount) -> dict[tuple[str, str, str], StorageCost]:
    return {(one.company_id, one.user_id, str(one.from_month)): one for one in costs_of(vault.provider, vault)}


def limits(vault: StorageAccount) -> dict[tuple[str, str], StorageLimitSetting]:
    return {(one.company_id, one.user_id): one for one in limits_of(vault.provider, vault)}


# Usage


def test_the_list_shows_usage_now_of_this_month_and_of_last(acme, vault, browser):
    for day, size in ((date(2026, 10, 30), 4), (date(2026, 10, 31), 8), (date(2026, 11, 11), 10), (TODAY, 20)):
        read(acme, day, size)
    (row,) = browser.get("/storage/").context["table"].page
    assert [size // GB for size in (row.now, row.this_month, row.last_month)] == [20, 15, 6]
    assert (row.companies, row.rates.rates.backup_price) == (1, Decimal("0.05"))


def test_a_closed_month_shows_the_sources_own_average(acme, vault, browser):
    read(acme, date(2026, 10, 30), 4)
    MonthlyStorage.objects.create(
        provider=acme.provider, company=acme, account_id=VAULT, user_id="u1", month=OCTOBER, backup_bytes=7 * GB,
        restore_bytes=0,
    )  # fmt: skip
    (row,) = browser.get("/storage/").context["table"].page
    assert row.last_month == 7 * GB
    (company,) = browser.get(f"/storage/{vault.pk}/").context["table"].page
    assert company.last_month == 7 * GB


def test_an_account_without_rates_is_marked_as_never_set(vault, browser):
    StorageRate.objects.all().delete()
    assert "never set" in browser.get("/storage/").content.decode()
    assert "was never set for everyone" in browser.get(f"/storage/{vault.pk}/costs/").content.decode()


def test_an_accounts_page_lists_companies_that_use_it_or_have_terms_on_it(acme, vault, provider, browser):
    read(acme, TODAY, 20)
    read(acme, TODAY, 2, user="u2")
    Company.objects.create(provider=provider, source_id="birch", name="Birch")
    browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT | {"company": "Birch"})
    rows = browser.get(f"/storage/{vault.pk}/").context["table"].page
    assert [(row.name, row.users, row.now, row.limits) for row in rows] == [
        ("Acme", 2, 22 * GB, 0),
        ("Birch", 0, None, 1),
    ]


@pytest.mark.parametrize("page", ["", "costs/", "costs/set/", "limits/", "limits/set/"])
def test_another_providers_account_is_not_there(other_provider, browser, page):
    theirs = StorageAccount.objects.create(provider=other_provider, source_id="t", name="Theirs")
    assert browser.get(f"/storage/{theirs.pk}/{page}").status_code == 404


# Storage cost settings


def test_a_new_rate_for_everyone_leaves_older_months_theirs(vault, browser):
    assert browser.post(f"/storage/{vault.pk}/costs/set/", COST).status_code == 302
    assert costs(vault)["", "", "2026-11"].rates.backup_price == Decimal("0.03")
    assert costs(vault)["", "", "2026-01"].rates.backup_price == Decimal("0.05")
    rows = browser.get(f"/storage/{vault.pk}/costs/").context["table"].page
    assert [(str(row.setting.from_month), row.state) for row in rows] == [
        ("2026-01", "replaced"),
        ("2026-11", "holds"),
    ]


def test_a_custom_price_is_set_by_company_and_by_user(vault, browser):
    assert browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"company": "acme"}).status_code == 302
    given = COST | {"company": "ACME", "user": "ann@ACME.test"}
    assert browser.post(f"/storage/{vault.pk}/costs/set/", given).status_code == 302
    assert set(costs(vault)) == {("", "", "2026-01"), ("acme", "", "2026-11"), ("acme", "u1", "2026-11")}


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"company": "Nobody"}, "company", "There is no company of this name."),
        ({"company": "Acme", "user": "zoe"}, "user", "Acme has no user of this login."),
        ({"user": "ann@acme.test"}, "company", "Name the user's company too."),
        ({"backup_price": "-0.01"}, "backup_price", "negative"),
        ({"backup_price": ""}, "backup_price", "required"),
        ({"from_month": "2026-01"}, "from_month", "There is a setting from January 2026 already"),
        ({"from_month": "2200-01"}, "from_month", "Write a month from"),
    ],
)
def test_a_refused_cost_setting_is_told_beside_its_field(vault, browser, given, field, message):
    response = browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"restore_price": "0.77"} | given)
    assert response.status_code == 400
    assert message in " ".join(response.context["form"].errors[field])
    assert 'value="0.77"' in response.content.decode()
    assert len(costs(vault)) == 1


def test_a_company_of_another_provider_cannot_be_named(vault, other_provider, browser):
    Company.objects.create(provider=other_provider, source_id="theirs", name="Theirs")
    response = browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"company": "theirs"})
    assert "There is no company of this name." in " ".join(response.context["form"].errors["company"])


def test_of_two_companies_with_one_name_the_id_is_asked_for(vault, provider, browser):
    Company.objects.create(provider=provider, source_id="acme-2", name="Acme", is_ambiguous=True)
    response = browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT | {"company": "Acme "})
    assert "Write the id of the one you mean: acme, acme-2." in " ".join(response.context["form"].errors["company"])
    assert browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT | {"company": "acme-2"}).status_code == 302


def test_a_cost_setting_is_changed_in_its_place(vault, browser):
    browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"company": "Acme", "user": "ann@acme.test"})
    address = f"/storage/{vault.pk}/costs/set/?from=2026-11&company_id=acme&user_id=u1"
    form = browser.get(address).context["form"]
    assert (form.initial["company"], form.initial["user"]) == ("Acme", "Ann@acme.test")
    given = COST | {"company": "Acme", "user": "Ann@acme.test", "from_month": "2026-12", "backup_price": "0.02"}
    assert browser.post(address, given).status_code == 302
    assert set(costs(vault)) == {("", "", "2026-01"), ("acme", "u1", "2026-12")}


def test_a_setting_of_a_user_who_is_gone_can_still_be_changed(vault, browser):
    browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"company": "Acme", "user": "ann@acme.test"})
    BackupUser.objects.all().delete()
    address = f"/storage/{vault.pk}/costs/set/?from=2026-11&company_id=acme&user_id=u1"
    given = COST | {"company": "Acme", "user": browser.get(address).context["form"].initial["user"]}
    assert browser.post(address, given | {"backup_price": "0.02"}).status_code == 302
    assert costs(vault)["acme", "u1", "2026-11"].rates.backup_price == Decimal("0.02")


def test_a_cost_setting_is_removed(vault, browser):
    browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"company": "Acme"})
    given = {"from_month": "2026-11", "company_id": "acme", "user_id": ""}
    assert browser.post(f"/storage/{vault.pk}/costs/remove/", given).status_code == 302
    assert set(costs(vault)) == {("", "", "2026-01")}


def test_a_cost_setting_changed_meanwhile_is_not_overwritten(vault, browser):
    stale = version_of(costs_of(vault.provider, vault))
    browser.post(f"/storage/{vault.pk}/costs/set/", COST)
    response = browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"from_month": "2026-12", "version": stale})
    assert response.status_code == 409
    assert len(costs(vault)) == 2


def test_terms_of_two_accounts_can_be_changed_at_the_same_time(vault, provider, browser):
    other = StorageAccount.objects.create(provider=provider, source_id="acc-2", name="Wasabi")
    mine = version_of(costs_of(provider, vault))
    browser.post(f"/storage/{other.pk}/costs/set/", COST)
    assert browser.post(f"/storage/{vault.pk}/costs/set/", COST | {"version": mine}).status_code == 302
    assert len(costs(other)) == 1


@pytest.mark.parametrize("address", ["costs/set/", "costs/remove/", "limits/set/", "limits/remove/"])
def test_a_viewer_changes_nothing(vault, viewer, client_of, address):
    response = client_of(viewer).post(f"/storage/{vault.pk}/{address}", COST | LIMIT | {"company_id": "acme"})
    assert response.status_code == 403
    assert not AuditEntry.objects.exists()


def test_a_viewer_sees_terms_without_buttons(vault, viewer, client_of):
    text = client_of(viewer).get(f"/storage/{vault.pk}/costs/").content.decode()
    assert "Everyone" in text
    assert "Remove" not in text


# Storage limits


def test_a_limit_of_a_company_and_one_of_its_user_stand_side_by_side(vault, browser):
    assert browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT).status_code == 302
    given = LIMIT | {"user": "ann@acme.test", "restore_gb": "50.5"}
    assert browser.post(f"/storage/{vault.pk}/limits/set/", given).status_code == 302
    found = limits(vault)
    assert found["acme", ""].limit.restore_gb is None
    assert found["acme", "u1"].limit.restore_gb == Decimal("50.5")


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"company": ""}, "company", "required"),
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 201}, "name", "at most 200"),
        ({"backup_gb": "-1"}, "backup_gb", "greater than or equal to 0"),
        ({"backup_gb": "9" * 20}, "backup_gb", "Ensure"),
        ({"backup_gb": "1.2345"}, "backup_gb", "no more than 3 decimal"),
        ({"price": "free"}, "price", "not a number"),
    ],
)
def test_a_refused_limit_is_told_beside_its_field(vault, browser, given, field, message):
    response = browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT | given)
    assert response.status_code == 400
    assert message in " ".join(response.context["form"].errors[field])
    assert limits(vault) == {}


def test_a_second_limit_of_the_same_owner_is_refused(vault, browser):
    browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT)
    response = browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT | {"name": "Another"})
    assert "There is a storage limit on this storage account already" in str(
        response.context["form"].errors["company"]
    )


def test_a_limit_is_changed_in_its_place_and_removed(vault, browser):
    browser.post(f"/storage/{vault.pk}/limits/set/", LIMIT)
    address = f"/storage/{vault.pk}/limits/set/?company_id=acme&user_id="
    assert browser.get(address).context["form"].initial["name"] == "Backup 500 GB"
    assert browser.post(address, LIMIT | {"backup_gb": "600"}).status_code == 302
    assert limits(vault)["acme", ""].limit.backup_gb == 600
    assert (
        browser.post(f"/storage/{vault.pk}/limits/remove/", {"company_id": "acme", "user_id": ""}).status_code
        == 302
    )
    assert limits(vault) == {}


def test_a_package_of_the_source_fills_the_form_with_its_cost_as_our_price(
    vault, provider, other_provider, browser
):
    given = {"backup_gb": Decimal(250), "price": Decimal(9)}
    package = StoragePackage.objects.create(provider=provider, source_id="p1", name="Starter", **given)
    theirs = StoragePackage.objects.create(provider=other_provider, source_id="p2", name="Theirs", **given)
    form = browser.get(f"/storage/{vault.pk}/limits/set/?package={package.pk}&company=Acme").context["form"]
    assert (form.initial["name"], form.initial["company"], form.initial["price"]) == ("Starter", "Acme", Decimal(9))
    text = browser.get(f"/storage/{vault.pk}/limits/set/?package={theirs.pk}").content.decode()
    assert "Starter" in text
    assert "Theirs" not in text
