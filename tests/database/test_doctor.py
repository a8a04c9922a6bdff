"""What the look over an installation finds: here, products nobody ever priced, and channels that reach nobody."""

from __future__ import annotations

from datetime import date

import pytest
from usage_of import configure, price

from billbridge.billing.months import Month
from billbridge.operations.doctor import examine
from billbridge.operations.provider import today
from billbridge.sources.port import Finding
from billbridge.store.models import (
    BackupUser,
    Company,
    NotificationChannel,
    Provider,
    StorageAccount,
    StorageRate,
    StorageReading,
)
from billbridge.store.secrets import put_secret

ALL_SET = Finding(step="prices", ok=True, message="all set")
STORAGE = "storage:acc-1"


def prices_found() -> Finding:
    (found,) = [finding for finding in examine() if finding.step == "prices"]
    return found


@pytest.fixture
def north(provider: Provider) -> Company:
    return Company.objects.create(provider=provider, source_id="north", name="North")


@pytest.fixture
def account(provider: Provider) -> StorageAccount:
    return StorageAccount.objects.create(provider=provider, source_id="acc-1", name="CorporateS3")


def rate(
    provider: Provider, *, company: Company | None = None, user: str = "", since: Month | None = None
) -> StorageRate:
    return StorageRate.objects.create(
        provider=provider, account_id="acc-1", company=company, user_id=user,
        from_month=since or Month(2026, 1), backup_cost=0, backup_price=0, restore_cost=0, restore_price=0,
    )  # fmt: skip


def reads(company: Company, user: str, day: date) -> None:
    StorageReading.objects.create(
        provider=company.provider, company=company, account_id="acc-1", user_id=user, day=day,
        backup_bytes=1, restore_bytes=0,
    )  # fmt: skip


def test_a_license_without_a_price_is_found_with_the_companies_it_is_billed_to(company: Company) -> None:
    configure(company, "license:Server")
    assert prices_found() == Finding(
        step="prices", ok=False, message="never set: Server (Acme)", remedy="Set them, even to 0, in [[prices]]."
    )


def test_a_price_of_0_is_set(company: Company) -> None:
    configure(company, "license:Server")
    price(company.provider, cost="0", price="0")
    assert prices_found() == ALL_SET


def test_a_company_price_is_set_for_that_company_alone(company: Company, north: Company) -> None:
    configure(company, "license:Server")
    configure(north, "license:Server")
    price(company.provider, company=company)
    assert prices_found().message == "never set: Server (North)"
    price(company.provider, company=north)
    assert prices_found() == ALL_SET


def test_a_price_that_does_not_hold_yet_is_not_set(company: Company) -> None:
    configure(company, "license:Server")
    price(company.provider, since=Month.of(today(company.provider)).next)
    assert prices_found().message == "never set: Server (Acme)"


def test_a_quantity_needs_no_price_of_ours(company: Company) -> None:
    configure(company, "license:Server", mode="quantity")
    assert prices_found() == ALL_SET


def test_a_configuration_that_has_ended_needs_no_price(company: Company) -> None:
    ended = configure(company, "license:Server")
    ended.last_month = Month.of(today(company.provider)).previous
    ended.save()
    assert prices_found() == ALL_SET


def test_many_companies_are_counted_and_not_listed(provider: Provider) -> None:
    for number in range(5):
        company = Company.objects.create(provider=provider, source_id=str(number), name=f"Company {number}")
        configure(company, "license:Server")
    assert prices_found().message == "never set: Server (Company 0, Company 1, Company 2 and 2 more)"


def test_storage_without_a_rate_is_found_by_the_accounts_name(company: Company, account: StorageAccount) -> None:
    configure(company, STORAGE)
    assert prices_found() == Finding(
        step="prices",
        ok=False,
        message="never set: storage CorporateS3 (Acme)",
        remedy="Set them, even to 0, in [[storage_costs]].",
    )


def test_a_rate_of_the_account_is_set_for_every_company(company: Company, north: Company) -> None:
    configure(company, STORAGE)
    configure(north, STORAGE)
    rate(company.provider)
    assert prices_found() == ALL_SET


def test_a_custom_price_of_a_company_is_set_for_that_company_alone(company: Company, north: Company) -> None:
    configure(company, STORAGE)
    configure(north, STORAGE)
    rate(company.provider, company=company)
    assert prices_found().message == "never set: storage acc-1 (North)"


def test_a_rate_that_does_not_hold_yet_is_not_set(company: Company) -> None:
    configure(company, STORAGE)
    rate(company.provider, since=Month.of(today(company.provider)).next)
    assert prices_found().message == "never set: storage acc-1 (Acme)"


def test_custom_prices_of_users_suffice_when_every_user_has_one(company: Company) -> None:
    configure(company, STORAGE)
    day = today(company.provider)
    for user in ("ann", "bob"):
        BackupUser.objects.create(provider=company.provider, source_id=user, login=user, company=company)
        reads(company, user, day)
    rate(company.provider, company=company, user="ann")
    assert prices_found().message == "never set: storage acc-1 (Acme)"
    rate(company.provider, company=company, user="bob")
    assert prices_found() == ALL_SET


def test_licenses_and_storage_are_named_with_the_lists_they_belong_in(company: Company) -> None:
    configure(company, "license:Server", STORAGE, mode="total")
    assert prices_found().remedy == "Set them, even to 0, in [[prices]] and [[storage_costs]]."


def channel_found(provider: Provider, **given: str) -> Finding:
    row = NotificationChannel.objects.create(provider=provider, name="Ops", **given)
    if not given.get("username"):
        put_secret(row, "signing_key", "sign")
    (found,) = [finding for finding in examine() if finding.step == "channel Ops"]
    return found


@pytest.mark.parametrize(
    ("given", "what"), [({"kind": "slack"}, "address"), ({"kind": "email", "username": "anna"}, "password")]
)
def test_a_channel_without_its_secret_is_found(provider: Provider, given: dict[str, str], what: str) -> None:
    found = channel_found(provider, **given)
    assert (found.ok, found.message) == (False, f"has no {what}")


def test_a_channel_that_needs_no_secret_is_well(provider: Provider) -> None:
    assert channel_found(provider, kind="email") == Finding(step="channel Ops", ok=True, message="email, on")


def test_a_secret_of_a_channel_that_does_not_open_is_found(provider: Provider) -> None:
    row = NotificationChannel.objects.create(
        provider=provider, name="Ops", kind="slack", secret=b"\x01" + b"x" * 60
    )
    (found,) = [finding for finding in examine() if finding.step == f"channel {row.name}"]
    assert not found.ok
    assert "does not open" in found.message
