"""Collecting from a source, and importing its Usage History, into the ledger."""

from __future__ import annotations

from collections.abc import Collection as Some
from dataclasses import dataclass, field
from datetime import date

import pytest
from usage_of import configure

from billbridge.billing import snapshot as now
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput, PermanentError, TransientError
from billbridge.operations.collect import SectionResult, collect
from billbridge.operations.import_usage_history import ImportResult, import_usage_history
from billbridge.sources.port import Finding
from billbridge.store.models import (
    ActivationRow,
    BackupUser,
    Collection,
    Company,
    Domain,
    DomainReading,
    MonthlyStorage,
    Provider,
    StorageReading,
    UsageHistoryImport,
)

NOV_2, NOV_3, NOV_4 = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
ACCOUNT = now.StorageAccount(id="s3", name="CorporateS3")


@dataclass
class FrozenSource:
    """A source that shows what it was given, or the trouble it was given instead.

    `computers` are the endpoints that hold a Server license, by company name; each company has one user.
    """

    companies: dict[str, str] = field(default_factory=lambda: {"acme": "Acme", "birch": "Birch"})
    computers: dict[str, list[str]] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)
    backup: dict[str, int] = field(default_factory=dict)
    """Bytes today by user."""
    averages: dict[str, int] = field(default_factory=dict)
    """Bytes on the average of a closed month by user."""
    licenses_fail: Exception | None = None
    storage_fails: Exception | None = None
    asked: list[tuple[set[str], list[Month]]] = field(default_factory=list)
    """The users and closed months storage was asked for, call by call."""

    def licenses(self, day: date) -> now.LicenseSnapshot:
        if self.licenses_fail:
            raise self.licenses_fail
        return now.LicenseSnapshot(
            day=day,
            companies=tuple(now.Company(id=id_, name=name) for id_, name in self.companies.items()),
            users=tuple(
                now.User(id=f"u-{id_}", login=f"{id_}.front", company_name=name)
                for id_, name in self.companies.items()
            ),
            licenses=tuple(
                now.License(id=f"{id_} {name}", type="Server", endpoint=name, user_id=f"u-{id_}", is_taken=True)
                for id_, names in self.computers.items()
                for name in names
            ),
            domains=tuple(now.Domain(name=name, activated_licenses=n) for name, n in self.domains.items()),
        )

    def storage(self, day: date, users: Some[str], closed: Some[Month]) -> now.StorageSnapshot:
        self.asked.append((set(users), list(closed)))
        if self.storage_fails:
            raise self.storage_fails
        return now.StorageSnapshot(
            day=day,
            accounts=(ACCOUNT,),
            users=frozenset(users),
            running=_readings(self.backup, users),
            closed={str(month): _readings(self.averages, users) for month in closed},
        )

    def test(self) -> list[Finding]:
        return []


def _readings(by_user: dict[str, int], users: Some[str]) -> tuple[now.UsageReading, ...]:
    return tuple(
        now.UsageReading(user_id=user, account_id=ACCOUNT.id, backup_bytes=amount, restore_bytes=0)
        for user, amount in by_user.items()
        if user in users
    )


@pytest.fixture
def source() -> FrozenSource:
    """Acme has eight servers, Birch one."""
    return FrozenSource(computers={"acme": [f"DC{n}" for n in range(8)], "birch": ["FS01"]})


@pytest.fixture
def collected(provider: Provider, source: FrozenSource) -> FrozenSource:
    """The same, collected on the second of November."""
    assert states(collect(provider, source, NOV_2)) == ["done", "done"]
    return source


def states(sections: tuple[SectionResult, ...]) -> list[str]:
    return [section.state for section in sections]


def ledger() -> list[tuple[str, str, date, date | None, date]]:
    """Company, endpoint, first day, last day, last seen."""
    rows = ActivationRow.objects.order_by("company__source_id", "endpoint", "first_day")
    return list(rows.values_list("company__source_id", "endpoint", "first_day", "last_day", "last_seen"))


