"""Auto-billing whose worker is killed at every boundary: another goes on, and every bill is sent exactly once.

On SQLite one worker runs, and the next one is started after it died; on PostgreSQL three run all the time.
"""

from __future__ import annotations

import signal
import time

import pytest
from crew import LEASE, SIZE, Crew, written

from databases import KIND

pytestmark = pytest.mark.slow

BOUNDARIES = (
    "after-hand-over",
    "before-claim",
    "after-claim",
    "before-intent",
    "after-intent",
    "before-send:2",
    "after-send:2",
    "before-read-back",
    "before-verified:2",
    "before-bills",
    "before-end",
)


@pytest.mark.parametrize("failpoint", BOUNDARIES)
def test_a_living_worker_goes_on_where_a_killed_one_was(automatic: Crew, failpoint: str) -> None:
    automatic.start(failpoint=failpoint)
    automatic.wait_for_death()
    if SIZE == 1:
        automatic.start()

    seconds = automatic.wait_until_done()

    assert seconds < 30
    automatic.assert_every_bill_sent_once()


def test_a_worker_killed_while_halopsa_has_a_write_is_taken_over_and_nothing_is_doubled(automatic: Crew) -> None:
    wire = automatic.bench.wire
    wire.hold_writes(after=1)
    automatic.start()
    wire.wait_for_write()

    automatic.worker_at_work().kill()
    automatic.wait_for_death()
    wire.cut()
    wire.commit_late(during_read=2)
    if SIZE == 1:
        automatic.start()

    automatic.wait_until_done()
    automatic.assert_every_bill_sent_once()


def test_killed_again_and_again_it_still_comes_to_its_end(automatic: Crew) -> None:
    for failpoint in ("after-intent", "after-send", "before-verified", "before-bills", "before-end"):
        automatic.bench.console.data.parent.joinpath("died").unlink(missing_ok=True)
        automatic.start(size=1, failpoint=failpoint)
        automatic.wait_for_death()

    automatic.start()

    automatic.wait_until_done()
    automatic.assert_every_bill_sent_once()


@pytest.mark.skipif(KIND != "postgresql", reason="on SQLite nobody takes over from a living worker")
def test_a_worker_that_was_stopped_past_its_lease_sends_nothing_after_the_take_over(automatic: Crew) -> None:
    wire, books = automatic.bench.wire, automatic.bench.console.books
    wire.hold_writes(after=1)
    automatic.start()
    wire.wait_for_write()
    stopped = automatic.worker_at_work()
    stopped.send_signal(signal.SIGSTOP)
    wire.release()

    automatic.wait_for(lambda: automatic.tasks()[0]["state"] == "done", "nobody took over")
    automatic.assert_every_bill_sent_once()
    before = written(books())
    stopped.send_signal(signal.SIGCONT)
    automatic.workers.remove(stopped)
    automatic.wait_for(lambda: _is_heard_of(automatic, stopped.pid), "it does not go on")
    stopped.send_signal(signal.SIGTERM)
    stopped.communicate(timeout=30)

    assert written(books()) == before
    automatic.assert_every_bill_sent_once()
    assert automatic.tasks()[0]["attempt"] == 2


def _is_heard_of(crew: Crew, number: int) -> bool:
    """Whether the worker of a process gives signs of life again, a while after it counted as dead."""
    now = "extract(epoch FROM clock_timestamp())"
    rows = crew.bench.console.query(f"SELECT name FROM store_worker WHERE alive_until > {now} + {LEASE / 2}")
    return any(int(row["name"].split(".")[1], 16) == number for row in rows)


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite takes one worker")
def test_what_is_due_is_asked_for_once_although_three_look_at_the_same_time(automatic: Crew) -> None:
    looks = [automatic.bench.console.start("tick", "--at", "05:00", "--json") for _ in range(3)]
    for one in looks:
        one.communicate(timeout=60)

    automatic.start()
    automatic.wait_until_done()

    assert [task["kind"] for task in automatic.tasks()] == ["auto-billing"]
    automatic.assert_every_bill_sent_once()


def test_a_worker_told_to_end_while_it_sends_reads_back_first_and_the_next_one_goes_on(
    automatic: Crew,
) -> None:
    wire = automatic.bench.wire
    wire.hold_writes(after=1)
    automatic.start(size=1)
    wire.wait_for_write()
    (worker,) = automatic.workers
    worker.send_signal(signal.SIGTERM)
    time.sleep(2)  # until it has surely heard of it, while HaloPSA still holds the write
    wire.release()

    automatic.wait_for(lambda: worker.poll() is not None, "it does not end")
    automatic.workers.remove(worker)
    said = worker.communicate()
    assert worker.returncode == 0, said
    (task,) = automatic.tasks()
    (run,) = automatic.bench.console.query("SELECT state FROM store_run")
    assert (task["state"], task["attempt"], run["state"]) == ("queued", 2, "stopped")

    automatic.start()
    automatic.wait_until_done()
    automatic.assert_every_bill_sent_once()
