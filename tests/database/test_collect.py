"""Collecting from a source into the ledger: licenses, storage, packages, and what is held for a person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from frozen_source import NOV_2, NOV_3, NOV_4, FrozenSource, held_by, ledger, states
from usage_of import configure

from billbridge.billing import snapshot as now
from billbridge.billing.losses import MUCH_STORAGE_LOST
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput, PermanentError, TransientError
from billbridge.operations.collect import collect
from billbridge.store.models import (
    BackupUser,
    Collection,
    Company,
    Domain,
    DomainReading,
    MonthlyStorage,
    Provider,
    StoragePackage,
    StorageReading,
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
    birch = Company.objects.get(source_id="birch")
    assert (birch.in_source, birch.gone_since) == (False, NOV_3)
    assert (held_by("acme"), held_by("birch")) == (["DC1"], [])


def test_a_company_is_gone_since_the_first_collection_without_it_until_it_is_back(provider: Provider) -> None:
    source = FrozenSource(computers={"acme": ["DC1"]})
    collect(provider, source, NOV_2)
    birch = source.companies.pop("birch")
    for day in (NOV_3, NOV_4):
        collect(provider, source, day)
    assert Company.objects.get(source_id="birch").gone_since == NOV_3
    source.companies["birch"] = birch
    collect(provider, source, NOV_4)
    assert Company.objects.get(source_id="birch").gone_since is None


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


def test_a_domain_that_vanishes_has_no_licenses_from_that_day_on(provider: Provider) -> None:
    source = FrozenSource(domains={"acme.example": 3})
    collect(provider, source, NOV_2)
    source.domains = {}
    collect(provider, source, NOV_3, accept_losses=True)
    assert list(DomainReading.objects.order_by("day").values_list("day", "licenses")) == [(NOV_2, 3), (NOV_3, 0)]


@pytest.mark.parametrize(
    ("domains", "said"),
    [({}, "acme.example 12 -> 0"), ({"acme.example": 5, "b.example": 3}, "acme.example 12 -> 5")],
)
def test_domains_that_suddenly_lose_most_of_their_licenses_are_held(
    provider: Provider, domains: dict[str, int], said: str
) -> None:
    source = FrozenSource(domains={"acme.example": 12, "b.example": 3})
    collect(provider, source, NOV_2)
    source.domains = domains
    licenses, _ = collect(provider, source, NOV_3)
    assert (licenses.state, said in licenses.reason) == ("held", True)
    assert not DomainReading.objects.filter(day=NOV_3).exists()
    assert collect(provider, source, NOV_3, accept_losses=True)[0].state == "done"
    assert collect(provider, source, NOV_4)[0].state == "done"


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


def test_storage_that_suddenly_shows_nothing_at_all_is_held(provider: Provider, storing: FrozenSource) -> None:
    collect(provider, storing, NOV_3)
    storing.backup = {}
    licenses, storage = collect(provider, storing, NOV_4)
    assert (licenses.state, storage.state) == ("done", "held")
    assert "Acme 1 GB -> 0" in storage.reason
    assert list(StorageReading.objects.values_list("day", flat=True)) == [NOV_3]


def test_storage_that_shows_nothing_stays_held_until_a_person_accepts_it_and_is_believed_then(
    provider: Provider, storing: FrozenSource
) -> None:
    collect(provider, storing, NOV_2)
    storing.backup = {}
    assert states(collect(provider, storing, NOV_3)) == ["done", "held"]
    assert states(collect(provider, storing, NOV_3)) == ["done", "held"]
    assert states(collect(provider, storing, NOV_3, accept_losses=True)) == ["done", "done"]
    assert states(collect(provider, storing, NOV_4)) == ["done", "done"]


def test_a_company_with_much_storage_that_shows_none_holds_the_storage_of_all(
    provider: Provider, storing: FrozenSource
) -> None:
    configure(Company.objects.get(source_id="birch"), "storage:s3", name="Storage")
    storing.backup = {"u-acme": MUCH_STORAGE_LOST, "u-birch": 5}
    collect(provider, storing, NOV_3)
    storing.backup = {"u-acme": 0, "u-birch": 6}
    storage = collect(provider, storing, NOV_4)[1]
    assert (storage.state, "Acme 100 GB -> 0" in storage.reason) == ("held", True)
    assert not StorageReading.objects.filter(day=NOV_4).exists()


def test_storage_of_a_user_the_source_deleted_is_no_loss(provider: Provider, storing: FrozenSource) -> None:
    collect(provider, storing, NOV_3)
    storing.backup, storing.unknown = {}, {"u-acme"}
    assert states(collect(provider, storing, NOV_4)) == ["done", "done"]


def test_a_closed_month_without_figures_is_held_if_storage_was_collected_in_it(
    provider: Provider, storing: FrozenSource
) -> None:
    collect(provider, storing, NOV_3)
    storing.averages = {}
    storage = collect(provider, storing, date(2026, 12, 1))[1]
    assert (storage.state, MonthlyStorage.objects.filter(month="2026-11").exists()) == ("held", False)
    storing.averages = {"u-acme": 70}
    assert states(collect(provider, storing, date(2026, 12, 1))) == ["done", "done"]


# Packages


def package(id_: str = "27755", **changes: object) -> now.Package:
    values = {"name": "1000 GB", "price": Decimal(30), "backup_gb": Decimal(1000), "restore_gb": None, **changes}
    return now.Package(id=id_, **values)  # type: ignore[arg-type]


def test_packages_and_whose_they_are_are_kept_as_they_are_now(provider: Provider, storing: FrozenSource) -> None:
    storing.packages, storing.given = [package(), package("2", name="gone tomorrow")], {"u-acme": "27755"}
    collect(provider, storing, NOV_3)
    storing.packages = [package(price=Decimal("31.5"))]
    collect(provider, storing, NOV_4)
    assert list(StoragePackage.objects.values_list("source_id", "name", "price", "backup_gb", "restore_gb")) == [
        ("27755", "1000 GB", Decimal("31.50"), Decimal(1000), None)
    ]
    assert dict(BackupUser.objects.values_list("source_id", "packages")) == {
        "u-acme": [["s3", "27755"]],
        "u-birch": [],
    }


@pytest.mark.parametrize(
    "absurd", [{"price": Decimal(-1)}, {"price": Decimal(10) ** 12}, {"backup_gb": Decimal("1e30")}]
)
def test_a_package_with_an_absurd_figure_is_left_out_and_keeps_nothing_else_out(
    provider: Provider, storing: FrozenSource, absurd: dict[str, Decimal]
) -> None:
    storing.packages = [package("1", name="odd", **absurd), package("2")]
    storage = collect(provider, storing, NOV_3)[1]
    assert storage.state == "done"
    assert storage.warnings == ("The storage limit 'odd' has a figure that cannot be; it is left out.",)
    assert list(StoragePackage.objects.values_list("source_id", flat=True)) == ["2"]


def test_the_users_of_a_company_are_known_by_their_login(provider: Provider, collected: FrozenSource) -> None:
    assert dict(BackupUser.objects.values_list("login", "company__source_id")) == {
        "acme.front": "acme",
        "birch.front": "birch",
    }