def held_by(company: str) -> list[str]:
    """The endpoints of a company whose activation is open."""
    rows = ActivationRow.objects.filter(company__source_id=company, last_day=None)
    return sorted(rows.values_list("endpoint", flat=True))


# Licenses


def test_the_first_collection_opens_an_activation_for_each_license(provider: Provider) -> None:
    licenses, _ = collect(provider, FrozenSource(computers={"acme": ["DC1", "DC2"]}), NOV_2)
    assert ledger() == [("acme", "DC1", NOV_2, None, NOV_2), ("acme", "DC2", NOV_2, None, NOV_2)]
    assert licenses.figures == {
        "companies": 2, "users": 2, "licenses": 2, "active": 2, "domains": 0, "opened": 2, "kept": 0, "closed": 0,
    }  # fmt: skip


def test_a_license_seen_again_is_kept_and_one_seen_no_more_ends_on_its_last_day(provider: Provider) -> None:
    source = FrozenSource(computers={"acme": ["DC1", "DC2"]})
    collect(provider, source, NOV_2)
    source.computers = {"acme": ["DC1", "DC3"]}
    collect(provider, source, NOV_4)
    assert ledger() == [
        ("acme", "DC1", NOV_2, None, NOV_4),
        ("acme", "DC2", NOV_2, NOV_2, NOV_2),
        ("acme", "DC3", NOV_4, None, NOV_4),
    ]


def test_collecting_twice_on_a_day_changes_nothing(provider: Provider, collected: FrozenSource) -> None:
    before = ledger()
    licenses, _ = collect(provider, collected, NOV_2)
    assert (licenses.figures["opened"], licenses.figures["kept"], licenses.figures["closed"]) == (0, 9, 0)
    assert ledger() == before


def test_a_license_that_comes_back_gets_an_activation_of_its_own(provider: Provider) -> None:
    source = FrozenSource(computers={"acme": ["DC1", "DC2"]})
    for day, computers in ((NOV_2, ["DC1", "DC2"]), (NOV_3, ["DC1"]), (NOV_4, ["DC1", "DC2"])):
        source.computers = {"acme": computers}
        collect(provider, source, day)
    assert [row for row in ledger() if row[1] == "DC2"] == [
        ("acme", "DC2", NOV_2, NOV_2, NOV_2),
        ("acme", "DC2", NOV_4, None, NOV_4),
    ]


@pytest.mark.parametrize(
    "trouble", [TransientError("MBS does not answer."), PermanentError("MBS refuses the password.")]
)
def test_a_failed_section_changes_nothing_and_says_why(
    provider: Provider, collected: FrozenSource, trouble: Exception
) -> None:
    before = ledger()
    collected.licenses_fail = trouble
    licenses, storage = collect(provider, collected, NOV_3)
    assert (licenses.state, licenses.reason, storage.state) == ("failed", str(trouble), "done")
    assert ledger() == before
    kept = Collection.objects.get(day=NOV_3, section="licenses")
    assert (kept.state, kept.reason) == ("failed", str(trouble))


def test_a_collection_after_a_failed_one_goes_on_as_if_it_had_not_been(
    provider: Provider, collected: FrozenSource
) -> None:
    collected.licenses_fail = TransientError("MBS does not answer.")
    collect(provider, collected, NOV_3)
    collected.licenses_fail = None
    collect(provider, collected, NOV_4)
    assert {row[2:] for row in ledger()} == {(NOV_2, None, NOV_4)}


def test_a_source_that_suddenly_shows_nothing_is_held(provider: Provider, collected: FrozenSource) -> None:
    before = ledger()
    collected.computers = {}
    licenses, storage = collect(provider, collected, NOV_3)
    assert (licenses.state, storage.state) == ("held", "done")
    assert "Acme 8 -> 0, Birch 1 -> 0" in licenses.reason
    assert ledger() == before
    assert Collection.objects.get(day=NOV_3, section="licenses").reason == licenses.reason


