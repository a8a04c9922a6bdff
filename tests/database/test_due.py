"""What is due by itself: asked for once, for every provider, and put off when it needs a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billbridge.operations.access import Actor
from billbridge.operations.audit import record
from billbridge.operations.due import ask_for_what_is_due, tick
from billbridge.operations.provider import today
from billbridge.operations.tasks import TaskKind
from billbridge.store.models import (
    Bill,
    BilledProduct,
    BillingConfiguration,
    Collection,
    Company,
    HaloConnection,
    Notice,
    Provider,
    SourceConnection,
    Task,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def collected(provider: Provider, day: str, *, section: str = "licenses", state: str = "done") -> Collection:
    return Collection.objects.create(
        provider=provider,
        source="mbs",
        section=section,
        began=at(f"{day}T04:00"),
        day=date.fromisoformat(day),
        state=state,
    )


@pytest.fixture
def billed(provider: Provider) -> Company:
    """A company that auto-billing bills since October, collected up to the first of November."""
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    company = Company.objects.create(provider=provider, source_id="c1", name="Acme", auto_since=date(2026, 10, 1))
    one = BillingConfiguration.objects.create(company=company, name="Servers", mode="average")
    BilledProduct.objects.create(configuration=one, company=company, product="license:Server")
    for day in ("2026-10-01", "2026-11-01"):
        collected(provider, day)
    return company


def names(provider: Provider, moment: str) -> list[str]:
    return [task.due for task in ask_for_what_is_due(provider, at(moment))]


def test_the_daily_collection_is_asked_for_once_a_day(provider):
    SourceConnection.objects.create(provider=provider, address="https://mbs.test", login="x")

    assert names(provider, "2026-11-02T03:00") == []
    assert names(provider, "2026-11-02T04:00") == ["collect 2026-11-02"]
    assert names(provider, "2026-11-02T05:00") == []
    Task.objects.update(state="failed")
    assert names(provider, "2026-11-02T06:00") == []
    assert names(provider, "2026-11-03T04:00") == ["collect 2026-11-03"]


def test_a_day_that_a_person_collected_whole_is_not_collected_again(provider):
    SourceConnection.objects.create(provider=provider, address="https://mbs.test", login="x")
    collected(provider, "2026-11-02")
    assert names(provider, "2026-11-02T04:00") == ["collect 2026-11-02"]  # storage is missing

    collected(provider, "2026-11-03")
    collected(provider, "2026-11-03", section="storage")
    Task.objects.update(state="done")
    assert names(provider, "2026-11-03T04:00") == []


def test_without_a_source_and_a_connection_nothing_is_due(provider):
    assert names(provider, "2026-11-02T04:00") == []


def test_auto_billing_is_asked_for_every_hour_while_there_is_something_to_send(billed, provider):
    assert names(provider, "2026-11-02T05:10") == ["auto-billing 2026-11-02 05h"]
    assert names(provider, "2026-11-02T05:20") == []
    Task.objects.update(state="done")
    assert names(provider, "2026-11-02T05:50") == []
    assert names(provider, "2026-11-02T06:00") == ["auto-billing 2026-11-02 06h"]


def test_nothing_is_asked_for_once_the_bill_is_sent(billed, provider):
    Bill.objects.create(
        provider=provider, company=billed, month="2026-10", kind="automatic", state="sent", counting_rule="x",
        currency="USD", cost=Decimal(0), price=Decimal(0), made_on=date(2026, 11, 2),
    )  # fmt: skip

    assert names(provider, "2026-11-02T06:00") == []


def test_auto_billing_that_is_not_finished_is_not_asked_for_again(billed, provider):
    names(provider, "2026-11-02T05:10")

    assert names(provider, "2026-11-02T06:10") == []


def failed_at(provider: Provider, moment: str, *, state: str = "failed") -> Task:
    task = Task.objects.get(provider=provider, kind=TaskKind.AUTO_BILLING.value)
    Task.objects.filter(pk=task.pk).update(state=state, ended=at(moment))
    return task


def test_what_needs_a_person_is_not_tried_every_hour_but_the_next_day(billed, provider):
    names(provider, "2026-11-02T05:10")
    failed_at(provider, "2026-11-02T05:11")

    assert names(provider, "2026-11-02T06:10") == []
    assert names(provider, "2026-11-03T00:10") == ["auto-billing 2026-11-03 00h"]


def test_settings_changed_since_make_it_tried_again_at_the_next_look(billed, provider):
    names(provider, "2026-11-02T05:10")
    failed_at(provider, "2026-11-02T05:11")
    record(Actor.command_line(provider), "setting", "halopsa.client_secret")

    assert names(provider, "2026-11-02T06:10") == ["auto-billing 2026-11-02 06h"]


def test_halopsa_seen_to_work_since_makes_it_tried_again_at_the_next_look(billed, provider):
    names(provider, "2026-11-02T05:10")
    failed_at(provider, "2026-11-02T05:11")
    Task.objects.create(
        provider=provider, kind=TaskKind.TEST_HALOPSA.value, asked_by="Olivia", asked=at("2026-11-02T05:30"),
        state="done", ended=at("2026-11-02T05:30"),
    )  # fmt: skip

    assert names(provider, "2026-11-02T06:10") == ["auto-billing 2026-11-02 06h"]


def test_what_a_person_stopped_waits_for_the_next_day_whatever_changes(billed, provider):
    names(provider, "2026-11-02T05:10")
    failed_at(provider, "2026-11-02T05:11", state="stopped")
    record(Actor.command_line(provider), "setting", "provider.name")

    assert names(provider, "2026-11-02T06:10") == []
    assert names(provider, "2026-11-03T00:10") == ["auto-billing 2026-11-03 00h"]


def test_in_the_last_hour_of_the_third_day_it_does_not_wait_for_a_collection_any_more(provider, billed):
    Collection.objects.filter(day=date(2026, 11, 1)).delete()

    assert names(provider, "2026-11-03T22:59") == []
    assert names(provider, "2026-11-03T23:00") == ["auto-billing 2026-11-03 end"]
    assert Task.objects.get().inputs == {"day": "2026-11-03", "end_of_day": True}


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Pacific/Auckland", "2026-10-31T10:59:59", "2026-10-31T11:00:01"),
        ("UTC", "2026-10-31T23:59:59", "2026-11-01T00:00:01"),
        ("Pacific/Honolulu", "2026-11-01T09:59:59", "2026-11-01T10:00:01"),
    ],
)
def test_at_the_months_turn_in_the_providers_zone_last_month_becomes_due(billed, provider, zone, before, after):
    provider.time_zone = zone
    provider.save()
    company = Company.objects.get()
    company.auto_since = date(2026, 10, 5)  # after the window: October is its first month
    company.save()

    assert names(provider, before) == []
    assert names(provider, after) == ["auto-billing 2026-11-01 00h"]


def test_a_silent_source_is_announced_once(provider):
    last = collected(provider, "2026-11-01")

    for hours in (30, 37, 50):
        ask_for_what_is_due(provider, last.began + timedelta(hours=hours))

    assert Notice.objects.get().event == "source silent"


def test_what_the_three_days_did_not_send_is_announced_once_with_the_reason(billed, provider):
    Bill.objects.create(
        provider=provider, company=billed, month="2026-10", kind="automatic", state="held", counting_rule="x",
        currency="USD", cost=Decimal(0), price=Decimal(0), made_on=date(2026, 11, 2),
        reasons=["no customer is mapped"],
    )  # fmt: skip
    ask_for_what_is_due(provider, at("2026-11-03T23:59:59"))
    assert not Notice.objects.filter(event="not sent").exists()

    for day in ("2026-11-04T00:00:01", "2026-11-05T00:00:01"):
        ask_for_what_is_due(provider, at(day))

    told = Notice.objects.get(event="not sent")
    assert told.subject == "October 2026: 1 company not billed after the first three days"
    assert told.lines[0] == "Acme: no customer is mapped"


def test_a_provider_that_cannot_be_looked_at_keeps_no_other_from_its_work(billed, provider):
    broken = Provider.objects.create(name="Contoso", time_zone="No/Where")
    assert str(broken.pk) != str(provider.pk)

    assert [task.provider_id for task in tick(at("2026-11-02T05:10"))] == [provider.pk]


def test_the_day_moved_by_hand_is_the_day_of_what_is_due(billed, provider):
    provider.moved_day = date(2026, 11, 2)
    provider.save()

    assert names(provider, "2026-05-20T05:10") == ["auto-billing 2026-11-02 05h"]
    assert today(provider) == date(2026, 11, 2)
