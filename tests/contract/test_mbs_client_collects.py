"""The MBS client against an MBS over HTTP: what is collected is what was used."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2
import pytest

from billbridge.billing.months import Month
from billbridge.billing.snapshot import LicenseSnapshot
from billbridge.simulators.mbs import MBSSimulator
from billbridge.simulators.world import World
from billbridge.sources.mbs.auth import Credentials
from billbridge.sources.mbs.client import MbsClient, Retries
from billbridge.sources.mbs.collect import MbsSource
from billbridge.sources.usage_history import UsageStatus, read_usage_history

TODAY = date(2026, 11, 12)
NOVEMBER, OCTOBER, SEPTEMBER = Month(2026, 11), Month(2026, 10), Month(2026, 9)
CREDENTIALS = Credentials(login="billing-api", password="Contract-7")
ADMINISTRATORS = {"RMM + Connect", "Connect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mbs:
    """An MBS that answers over HTTP, its control API, and a source that collects from it."""

    control: httpx2.Client
    source: MbsSource

    def switch(self, **switches: Any) -> None:
        self.control.post("/_sim/switches", json=switches).raise_for_status()

    def edit(self, do: str, **arguments: Any) -> Any:
        return self.control.post("/_sim/edit", json={"do": do, **arguments}).raise_for_status().json()["result"]

    def truth(self, month: Month) -> Any:
        return self.control.get("/_sim/truth", params={"month": str(month)}).raise_for_status().json()

    def usage_history(self, month: Month) -> bytes:
        return self.control.get("/_sim/usage-history.csv", params={"month": str(month)}).raise_for_status().content


@pytest.fixture
def mbs() -> Iterator[Mbs]:
    world = World.generate(companies=12, licenses=160, today=TODAY)
    simulator = MBSSimulator(world, login=CREDENTIALS.login, password=CREDENTIALS.password)
    server = simulator.start()
    retries = Retries(attempts=3, first_wait=0, longest_wait=0.05)
    with (
        MbsClient(server.url, CREDENTIALS, retries=retries) as client,
        httpx2.Client(base_url=server.url) as control,
    ):
        yield Mbs(control=control, source=MbsSource(client))
    server.stop()
    simulator.close()


def counted(snapshot: LicenseSnapshot) -> dict[str | None, Counter[str]]:
    """Endpoints with a valid paid license by company id and type, joined by name as the source allows."""
    companies = {each.name: each.id for each in snapshot.companies}
    users = {each.id: each for each in snapshot.users}
    endpoints = set()
    for each in snapshot.licenses:
        if each.is_taken and not each.is_trial and each.expires is not None and each.expires >= snapshot.day:
            user = users.get(each.user_id)
            company = companies.get(user.company_name) if user else None
            endpoints.add((company, each.type, each.user_id or each.user_login, each.endpoint))
    found: dict[str | None, Counter[str]] = defaultdict(Counter)
    for company, kind, _, _ in endpoints:
        found[company][kind] += 1
    return dict(found)


def held_now(truth: Any) -> dict[str | None, Counter[str]]:
    """The judge's figures for the same: what is held at the end of today."""
    found = {
        company["company_id"]: Counter(
            {kind: each["active_at_end"] for kind, each in company["licenses"].items() if each["active_at_end"]}
        )
        for company in truth["companies"]
    }
    return {company: kinds for company, kinds in found.items() if kinds}


# --- licenses


def test_the_licenses_collected_are_those_held_today(mbs: Mbs) -> None:
    assert counted(mbs.source.licenses(TODAY)) == held_now(mbs.truth(NOVEMBER))


def test_nothing_that_is_collected_contradicts_the_list_of_computers(mbs: Mbs) -> None:
    assert mbs.source.licenses(TODAY).warnings == ()


def test_domains_come_with_their_number_of_licenses(mbs: Mbs) -> None:
    snapshot = mbs.source.licenses(TODAY)

    assert {each.name: each.activated_licenses for each in snapshot.domains} == {
        each["domain"]: each["last"] for each in mbs.truth(NOVEMBER)["domains"]
    }