def test_a_company_that_lost_most_of_its_licenses_holds_everything(
    provider: Provider, collected: FrozenSource
) -> None:
    before = ledger()
    collected.companies["cedar"] = "Cedar"
    collected.computers = {"acme": ["DC0", "DC1", "DC2"], "birch": ["FS01", "FS02"], "cedar": ["WEB"]}
    licenses, _ = collect(provider, collected, NOV_3)
    assert licenses.state == "held"
    assert "Acme 8 -> 3" in licenses.reason
    assert ledger() == before
    assert not Company.objects.filter(source_id="cedar").exists()


def test_a_loss_that_a_person_accepts_ends_the_activations(provider: Provider, collected: FrozenSource) -> None:
    collected.computers = {"acme": ["DC0"], "birch": ["FS01"]}
    licenses, _ = collect(provider, collected, NOV_3, accept_losses=True)
    assert (licenses.state, licenses.figures["closed"]) == ("done", 7)
    assert held_by("acme") == ["DC0"]
    assert {row[3] for row in ledger() if row[3]} == {NOV_2}


def test_a_loss_of_half_is_believed(provider: Provider, collected: FrozenSource) -> None:
    collected.computers = {"acme": ["DC0", "DC1", "DC2", "DC3"], "birch": ["FS01"]}
    assert collect(provider, collected, NOV_3)[0].state == "done"


def test_a_renamed_company_is_the_same_company(provider: Provider, collected: FrozenSource) -> None:
    acme = Company.objects.get(source_id="acme")
    collected.companies["acme"] = "Acme Dental"
    licenses, _ = collect(provider, collected, NOV_3)
    assert Company.objects.get(source_id="acme").pk == acme.pk
    assert Company.objects.get(source_id="acme").name == "Acme Dental"
    assert (licenses.figures["opened"], licenses.figures["closed"]) == (0, 0)


def test_companies_that_come_to_share_a_name_are_left_as_they_are(
    provider: Provider, collected: FrozenSource
) -> None:
    before = ledger()
    collected.companies["birch"] = "Acme"
    collected.computers["acme"].append("NEW")
    licenses, _ = collect(provider, collected, NOV_3)
    assert licenses.state == "done"
    assert ledger() == before
    assert set(Company.objects.values_list("is_ambiguous", flat=True)) == {True}
    assert {each.reason.name for each in licenses.not_billed} == {"AMBIGUOUS_COMPANY"}


def test_companies_that_can_be_told_apart_again_go_on_without_a_gap(
    provider: Provider, collected: FrozenSource
) -> None:
    collected.companies["birch"] = "Acme"
    collect(provider, collected, NOV_3)
    collected.companies["birch"] = "Birch"
    collect(provider, collected, NOV_4)
    assert {row[2:] for row in ledger()} == {(NOV_2, None, NOV_4)}
    assert not Company.objects.filter(is_ambiguous=True).exists()


def test_a_company_gone_from_the_source_stays_and_its_activations_end(provider: Provider) -> None:
    source = FrozenSource(computers={"acme": ["DC1"], "birch": ["FS01"]})
    collect(provider, source, NOV_2)
    del source.companies["birch"], source.computers["birch"]
    collect(provider, source, NOV_3)
    assert not Company.objects.get(source_id="birch").in_source
    assert (held_by("acme"), held_by("birch")) == (["DC1"], [])


def test_a_day_before_the_last_collection_is_refused(provider: Provider, source: FrozenSource) -> None:
    collect(provider, source, NOV_3)
    before = ledger(), Collection.objects.count()
    source.computers = {}
    with pytest.raises(InvalidInput, match="2026-11-02 lies before the last collection of 2026-11-03"):
        collect(provider, source, NOV_2, accept_losses=True)
    assert (ledger(), Collection.objects.count()) == before


def test_a_domain_is_read_daily_and_not_billed_until_it_is_mapped(provider: Provider) -> None:
    source = FrozenSource(domains={"acme.example": 12})
    licenses, _ = collect(provider, source, NOV_2)
    assert [(each.subject, each.count) for each in licenses.not_billed] == [("acme.example", 12)]
    Domain.objects.update(company=Company.objects.get(source_id="acme"), license_type="Mailbox")
    source.domains = {"acme.example": 13}
    licenses, _ = collect(provider, source, NOV_3)
    assert licenses.not_billed == ()
    assert list(DomainReading.objects.order_by("day").values_list("day", "licenses")) == [(NOV_2, 12), (NOV_3, 13)]


