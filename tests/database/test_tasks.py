"""Work in the background: asked for once, done once, and never lost silently when a worker dies."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import stamina
from django.db import connections

from billbridge.errors import InvalidInput
from billbridge.jobs.patience import held_when_free
from billbridge.jobs.perform import perform
from billbridge.operations import attempts
from billbridge.operations.access import Actor, NotAllowed, NotThere
from billbridge.operations.attempts import NotClaimed, claim, worker_name
from billbridge.operations.tasks import (
    TaskKind,
    ask_for,
    ask_when_due,
    retry,
    stop,
    task_of,
    waits_for_another_try,
    waits_in_vain,
)
from billbridge.store.clock import database_now
from billbridge.store.lock import RunInProgress, RunLock
from billbridge.store.models import HaloConnection, Notice, Provider, SourceConnection, Task
from billbridge.store.roles import Role
from billbridge.store.secrets import put_secret
from inline_worker import work_once

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN_KIND = "juggle"

WORKER = """
import sys
from billbridge.store.start import start
start()
from billbridge.operations.attempts import claim, worker_name
task = claim(int(sys.argv[1]), 1, worker_name("child"))
print(task.pk, flush=True)
sys.stdin.readline()
"""
"""A worker that takes a task, and is at work on it until a line comes."""


@pytest.fixture
def at_once_again() -> Iterator[None]:
    """Clients repeat a call that failed without any pause."""
    with stamina.set_testing(True, attempts=2):
        yield


def actor(provider: Provider, role: Role = Role.OWNER) -> Actor:
    return Actor(provider=provider, role=role, who="Olivia")


def queued(provider: Provider, **given: object) -> Task:
    values = {"kind": TaskKind.COLLECT.value, "asked_by": "Olivia", "asked": datetime.now(UTC)}
    return Task.objects.create(provider=provider, **(values | given))


def asked_of_an_mbs_that_is_down(provider: Provider, **given: object) -> Task:
    """A task that needs the source, at whose address nobody listens."""
    row = SourceConnection.objects.create(provider=provider, address="http://127.0.0.1:9", login="x")
    put_secret(row, "password", "x")
    return queued(provider, **({"lane": "source"} | given))


def state_of(task: Task) -> str:
    return str(Task.objects.get(pk=task.pk).state)


def claimed(task: Task, name: str) -> Task | NotClaimed:
    return claim(task.pk, task.attempt, worker_name(name))


def working_child(task: Task) -> subprocess.Popen[str]:
    """A worker of a process of its own that has claimed a task."""
    child = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(task.pk)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip()
    return child


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What calls give that are made at the same time, each in a thread with a connection of its own."""
    results: list[object] = []
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait()
            results.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_request_while_one_waits_is_that_one(provider):
    first = ask_for(actor(provider), TaskKind.PLAN, {"companies": [1]})

    assert ask_for(actor(provider), TaskKind.PLAN, {"companies": [1]}).pk == first.pk


def test_another_request_of_the_kind_is_refused_in_words_until_the_first_is_done(provider):
    ask_for(actor(provider), TaskKind.PLAN, {"companies": [1]})

    with pytest.raises(InvalidInput, match="A plan that Olivia asked for is not finished"):
        ask_for(actor(provider), TaskKind.PLAN, {"companies": [2]})


def test_other_kinds_and_other_providers_are_not_in_the_way(provider):
    other = Provider.objects.create(name="Contoso")
    ask_for(actor(provider), TaskKind.PLAN)

    ask_for(actor(provider), TaskKind.COLLECT)
    ask_for(actor(other), TaskKind.PLAN, {"companies": [2]})

    assert Task.objects.count() == 3


@pytest.mark.parametrize("kind", list(TaskKind))
def test_a_viewer_asks_for_nothing(provider, kind):
    with pytest.raises(NotAllowed):
        ask_for(actor(provider, Role.VIEWER), kind)


@pytest.mark.parametrize("kind", [TaskKind.TEST_HALOPSA, TaskKind.TEST_SOURCE])
def test_connections_are_tested_by_an_owner_alone(provider, kind):
    with pytest.raises(NotAllowed):
        ask_for(actor(provider, Role.BILLING), kind)


def test_a_task_is_its_providers_alone(provider):
    task = queued(Provider.objects.create(name="Contoso"))

    with pytest.raises(NotThere):
        task_of(provider, task.pk)


def test_an_error_ends_the_task_with_what_happened_and_the_remedy(provider):
    task = queued(provider)

    assert work_once()

    task.refresh_from_db()
    assert task.state == "failed"
    assert "No backup service is set up." in task.reason
    assert task.ended is not None


