"""Work that is stopped, tried again, waited for, handed over, or left by an older version ends once, and well."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from engine_room import PATIENCE, EngineRoom, engine_room
from installation import OpenConsole, configuration, small_world

from billbridge.jobs.background import background_worker
from billbridge.jobs.engine import FILE, QUEUE
from billbridge.operations.access import Actor
from billbridge.operations.provider import the_provider
from billbridge.operations.tasks import TaskKind, retry, stop
from billbridge.simulators.faults import Fault
from billbridge.store.models import Bill, Delivery, HaloConnection, Notice, Run, Task
from billbridge.store.secrets import put_secret
from billbridge.store.start import installation
from databases import KIND
from hook_server import hook_server

COMPANIES = tuple(f"Company {number}" for number in range(5))
WRITE = "POST /SoftwareLicence"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def room(open_console_in_process: OpenConsole) -> Iterator[EngineRoom]:
    """Five companies on the second of March, collected, with auto-billing on; batches of one."""
    world = small_world(*COMPANIES, today=date(2026, 2, 1))
    for name in COMPANIES:
        world.add_license(user=name.lower(), license_type="Server", endpoint="SRV-1")
    console = open_console_in_process(world)
    console.settings["halopsa"] |= {"batch_size": 1}
    console.settings["companies"] = [
        console.company(
            name,
            configuration("Servers", "average", "Server"),
            auto_billing=True,
            auto_billing_since="2026-02-01",
        )
        for name in COMPANIES
    ]
    console.apply_setup(day="2026-02-01").must()
    for day in ("2026-02-01", "2026-03-02"):
        console.collect(day)
    with engine_room(console) as opened:
        opened.on("2026-03-02")
        yield opened


def owner() -> Actor:
    return Actor(provider=the_provider(), role=Actor.command_line(the_provider()).role, who="Olivia")


def until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < deadline, list(Task.objects.values("kind", "state", "step", "reason"))
        time.sleep(0.02)


def the_task(kind: TaskKind = TaskKind.AUTO_BILLING) -> Task:
    return Task.objects.get(kind=kind.value)


def assert_each_sent_once(room: EngineRoom) -> None:
    creates = [write for write in room.console.books() if write["action"] == "create"]
    assert Counter(
        write["product_sku"] for write in creates if write["table"] == "SoftwareLicence"
    ) == dict.fromkeys((sub["product_sku"] for sub in room.console.subscriptions()), 1)
    assert len(room.console.subscriptions()) == len(COMPANIES)
    assert set(Bill.objects.values_list("kind", "state")) == {("automatic", "sent")}


def test_a_stopped_run_says_what_was_sent_and_what_was_not_and_goes_on_when_it_is_tried_again(room):
    room.console.halopsa.faults.add(Fault(kind="delay", route=WRITE, times=-1, delay=1.0))
    room.ask("2026-03-02T05:00")
    until(lambda: len(room.console.subscriptions()) >= 2)
    stop(owner(), the_task())
    until(lambda: the_task().state == "stopped")

    sent = len(room.console.subscriptions())
    run = Run.objects.get()
    assert 0 < sent < len(COMPANIES)
    assert run.state == "stopped"
    assert run.reason == (
        f"Stopped because Olivia asked for it: {sent} changes were written and read back, "
        f"{len(COMPANIES) - sent} were not."
    )
    assert the_task().reason == run.reason
    assert Counter(Bill.objects.values_list("state", flat=True)) == {"sent": sent, "failed": len(COMPANIES) - sent}
    unsent = Bill.objects.filter(state="failed").first()
    assert unsent is not None
    assert "it was not sent: Olivia asked for it" in unsent.reasons[0]

    room.console.halopsa.faults.clear()
    retry(owner(), the_task())
    room.settle()

    assert the_task().state == "done"
    assert_each_sent_once(room)


def test_a_refused_secret_stops_at_once_says_who_must_do_what_and_is_tried_again_after_the_change(room):
    connection = HaloConnection.objects.get()
    put_secret(connection, "client_secret", "not the secret any more")

    assert room.at("2026-03-02T05:00") == ["auto-billing 2026-03-02 05h"]

    task = the_task()
    assert (task.state, task.attempt) == ("failed", 1)
    assert "secret" in task.reason
    told = Notice.objects.get(event="auto-billing failed")
    assert told.lines[0] == task.reason
    assert room.at("2026-03-02T06:00") == []

    room.console.apply_setup(day="2026-03-02").must()  # the set-up file holds the right one
    assert room.at("2026-03-02T07:00") == ["auto-billing 2026-03-02 07h"]
    assert_each_sent_once(room)


def test_a_halopsa_that_is_down_is_waited_for_and_what_waits_says_why(room):
    room.console.halopsa.faults.add(Fault(kind="status", times=-1, status=503))
    room.at("2026-03-02T05:00")

    task = the_task()
    assert (task.state, task.attempt, task.tries) == ("queued", 2, 1)
    assert "503" in task.reason
    assert not Notice.objects.exists()

    room.console.halopsa.faults.clear()
    retry(owner(), task)
    room.settle()

    assert the_task().state == "done"
    assert_each_sent_once(room)


def test_a_sync_of_the_command_line_is_done_by_the_living_worker(room):
    done = room.console.sync("2026-03-02").must().document

    task = the_task(TaskKind.SYNC)
    assert (task.state, task.asked_by) == ("done", "command line")
    assert task.handed_over.startswith(QUEUE)
    assert done["run"] == Run.objects.get().pk
    assert done["written"] == 2 * len(COMPANIES)
    assert len(done["plan"]["changes"]) == 2 * len(COMPANIES)


def test_a_sync_that_the_worker_has_to_wait_with_ends_with_try_again_and_goes_on_by_itself(room):
    room.console.halopsa.faults.add(Fault(kind="rate_limit", route=WRITE, skip=1, times=-1, retry_after=900))

    ended = room.console.sync("2026-03-02")

    assert ended.code == 4
    assert "The worker tries again by itself" in ended.said
    assert the_task(TaskKind.SYNC).state == "queued"


def test_what_an_older_version_left_in_its_queue_is_begun_anew(room):
    task = Task.objects.create(
        provider=the_provider(),
        kind=TaskKind.TEST_HALOPSA.value,
        asked_by="Olivia",
        asked=datetime.now(UTC),
        handed_over="tasks-0#1",
    )

    room.settle()

    task.refresh_from_db()
    assert (task.state, task.attempt) == ("done", 2)


def test_people_are_told_of_what_was_sent_as_soon_as_the_channel_answers_again(room):
    with hook_server(status=503, headers={"Retry-After": "0"}) as hook:
        room.console.settings["notifications"] = [
            {"name": "Billing", "kind": "webhook", "address": f"{hook.address}/told"}
        ]
        room.console.apply_setup(day="2026-03-02").must()
        room.at("2026-03-02T05:00")
        until(lambda: Task.objects.filter(kind=TaskKind.NOTIFY.value, tries=1, state="queued").exists())
        assert Delivery.objects.get().state == "waiting"
        hook.status = 200
        retry(owner(), the_task(TaskKind.NOTIFY))
        until(lambda: Delivery.objects.get().state == "sent")

    told = hook.calls[-1].document
    assert told["event"] == "auto-billing done"
    assert told["facts"]["bills"] == str(len(COMPANIES))
    assert told["facts"]["price"] == "60.00"


@pytest.mark.skipif(KIND != "sqlite", reason="on PostgreSQL the engine's tables are in the database")
def test_what_waits_begins_anew_when_the_engines_file_was_lost(open_console_in_process):
    console = open_console_in_process(small_world(COMPANIES[0], today=date(2026, 2, 1)))
    console.apply_setup(day="2026-02-01").must()
    task = Task.objects.create(
        provider=the_provider(),
        kind=TaskKind.TEST_HALOPSA.value,
        asked_by="Olivia",
        asked=datetime.now(UTC),
        handed_over=f"{QUEUE}#1",
    )
    assert not list(installation().data.glob(f"{FILE}*"))

    with background_worker(grace=10, keeps_time=False):
        EngineRoom.settle()

    task.refresh_from_db()
    assert (task.state, task.attempt) == ("done", 2)
    for file in installation().data.glob(f"{FILE}*"):
        file.unlink()