# Storage


@pytest.fixture
def storing(provider: Provider, collected: FrozenSource) -> FrozenSource:
    """Acme bills storage, Birch does not; both store something."""
    configure(Company.objects.get(source_id="acme"), "storage:s3", name="Storage")
    collected.backup = {"u-acme": 100, "u-birch": 200}
    collected.averages = {"u-acme": 70, "u-birch": 80}
    collected.asked.clear()
    return collected


def test_storage_is_asked_and_kept_only_for_companies_that_bill_it(
    provider: Provider, storing: FrozenSource
) -> None:
    collect(provider, storing, NOV_3)
    assert [users for users, _ in storing.asked] == [{"u-acme"}]
    assert list(StorageReading.objects.values_list("company__source_id", "day", "backup_bytes")) == [
        ("acme", NOV_3, 100)
    ]


def test_a_second_reading_of_a_day_replaces_the_first(provider: Provider, storing: FrozenSource) -> None:
    collect(provider, storing, NOV_3)
    storing.backup["u-acme"] = 150
    collect(provider, storing, NOV_3)
    assert [reading.backup_bytes for reading in StorageReading.objects.all()] == [150]


def test_last_month_s_own_figures_are_asked_until_they_are_kept_and_kept_once(
    provider: Provider, storing: FrozenSource
) -> None:
    collect(provider, storing, NOV_3)
    storing.averages["u-acme"] = 99
    collect(provider, storing, NOV_4)
    assert [months for _, months in storing.asked] == [[Month(2026, 10)], []]
    assert [(str(row.month), row.backup_bytes) for row in MonthlyStorage.objects.all()] == [("2026-10", 70)]


def test_failed_storage_keeps_the_licenses_and_nothing_of_the_storage(
    provider: Provider, storing: FrozenSource
) -> None:
    storing.storage_fails = TransientError("MBS does not answer.")
    storing.computers["birch"].append("FS02")
    licenses, storage = collect(provider, storing, NOV_3)
    assert (licenses.state, storage.state, storage.reason) == ("done", "failed", "MBS does not answer.")
    assert held_by("birch") == ["FS01", "FS02"]
    assert not StorageReading.objects.exists()
    storing.storage_fails = None
    collect(provider, storing, NOV_4)
    assert [months for _, months in storing.asked] == [[Month(2026, 10)], [Month(2026, 10)]]


# Usage History

HEADER = "Type,Company,User,Endpoint,Status,Purchased,Purchase ID,Activated,Deactivated,Days Active,Cost"
DC0 = "Server,Acme,acme.front,DC0,Paid,,,2026-10-05,,,"
DC1 = "Server,Acme,acme.front,DC1,Paid,,,2026-10-07,2026-10-20,,"
FS01 = "Server,Birch,birch.front,FS01,Paid,,,2026-09-30,,,"
STRANGER = "Server,Nobody Ltd,who,PC1,Paid,,,2026-10-01,,,"
UNDATED = "Server,Acme,acme.front,DC2,Paid,,,some day,,,"
TRIAL = "Server,Acme,acme.front,DC3,Active trial,,,2026-10-01,,,"


def import_(
    provider: Provider, *rows: str, month: Month | None = None, all_or_nothing: bool = True
) -> ImportResult:
    data = "\n".join((HEADER, *rows)).encode()
    return import_usage_history(provider, "usage.csv", data, NOV_2, month=month, all_or_nothing=all_or_nothing)


def test_an_import_gives_the_endpoints_in_the_file_their_exact_days(
    provider: Provider, collected: FrozenSource
) -> None:
    result = import_(provider, DC0, DC1)
    assert (result.imported, result.rows, result.changed) == (True, 2, 2)
    assert ledger()[:2] == [
        ("acme", "DC0", date(2026, 10, 5), None, NOV_2),
        ("acme", "DC1", date(2026, 10, 7), date(2026, 10, 20), date(2026, 10, 20)),
    ]