def test_a_defect_ends_the_task_without_a_trace_and_the_worker_goes_on(provider):
    broken, next_one = queued(provider, kind=UNKNOWN_KIND), queued(provider)

    assert work_once()
    assert work_once()

    broken.refresh_from_db()
    assert broken.state == "failed"
    assert broken.reason == "The console made a mistake. Its log says more."
    assert state_of(next_one) == "failed"


def test_without_a_waiting_task_there_is_nothing_to_do(provider):
    queued(provider, state="done")

    assert not work_once()


def test_a_providers_tasks_of_one_lane_run_one_after_another(provider):
    first, second = queued(provider), queued(provider)
    claimed(first, "one")

    assert claimed(second, "two") is NotClaimed.BUSY


def test_lanes_do_not_wait_for_each_other(provider):
    claimed(queued(provider, lane="halopsa"), "one")

    assert isinstance(claimed(queued(provider, lane="source"), "two"), Task)


def test_a_task_whose_lane_is_busy_is_tried_again_soon(provider):
    claimed(queued(provider), "one")
    second = queued(provider)

    perform(second.pk, second.attempt, worker_name("two"))

    second.refresh_from_db()
    assert (second.state, second.attempt, second.tries) == ("queued", 2, 0)
    assert waits_for_another_try(second)


def test_of_workers_that_begin_an_attempt_at_the_same_time_one_gets_it(provider):
    task = queued(provider)

    taken = at_once(*[lambda name=name: claimed(task, name) for name in ("one", "two", "three")])

    assert sorted(isinstance(one, Task) for one in taken) == [False, False, True]


def test_of_tasks_of_one_lane_that_begin_at_the_same_time_one_does(provider):
    tasks = [queued(provider) for _ in range(3)]

    taken = at_once(*[lambda task=task: claimed(task, "one") for task in tasks])

    assert sorted(isinstance(one, Task) for one in taken) == [False, False, True]


@pytest.mark.parametrize("state", ["done", "failed", "stopped"])
def test_an_attempt_of_what_has_ended_changes_nothing(provider, state):
    task = queued(provider, state=state)

    perform(task.pk, task.attempt, worker_name("one"))

    assert state_of(task) == state


def test_an_attempt_that_was_replaced_by_a_later_one_changes_nothing(provider):
    task = queued(provider, attempt=2)

    perform(task.pk, 1, worker_name("one"))

    assert state_of(task) == "queued"


def test_a_task_whose_worker_was_killed_goes_on_at_once(provider):
    task = queued(provider)
    with working_child(task) as child:
        assert state_of(task) == "running"
        child.kill()

    assert attempts.take_over_abandoned() == [(task.pk, 1)]
    task.refresh_from_db()
    assert (task.state, task.attempt, task.handed_over) == ("queued", 2, "")


def test_an_attempt_that_a_killed_worker_had_begun_can_be_begun_again_by_the_engine(provider):
    task = queued(provider)
    with working_child(task) as child:
        assert claimed(task, "another") is NotClaimed.NOT_DUE
        child.kill()

    assert isinstance(claimed(task, "another"), Task)


def test_a_task_whose_worker_lives_elsewhere_is_left_alone(provider):
    task = queued(provider)
    with working_child(task) as child:
        assert attempts.take_over_abandoned() == []
        assert state_of(task) == "running"
        child.communicate("\n")


def test_a_task_whose_worker_fell_silent_goes_on_when_its_lease_lapsed(provider):
    task = queued(provider, state="running", worker="another-machine", alive_until=database_now() - 1)

    attempts.take_over_abandoned()

    assert state_of(task) == "queued"


def test_a_worker_that_was_taken_over_from_records_nothing_any_more(provider):
    stale = claimed(queued(provider), "one")
    assert isinstance(stale, Task)
    Task.objects.filter(pk=stale.pk).update(alive_until=database_now() - 1)
    attempts.take_over_abandoned()

    ended = attempts.end(stale, Task.State.DONE)
    put_back = attempts.put_back(stale, seconds=0, reason="", counts=True)
    attempts.keep_alive(stale)

    task = Task.objects.get(pk=stale.pk)
    assert (ended, put_back) == (False, False)
    assert (task.state, task.attempt, task.tries, task.alive_until) == ("queued", 2, 0, 0.0)


def test_trouble_that_passes_ends_what_a_person_waits_for(provider, at_once_again):
    HaloConnection.objects.create(provider=provider, address="http://127.0.0.1:9/api", client_id="x")
    put_secret(provider.halopsa, "client_secret", "x")
    task = queued(provider, kind=TaskKind.REFRESH.value)

    work_once()

    task.refresh_from_db()
    assert task.state == "failed"
    assert "cannot be reached" in task.reason


