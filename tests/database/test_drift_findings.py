"""Keeping drift findings: what is new, what is seen again, what is over, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billbridge.errors import InvalidInput
from billbridge.halopsa.errors import ModuleRefused, ServerTrouble
from billbridge.operations.drift import DriftResult, check_drift
from billbridge.operations.drift_document import compact, document
from billbridge.store.models import (
    BillingConfiguration,
    Company,
    DriftCheck,
    DriftFinding,
    HaloConnection,
    PlannedChange,
    Provider,
    Run,
    Slot,
)
from billbridge.store.queries.drift import companies_with_findings, last_check, open_findings, open_findings_of

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 11)
KEY = "billbridge-last-1"


class FakeHaloPSA:
    """Answers from lists in memory as HaloPSA's API would; `troubles` are raised for paths, `on_read` is called."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            "Client": [{"id": 12, "name": "Acme Dental"}],
            "Site": [{"id": 40, "name": "Main", "client_id": 12}],
            "SoftwareLicence": [subscription()],
            "Currency": [{"id": 1, "code": "USD", "conversion_rate": 1}],
        }
        self.troubles: dict[str, Exception] = {}
        self.on_read: Callable[[str], None] = lambda path: None
        self.address = "http://halo.test/api"

    def get(self, path: str, query: object = None) -> object:
        if path in self.troubles:
            raise self.troubles[path]
        rows = [dict(row) for row in self.lists.get(path, [])]
        self.on_read(path)
        return rows if path == "Currency" else {"record_count": len(rows), "rows": rows}

    @contextmanager
    def connect(self, provider: Provider) -> Iterator[Any]:
        yield self


def subscription(**changes: object) -> dict[str, Any]:
    return {
        "id": 1001, "type": 1, "name": "Backup", "count": 2, "price": 12, "purchase_price": 5, "client_id": 12,
        "site_id": 40, "is_active": True, "product_sku": KEY, "billing_cycle": "Monthly", **changes,
    }  # fmt: skip


@pytest.fixture
def halo() -> FakeHaloPSA:
    return FakeHaloPSA()


@pytest.fixture
def slot(halopsa: HaloConnection, company: Company) -> Slot:
    """Acme is mapped, billed, and its subscription was read back."""
    company.client_id, company.site_id = 12, 40
    company.save()
    Provider.objects.update(currency="USD")
    configuration = BillingConfiguration.objects.create(company=company, name="Backup", mode="average")
    return Slot.objects.create(
        configuration=configuration,
        slot="last",
        key=KEY,
        subscription_id=1001,
        owned={"count": "2", "price": "12", "purchase_price": "5"},
        asked={"count": "2", "price": "12", "purchase_price": "5"},
        sent={"name": "Backup", "billing_cycle": "Monthly", "product_sku": KEY},
        watched={"is_active": True, "client_id": 12, "site_id": 40},
    )


def check(halo: FakeHaloPSA, day: date = MONDAY) -> DriftResult:
    return check_drift(Provider.objects.get(), day, connect=halo.connect)


def edit(halo: FakeHaloPSA, **changes: object) -> None:
    halo.lists["SoftwareLicence"] = [subscription(**changes)]


@pytest.mark.usefixtures("slot")
def test_nothing_changed_keeps_nothing_but_when_it_was_checked(halo: FakeHaloPSA) -> None:
    done = check(halo)

    assert done.is_clean
    assert not DriftFinding.objects.exists()
    kept = last_check(Provider.objects.get())
    assert kept is not None
    assert (kept.day, kept.things, kept.unknown) == (MONDAY, 3, {})
    assert kept.read_at == done.read_at


def test_a_new_finding_is_kept_with_its_company_and_its_day(halo: FakeHaloPSA, slot: Slot) -> None:
    edit(halo, count=7)

    done = check(halo)

    (row,) = DriftFinding.objects.all()
    assert done.new == done.open == done.harmful == (row,)
    assert (row.first_seen, row.last_seen, row.over_on) == (MONDAY, MONDAY, None)
    assert row.company == slot.configuration.company
    assert (row.thing, row.name, row.kind, row.harms) == ("subscription", "Backup #1001", "change", True)
    assert row.finding.startswith("Its quantity is 7, and was 2")


@pytest.mark.usefixtures("slot")
def test_a_finding_that_is_seen_again_is_the_same_row_told_anew(halo: FakeHaloPSA) -> None:
    edit(halo, count=7)
    check(halo)
    edit(halo, count=8)

    done = check(halo, TUESDAY)

    (row,) = DriftFinding.objects.all()
    assert (done.new, done.open) == ((), (row,))
    assert (row.first_seen, row.last_seen) == (MONDAY, TUESDAY)
    assert row.finding.startswith("Its quantity is 8, and was 2")


@pytest.mark.usefixtures("slot")
def test_a_finding_that_is_seen_no_more_is_over_and_comes_back_as_another(halo: FakeHaloPSA) -> None:
    edit(halo, count=7)
    check(halo)
    edit(halo)

    assert [row.over_on for row in check(halo, TUESDAY).closed] == [TUESDAY]
    edit(halo, count=7)
    check(halo, WEDNESDAY)

    assert list(DriftFinding.objects.order_by("pk").values_list("first_seen", "over_on")) == [
        (MONDAY, TUESDAY),
        (WEDNESDAY, None),
    ]


