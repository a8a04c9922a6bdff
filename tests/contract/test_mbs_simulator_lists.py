"""The simulated MBS: companies, users, licenses and all that is listed, field by field."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime

import pytest
from mbs_provider import FIRST_ACCOUNT, GIB, Provider, small_world

from billbridge.simulators.world import World


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def demo() -> Iterator[Provider]:
    """The default world, only read."""
    with Provider(World.generate()) as provider:
        yield provider


USER = {
    "ID", "Email", "FirstName", "LastName", "NotificationEmails", "Company", "Enabled", "LicenseManagmentMode",
    "DestinationList", "SpaceUsed",
}  # fmt: skip
USER_DESTINATION = {
    "ID", "CurrentVolume", "PackageID", "AccountID", "AccountDisplayName", "Destination", "DestinationDisplayName",
}  # fmt: skip
LICENSE = {
    "ID", "Number", "ComputerName", "OperatingSystem", "IsTrial", "IsTaken", "LicenseType", "DateExpired",
    "Transaction", "User", "UserID",
}  # fmt: skip
FIELDS = {
    "Companies": {
        "Id", "Name", "StorageLimit", "LicenseSettings", "Destinations", "DefaultLicense", "AllowedLicenses",
    },
    "Users": USER,
    "Licenses": LICENSE,
    "Packages": {
        "ID", "Cost", "Description", "Enabled", "Name", "StorageLimit", "isGlacierRestoreLimit", "RestoreLimit",
        "GlacierRestoreType", "UseRestoreLimit",
    },
    "Accounts": {"ResellerAccountID", "AccountID", "DateCreated", "DisplayName", "StorageType", "Destinations"},
    "apps/domains": {"Domain", "Storage", "StorageLimit", "StorageUsage", "ActivatedLicenses"},
    "Administrators": {
        "AdminID", "Email", "FirstName", "LastName", "Enabled", "PermissionsModels", "LastLogin", "DateCreated",
        "Companies", "AccessToCompaniesMode", "AccountType",
    },
    "Monitoring": {
        "PlanName", "CompanyName", "UserName", "UserID", "ComputerName", "ComputerHid", "BuildVersion",
        "StorageType", "LastStart", "NextStart", "Status", "ErrorMessage", "FilesCopied", "FilesFailed",
        "DataCopied", "Duration",
        "DataToBackup", "TotalData", "FilesScanned", "FilesToBackup", "PlanId", "PlanType", "DetailedReportLink",
    },
}  # fmt: skip


@pytest.mark.parametrize("path", list(FIELDS))
def test_a_list_is_a_bare_array_with_the_documented_fields(demo: Provider, path: str) -> None:
    rows = demo.get(path)
    assert rows
    assert all(set(row) == FIELDS[path] for row in rows)


@pytest.mark.parametrize(
    ("path", "key"), [("Companies", "Id"), ("Users", "ID"), ("Licenses", "ID"), ("Packages", "ID")]
)
def test_one_of_a_list_is_the_same_as_in_the_list(demo: Provider, path: str, key: str) -> None:
    row = demo.get(path)[2]
    assert demo.get(f"{path}/{row[key]}") == row


def test_one_account_lacks_the_resellers_id(demo: Provider) -> None:
    row = demo.get("Accounts")[0]
    reseller = row.pop("ResellerAccountID")
    assert reseller
    assert demo.get(f"Accounts/{row['AccountID']}") == row


@pytest.mark.parametrize("path", ["Users/44444444-0000-4000-8000-000000000001", "Companies/x", "Packages/1"])
@pytest.mark.parametrize(("unknown_id", "status"), [("null", 200), ("404", 404)])
def test_an_unknown_id_is_null_or_not_found_by_switch(path: str, unknown_id: str, status: int) -> None:
    with Provider(unknown_id=unknown_id) as provider:
        answer = provider.client.get(f"/api/{path}")
    assert answer.status_code == status
    assert (answer.json() is None) == (unknown_id == "null")


def test_lists_know_no_paging_unless_switched_on(provider: Provider) -> None:
    everything = provider.get("Licenses")
    assert provider.get("Licenses", skip="5", take="3") == everything
    provider.client.post("/_sim/switches", json={"skip_take": "honoured"})
    assert provider.get("Licenses", skip="5", take="3") == everything[5:8]
    assert provider.get("Licenses", skip="5") == everything[5:]


# Users and companies


def test_a_user_shows_the_name_of_its_company_and_where_its_data_lies(demo: Provider) -> None:
    user = next(user for user in demo.get("Users") if user["DestinationList"])
    assert user["Company"] in {company["Name"] for company in demo.get("Companies")}
    assert all(set(place) == USER_DESTINATION for place in user["DestinationList"])
    assert {place["CurrentVolume"] for place in user["DestinationList"]} == {0}


@pytest.mark.parametrize(
    ("no_company", "in_users", "elsewhere"), [("documented", "", None), ("null", None, None), ("empty", "", "")]
)
def test_a_user_without_a_company_shows_as_the_switch_says(
    no_company: str, in_users: object, elsewhere: object
) -> None:
    with Provider(no_company=no_company) as provider:
        user = next(user for user in provider.get("Users") if user["Email"] == "lab.bench")
        computer = next(
            row for row in provider.get("Computers/0/1000")["Computers"] if row["UserEmail"] == "lab.bench"
        )
        row = provider.billing_row(user["ID"])
    assert (user["Company"], computer["CompanyName"], row["CompanyName"]) == (in_users, elsewhere, elsewhere)


def test_a_rename_shows_at_once_in_everything_joined_by_name(provider: Provider) -> None:
    provider.edit("rename_company", company="Acme Dental", name="Acme Smiles")
    for row in (
        *provider.get("Users"),
        *provider.get("Computers/0/1000")["Computers"],
        *provider.get("Monitoring"),
    ):
        assert row.get("Company", row.get("CompanyName")) != "Acme Dental"
    assert "Acme Smiles" in {user["Company"] for user in provider.get("Users")}
    company = next(company for company in provider.get("Companies") if company["Name"] == "Acme Smiles")
    provider.move_to("2026-02-27")
    assert provider.get(f"Companies/{company['Id']}")["Name"] == "Acme Dental"


def test_two_companies_may_have_one_name(provider: Provider) -> None:
    provider.edit("duplicate_company_name", company="Acme Dental")
    names = [company["Name"] for company in provider.get("Companies")]
    assert names.count("Acme Dental") == 2


def test_a_removed_company_is_gone_with_its_users(provider: Provider) -> None:
    provider.edit("remove_company", company="Acme Dental")
    assert "Acme Dental" not in {company["Name"] for company in provider.get("Companies")}
    assert "Acme Dental" not in {user["Company"] for user in provider.get("Users")}


@pytest.mark.parametrize(("unit", "shown"), [("kilobytes", 3 * 2**20), ("bytes", 3 * GIB)])
def test_space_used_is_in_kilobytes_by_default(unit: str, shown: int) -> None:
    with Provider(space_used_unit=unit) as provider:
        user = provider.edit("add_user", login="new.user", company="Acme Dental")
        provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=3 * GIB)
        assert provider.user(user)["SpaceUsed"] == shown


def test_the_volume_of_a_destination_is_shown_by_switch_only() -> None:
    with Provider(current_volume="bytes") as provider:
        user = provider.edit("add_user", login="new.user", company="Acme Dental")
        provider.edit("set_storage", user=user, account=FIRST_ACCOUNT, byte_count=3 * GIB)
        (place,) = provider.user(user)["DestinationList"]
    assert (place["CurrentVolume"], place["AccountDisplayName"]) == (3 * GIB, FIRST_ACCOUNT)


def test_destinations_are_found_by_login(provider: Provider) -> None:
    user = next(user for user in provider.get("Users") if user["DestinationList"])
    assert provider.get(f"Destinations/{user['Email']}") == user["DestinationList"]


def test_destinations_of_an_unknown_login_are_not_acceptable(provider: Provider) -> None:
    assert provider.client.get("/api/Destinations/nobody@nowhere.example").status_code == 406


def test_a_limit_of_a_user_is_the_package_of_its_destination(provider: Provider) -> None:
    user = provider.edit("add_user", login="new.user", company="Acme Dental")
    provider.edit("set_package", user=user, account=FIRST_ACCOUNT, package=27756)
    (place,) = provider.user(user)["DestinationList"]
    package = provider.get(f"Packages/{place['PackageID']}")
    assert (package["Name"], package["Cost"], package["StorageLimit"]) == ("500 GB", 17.5, 500.0)
    assert (package["RestoreLimit"], package["UseRestoreLimit"]) == (50.0, True)


# Licenses


def test_a_license_in_a_pool_names_neither_computer_nor_user(demo: Provider) -> None:
    free = [row for row in demo.get("Licenses") if not row["IsTaken"]]
    assert free
    for row in free:
        assert [row[name] for name in ("ComputerName", "OperatingSystem", "User", "UserID")] == [None] * 4


def test_a_taken_license_names_its_computer_and_user(demo: Provider) -> None:
    users = {user["ID"]: user["Email"] for user in demo.get("Users")}
    taken = [row for row in demo.get("Licenses") if row["IsTaken"] and row["UserID"]]
    assert len(taken) > 350
    assert all(row["ComputerName"] and users[row["UserID"]] == row["User"] for row in taken)


def test_available_licenses_are_neither_taken_nor_expired(demo: Provider) -> None:
    everything = demo.get("Licenses")
    assert demo.get("Licenses", isAvailable="false") == everything
    available = demo.get("Licenses", isAvailable="True")
    today = datetime.combine(demo.world.today, datetime.min.time())
    assert available == [
        row for row in everything if not row["IsTaken"] and datetime.fromisoformat(row["DateExpired"]) >= today
    ]
    assert 12 <= len(available) < len(everything)


def test_a_nonsensical_filter_is_refused(provider: Provider) -> None:
    answer = provider.client.get("/api/Licenses", params={"isAvailable": "maybe"})
    assert answer.status_code == 400
    assert answer.json()["Message"] == "The request is invalid."


def test_a_license_of_an_administrator_has_a_login_but_no_user(demo: Provider) -> None:
    rows = [row for row in demo.get("Licenses") if row["LicenseType"] == "RMM + Connect"]
    assert {(row["User"], row["UserID"], row["ComputerName"]) for row in rows} == {
        ("owner@msp.example", None, None),
        ("tech@msp.example", None, None),
    }


def test_licenses_of_administrators_may_be_missing() -> None:
    with Provider(administrator_licenses=False) as provider:
        assert "RMM + Connect" not in {row["LicenseType"] for row in provider.get("Licenses")}


def test_licenses_are_as_of_today(provider: Provider) -> None:
    user = provider.edit("add_user", login="new.user", company="Acme Dental", day="2026-01-01")
    arguments = {"user": user, "license_type": "Server", "endpoint": "T-1", "day": "2026-02-10"}
    license_id = provider.edit("add_license", **arguments)
    provider.edit("release_license", license_id=license_id, day="2026-02-20")
    shown = {}
    for day in ("2026-02-09", "2026-02-10", "2026-02-19", "2026-02-20"):
        provider.move_to(day)
        row = provider.get(f"Licenses/{license_id}")
        shown[day] = None if row is None else row["IsTaken"]
    assert shown == {"2026-02-09": None, "2026-02-10": True, "2026-02-19": True, "2026-02-20": False}


def test_a_held_license_is_renewed_on_the_first_of_the_month(provider: Provider) -> None:
    user = provider.edit("add_user", login="new.user", company="Acme Dental", day="2026-01-01")
    license_id = provider.edit("add_license", user=user, license_type="Server", endpoint="T-1", day="2026-01-05")
    expiry = {}
    for day in ("2026-01-31", "2026-02-01"):
        provider.move_to(day)
        expiry[day] = datetime.fromisoformat(provider.get(f"Licenses/{license_id}")["DateExpired"]).date()
    assert expiry == {"2026-01-31": date(2026, 2, 1), "2026-02-01": date(2026, 3, 1)}


def test_a_trial_runs_fifteen_days_and_may_stay_on_its_computer_expired(provider: Provider) -> None:
    user = provider.edit("add_user", login="new.user", company="Acme Dental", day="2026-02-01")
    license_id = provider.edit(
        "add_license", user=user, license_type="Ultimate", endpoint="T-1", trial=True, day="2026-02-01"
    )
    row = provider.get(f"Licenses/{license_id}")
    assert (row["IsTrial"], row["IsTaken"]) == (True, True)
    assert datetime.fromisoformat(row["DateExpired"]).date() == date(2026, 2, 16)


def test_license_types_may_be_spelt_otherwise() -> None:
    with Provider(license_type_names={"Server": "Windows Server Edition"}) as provider:
        types = {row["LicenseType"] for row in provider.get("Licenses")}
    assert "Windows Server Edition" in types
    assert "Server" not in types


def test_dates_are_naive_with_none_three_or_seven_fractional_digits(demo: Provider) -> None:
    dates = [row["DateExpired"] for row in demo.get("Licenses")]
    assert {len(text.partition(".")[2]) for text in dates} == {0, 3, 7}
    assert all(datetime.fromisoformat(text).tzinfo is None for text in dates)
    assert dates == [row["DateExpired"] for row in demo.get("Licenses")]


@pytest.mark.parametrize(("digits", "text"), [("0", "34:23"), ("3", "34:23.427"), ("7", "34:23.4270000")])
def test_the_digits_of_dates_can_be_chosen(digits: str, text: str) -> None:
    with Provider(date_digits=digits) as provider:
        assert all(account["DateCreated"].endswith(text) for account in provider.get("Accounts"))


# Domains and computers


def test_a_domain_shows_a_number_of_licenses_but_no_company(demo: Provider) -> None:
    rows = {row["Domain"]: row for row in demo.get("apps/domains")}
    assert len(rows) == 4
    acme = rows["acme-dental.example"]
    assert acme["ActivatedLicenses"] == demo.world.domains["acme-dental.example"].licenses_on(demo.world.today) > 0
    assert set(acme["StorageLimit"]) == {"TotalLimit", "CommandDriveLimit", "OtherServicesLimit"}
    assert acme["StorageUsage"]["Total"] > 100 * GIB


def test_a_domain_changes_its_number_on_the_day_it_is_set(provider: Provider) -> None:
    arguments = {"name": "test.example", "account": FIRST_ACCOUNT, "licenses": 4, "day": "2026-02-01"}
    provider.edit("add_domain", **arguments)
    provider.edit("set_domain_licenses", domain="test.example", licenses=11, day="2026-02-20")
    numbers = {}
    for day in ("2026-02-19", "2026-02-20"):
        provider.move_to(day)
        domain = next(row for row in provider.get("apps/domains") if row["Domain"] == "test.example")
        numbers[day] = domain["ActivatedLicenses"]
    assert numbers == {"2026-02-19": 4, "2026-02-20": 11}


def test_the_sharepoint_license_of_a_domain_counts_by_switch_only() -> None:
    with Provider() as provider:
        (before,) = provider.get("apps/domains")
        provider.client.post(
            "/_sim/switches", json={"sharepoint_in_domain_count": True, "domain_storage_unit": "gigabytes"}
        )
        (after,) = provider.get("apps/domains")
    assert after["ActivatedLicenses"] == before["ActivatedLicenses"] + 1
    assert after["StorageUsage"]["Total"] == before["StorageUsage"]["Total"] // GIB


def test_mailboxes_stand_among_the_licenses_by_switch_only() -> None:
    with Provider(domain_licenses=True) as provider:
        rows = [row for row in provider.get("Licenses") if row["LicenseType"] == "Microsoft 365 / Google Workspace"]
        (domain,) = provider.get("apps/domains")
    assert len(rows) == domain["ActivatedLicenses"]
    assert all("@" in row["ComputerName"] and row["UserID"] is None for row in rows)


@pytest.mark.parametrize("counts", ["page", "total"])
def test_computers_are_paged_by_path_in_an_envelope(counts: str) -> None:
    with Provider(computers_count=counts) as provider:
        everything = provider.get("Computers/0/1000")
        pages = [
            provider.get(f"Computers/{offset}/10") for offset in range(0, len(everything["Computers"]) + 10, 10)
        ]
    assert set(everything) == {"Count", "Message", "StatusCode", "Computers"}
    assert [row for page in pages for row in page["Computers"]] == everything["Computers"]
    assert pages[-1]["Count"] == (
        len(everything["Computers"]) if counts == "total" else len(pages[-1]["Computers"])
    )
    assert (everything["Message"], everything["StatusCode"]) == ("Success", 200)


def test_a_computer_with_several_licenses_is_one_computer(demo: Provider) -> None:
    rows = demo.get("Computers/0/1000")["Computers"]
    assert len({row["ComputerHID"] for row in rows}) == len(rows)
    endpoints = {(row["UserID"], row["ComputerName"]) for row in demo.get("Licenses") if row["ComputerName"]}
    assert {(row["UserID"], row["ComputerName"]) for row in rows} == endpoints
    assert set(rows[0]["License"]) == {"Granted", "IsTrial", "DisplayExpiresDate"}


def test_monitoring_may_be_asked_for_one_user(demo: Provider) -> None:
    rows = demo.get("Monitoring")
    user = rows[0]["UserID"]
    assert demo.get(f"Monitoring/{user}") == [row for row in rows if row["UserID"] == user]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["Companies", "Users", "Licenses", "Billing", "apps/domains", "Computers/0/1000"])
def test_a_large_world_with_a_year_of_history_answers_at_once(path: str) -> None:
    world = World.generate(companies=300, licenses=3_000, today=date(2027, 8, 31))
    times = []
    with Provider(world) as provider:
        for _ in range(4):
            begun = time.process_time()  # of this process alone: what else the machine does says nothing here
            provider.client.get(f"/api/{path}")
            times.append(time.process_time() - begun)
    assert min(times) < 0.1
    assert times[0] < 1.0, "figures that were never asked for are made on the way"


def test_the_small_world_of_these_tests_has_the_cases_it_is_used_for() -> None:
    world = small_world()
    assert len(world.companies_now()) == 3
    assert len(world.domains_now()) == 1
    assert world.storage
