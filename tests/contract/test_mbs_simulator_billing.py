"""The simulated MBS: storage money per user of a month, and the bytes behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from mbs_provider import FIRST_ACCOUNT, GIB, Provider

from billbridge.simulators.world_values import CompanyDestination, CustomPrice

ROW = {
    "UserId", "Email", "FirstName", "LastName", "CompanyName", "AverageSpace", "TotalVolumeRestore", "PlanCost",
    "StorageCost", "RestoreCost", "TotalCost",
}  # fmt: skip
FEBRUARY_AS_IT_IS_OVER = "2026-03-10"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def storing_user(provider: Provider, *, size: int = 500 * GIB, restored: int = 0, login: str = "acme.front") -> str:
    """A user of a company of its own that keeps `size` bytes on every day of February."""
    name = f"Company of {login}"
    provider.edit("add_company", name=name, day="2026-01-01")
    user: str = provider.edit("add_user", login=login, company=name, day="2026-01-01")
    provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=size, day="2026-02-01")
    if restored:
        provider.edit("set_restore", user=user, account=FIRST_ACCOUNT, byte_count=restored, day="2026-02-12")
    return user


def money(row: dict[str, Any]) -> tuple[float, float, float, float]:
    return row["PlanCost"], row["StorageCost"], row["RestoreCost"], row["TotalCost"]


def test_a_row_per_user_with_the_documented_fields(provider: Provider) -> None:
    answer = provider.get("Billing")
    assert set(answer) == {"CurrentSpaceUsed", "AverageSpaceUsed", "TotalRestore", "StatisticBilling"}
    assert all(set(row) == ROW for row in answer["StatisticBilling"])
    assert {row["UserId"] for row in answer["StatisticBilling"]} == {user["ID"] for user in provider.get("Users")}


def test_the_worked_example_of_the_vendors_figures(provider: Provider) -> None:
    user = storing_user(provider, size=500 * GIB, restored=10 * GIB)
    provider.edit("set_package", user=user, account=FIRST_ACCOUNT, package=27755)
    provider.client.post("/_sim/switches", json={"package_and_per_gb": "both"})
    row = provider.billing_row(user, Date="2026-02-01")
    assert (row["AverageSpace"], row["TotalVolumeRestore"]) == (536870912000, 10737418240)
    assert money(row) == (30.0, 25.0, 1.0, 56.0)


def test_a_limit_is_charged_in_full_and_covers_what_is_kept(provider: Provider) -> None:
    user = storing_user(provider, size=3_000 * GIB, restored=10 * GIB)
    provider.edit("set_package", user=user, account=FIRST_ACCOUNT, package=27757)
    assert money(provider.billing_row(user, Date="2026-02-01")) == (55.0, 0.0, 0.0, 55.0)


def test_usage_beyond_a_limit_is_charged_by_switch(provider: Provider) -> None:
    provider.client.post("/_sim/switches", json={"package_and_per_gb": "overage"})
    user = storing_user(provider, size=2_100 * GIB, restored=210 * GIB)
    provider.edit("set_package", user=user, account=FIRST_ACCOUNT, package=27757)
    assert money(provider.billing_row(user, Date="2026-02-01")) == (55.0, 5.0, 1.0, 61.0)


def test_a_limit_without_one_for_restores_does_not_cover_them(provider: Provider) -> None:
    user = storing_user(provider, restored=10 * GIB)
    provider.edit("set_package", user=user, account=FIRST_ACCOUNT, package=27755)
    assert money(provider.billing_row(user, Date="2026-02-01")) == (30.0, 0.0, 1.0, 31.0)


@pytest.mark.parametrize(
    ("switch", "plans"), [("first_user", [30.0, 0.0]), ("every_user", [30.0, 30.0]), ("none", [0.0, 0.0])]
)
def test_the_limit_of_a_company_is_charged_as_the_switch_says(switch: str, plans: list[float]) -> None:
    with Provider(company_package_cost=switch) as provider:
        company = provider.world.companies[storing_company_with_limit(provider)]
        rows = provider.put("Billing", {"CompanyName": company.name_on(provider.world.today)})["StatisticBilling"]
        first = provider.world.accounts[next(iter(provider.world.accounts))]
        covered = [
            row for row in rows
            if any(place.account_id == first.id and not place.package_id
                   for place in provider.world.users[row["UserId"]].destinations)
        ]  # fmt: skip
        assert [row["PlanCost"] for row in covered] == plans
        assert [row["StorageCost"] for row in covered] == [0.0, 0.0]


def storing_company_with_limit(provider: Provider) -> str:
    """A company under a limit on the first account, with two users of their own there."""
    company_id: str = provider.edit("add_company", name="Limited Ltd", day="2026-01-01")
    for login in ("limited.one", "limited.two"):
        user = provider.edit("add_user", login=login, company=company_id, day="2026-01-01")
        provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=GIB, day="2026-02-01")
    account = next(iter(provider.world.accounts.values()))
    limit = CompanyDestination(destination_id=account.destinations[0].id, package_id=27755)
    company = provider.world.companies[company_id]
    provider.world.companies[company_id] = replace(company, destinations=(limit,))
    return company_id


def test_a_price_of_the_user_or_its_company_beats_that_of_the_account() -> None:
    with Provider() as provider:
        users = [
            storing_user(provider, size=100 * GIB, login=login) for login in ("by.account", "by.company", "by.user")
        ]
        account = next(iter(provider.world.accounts))
        for number in (1, 2):
            provider.world.prices.append(
                CustomPrice(
                    account_id=account,
                    company_id=provider.world.users[users[number]].company_on(date(2026, 2, 1)),
                    backup_price=Decimal("0.04"),
                    restore_price=Decimal(0),
                )
            )
        provider.world.prices.append(
            CustomPrice(
                account_id=account, user_id=users[2], backup_price=Decimal("0.01"), restore_price=Decimal(0)
            )
        )
        costs = [provider.billing_row(user, Date="2026-02-01")["StorageCost"] for user in users]
    assert costs == [5.0, 4.0, 1.0]


@pytest.mark.parametrize(
    ("switches", "cost"),
    [
        ({}, 0.13),
        ({"money_rounding": "half_even"}, 0.12),
        ({"money_decimals": 4}, 0.125),
        ({"money_decimals": 0}, 0.0),
    ],
)
def test_charges_are_rounded_as_the_switches_say(switches: dict[str, Any], cost: float) -> None:
    with Provider(**switches) as provider:
        user = storing_user(provider, size=5 * GIB // 2)
        assert provider.billing_row(user, Date="2026-02-01")["StorageCost"] == cost


# Months


def test_a_closed_month_gives_its_average_whatever_day_names_it(provider: Provider) -> None:
    user = storing_user(provider, size=100 * GIB)
    provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=240 * GIB, day="2026-02-15")
    provider.move_to(FEBRUARY_AS_IT_IS_OVER)
    for day in ("2026-02-01", "2026-02-28", "2026-02-14T07:43:14.5449936Z"):
        assert provider.billing_row(user, Date=day)["AverageSpace"] == 170 * GIB


def test_the_running_month_gives_figures_to_date(provider: Provider) -> None:
    user = storing_user(provider, size=100 * GIB)
    provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=200 * GIB, day="2026-02-03")
    provider.edit("set_restore", user=user, account=FIRST_ACCOUNT, byte_count=GIB, day="2026-02-04")
    provider.move_to("2026-02-04")
    asked = {"CompanyName": "Company of acme.front"}
    answer = provider.put("Billing", asked)
    assert answer["AverageSpaceUsed"] == 150 * GIB
    assert answer["CurrentSpaceUsed"] == 200 * GIB
    assert answer["TotalRestore"] == GIB
    assert provider.put("Billing", {**asked, "Date": "2026-02-01"}) == answer
    provider.move_to("2026-02-03")
    assert provider.put("Billing", asked)["TotalRestore"] == 0


def test_no_filter_at_all_means_everybody_and_the_running_month(provider: Provider) -> None:
    everybody = provider.get("Billing")
    assert provider.client.put("/api/Billing").json() == everybody
    for body in ({}, {"CompanyName": "", "Date": ""}, {"CompanyName": None, "Date": None}, {"date": "2026-02-09"}):
        assert provider.put("Billing", body) == everybody


def test_a_month_to_come_or_before_the_history_is_all_zero(provider: Provider) -> None:
    for day in ("2026-03-01", "2030-01-01", "2025-11-01"):
        answer = provider.put("Billing", {"Date": day})
        assert (answer["CurrentSpaceUsed"], answer["AverageSpaceUsed"], answer["TotalRestore"]) == (0, 0, 0)
        assert {row["AverageSpace"] for row in answer["StatisticBilling"]} == {0}


@pytest.mark.parametrize(
    "body", [b'{"Date": "soon"}', b'{"Date": "9999-12-01"}', b"{", b"[]", b'{"CompanyName": 5}']
)
def test_a_filter_that_cannot_be_read_is_refused(provider: Provider, body: bytes) -> None:
    answer = provider.client.put("/api/Billing", content=body)
    assert answer.status_code == 400
    assert answer.json()["Message"] == "The request is invalid."


@pytest.mark.parametrize(("switch", "size"), [("last_day", 100 * GIB), ("today", 300 * GIB)])
def test_the_current_space_of_a_closed_month_is_that_of_its_last_day_or_of_today(switch: str, size: int) -> None:
    with Provider(current_space_of_closed_month=switch) as provider:
        user = storing_user(provider, size=100 * GIB)
        provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=300 * GIB, day="2026-03-01")
        provider.move_to(FEBRUARY_AS_IT_IS_OVER)
        answer = provider.put("Billing", {"CompanyName": "Company of acme.front", "Date": "2026-02-01"})
    assert answer["CurrentSpaceUsed"] == size


# Whom the rows are of


def test_a_filter_by_company_goes_by_todays_name(provider: Provider) -> None:
    user = storing_user(provider)
    provider.edit("rename_company", company="Company of acme.front", name="New Name")
    asked = {"CompanyName": "New Name", "Date": "2026-02-01"}
    assert [row["UserId"] for row in provider.put("Billing", asked)["StatisticBilling"]] == [user]
    asked["CompanyName"] = "Company of acme.front"
    assert provider.put("Billing", asked)["StatisticBilling"] == []


def test_two_companies_of_one_name_are_mixed(provider: Provider) -> None:
    before = provider.put("Billing", {"CompanyName": "Acme Dental"})["StatisticBilling"]
    provider.edit("duplicate_company_name", company="Acme Dental")
    assert len(provider.put("Billing", {"CompanyName": "Acme Dental"})["StatisticBilling"]) == len(before) + 1


@pytest.mark.parametrize("totals", ["scoped", "provider"])
def test_the_totals_of_a_filter_are_the_companys_or_the_providers_by_switch(totals: str) -> None:
    with Provider(billing_totals=totals) as provider:
        storing_user(provider)
        of_company = provider.put("Billing", {"CompanyName": "Company of acme.front"})
        everybody = provider.get("Billing")
    expected = everybody["AverageSpaceUsed"] if totals == "provider" else 500 * GIB
    assert of_company["AverageSpaceUsed"] == expected
    assert everybody["AverageSpaceUsed"] == sum(row["AverageSpace"] for row in everybody["StatisticBilling"])


def test_users_without_usage_have_a_row_unless_switched_off(provider: Provider) -> None:
    everybody = provider.get("Billing")["StatisticBilling"]
    assert any(row["AverageSpace"] == 0 for row in everybody)
    provider.client.post("/_sim/switches", json={"billing_zero_rows": False})
    rows = provider.get("Billing")["StatisticBilling"]
    assert rows == [row for row in everybody if row["AverageSpace"] or row["TotalCost"]]


def test_licenses_used_is_absent_unless_switched_on() -> None:
    with Provider(licenses_used_in_billing=True) as provider:
        user = provider.edit("add_user", login="new.user", company="Acme Dental")
        for endpoint in ("T-1", "T-2"):
            provider.edit("add_license", user=user, license_type="Server", endpoint=endpoint)
        assert provider.billing_row(user)["LicensesUsed"] == 2


@pytest.mark.parametrize(("keeps", "listed"), [(False, []), (True, [GIB * 500 * 19 // 28])])
def test_a_deleted_user_stays_in_its_months_by_switch_only(keeps: bool, listed: list[int]) -> None:
    with Provider(billing_keeps_deleted_users=keeps) as provider:
        user = storing_user(provider)
        provider.edit("remove_user", user=user, day="2026-02-20")
        provider.move_to(FEBRUARY_AS_IT_IS_OVER)
        rows = provider.put("Billing", {"Date": "2026-02-01"})["StatisticBilling"]
        now = provider.get("Billing")["StatisticBilling"]
        details = provider.put("Billing/Details", {"UserID": user, "Date": "2026-02-01"})
    assert [row["AverageSpace"] for row in rows if row["UserId"] == user] == listed
    assert user not in {row["UserId"] for row in now}
    assert (details is None) == (not keeps)


# Details


def test_details_divide_the_bytes_among_computers_and_name_the_account(provider: Provider) -> None:
    user = next(user for user in provider.get("Users") if user["DestinationList"])
    details = provider.put("Billing/Details", {"UserID": user["ID"], "Date": "2026-01-01"})
    assert set(details) == {"TotalBackupBytes", "TotalRestoreBytes", "UserID", "UserDetailList"}
    rows = details["UserDetailList"]
    fields = {"Computer", "SizeBackup", "SizeRestore", "Prefix", "AccountID", "Destination"}
    assert all(set(row) == fields for row in rows)
    accounts = {place["AccountID"]: place["Destination"] for place in user["DestinationList"]}
    assert {row["AccountID"]: row["Destination"] for row in rows} == accounts
    assert details["TotalBackupBytes"] == sum(row["SizeBackup"] for row in rows)
    assert details["TotalRestoreBytes"] == sum(row["SizeRestore"] for row in rows)


def test_details_and_billing_agree_for_every_user_of_a_closed_month(provider: Provider) -> None:
    for row in provider.put("Billing", {"Date": "2026-01-15"})["StatisticBilling"]:
        details = provider.put("Billing/Details", {"UserID": row["UserId"], "Date": "2026-01-15"})
        assert details["TotalBackupBytes"] == row["AverageSpace"]
        assert details["TotalRestoreBytes"] == row["TotalVolumeRestore"]


@pytest.mark.parametrize(("switch", "size"), [("average_to_date", 150 * GIB), ("current", 200 * GIB)])
def test_details_of_the_running_month_are_the_average_to_date_or_current(switch: str, size: int) -> None:
    with Provider(details_running_month=switch) as provider:
        user = storing_user(provider, size=100 * GIB)
        provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=200 * GIB, day="2026-02-03")
        provider.move_to("2026-02-04")
        assert provider.put("Billing/Details", {"UserID": user})["TotalBackupBytes"] == size
        provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=0, day="2026-02-05")
        provider.move_to(FEBRUARY_AS_IT_IS_OVER)
        closed = provider.put("Billing/Details", {"UserID": user, "Date": "2026-02-04"})
    assert closed["TotalBackupBytes"] == 600 * GIB // 28, "a closed month gives its average in either case"


def test_details_need_a_user_and_an_unknown_one_is_null(provider: Provider) -> None:
    answer = provider.client.put("/api/Billing/Details", json={"Date": "2026-02-01"})
    assert answer.status_code == 400
    assert provider.put("Billing/Details", {"UserID": "44444444-0000-4000-8000-000000000001"}) is None


def test_details_of_a_user_without_data_are_empty(provider: Provider) -> None:
    user = next(user for user in provider.get("Users") if user["Email"] == "orphan")
    details = provider.put("Billing/Details", {"UserID": user["ID"]})
    assert details == {"TotalBackupBytes": 0, "TotalRestoreBytes": 0, "UserID": user["ID"], "UserDetailList": []}


def test_the_figure_of_a_day_does_not_change_within_the_day_but_overnight(provider: Provider) -> None:
    first = provider.get("Billing")["CurrentSpaceUsed"]
    assert provider.get("Billing")["CurrentSpaceUsed"] == first
    provider.move_to((provider.world.today + timedelta(days=1)).isoformat())
    assert provider.get("Billing")["CurrentSpaceUsed"] != first