def test_endpoints_that_are_not_in_the_file_stay_as_they_are(provider: Provider, collected: FrozenSource) -> None:
    before = [row for row in ledger() if row[1] != "DC0"]
    import_(provider, DC0)
    assert [row for row in ledger() if row[1] != "DC0"] == before


def test_importing_a_file_twice_changes_nothing(provider: Provider, collected: FrozenSource) -> None:
    import_(provider, DC0, DC1, FS01)
    before = list(ActivationRow.objects.order_by("pk").values())
    again = import_(provider, DC0, DC1, FS01)
    assert (again.imported, again.changed) == (True, 0)
    assert list(ActivationRow.objects.order_by("pk").values()) == before
    assert UsageHistoryImport.objects.count() == 1


def test_importing_a_month_of_a_file_twice_changes_nothing(provider: Provider, collected: FrozenSource) -> None:
    october = Month(2026, 10)
    import_(provider, DC0, DC1, FS01, month=october)
    before = ledger()
    assert import_(provider, DC0, DC1, FS01, month=october).changed == 0
    assert ledger() == before


@pytest.mark.parametrize("bad", [STRANGER, UNDATED])
def test_one_bad_row_keeps_every_row_out(provider: Provider, collected: FrozenSource, bad: str) -> None:
    before = ledger()
    result = import_(provider, DC0, bad)
    assert (result.imported, result.rows, [problem.line for problem in result.problems]) == (False, 0, [3])
    assert ledger() == before
    assert not UsageHistoryImport.objects.exists()


def test_the_good_rows_come_in_if_a_person_wants_them_alone(provider: Provider, collected: FrozenSource) -> None:
    result = import_(provider, DC0, STRANGER, UNDATED, all_or_nothing=False)
    assert (result.imported, result.rows) == (True, 1)
    assert sorted(problem.line for problem in result.problems) == [3, 4]
    assert ledger()[0][1:3] == ("DC0", date(2026, 10, 5))


def test_trials_are_left_out_and_counted(provider: Provider, collected: FrozenSource) -> None:
    assert import_(provider, DC0, TRIAL).skipped_trials == 1
    assert [row[2] for row in ledger() if row[1] == "DC3"] == [NOV_2]


def test_two_companies_of_the_name_in_the_file_cannot_be_told_apart(
    provider: Provider, collected: FrozenSource
) -> None:
    Company.objects.update(name="Acme")
    result = import_(provider, DC0)
    assert (result.imported, result.problems[0].reason) == (False, "two companies have this name")


def test_an_imported_activation_is_carried_on_by_the_next_collection(
    provider: Provider, collected: FrozenSource
) -> None:
    import_(provider, DC0)
    collect(provider, collected, NOV_3)
    assert [row for row in ledger() if row[1] == "DC0"] == [("acme", "DC0", date(2026, 10, 5), None, NOV_3)]


@pytest.mark.parametrize("login", ["ACME.Front", " acme.front "])
def test_a_user_in_the_file_is_known_however_the_login_is_spelt(
    provider: Provider, collected: FrozenSource, login: str
) -> None:
    import_(provider, DC0.replace("acme.front", login))
    assert [row[1:3] for row in ledger() if row[1] == "DC0"] == [("DC0", date(2026, 10, 5))]


def test_a_user_who_moved_to_another_company_since_is_still_the_same(
    provider: Provider, collected: FrozenSource
) -> None:
    BackupUser.objects.filter(login="acme.front").update(company=Company.objects.get(source_id="birch"))
    import_(provider, DC0)
    assert [row[:3] for row in ledger() if row[1] == "DC0"] == [("acme", "DC0", date(2026, 10, 5))]


def test_the_users_of_a_company_are_known_by_their_login(provider: Provider, collected: FrozenSource) -> None:
    assert dict(BackupUser.objects.values_list("login", "company__source_id")) == {
        "acme.front": "acme",
        "birch.front": "birch",
    }
