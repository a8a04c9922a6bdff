"""Work in the background: asked for once, done once, and never lost silently when a worker dies."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from billbridge.errors import InvalidInput
from billbridge.jobs.patience import held_when_free
from billbridge.jobs.worker import take, work_once
from billbridge.operations.access import Actor, NotAllowed, NotThere
from billbridge.operations.tasks import (
    TaskKind,
    ask_for,
    interrupt_abandoned,
    latest,
    task_of,
    waits_in_vain,
    worker_name,
)
from billbridge.store.clock import database_now
from billbridge.store.lock import RunInProgress, RunLock
from billbridge.store.models import Provider, Task
from billbridge.store.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN_KIND = "juggle"

WORKER = """
import sys
from billbridge.store.start import start
start()
from billbridge.jobs.worker import take
from billbridge.operations.tasks import worker_name
task = take(worker_name("child"))
print(task.pk, flush=True)
sys.stdin.readline()
"""
"""A worker that takes a task, and is at work on it until a line comes."""


def actor(provider: Provider, role: Role = Role.OWNER) -> Actor:
    return Actor(provider=provider, role=role, who="Olivia")


def queued(provider: Provider, **given: object) -> Task:
    values = {"kind": TaskKind.COLLECT.value, "asked_by": "Olivia", "asked": datetime.now(UTC)}
    return Task.objects.create(provider=provider, **(values | given))


def state_of(task: Task) -> str:
    return str(Task.objects.get(pk=task.pk).state)


def working_child() -> subprocess.Popen[str]:
    """A worker of a process of its own that has taken the oldest task."""
    child = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip()
    return child


def at_once(*calls: Callable[[], Task | None]) -> list[Task | None]:
    """What calls give that are made at the same time, each in a thread with a connection of its own."""
    results: list[Task | None] = []
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Task | None]) -> None:
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


def test_the_oldest_task_comes_first(provider):
    first, second = queued(provider), queued(provider)

    taken = take(worker_name("one"))

    assert taken is not None
    assert taken.pk == first.pk
    assert state_of(second) == "queued"


def test_a_providers_tasks_run_one_after_another(provider):
    queued(provider)
    queued(provider)
    take(worker_name("one"))

    assert take(worker_name("two")) is None


def test_two_workers_that_look_at_the_same_time_take_one_task_of_a_provider(provider):
    for _ in range(4):
        queued(provider)

    taken = at_once(*[lambda name=name: take(worker_name(name)) for name in ("one", "two", "three")])

    assert len([task for task in taken if task]) == 1


def test_workers_that_look_at_the_same_time_take_different_tasks(provider):
    wanted = {queued(Provider.objects.create(name=f"Provider {number}")).pk for number in range(3)}

    taken = at_once(*[lambda name=name: take(worker_name(name)) for name in ("one", "two", "three")])

    assert {task.pk for task in taken if task} == wanted


def test_a_task_whose_worker_was_killed_is_interrupted_at_once_and_says_what_to_do(provider):
    task = queued(provider)
    with working_child() as child:
        assert state_of(task) == "running"
        child.kill()

    assert interrupt_abandoned() == 1
    task.refresh_from_db()
    assert task.state == "stopped"
    assert "Ask for it again" in task.reason


def test_a_task_whose_worker_lives_elsewhere_is_left_alone(provider):
    task = queued(provider)
    with working_child() as child:
        assert interrupt_abandoned() == 0
        assert state_of(task) == "running"
        child.communicate("\n")


def test_a_task_whose_worker_fell_silent_is_interrupted_when_its_lease_lapsed(provider):
    task = queued(provider, state="running", worker="another-machine", alive_until=database_now() - 1)

    interrupt_abandoned()

    assert state_of(task) == "stopped"


def test_what_a_killed_worker_left_is_not_in_the_way_of_asking_again(provider):
    left = queued(provider, state="running", worker="another-machine", alive_until=database_now() - 1)

    asked = ask_for(actor(provider), TaskKind.COLLECT)

    assert asked.pk != left.pk
    assert latest(provider, TaskKind.COLLECT) == asked


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
