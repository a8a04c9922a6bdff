"""What a run's journal tells the next run: creates that were given up, what stands there all the same, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from usage_of import NOVEMBER, OCTOBER, collected, configure, holds, price

from billbridge.billing.changes import Base, Change, ChangeKind, FieldChange, Found, Wanted
from billbridge.operations.bill import BillRequest, make_bills
from billbridge.operations.journal import RunJournal, bases_of, failed_creates, last_written
from billbridge.store.models import BillingConfiguration, BillLine, Company, PlannedChange, Provider, Run

KEY = "billbridge-last-0123456789abcdef"
SENT = {"count": Decimal(3), "price": Decimal("12.00"), "is_active": True, "client_id": 12}

MakeRun = Callable[..., Run]


@pytest.fixture
def configuration(company: Company) -> BillingConfiguration:
    return configure(company, "license:Server")


@pytest.fixture
def make_run(provider: Provider) -> MakeRun:
    def make(day: date = date(2026, 11, 2)) -> Run:
        return Run.objects.create(provider=provider, trigger="manual sync", day=day, began=datetime.now(UTC))

    return make


def create(configuration: BillingConfiguration) -> Change:
    """A create of the configuration's last month."""
    wanted = Wanted(
        key=KEY,
        company_id="acme",
        configuration_id=str(configuration.uid),
        slot="last",
        shows="2026-10",
        name="Managed Backup",
        client_id=12,
        site_id=0,
        owned={"count": SENT["count"], "price": SENT["price"]},
        of_month={"start_date": "2026-10-01"},
        set_once={},
    )
    fields = tuple(FieldChange(field=name, before=None, after=value) for name, value in SENT.items())
    return Change(kind=ChangeKind.CREATE, wanted=wanted, fields=fields)


def journal_of(run: Run, change: Change) -> RunJournal:
    """A journal that was told that the change is sent."""
    journal = RunJournal(run, lambda: 100.0)
    journal.intend([change])
    journal.sending([change])
    return journal


def shown(**fields: Any) -> Found:
    return Found(id=41, key=KEY, name="Managed Backup", deleted=False, fields={"type": 1, **SENT, **fields})


def test_a_create_that_was_given_up_is_remembered_with_what_it_sent(
    provider: Provider, configuration: BillingConfiguration, make_run: MakeRun
) -> None:
    change = create(configuration)
    journal_of(make_run(), change).failed(change, "HaloPSA does not show it", None)

    (intent,) = failed_creates(provider)
    assert (intent.key, intent.is_create, dict(intent.values)) == (KEY, True, SENT)
    assert bases_of(provider) == {}


def test_a_create_that_was_given_up_says_nothing_once_its_subscription_is_known(
    provider: Provider, configuration: BillingConfiguration, make_run: MakeRun
) -> None:
    change = create(configuration)
    journal_of(make_run(), change).failed(change, "HaloPSA does not show it", None)
    journal_of(make_run(), change).verified(change, shown(), {})

    assert failed_creates(provider) == []
    assert PlannedChange.objects.filter(state=PlannedChange.State.FAILED).count() == 1


def test_a_create_that_stands_there_otherwise_is_known_with_what_it_shows(
    provider: Provider, configuration: BillingConfiguration, make_run: MakeRun
) -> None:
    change = create(configuration)
    now = shown(count=Decimal(2), price=Decimal("12.00"))
    journal_of(make_run(), change).failed(change, "HaloPSA shows count 2 instead of 3", now)

    base = bases_of(provider)[KEY]
    assert (base.subscription_id, base.owned["count"]) == (41, Decimal(2))
    assert base == Base(
        subscription_id=41,
        owned={"count": Decimal(2), "purchase_price": None, "price": Decimal("12.00")},
        watched={"is_active": True, "client_id": 12, "site_id": None},
    )
    assert failed_creates(provider) == []


def test_a_double_that_was_closed_is_never_taken_for_the_slot(
    provider: Provider, configuration: BillingConfiguration, make_run: MakeRun
) -> None:
    double = Change(kind=ChangeKind.CLOSE, wanted=create(configuration).wanted, subscription_id=44)
    journal_of(make_run(), double).verified(double, shown(is_active=False), {})
    assert bases_of(provider) == {}


def test_the_day_on_which_a_slot_was_last_written_is_the_latest_that_was_read_back(
    configuration: BillingConfiguration, make_run: MakeRun
) -> None:
    change = create(configuration)
    for day in (date(2026, 11, 2), date(2026, 12, 3)):
        journal_of(make_run(day), change).verified(change, shown(), {})
    journal_of(make_run(date(2027, 1, 2)), change).failed(change, "refused", None)
    assert last_written([KEY, "another"]) == {KEY: date(2026, 12, 3)}


def test_a_line_is_sent_as_soon_as_its_subscription_was_read_back(
    provider: Provider, configuration: BillingConfiguration, make_run: MakeRun
) -> None:
    price(provider)
    collected(provider, OCTOBER.first, NOVEMBER.first)
    holds(configuration.company, "DC01")
    make_bills(provider, BillRequest(day=date(2026, 11, 2)))
    change = create(configuration)

    journal_of(make_run(), change).verified(change, shown(), {})

    sent = BillLine.objects.values_list("bill__month", "is_sent")
    assert sorted(sent) == [(OCTOBER, True), (NOVEMBER, False)]