@pytest.mark.parametrize(
    "switches",
    [
        {"date_digits": "0"},
        {"date_digits": "3"},
        {"date_digits": "7"},
        {"no_company": "null"},
        {"no_company": "empty"},
        {"skip_take": "honoured"},
        {"computers_count": "total"},
        {"licenses_used_in_billing": True},
        {"space_used_unit": "bytes"},
        {"current_volume": "bytes"},
    ],
)
def test_what_the_documents_leave_open_about_lists_does_not_change_the_snapshot(
    mbs: Mbs, switches: dict[str, Any]
) -> None:
    before = mbs.source.licenses(TODAY)
    mbs.switch(**switches)

    assert mbs.source.licenses(TODAY) == before


def test_mailboxes_among_the_licenses_are_no_warning(mbs: Mbs) -> None:
    mbs.switch(domain_licenses=True)

    assert mbs.source.licenses(TODAY).warnings == ()


@pytest.mark.parametrize("count", ["page", "total"])
def test_more_computers_than_a_page_holds_are_all_seen(mbs: Mbs, count: str) -> None:
    mbs.switch(computers_count=count)
    user = mbs.source.licenses(TODAY).users[0]
    for number in range(150):
        mbs.edit("add_license", user=user.id, license_type="Server", endpoint=f"MANY-{number}", day=str(TODAY))

    snapshot = mbs.source.licenses(TODAY)

    assert sum(each.endpoint.startswith("MANY-") for each in snapshot.licenses) == 150
    # A computer beyond the first page that went unseen would be a license without a computer.
    assert snapshot.warnings == ()


def test_a_renamed_company_keeps_its_id(mbs: Mbs) -> None:
    before = mbs.source.licenses(TODAY).companies[0]
    mbs.edit("rename_company", company=before.id, name="Another Name Ltd", day=str(TODAY))

    renamed = {each.id: each.name for each in mbs.source.licenses(TODAY).companies}
    assert renamed[before.id] == "Another Name Ltd"


# --- storage