def test_a_scheduled_collection_waits_longer_after_each_try_that_met_trouble(provider, at_once_again):
    task = asked_of_an_mbs_that_is_down(provider, due="collect 2026-11-02")
    waits = []
    for _ in range(3):
        task.refresh_from_db()
        perform(task.pk, task.attempt, worker_name("one"))
        task.refresh_from_db()
        waits.append(task.not_before - database_now())

    assert (task.state, task.attempt, task.tries) == ("queued", 4, 3)
    assert "licenses:" in task.reason
    assert 20 < waits[0] < waits[1] < waits[2]


def test_a_scheduled_collection_gives_up_when_its_patience_is_over_and_people_are_told(provider, at_once_again):
    task = asked_of_an_mbs_that_is_down(provider, due="collect 2026-11-02", tries=60)

    perform(task.pk, task.attempt, worker_name("one"))

    task.refresh_from_db()
    assert task.state == "failed"
    assert task.reason.startswith("Given up after 61 tries.")
    assert Notice.objects.get().subject == "The daily collection failed"


def test_a_task_that_waits_is_stopped_at_once(provider):
    task = queued(provider)

    stop(actor(provider, Role.BILLING), task)

    task.refresh_from_db()
    assert (task.state, task.reason) == ("stopped", "Stopped by Olivia while it waited.")
    assert not work_once()


def test_a_task_at_work_is_asked_to_stop(provider):
    task = claimed(queued(provider), "one")
    assert isinstance(task, Task)

    stop(actor(provider, Role.BILLING), task)

    assert state_of(task) == "running"
    assert attempts.is_stopped_by(task) == "Olivia"


def test_what_has_ended_cannot_be_stopped(provider):
    with pytest.raises(InvalidInput, match="This has ended already"):
        stop(actor(provider), queued(provider, state="done"))


def test_what_failed_is_tried_again_by_the_same_task(provider):
    task = queued(provider, state="failed", reason="The secret was refused.", tries=4, attempt=5)

    retry(actor(provider, Role.BILLING), task)

    task.refresh_from_db()
    assert (task.state, task.attempt, task.tries, task.reason) == ("queued", 6, 0, "")


def test_what_waits_for_another_try_is_tried_at_once_when_asked_for(provider):
    task = queued(provider, not_before=database_now() + 1000)

    retry(actor(provider), task)

    task.refresh_from_db()
    assert not waits_for_another_try(task)


@pytest.mark.parametrize("state", ["done", "running"])
def test_what_is_done_or_at_work_cannot_be_tried_again(provider, state):
    with pytest.raises(InvalidInput, match="cannot be tried again"):
        retry(actor(provider), queued(provider, state=state))


def test_nothing_is_tried_again_while_another_of_its_kind_is_not_finished(provider):
    failed = queued(provider, state="failed")
    queued(provider)

    with pytest.raises(InvalidInput, match="Another collection is not finished"):
        retry(actor(provider), failed)


@pytest.mark.parametrize("change", [stop, retry])
def test_a_viewer_stops_and_retries_nothing(provider, change):
    with pytest.raises(NotAllowed):
        change(actor(provider, Role.VIEWER), queued(provider))


def test_what_is_due_is_asked_for_once_however_many_ask_at_the_same_time(provider):
    ask = partial(ask_when_due, provider, TaskKind.COLLECT, "collect 2026-11-02")

    asked = at_once(ask, ask, ask)

    assert len([one for one in asked if one is not None]) == 1
    Task.objects.update(state="done")
    assert ask() is None


def test_what_is_due_waits_while_a_person_asked_for_the_same(provider):
    task = ask_for(actor(provider), TaskKind.COLLECT)

    assert ask_when_due(provider, TaskKind.COLLECT, "collect 2026-11-02") is None
    Task.objects.filter(pk=task.pk).update(state="failed")
    assert ask_when_due(provider, TaskKind.COLLECT, "collect 2026-11-02") is not None


def test_a_task_waits_in_vain_when_no_worker_is_busy(provider):
    long_ago = datetime.now(UTC) - timedelta(seconds=11)

    assert waits_in_vain(queued(provider, asked=long_ago))
    assert not waits_in_vain(queued(provider))


def test_a_sync_waits_for_another_run_and_begins_when_that_is_over(halopsa):
    other = RunLock(halopsa.pk, holder="Bert")
    other.acquire()
    said: list[str] = []

    lock = RunLock(halopsa.pk, holder="Olivia")
    with held_when_free(lock, say=said.append, sleep=lambda _: other.release()):
        lock.check()

    assert said == ["waiting: Another run works on this HaloPSA connection: Bert."]


def test_a_sync_gives_up_when_another_run_stays_and_says_whose_it_is(halopsa):
    RunLock(halopsa.pk, holder="Bert").acquire()
    slept: list[float] = []

    with (
        pytest.raises(RunInProgress, match="Bert"),
        held_when_free(RunLock(halopsa.pk), say=lambda _: None, patience=3, sleep=slept.append),
    ):
        pytest.fail("the lock was taken")

    assert sum(slept) == 3
