"""The two snapshots that are made of the MBS API's lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from billbridge.billing.months import Month
from billbridge.billing.snapshot import (
    Company,
    Domain,
    License,
    LicenseSnapshot,
    Package,
    StorageAccount,
    StorageSnapshot,
    UsageReading,
    User,
)
from billbridge.errors import BillbridgeError, PermanentError, TransientError
from billbridge.sources.mbs.collect import MbsSource
from billbridge.sources.port import Source

DAY = date(2026, 3, 2)
FEBRUARY = Month(2026, 2)
JANUARY = Month(2026, 1)

ACME = "11111111-0000-4000-8000-000000000001"
FRONT = "22222222-0000-4000-8000-000000000001"
BIRCH_USER = "22222222-0000-4000-8000-000000000002"
GONE = "22222222-0000-4000-8000-0000000000ff"
CORPORATE = "33333333-0000-4000-8000-000000000001"
ARCHIVE = "33333333-0000-4000-8000-000000000002"
GIB = 2**30


def licenses_of(mbs: Any, **options: Any) -> LicenseSnapshot:
    return MbsSource(mbs.client(), **options).licenses(DAY)


def storage_of(mbs: Any, *users: str, closed: tuple[Month, ...] = ()) -> StorageSnapshot:
    return MbsSource(mbs.client()).storage(DAY, users or (FRONT,), closed)


def sent(mbs: Any, route: str) -> list[Any]:
    return [json.loads(each.content) for each in mbs.asked(route)]


def changed(mbs: Any, route: str, index: int, **fields: Any) -> None:
    """Change one element of a list the MBS answers."""
    rows = mbs.table[route][0]
    mbs.answers(route, [row | fields if number == index else row for number, row in enumerate(rows)])


def usage(*rows: tuple[str, str | None, int, int]) -> dict[str, Any]:
    """Details with the rows (computer, account, bytes kept, bytes restored)."""
    names = ("Computer", "AccountID", "SizeBackup", "SizeRestore")
    return {"UserDetailList": [dict(zip(names, row, strict=True)) for row in rows]}


def billing(**rows: tuple[int, int]) -> dict[str, Any]:
    """Billing with a row (average bytes kept, bytes restored) per user."""
    users = {"front": FRONT, "birch": BIRCH_USER}
    return {
        "StatisticBilling": [
            {"UserId": users[name], "Email": name, "AverageSpace": kept, "TotalVolumeRestore": restored}
            for name, (kept, restored) in rows.items()
        ]
    }


def by_date(answers: dict[str, Any]) -> Callable[[httpx2.Request], Any]:
    """Answer a filter by the date in its body."""
    return lambda request: answers[json.loads(request.content)["Date"]]


def computers(*rows: dict[str, Any], **envelope: Any) -> dict[str, Any]:
    return {"Count": len(rows), "Message": "Success", "StatusCode": 200, "Computers": list(rows)} | envelope


def computer(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "ComputerHID": f"hid-{name}",
        "ComputerName": name,
        "CompanyName": "Acme Dental",
        "UserID": FRONT,
        "UserEmail": "acme.front",
        "License": {"Granted": True, "IsTrial": False},
    } | fields


def test_it_is_a_source(mbs: Any) -> None:
    source: Source = MbsSource(mbs.client())

    assert source.licenses(DAY).day == DAY


# --- licenses


def test_companies_users_and_domains_come_with_their_names(mbs: Any) -> None:
    snapshot = licenses_of(mbs)

    assert snapshot.companies[0] == Company(id=ACME, name="Acme Dental")
    assert snapshot.users[0] == User(id=FRONT, login="acme.front", company_name="Acme Dental")
    assert snapshot.users[2].company_name == ""
    assert snapshot.domains == (Domain(name="acme.example", activated_licenses=14, storage_bytes=20 * GIB),)


def test_licenses_come_with_what_counting_needs(mbs: Any) -> None:
    snapshot = licenses_of(mbs)

    assert snapshot.licenses[0] == License(
        id="44444444-0000-4000-8000-000000000001",
        type="Server",
        endpoint="ACME-DC01",
        user_id=FRONT,
        user_login="acme.front",
        is_trial=False,
        is_taken=True,
        expires=date(2026, 4, 1),
    )
    assert [each.is_trial for each in snapshot.licenses] == [False, False, True, False, False]
    assert [each.is_taken for each in snapshot.licenses] == [True, True, True, False, True]


def test_a_license_in_a_pool_has_no_endpoint_and_no_user(mbs: Any) -> None:
    pooled = licenses_of(mbs).licenses[3]

    assert (pooled.endpoint, pooled.user_id, pooled.user_login) == ("", "", "")


def test_all_licenses_are_asked_for_and_nothing_is_paged_that_has_no_pages(mbs: Any) -> None:
    licenses_of(mbs)

    assert {str(each.url.query, "ascii") for each in mbs.requests} == {"", "isAvailable=false"}
    assert str(mbs.asked("GET /api/Licenses")[0].url.query, "ascii") == "isAvailable=false"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-04-01T00:00:00", date(2026, 4, 1)),
        ("2026-04-01T23:59:59.427", date(2026, 4, 1)),
        ("2026-04-01T23:59:59.5449936Z", date(2026, 4, 1)),
        ("2026-04-01", date(2026, 4, 1)),
        (None, None),
        ("0001-01-01T00:00:00", None),
    ],
)
def test_the_end_of_a_license_is_its_calendar_day_as_written(
    mbs: Any, written: str | None, day: date | None
) -> None:
    changed(mbs, "GET /api/Licenses", 0, DateExpired=written)

    assert licenses_of(mbs).licenses[0].expires == day


@pytest.mark.parametrize("written", ["1 April 2026", "2026-04-31T00:00:00", 20260401])
def test_an_end_of_a_license_that_is_no_date_is_refused(mbs: Any, written: Any) -> None:
    changed(mbs, "GET /api/Licenses", 0, DateExpired=written)

    with pytest.raises(PermanentError, match=r"the licenses .* 0\.dateexpired"):
        licenses_of(mbs)


def test_names_are_trimmed_and_keep_their_case(mbs: Any) -> None:
    changed(mbs, "GET /api/Companies", 0, Name="  aCME dental ")
    changed(mbs, "GET /api/Users", 0, Email=" Acme.Front ", Company=" aCME dental")
    changed(mbs, "GET /api/Licenses", 0, ComputerName=" acme-DC01 ", LicenseType=" Server ")

    snapshot = licenses_of(mbs)
    assert snapshot.companies[0].name == "aCME dental"
    assert (snapshot.users[0].login, snapshot.users[0].company_name) == ("Acme.Front", "aCME dental")
    assert (snapshot.licenses[0].endpoint, snapshot.licenses[0].type) == ("acme-DC01", "Server")


def test_ids_join_whatever_the_case_of_their_digits(mbs: Any) -> None:
    changed(mbs, "GET /api/Users", 0, ID="AAAAAAAA-0000-4000-8000-000000000001")
    changed(mbs, "GET /api/Licenses", 0, UserID="aaaaaaaa-0000-4000-8000-000000000001")

    snapshot = licenses_of(mbs)
    assert snapshot.users[0].id == snapshot.licenses[0].user_id


def test_an_id_of_zeros_is_no_user(mbs: Any) -> None:
    changed(mbs, "GET /api/Licenses", 3, UserID="00000000-0000-0000-0000-000000000000")

    assert licenses_of(mbs).licenses[3].user_id == ""


def test_unknown_fields_and_another_case_of_names_are_tolerated(mbs: Any) -> None:
    mbs.answers("GET /api/Companies", [{"id": ACME, "NAME": "Acme Dental", "Colour": {"r": 1}}])

    assert licenses_of(mbs).companies == (Company(id=ACME, name="Acme Dental"),)


@pytest.mark.parametrize(
    "field", ["ComputerName", "LicenseType", "User", "UserID", "DateExpired", "OperatingSystem"]
)
def test_a_field_that_describes_may_be_missing(mbs: Any, field: str) -> None:
    rows = mbs.table["GET /api/Licenses"][0]
    mbs.answers("GET /api/Licenses", [{name: row[name] for name in row if name != field} for row in rows])

    assert len(licenses_of(mbs).licenses) == 5


@pytest.mark.parametrize("field", ["ID", "IsTaken", "IsTrial"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_field_a_count_hangs_on_must_be_there(mbs: Any, field: str, missing: bool) -> None:
    rows = mbs.table["GET /api/Licenses"][0]
    rows[1].pop(field) if missing else rows[1].update({field: None})

    with pytest.raises(PermanentError, match=rf"the licenses \(GET /api/Licenses\).* 1\.{field.lower()}"):
        licenses_of(mbs)


@pytest.mark.parametrize(
    ("route", "row", "what"),
    [
        ("GET /api/Companies", {"Id": ACME, "Name": "Other"}, "company"),
        ("GET /api/Users", {"ID": FRONT}, "user"),
        (
            "GET /api/Licenses",
            {"ID": "44444444-0000-4000-8000-000000000001", "IsTaken": True, "IsTrial": False},
            "license",
        ),
        ("GET /api/apps/domains", {"Domain": "ACME.example", "ActivatedLicenses": 1}, "domain"),
    ],
)
def test_a_list_that_holds_the_same_thing_twice_is_refused(mbs: Any, route: str, row: Any, what: str) -> None:
    mbs.answers(route, [*mbs.table[route][0], row])

    with pytest.raises(PermanentError, match=f"lists the {what} .* twice"):
        licenses_of(mbs)


@pytest.mark.parametrize(
    "route", ["GET /api/Companies", "GET /api/Users", "GET /api/Licenses", "GET /api/apps/domains"]
)
@pytest.mark.parametrize("answer", [{}, {"Items": []}, None, 0, [None], ["x"]])
def test_a_list_that_is_not_a_list_of_objects_is_refused(mbs: Any, route: str, answer: Any) -> None:
    mbs.answers(route, answer)

    with pytest.raises(PermanentError, match="shape that is not understood") as caught:
        licenses_of(mbs)
    assert route in caught.value.message


@pytest.mark.parametrize(
    "fields", [{"ActivatedLicenses": -1}, {"ActivatedLicenses": None}, {"StorageUsage": {"Total": -5}}]
)
def test_numbers_that_cannot_be_are_refused(mbs: Any, fields: Any) -> None:
    changed(mbs, "GET /api/apps/domains", 0, **fields)

    with pytest.raises(PermanentError, match="domains"):
        licenses_of(mbs)


@pytest.mark.parametrize(
    "route",
    [
        "GET /api/Companies",
        "GET /api/Users",
        "GET /api/Licenses",
        "GET /api/apps/domains",
        "GET /api/Computers/0/100",
    ],
)
def test_one_list_that_cannot_be_read_leaves_no_license_snapshot(mbs: Any, route: str) -> None:
    mbs.answers(route, httpx2.Response(503))

    with pytest.raises(TransientError):
        licenses_of(mbs)


def test_lists_that_a_tenant_is_not_entitled_to_can_be_left_out(mbs: Any) -> None:
    mbs.answers("GET /api/apps/domains", httpx2.Response(403))
    mbs.answers("GET /api/Computers/0/100", httpx2.Response(403))

    snapshot = licenses_of(mbs, with_domains=False, with_computers=False)

    assert len(snapshot.licenses) == 5
    assert snapshot.domains == ()


# --- licenses against computers


def test_lists_that_agree_give_no_warning(mbs: Any) -> None:
    assert licenses_of(mbs).warnings == ()


def test_a_computer_with_a_paid_license_that_no_license_names_is_a_warning(mbs: Any) -> None:
    known = [computer("ACME-DC01"), computer("ACME-RX7")]
    mbs.answers("GET /api/Computers/0/100", computers(*known, computer("ACME-GHOST")))

    (warning,) = licenses_of(mbs).warnings
    assert "ACME-GHOST of user acme.front has a paid license" in warning


def test_a_license_that_is_not_taken_explains_no_computer(mbs: Any) -> None:
    changed(mbs, "GET /api/Licenses", 1, IsTaken=False)

    (warning,) = licenses_of(mbs).warnings
    assert "ACME-RX7 of user acme.front has a paid license" in warning


def test_a_paid_license_that_no_computer_shows_is_a_warning(mbs: Any) -> None:
    mbs.answers("GET /api/Computers/0/100", computers(computer("ACME-DC01")))

    (warning,) = licenses_of(mbs).warnings
    assert "Desktop license of computer ACME-RX7 of user acme.front" in warning


def test_computers_are_compared_without_case_and_without_ids_by_login(mbs: Any) -> None:
    rows = [computer("acme-dc01", UserID=None), computer("Acme-RX7", UserID=None)]
    mbs.answers("GET /api/Computers/0/100", computers(*rows))

    assert licenses_of(mbs).warnings == ()


def test_a_computer_that_shows_its_trial_agrees_with_a_paid_license_it_also_has(mbs: Any) -> None:
    rows = [computer("ACME-DC01", License={"Granted": True, "IsTrial": True}), computer("ACME-RX7")]
    mbs.answers("GET /api/Computers/0/100", computers(*rows))

    assert licenses_of(mbs).warnings == ()


def test_a_license_without_a_user_is_not_looked_for_among_the_computers(mbs: Any) -> None:
    changed(mbs, "GET /api/Licenses", 3, IsTaken=True, ComputerName="ann@acme.example", LicenseType="Microsoft 365")

    assert licenses_of(mbs).warnings == ()


@pytest.mark.parametrize("held", [None, {}, {"Granted": False}, {"Granted": True, "IsTrial": True}])
def test_a_computer_without_a_paid_license_is_no_warning(mbs: Any, held: Any) -> None:
    rows = [computer("ACME-DC01"), computer("ACME-RX7"), computer("ACME-GHOST", License=held)]
    mbs.answers("GET /api/Computers/0/100", computers(*rows))

    assert licenses_of(mbs).warnings == ()


def test_a_computer_of_another_company_than_its_user_is_a_warning(mbs: Any) -> None:
    rows = [computer("ACME-DC01", CompanyName="Birch & Co, Ltd."), computer("ACME-RX7")]
    mbs.answers("GET /api/Computers/0/100", computers(*rows))

    (warning,) = licenses_of(mbs).warnings
    assert "ACME-DC01 belongs to company 'Birch & Co, Ltd.'" in warning
    assert "to company 'Acme Dental'" in warning


def test_warnings_of_one_kind_are_capped(mbs: Any) -> None:
    rows = [computer(f"GHOST-{number}") for number in range(50)]
    mbs.answers("GET /api/Computers/0/100", computers(computer("ACME-DC01"), computer("ACME-RX7"), *rows))

    warnings = licenses_of(mbs).warnings
    assert len(warnings) == 21
    assert warnings[-1] == "... and 30 more of this kind."


# --- pages of computers


def pages(mbs: Any, sizes: list[int], count: Callable[[int], int | None]) -> None:
    """Answer the offsets that follow from `sizes` with so many computers each; `count` gives their Count."""
    offset = 0
    for size in sizes:
        rows = [computer(f"PC-{offset + number}") for number in range(size)]
        mbs.answers(f"GET /api/Computers/{offset}/100", computers(*rows, Count=count(size)))
        offset += size


@pytest.mark.parametrize("count", [lambda size: size, lambda size: 210, lambda size: None, lambda size: 0])
def test_computers_are_read_to_their_end_whatever_count_means(mbs: Any, count: Any) -> None:
    pages(mbs, [100, 100, 10, 0], count)
    # Each of them has a paid license that no license names.
    warnings = licenses_of(mbs).warnings

    assert "... and 190 more of this kind." in warnings


def test_a_full_last_page_is_followed_by_one_more_question(mbs: Any) -> None:
    pages(mbs, [100, 0], lambda size: size)
    licenses_of(mbs)

    assert len(mbs.asked("GET /api/Computers/100/100")) == 1


def test_a_server_that_caps_its_pages_is_read_on_when_its_count_says_so(mbs: Any) -> None:
    pages(mbs, [50, 50, 20, 0], lambda size: 120)

    assert "... and 100 more of this kind." in licenses_of(mbs).warnings


def test_a_page_that_repeats_is_an_error_instead_of_an_endless_list(mbs: Any) -> None:
    pages(mbs, [100], lambda size: 300)
    mbs.answers("GET /api/Computers/100/100", mbs.table["GET /api/Computers/0/100"][0])

    with pytest.raises(PermanentError, match="repeated those"):
        licenses_of(mbs)


def test_an_empty_tenant_may_answer_null_for_its_computers(mbs: Any) -> None:
    mbs.answers("GET /api/Licenses", [])
    mbs.answers("GET /api/Computers/0/100", {"Count": 0, "StatusCode": 200, "Computers": None})

    assert licenses_of(mbs).warnings == ()


@pytest.mark.parametrize(
    ("envelope", "family"),
    [
        ({"StatusCode": 500, "Message": "Timeout expired", "Computers": None}, TransientError),
        ({"StatusCode": 403, "Message": "No access", "Computers": None}, PermanentError),
        ({"StatusCode": 200, "Count": 5, "Computers": None}, PermanentError),
        ({"StatusCode": 200, "Count": 5, "Computers": {}}, PermanentError),
    ],
)
def test_an_envelope_that_says_no_is_an_error_despite_its_status(
    mbs: Any, envelope: Any, family: type[BillbridgeError]
) -> None:
    mbs.answers("GET /api/Computers/0/100", envelope)

    with pytest.raises(family, match="the computers") as caught:
        licenses_of(mbs)
    assert caught.value.hint


# --- storage


def test_bytes_are_summed_over_the_computers_of_a_user_and_account(mbs: Any) -> None:
    snapshot = storage_of(mbs, closed=(FEBRUARY,))

    reading = UsageReading(user_id=FRONT, account_id=CORPORATE, backup_bytes=500 * GIB, restore_bytes=10 * GIB)
    assert snapshot.running == (reading,)
    assert snapshot.closed == {"2026-02": (reading,)}
    assert snapshot.users == {FRONT}
    assert snapshot.warnings == ()


def test_each_account_of_a_user_has_its_own_reading(mbs: Any) -> None:
    mbs.answers(
        "PUT /api/Billing/Details", usage(("A", CORPORATE, 1, 0), ("A", ARCHIVE, 2, 0), ("B", CORPORATE, 4, 8))
    )

    assert [(each.account_id, each.backup_bytes, each.restore_bytes) for each in storage_of(mbs).running] == [
        (CORPORATE, 5, 8),
        (ARCHIVE, 2, 0),
    ]


def test_accounts_and_packages_come_with_their_names_and_limits(mbs: Any) -> None:
    snapshot = storage_of(mbs)

    assert snapshot.accounts == (StorageAccount(id=CORPORATE, name="CorporateS3", type="AmazonS3"),)
    assert snapshot.packages == (
        Package(id="27755", name="1000 GB", price=Decimal("30.0"), backup_gb=Decimal("1000.0"), restore_gb=None),
    )


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({"StorageLimit": 10.5, "RestoreLimit": 5.0, "UseRestoreLimit": True}, (Decimal("10.5"), Decimal(5))),
        ({"StorageLimit": 10.0, "RestoreLimit": 5.0, "UseRestoreLimit": False}, (Decimal(10), None)),
        ({"StorageLimit": -1.0, "RestoreLimit": -1.0, "UseRestoreLimit": True}, (None, None)),
        ({"StorageLimit": None}, (None, None)),
    ],
)
def test_a_negative_or_unused_limit_is_none(mbs: Any, fields: Any, limits: Any) -> None:
    changed(mbs, "GET /api/Packages", 0, **fields)

    (package,) = storage_of(mbs).packages
    assert (package.backup_gb, package.restore_gb) == limits


def test_money_is_never_a_float(mbs: Any) -> None:
    mbs.answers(
        "GET /api/Packages",
        httpx2.Response(200, text='[{"ID": 1, "Name": "x", "Cost": 0.1000000000000000055, "StorageLimit": 0.1}]'),
    )

    assert storage_of(mbs).packages[0].price == Decimal("0.1000000000000000055")


def test_the_first_of_each_month_is_sent_for_each_user(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage())
    mbs.answers("PUT /api/Billing", billing())
    storage_of(mbs, FRONT, BIRCH_USER, closed=(FEBRUARY, JANUARY))

    days = ("2026-01-01", "2026-02-01", "2026-03-01")
    asked = sorted((each["UserID"], each["Date"]) for each in sent(mbs, "PUT /api/Billing/Details"))
    assert asked == [(user, day) for user in (FRONT, BIRCH_USER) for day in days]
    assert sent(mbs, "PUT /api/Billing") == [{"Date": day} for day in days]


def test_each_month_keeps_its_own_figures(mbs: Any) -> None:
    figures = {"2026-01-01": 1000, "2026-02-01": 2000, "2026-03-01": 3000}
    mbs.answers(
        "PUT /api/Billing/Details",
        by_date({day: usage(("A", CORPORATE, kept, 0)) for day, kept in figures.items()}),
    )
    mbs.answers("PUT /api/Billing", by_date({day: billing(front=(kept, 0)) for day, kept in figures.items()}))

    snapshot = storage_of(mbs, closed=(JANUARY, FEBRUARY))

    assert {month: rows[0].backup_bytes for month, rows in snapshot.closed.items()} == {
        "2026-01": 1000,
        "2026-02": 2000,
    }
    assert snapshot.running[0].backup_bytes == 3000
    assert snapshot.warnings == ()


def test_a_user_without_storage_was_asked_for_all_the_same(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage())
    mbs.answers("PUT /api/Billing", billing())

    snapshot = storage_of(mbs)
    assert snapshot.users == {FRONT}
    assert snapshot.running == ()


def test_without_users_nothing_but_accounts_and_limits_is_asked_for(mbs: Any) -> None:
    snapshot = MbsSource(mbs.client()).storage(DAY, [], [FEBRUARY])

    assert len(snapshot.accounts) == 1
    assert snapshot.closed == {"2026-02": ()}
    assert not mbs.asked("PUT /api/Billing/Details")


@pytest.mark.parametrize("answer", [None, httpx2.Response(404, json={"Message": "No HTTP resource was found"})])
def test_a_user_whom_mbs_does_not_know_any_more_is_left_out_with_a_warning(mbs: Any, answer: Any) -> None:
    details = {FRONT: usage(("A", CORPORATE, 1, 0)), GONE: answer}
    mbs.answers("PUT /api/Billing/Details", lambda request: details[json.loads(request.content)["UserID"]])
    mbs.answers("PUT /api/Billing", billing(front=(1, 0)))

    snapshot = storage_of(mbs, FRONT, GONE)

    assert snapshot.users == {FRONT}
    assert [each.user_id for each in snapshot.running] == [FRONT]
    (warning,) = snapshot.warnings
    assert f"does not know user {GONE} any more" in warning


def test_details_that_are_missing_for_a_user_who_is_listed_are_refused(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", httpx2.Response(404, json={"Message": "No HTTP resource was found"}))

    with pytest.raises(PermanentError, match=f"lists user {FRONT}, but says it has no storage details"):
        storage_of(mbs)


@pytest.mark.parametrize("month", [Month(2026, 3), Month(2026, 4)])
def test_a_month_that_is_not_over_cannot_be_asked_for_as_closed(mbs: Any, month: Month) -> None:
    with pytest.raises(ValueError, match="only months before 2026-03"):
        storage_of(mbs, closed=(month,))


@pytest.mark.parametrize(
    "row",
    [
        ("A", CORPORATE, -1, 0),
        ("A", CORPORATE, 0, -1),
        ("A", CORPORATE, None, 0),
        ("A", CORPORATE, "much", 0),
        ("A", CORPORATE, 1.5, 0),
    ],
)
def test_bytes_that_cannot_be_are_refused(mbs: Any, row: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(row))

    with pytest.raises(PermanentError, match="storage by computer"):
        storage_of(mbs)


def test_bytes_without_an_account_are_refused(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(("A", None, 5, 0)))

    with pytest.raises(PermanentError, match="without a storage account"):
        storage_of(mbs)


def test_a_row_without_account_and_without_bytes_is_nothing(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(("A", None, 0, 0)))
    mbs.answers("PUT /api/Billing", billing())

    assert storage_of(mbs).running == ()


def test_an_answer_about_another_user_is_refused(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", {"UserID": BIRCH_USER, "UserDetailList": []})

    with pytest.raises(PermanentError, match=f"answered for user {BIRCH_USER} when asked for user {FRONT}"):
        storage_of(mbs)


@pytest.mark.parametrize("answer", [{}, {"UserDetailList": None}, {"UserDetailList": {}}, []])
def test_details_without_a_list_are_refused(mbs: Any, answer: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", answer)

    with pytest.raises(PermanentError, match="shape that is not understood"):
        storage_of(mbs)


@pytest.mark.parametrize(
    ("route", "what"), [("GET /api/Accounts", "storage account"), ("GET /api/Packages", "storage limit")]
)
def test_an_account_or_limit_listed_twice_is_refused(mbs: Any, route: str, what: str) -> None:
    mbs.answers(route, mbs.table[route][0] * 2)

    with pytest.raises(PermanentError, match=f"lists the {what} .* twice"):
        storage_of(mbs)


@pytest.mark.parametrize(
    "route", ["GET /api/Accounts", "GET /api/Packages", "PUT /api/Billing", "PUT /api/Billing/Details"]
)
def test_one_list_that_cannot_be_read_leaves_no_storage_snapshot(mbs: Any, route: str) -> None:
    mbs.answers(route, httpx2.Response(503))

    with pytest.raises(TransientError):
        storage_of(mbs, closed=(FEBRUARY,))


def test_the_first_user_who_cannot_be_read_ends_the_collection(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", httpx2.Response(400, json={"Message": "no"}))

    with pytest.raises(PermanentError, match="answered 400: no"):
        storage_of(mbs, *(f"user-{number}" for number in range(500)))
    assert len(mbs.asked("PUT /api/Billing/Details")) < 500


# --- storage against billing


@pytest.mark.parametrize(
    ("billed", "warns"),
    [((1000, 500), False), ((991, 500), False), ((980, 500), True), ((0, 500), True), ((1000, 520), True)],
)
def test_a_closed_month_that_billing_contradicts_by_more_than_one_percent_is_a_warning(
    mbs: Any, billed: tuple[int, int], warns: bool
) -> None:
    mbs.answers(
        "PUT /api/Billing/Details",
        by_date({"2026-02-01": usage(("A", CORPORATE, 1000, 500)), "2026-03-01": usage()}),
    )
    mbs.answers("PUT /api/Billing", by_date({"2026-02-01": billing(front=billed), "2026-03-01": billing()}))

    warnings = storage_of(mbs, closed=(FEBRUARY,)).warnings
    assert len(warnings) == int(warns)
    assert all("In 2026-02, user front" in each for each in warnings)


def test_the_running_month_s_level_is_not_compared_with_its_average(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(("A", CORPORATE, 2000, 500)))
    mbs.answers("PUT /api/Billing", billing(front=(1000, 500)))

    assert storage_of(mbs).warnings == ()


def test_the_running_month_s_restores_are_compared(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(("A", CORPORATE, 2000, 500)))
    mbs.answers("PUT /api/Billing", billing(front=(2000, 700)))

    (warning,) = storage_of(mbs).warnings
    assert "restored 500 bytes by computer, but 700" in warning


def test_users_who_were_not_asked_for_are_not_compared(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(("A", CORPORATE, 1, 0)))
    mbs.answers("PUT /api/Billing", billing(front=(1, 0), birch=(999, 999)))

    assert storage_of(mbs, closed=(FEBRUARY,)).warnings == ()


def test_a_user_without_storage_may_be_missing_in_billing(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage())
    mbs.answers("PUT /api/Billing", billing())

    assert storage_of(mbs, closed=(FEBRUARY,)).warnings == ()


def test_an_account_that_is_used_but_not_listed_is_a_warning(mbs: Any) -> None:
    mbs.answers("PUT /api/Billing/Details", usage(("A", ARCHIVE, 1, 0)))
    mbs.answers("PUT /api/Billing", billing(front=(1, 0)))

    snapshot = storage_of(mbs)
    assert [each.account_id for each in snapshot.running] == [ARCHIVE]
    assert f"Storage account {ARCHIVE} is used" in snapshot.warnings[0]