def test_closed_months_are_the_averages_and_sums_of_their_days(mbs: Mbs) -> None:
    users = [each.id for each in mbs.source.licenses(TODAY).users]
    snapshot = mbs.source.storage(TODAY, users, [SEPTEMBER, OCTOBER])

    for month in (SEPTEMBER, OCTOBER):
        expected = {
            (each["user_id"], each["account_id"]): (each["sum_of_days"] // each["days"], each["restored"])
            for company in mbs.truth(month)["companies"]
            for each in company["storage"]
        }
        collected = {
            (each.user_id, each.account_id): (each.backup_bytes, each.restore_bytes)
            for each in snapshot.closed[str(month)]
        }
        assert expected
        assert {key: value for key, value in collected.items() if any(value)} == expected


def test_the_running_month_is_read_to_date(mbs: Mbs) -> None:
    mbs.switch(details_running_month="current")
    users = [each.id for each in mbs.source.licenses(TODAY).users]
    snapshot = mbs.source.storage(TODAY, users, [])

    expected = {
        (each["user_id"], each["account_id"]): (each["last_day"], each["restored"])
        for company in mbs.truth(NOVEMBER)["companies"]
        for each in company["storage"]
    }
    collected = {
        (each.user_id, each.account_id): (each.backup_bytes, each.restore_bytes) for each in snapshot.running
    }
    assert {key: value for key, value in collected.items() if any(value)} == expected


@pytest.mark.parametrize("running", ["average_to_date", "current"])
@pytest.mark.parametrize("zero_rows", [True, False])
def test_details_and_billing_agree(mbs: Mbs, running: str, zero_rows: bool) -> None:
    mbs.switch(details_running_month=running, billing_zero_rows=zero_rows)
    users = [each.id for each in mbs.source.licenses(TODAY).users]

    assert mbs.source.storage(TODAY, users, [SEPTEMBER, OCTOBER]).warnings == ()


def test_readings_name_accounts_that_are_listed(mbs: Mbs) -> None:
    users = [each.id for each in mbs.source.licenses(TODAY).users]
    snapshot = mbs.source.storage(TODAY, users, [])

    assert {each.account_id for each in snapshot.running} <= {each.id for each in snapshot.accounts}
    assert len(snapshot.accounts) == 3


@pytest.mark.parametrize("unknown", ["null", "404"])
def test_a_user_who_was_deleted_since_does_not_stop_the_others(mbs: Mbs, unknown: str) -> None:
    mbs.switch(unknown_id=unknown)
    users = [each.id for each in mbs.source.licenses(TODAY).users]
    before = mbs.source.storage(TODAY, users, [OCTOBER])
    gone = before.running[0].user_id
    mbs.edit("remove_user", user=gone, day=str(TODAY))

    after = mbs.source.storage(TODAY, users, [OCTOBER])

    assert after.users == before.users - {gone}
    assert [gone in each for each in after.warnings] == [True]
    assert after.running == tuple(each for each in before.running if each.user_id != gone)


def test_a_day_costs_one_call_per_list_and_one_per_user_and_month(mbs: Mbs) -> None:
    users = [each.id for each in mbs.source.licenses(TODAY).users][:5]
    mbs.control.delete("/_sim/calls").raise_for_status()
    mbs.source.licenses(TODAY)
    mbs.source.storage(TODAY, users, [OCTOBER])

    calls = mbs.control.get("/_sim/calls").json()["by_route"]
    assert calls.pop("PUT /Billing/Details") == 10
    assert calls.pop("PUT /Billing") == 2
    assert set(calls.values()) <= {1, 2}  # computers may take a second page
    assert "POST /Provider/Login" not in calls


# --- the connection test, and the Usage History file


def test_the_connection_test_finds_nothing_wrong(mbs: Mbs) -> None:
    assert all(each.ok for each in mbs.source.test())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(("written", "order"), [("iso", "iso"), ("iso_time", "iso"), ("us", "us")])
def test_the_usage_history_reads_the_same_however_it_is_exported(
    mbs: Mbs, delimiter: str, written: str, order: Any
) -> None:
    plain = read_usage_history(mbs.usage_history(OCTOBER), day=TODAY)
    mbs.switch(csv_delimiter=delimiter, csv_dates=written, csv_byte_order_mark=True)
    other = read_usage_history(mbs.usage_history(OCTOBER), day=TODAY, dates=order)

    assert len(plain.rows) > 100
    assert other.rows == plain.rows
    assert [(each.line, each.column) for each in other.problems] == [
        (each.line, each.column) for each in plain.problems
    ]


def test_the_usage_history_shows_every_endpoint_that_was_used_in_the_month(mbs: Mbs) -> None:
    history = read_usage_history(mbs.usage_history(OCTOBER), day=TODAY)

    paid = [row for row in history.rows if row.user and row.status in (UsageStatus.PAID, UsageStatus.EXPIRED)]
    endpoints = {(row.company, row.type, row.user, row.endpoint) for row in paid}
    assert Counter((company, kind) for company, kind, _, _ in endpoints) == {
        (company["name"], kind): each["active_in_month"]
        for company in mbs.truth(OCTOBER)["companies"]
        if company["name"]
        for kind, each in company["licenses"].items()
    }


def test_rows_of_the_usage_history_without_a_company_are_problems_and_nothing_else_is(mbs: Mbs) -> None:
    history = read_usage_history(mbs.usage_history(OCTOBER), day=TODAY)

    assert {each.column for each in history.problems} == {"Company", "Endpoint"}
    assert history.duplicates == 0
    lines = mbs.usage_history(OCTOBER).decode().count("\r\n") - 1
    assert len(history.rows) + len({each.line for each in history.errors}) == lines


def test_collecting_twice_gives_the_same(mbs: Mbs) -> None:
    assert mbs.source.licenses(TODAY) == mbs.source.licenses(TODAY)