@pytest.mark.usefixtures("slot")
@pytest.mark.parametrize(
    "trouble",
    [
        ModuleRefused("HaloPSA keeps SoftwareLicence closed.", hint="Tick read:softwarelicensing."),
        ServerTrouble("HaloPSA does not answer."),
    ],
    ids=["refused", "down"],
)
def test_a_finding_about_what_could_not_be_looked_at_stays_as_it_is(halo: FakeHaloPSA, trouble: Exception) -> None:
    edit(halo, count=7)
    check(halo)
    halo.troubles["SoftwareLicence"] = trouble

    done = check(halo, TUESDAY)

    known = DriftFinding.objects.get(kind="change")
    assert (known.thing, known.last_seen, known.over_on) == ("subscription", MONDAY, None)
    unknown = DriftFinding.objects.get(kind="unknown")
    assert unknown.first_seen == TUESDAY
    assert str(trouble.args[0]) in unknown.finding
    assert unknown.remedy
    assert not done.is_clean
    halo.troubles.clear()
    edit(halo)
    assert len(check(halo, WEDNESDAY).closed) == 2


@pytest.mark.usefixtures("slot")
def test_what_is_no_more_expected_has_no_finding(halo: FakeHaloPSA) -> None:
    halo.lists["Client"] = []
    check(halo)
    Company.objects.update(client_id=None, site_id=None)

    assert [row.key for row in check(halo, TUESDAY).closed] == ["customer:12:acme|gone"]


def test_a_sync_that_writes_while_halopsa_is_read_is_no_drift(halo: FakeHaloPSA, slot: Slot) -> None:
    """HaloPSA shows what a sync wrote; its base is stored after HaloPSA was read."""

    def store(path: str) -> None:
        if path == "SoftwareLicence":
            Slot.objects.update(owned={**slot.owned, "count": "7"})

    edit(halo, count=7)
    halo.on_read = store

    done = check(halo)

    assert done.open == ()
    assert done.coverage.because == {"a sync changed it while HaloPSA was read": 1}
    assert not done.is_clean
    assert check(halo, TUESDAY).is_clean


def test_a_subscription_that_a_sync_made_meanwhile_is_no_drift(halo: FakeHaloPSA, slot: Slot) -> None:
    def store(path: str) -> None:
        if path == "Client":
            Slot.objects.create(
                configuration=slot.configuration, slot="current", key="billbridge-current-1", subscription_id=1002
            )

    halo.on_read = store
    assert check(halo).open == ()


@pytest.mark.usefixtures("slot")
@pytest.mark.parametrize("state", ["intended", "sending"])
def test_what_a_sync_at_work_has_sent_and_not_recorded_is_no_drift(halo: FakeHaloPSA, state: str) -> None:
    run = Run.objects.create(
        provider=Provider.objects.get(), trigger="manual sync", day=MONDAY, state="running",
        began="2026-11-09T09:00:00Z",
    )  # fmt: skip
    PlannedChange.objects.create(
        run=run, position=0, key=KEY, kind="update", subscription_id=1001, client_id=12, state=state,
        fields={"count": {"before": "2", "after": "7", "base": "2"}},
    )  # fmt: skip
    edit(halo, count=7)
    assert check(halo).open == ()
    edit(halo, count=9)
    assert len(check(halo).open) == 1


@pytest.mark.usefixtures("slot")
def test_the_same_finding_is_open_once_only(halo: FakeHaloPSA) -> None:
    edit(halo, count=7)
    check(halo)
    row = DriftFinding.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.usefixtures("slot")
def test_the_document_says_all_of_it_and_the_task_keeps_the_counts(halo: FakeHaloPSA) -> None:
    edit(halo, count=7)
    done = check(halo)
    said = document(done)
    assert [one["company"] for one in said["open"]] == ["Acme"]
    assert said["new"] == [f"subscription:{KEY}|quantity"]
    assert said["coverage"]["text"] == "checked 3 of 3, 0 unknown"
    kept = compact(done)
    assert (kept["new"], kept["open"], kept["harmful"], kept["closed"]) == (1, 1, 1, 0)
    assert "Backup" not in str(kept)


def test_what_is_open_is_read_by_provider_and_by_company(halo: FakeHaloPSA, slot: Slot) -> None:
    company = slot.configuration.company
    other = Provider.objects.create(name="Contoso", currency="USD")
    edit(halo, count=7)
    check_drift(company.provider, MONDAY, connect=halo.connect)

    assert open_findings(company.provider).count() == 1
    assert open_findings_of(company).count() == 1
    assert companies_with_findings(company.provider) == [(company.pk, "Acme")]
    assert not open_findings(other).exists()
    assert companies_with_findings(other) == []
    assert last_check(other) is None
    edit(halo)
    check_drift(company.provider, TUESDAY, connect=halo.connect)
    assert companies_with_findings(company.provider) == []
    assert DriftCheck.objects.count() == 1


@pytest.mark.usefixtures("provider")
def test_without_a_halopsa_nothing_is_checked(halo: FakeHaloPSA) -> None:
    with pytest.raises(InvalidInput, match="No HaloPSA connection is set up"):
        check(halo)
    assert not DriftCheck.objects.exists()
