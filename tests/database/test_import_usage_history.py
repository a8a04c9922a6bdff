"""Importing a Usage History into the ledger: exact dates, and what then counts as known."""

from __future__ import annotations

from datetime import date

import pytest
from frozen_source import NOV_2, NOV_3, NOV_4, FrozenSource, ledger

from billbridge.billing.bills import Coverage
from billbridge.billing.history import Covered
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations.collect import collect
from billbridge.operations.coverage import coverage
from billbridge.operations.import_usage_history import ImportResult, import_usage_history
from billbridge.store.models import ActivationRow, BackupUser, Company, Provider, UsageHistoryImport


@pytest.fixture
def collected(provider: Provider) -> FrozenSource:
    """Acme has eight servers, Birch one, collected on the second of November."""
    source = FrozenSource(computers={"acme": [f"DC{n}" for n in range(8)], "birch": ["FS01"]})
    collect(provider, source, NOV_2)
    return source


HEADER = "Type,Company,User,Endpoint,Status,Purchased,Purchase ID,Activated,Deactivated,Days Active,Cost"
DC0 = "Server,Acme,acme.front,DC0,Paid,,,2026-10-05,,,"
DC1 = "Server,Acme,acme.front,DC1,Paid,,,2026-10-07,2026-10-20,,"
FS01 = "Server,Birch,birch.front,FS01,Paid,,,2026-09-30,,,"
STRANGER = "Server,Nobody Ltd,who,PC1,Paid,,,2026-10-01,,,"
UNDATED = "Server,Acme,acme.front,DC2,Paid,,,some day,,,"
TRIAL = "Server,Acme,acme.front,DC3,Active trial,,,2026-10-01,,,"


def import_(
    provider: Provider, *rows: str, month: Month | None = None, day: date = NOV_2, all_or_nothing: bool = True
) -> ImportResult:
    data = "\n".join((HEADER, *rows)).encode()
    return import_usage_history(provider, "usage.csv", data, day, month=month, all_or_nothing=all_or_nothing)


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


def test_importing_a_file_again_on_a_later_day_changes_nothing(provider: Provider, collected: FrozenSource) -> None:
    import_(provider, DC0, DC1, FS01)
    collected.computers["acme"].remove("DC0")
    collect(provider, collected, NOV_4)
    before = ledger()
    assert import_(provider, DC0, DC1, FS01, day=NOV_4).changed == 0
    assert ledger() == before


OCTOBER, SEPTEMBER = Month(2026, 10), Month(2026, 9)


def test_without_a_month_only_the_month_of_the_newest_date_counts_as_known(provider: Provider) -> None:
    collect(provider, FrozenSource(), NOV_2)
    result = import_(provider, FS01, DC0, DC1)
    assert result.known == Covered(first=date(2026, 10, 1), last=date(2026, 10, 20))
    assert coverage(provider, OCTOBER).first_day == date(2026, 10, 1)
    assert coverage(provider, SEPTEMBER) == Coverage()


def test_with_a_month_that_month_counts_as_known_to_its_end(provider: Provider, collected: FrozenSource) -> None:
    import_(provider, FS01, DC0, DC1, month=SEPTEMBER)
    assert coverage(provider, SEPTEMBER) == Coverage(first_day=SEPTEMBER.first, after_end=True)
    assert coverage(provider, OCTOBER) == Coverage()


def test_an_empty_file_makes_no_day_known(provider: Provider, collected: FrozenSource) -> None:
    result = import_(provider)
    assert (result.imported, result.rows, result.known) == (True, 0, None)
    assert not UsageHistoryImport.objects.exists()


def test_what_was_observed_after_the_newest_date_of_a_file_stays(
    provider: Provider, collected: FrozenSource
) -> None:
    collected.computers["acme"].remove("DC0")
    collect(provider, collected, NOV_4)
    import_(provider, DC0, day=NOV_4)
    assert [row[2:4] for row in ledger() if row[1] == "DC0"] == [(date(2026, 10, 5), NOV_2)]


def test_a_month_that_has_not_begun_is_refused(provider: Provider, collected: FrozenSource) -> None:
    with pytest.raises(InvalidInput, match="2026-12 has not begun"):
        import_(provider, DC0, month=Month(2026, 12))


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
