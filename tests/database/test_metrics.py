"""The figures a monitor is told: what is counted where, and that counters only ever grow."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from billbridge.billing.months import Month
from billbridge.operations.metrics import read_metrics
from billbridge.store.clock import database_now
from billbridge.store.limiter import DatabaseLimiter
from billbridge.store.models import (
    Bill,
    Collection,
    Company,
    Delivery,
    DriftFinding,
    HaloConnection,
    Notice,
    PlannedChange,
    Provider,
    Run,
    SourceConnection,
    Task,
    Worker,
)

COMMITTED = pytest.mark.django_db(transaction=True)
"""The limiter must not be used within a transaction."""


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def run(provider: Provider, state: str = "done", *, ended: float = 60, **given: object) -> Run:
    values = {"trigger": "manual sync", "day": date(2026, 11, 2), "began": ago(ended + 5), "ended": ago(ended)}
    return Run.objects.create(provider=provider, state=state, **(values | given))


def change(of: Run, state: str, kind: str = "update") -> PlannedChange:
    return PlannedChange.objects.create(
        run=of, position=of.changes.count(), key=f"k-{of.pk}", kind=kind, client_id=1, fields={}, state=state
    )


def task(provider: Provider, kind: str = "sync", state: str = "queued", **given: object) -> Task:
    return Task.objects.create(
        provider=provider, kind=kind, state=state, **({"asked_by": "x", "asked": ago(100)} | given)
    )


def bill(company: Company, month: str, state: str) -> Bill:
    return Bill.objects.create(
        provider=company.provider, company=company, month=Month.parse(month), kind="manual", state=state,
        counting_rule="peak", currency="EUR", cost=1, price=2, made_on=date(2026, 11, 2),
    )  # fmt: skip


def some(numbers: object) -> dict[tuple[str, ...], float]:
    """Those that are not 0, without the provider."""
    return {labels[1:]: number for labels, number in dict(numbers).items() if number}  # type: ignore[call-overload]


def test_runs_that_ended_are_counted_by_trigger_and_state(provider: Provider):
    run(provider)
    run(provider, "failed")
    run(provider, "failed", trigger="auto-billing")
    run(provider, "running", ended=0)

    found = read_metrics()

    assert some(found.runs_ended) == {
        ("manual sync", "done"): 1, ("manual sync", "failed"): 1, ("auto-billing", "failed"): 1,
    }  # fmt: skip
    assert some(found.runs_running) == {("manual sync",): 1}


def test_what_never_happened_yet_is_told_as_0(provider: Provider):
    found = read_metrics()

    assert found.runs_ended[str(provider.pk), "auto-billing", "failed"] == 0
    assert found.changes_settled[str(provider.pk), "create", "failed"] == 0
    assert found.deliveries[str(provider.pk), "failed"] == 0
    assert found.drift[(str(provider.pk),)] == 0
    assert found.queue.oldest == 0


def test_a_run_that_is_cut_short_and_resumed_takes_nothing_back(provider: Provider):
    first = run(provider, "running")
    change(first, "verified")
    resumed_change = change(first, "sending")
    before = read_metrics()

    first.state = "interrupted"
    first.save()
    resumed_change.state = "abandoned"
    resumed_change.save()
    change(run(provider), "verified")
    after = read_metrics()

    assert some(before.changes_settled) == {("update", "verified"): 1}
    assert some(before.changes_unsettled) == {("update", "sending"): 1}
    assert some(after.changes_settled) == {("update", "verified"): 2, ("update", "abandoned"): 1}
    assert some(after.changes_unsettled) == {}
    for name in ("runs_ended", "changes_settled"):
        grown = getattr(after, name)
        assert all(grown[labels] >= number for labels, number in getattr(before, name).items())


def test_changes_of_each_provider_are_its_own(provider: Provider):
    other = Provider.objects.create(name="Contoso")
    change(run(provider), "verified", "create")
    change(run(other), "failed", "close")

    found = read_metrics().changes_settled

    assert found[str(provider.pk), "create", "verified"] == 1
    assert found[str(other.pk), "close", "failed"] == 1
    assert sum(found.values()) == 2


def test_the_last_sync_is_the_last_one_that_was_done_as_a_whole(halopsa: HaloConnection):
    run(halopsa.provider, ended=5000)
    run(halopsa.provider, ended=3000, trigger="auto-billing")
    run(halopsa.provider, "partly done", ended=10)

    (age,) = read_metrics().last_sync_age.values()

    assert age == pytest.approx(3000, abs=60)


def test_a_connection_that_never_synced_is_infinitely_behind(halopsa: HaloConnection):
    Provider.objects.create(name="without a connection")

    assert read_metrics().last_sync_age == {(str(halopsa.provider_id),): math.inf}


@COMMITTED
def test_calls_are_counted_as_the_limiter_lets_them_through(halopsa: HaloConnection):
    limiter = DatabaseLimiter(halopsa.pk, 250, 300.0)
    for kind in ("tokens", "reads", "reads", "writes"):
        with limiter.call(kind):
            pass
    limiter.penalty(30)

    calls = read_metrics().calls

    assert some(calls.made) == {("reads",): 2, ("writes",): 1, ("tokens",): 1}
    assert some(calls.limited) == {(): 1}
    assert some(calls.in_window) == {(): 4}
    assert some(calls.allowed) == {(): 250}
    assert 25 < calls.blocked[(str(halopsa.provider_id),)] <= 30


@COMMITTED
def test_a_call_that_failed_and_one_whose_log_is_gone_stay_counted(halopsa: HaloConnection):
    limiter = DatabaseLimiter(halopsa.pk, 250, 0.001)
    with pytest.raises(OSError, match="cut"), limiter.call("writes"):
        raise OSError("cut")
    with limiter.call("writes"):
        pass

    assert some(read_metrics().calls.made) == {("writes",): 2}


def test_unfinished_tasks_are_queued_waiting_or_running(provider: Provider):
    task(provider)
    task(provider, "deliver", not_before=database_now() + 500, tries=2)
    task(provider, "collect", "running", lane="source")
    task(provider, "plan", "done")

    assert some(read_metrics().queue.tasks) == {
        ("sync", "queued"): 1,
        ("deliver", "waiting"): 1,
        ("collect", "running"): 1,
    }


def test_the_oldest_task_is_the_one_that_could_have_run_for_longest(provider: Provider):
    other = Provider.objects.create(name="Contoso")
    task(provider, "plan", "running", asked=ago(9000))
    task(provider, "sync", asked=ago(8000))  # its lane is at work
    task(provider, "collect", lane="source", asked=ago(7000), not_before=database_now() - 300)  # tried again since
    task(other, "sync", asked=ago(7000), not_before=database_now() + 500)  # not to be tried yet
    task(other, "plan", asked=ago(200))

    assert read_metrics().queue.oldest == pytest.approx(300, abs=60)


def test_attempts_are_summed_over_tasks_of_every_state(provider: Provider):
    task(provider, state="done", attempt=3)
    task(provider, state="failed", attempt=2)
    task(provider, "plan")

    assert some(read_metrics().attempts) == {("sync",): 5, ("plan",): 1}


def test_workers_count_while_they_are_heard_of(db: None):
    for name, seconds in (("one", 30), ("two", 30), ("dead", -1)):
        Worker.objects.create(name=name, machine="a", began=datetime.now(UTC), alive_until=database_now() + seconds)

    assert read_metrics().workers == 2


def test_collections_are_told_by_section_with_the_age_of_the_last_that_came_in_whole(provider: Provider):
    SourceConnection.objects.create(provider=provider, address="https://mbs.test", login="x")
    for section, state, seconds in (
        ("licenses", "done", 9000), ("licenses", "done", 4000), ("licenses", "failed", 10), ("storage", "held", 10),
    ):  # fmt: skip
        Collection.objects.create(
            provider=provider, source="mbs", section=section, state=state, began=ago(seconds), day=date(2026, 11, 2)
        )

    found = read_metrics()

    assert some(found.collections) == {
        ("mbs", "licenses", "done"): 2, ("mbs", "licenses", "failed"): 1, ("mbs", "storage", "held"): 1,
    }  # fmt: skip
    assert found.last_collection_age[str(provider.pk), "mbs", "licenses"] == pytest.approx(4000, abs=60)
    assert found.last_collection_age[str(provider.pk), "mbs", "storage"] == math.inf


def test_bills_are_those_of_the_last_and_the_running_month_of_the_business_day(company: Company):
    Provider.objects.update(moved_day=date(2026, 11, 2))
    other = Provider.objects.create(name="Contoso", moved_day=date(2026, 10, 30))
    theirs = Company.objects.create(provider=other, source_id="bolt", name="Bolt")
    for month, state in (("2026-09", "sent"), ("2026-10", "sent"), ("2026-11", "ready")):
        bill(company, month, state)
        bill(theirs, month, state)

    found = read_metrics().bills

    assert {labels: n for labels, n in found.items() if n} == {
        (str(company.provider_id), "last", "sent"): 1,
        (str(company.provider_id), "running", "ready"): 1,
        (str(other.pk), "last", "sent"): 1,
        (str(other.pk), "running", "sent"): 1,
    }


def test_deliveries_and_drift_are_told_by_provider(provider: Provider):
    notice = Notice.objects.create(provider=provider, event="run failed", key="1", subject="x", at=ago(5))
    for state in ("sent", "failed", "failed", "waiting"):
        Delivery.objects.create(notice=notice, channel_name="mail", state=state)
    today = date(2026, 11, 2)
    for key, over in (("a", None), ("b", today)):
        DriftFinding.objects.create(
            provider=provider, key=key, thing="site", name="x", finding="y", effect="z", first_seen=today,
            last_seen=today, over_on=over,
        )  # fmt: skip

    found = read_metrics()

    assert some(found.deliveries) == {("sent",): 1, ("failed",): 2, ("waiting",): 1}
    assert some(found.drift) == {(): 1}


def test_the_number_of_questions_does_not_grow_and_none_looks_at_usage(provider: Provider):
    def asked() -> list[str]:
        statements: list[str] = []

        def note(execute: Callable[..., object], sql: str, *rest: object) -> object:
            statements.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            read_metrics()
        return statements

    def fill(one: Provider) -> None:
        HaloConnection.objects.create(provider=one, address="https://halo.test/api", client_id="b")
        SourceConnection.objects.create(provider=one, address="https://mbs.test", login="x")
        for _ in range(3):
            change(run(one), "verified")
            task(one)

    fill(provider)
    few = asked()
    for number in range(5):
        fill(Provider.objects.create(name=f"MSP {number}"))
    many = asked()

    assert len(many) == len(few) <= 16
    usage = ("activationrow", "storagereading", "domainreading", "billline", "store_company")
    assert not [sql for sql in many if any(f'"store_{table}' in sql or table in sql for table in usage)]
