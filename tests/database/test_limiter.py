"""The limiter in the database: never more than the limit in any window, over all processes."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction

from billbridge.store.clock import database_now
from billbridge.store.limiter import LONGEST_PENALTY, DatabaseLimiter
from billbridge.store.models import ApiCall, HaloConnection, Provider

pytestmark = pytest.mark.django_db(transaction=True)

RESOLUTION = 0.002
"""Seconds by which SQLite's clock may be behind."""

MANY_CALLS = """
import random, sys, time
from threading import Thread
from billbridge.store.start import start
start()
from django.db import connections
from billbridge.store.limiter import DatabaseLimiter
connection_id, limit, window, calls = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])

def work():
    limiter = DatabaseLimiter(connection_id, limit, window)
    for _ in range(calls):
        with limiter.call():
            time.sleep(random.random() * 0.02)
            print(repr(time.time()), flush=True)  # the moment HaloPSA counts it
            time.sleep(random.random() * 0.02)
    connections.close_all()

print("ready", flush=True)
sys.stdin.readline()
threads = [Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


class Waits(Exception):
    """The limiter would sleep."""


def limiter(
    halopsa: HaloConnection, limit: int = 1, window: float = 60.0, *, longest_call: float = 120.0
) -> DatabaseLimiter:
    """A limiter that says how long it would sleep instead of sleeping."""

    def sleep(seconds: float) -> None:
        raise Waits(seconds)

    return DatabaseLimiter(halopsa.pk, limit, window, longest_call=longest_call, sleep=sleep)


def passes(limiter: DatabaseLimiter) -> bool:
    return wait(limiter) == 0


def wait(limiter: DatabaseLimiter) -> float:
    try:
        with limiter.call():
            return 0.0
    except Waits as waits:
        seconds: float = waits.args[0]
        return seconds


def test_two_processes_together_never_exceed_the_limit_in_any_window(halopsa: HaloConnection) -> None:
    limit, window, calls = 6, 0.6, 6
    command = [sys.executable, "-c", MANY_CALLS, str(halopsa.pk), str(limit), str(window), str(calls)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    counted = [float(line) for process in processes for line in process.communicate("go\n", timeout=60)[0].split()]
    counted.sort()
    assert len(counted) == 2 * 2 * calls
    for first, one_too_many in zip(counted, counted[limit:], strict=False):
        assert one_too_many - first > window - RESOLUTION
    assert counted[-1] - counted[0] < 10 * window  # and the limit is used, not just kept


def test_of_many_threads_at_once_only_as_many_as_the_limit_get_a_slot(halopsa: HaloConnection) -> None:
    together = Barrier(6)

    def calls(_: int) -> int:
        try:
            passed = 0
            for _ in range(10):
                together.wait(timeout=30)
                passed += passes(limiter(halopsa, limit=13))
            return passed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=6) as threads:
        assert sum(threads.map(calls, range(6))) == 13


def test_calls_within_the_limit_do_not_wait(halopsa: HaloConnection) -> None:
    assert [passes(limiter(halopsa, 3)) for _ in range(4)] == [True, True, True, False]


def test_a_slot_is_freed_one_window_after_its_call_was_completed(halopsa: HaloConnection) -> None:
    with limiter(halopsa, window=0.3).call():
        time.sleep(0.3)
    assert 0.2 < wait(limiter(halopsa, window=0.3)) <= 0.3
    time.sleep(0.31)
    assert passes(limiter(halopsa, window=0.3))


def test_a_call_under_way_keeps_its_slot_however_long_it_takes(halopsa: HaloConnection) -> None:
    with limiter(halopsa, window=0.05).call():
        time.sleep(0.1)
        assert not passes(limiter(halopsa, window=0.05))


def test_a_failed_call_has_used_its_slot(halopsa: HaloConnection) -> None:
    with pytest.raises(ConnectionError), limiter(halopsa).call():
        raise ConnectionError
    assert not passes(limiter(halopsa))


def test_the_call_of_a_dead_process_frees_its_slot_when_it_must_be_over(halopsa: HaloConnection) -> None:
    limiter(halopsa, window=0.1, longest_call=0.1).call().__enter__()  # and it never ends
    assert not passes(limiter(halopsa, window=0.1, longest_call=0.1))
    time.sleep(0.21)
    assert passes(limiter(halopsa, window=0.1, longest_call=0.1))


def test_a_call_that_outlasts_its_slot_is_counted_from_its_end_all_the_same(halopsa: HaloConnection) -> None:
    with limiter(halopsa, window=0.05, longest_call=0.05).call():
        time.sleep(0.11)
        assert passes(limiter(halopsa, window=0.05, longest_call=0.05))
    assert ApiCall.objects.count() == 2


def test_a_clock_that_was_set_back_blocks_for_one_window_only(halopsa: HaloConnection) -> None:
    ApiCall.objects.create(connection=halopsa, at=database_now() + 3600)
    assert wait(limiter(halopsa, window=0.1)) <= 0.1
    time.sleep(0.11)
    assert passes(limiter(halopsa, window=0.1))


def test_old_calls_are_forgotten(halopsa: HaloConnection) -> None:
    for age in (100, 90, 1):
        ApiCall.objects.create(connection=halopsa, at=database_now() - age)
    assert passes(limiter(halopsa, limit=5))
    assert ApiCall.objects.count() == 2


def test_another_connection_has_a_log_of_its_own(halopsa: HaloConnection) -> None:
    provider = Provider.objects.create(name="Southwind IT")
    other = HaloConnection.objects.create(provider=provider, address="https://other.test/api", client_id="b")
    assert passes(limiter(halopsa))
    assert not passes(limiter(halopsa))
    assert passes(limiter(other))


def test_a_penalty_stops_every_process_for_its_time(halopsa: HaloConnection) -> None:
    limiter(halopsa).penalty(0.2)
    assert 0.1 < wait(limiter(halopsa)) <= 0.2
    time.sleep(0.21)
    assert passes(limiter(halopsa))


def test_the_longest_penalty_wins(halopsa: HaloConnection) -> None:
    limiter(halopsa).penalty(30)
    limiter(halopsa).penalty(5)
    assert 25 < wait(limiter(halopsa)) <= 30


def test_a_penalty_from_before_the_clock_was_set_back_blocks_nothing(halopsa: HaloConnection) -> None:
    HaloConnection.objects.update(blocked_until=database_now() + 2 * LONGEST_PENALTY)
    assert passes(limiter(halopsa, limit=2))
    limiter(halopsa).penalty(30)
    assert 25 < wait(limiter(halopsa, limit=2)) <= 30


def test_a_limiter_really_sleeps_until_its_turn(halopsa: HaloConnection) -> None:
    real = DatabaseLimiter(halopsa.pk, 1, 0.2)
    began = time.monotonic()
    for _ in range(3):
        with real.call():
            pass
    assert time.monotonic() - began > 0.4 - 2 * RESOLUTION


def test_a_call_within_a_transaction_is_refused(halopsa: HaloConnection) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        passes(limiter(halopsa))


@pytest.mark.parametrize(("limit", "window"), [(0, 300.0), (250, 0.0)])
def test_a_limit_that_lets_no_call_through_is_refused(halopsa: HaloConnection, limit: int, window: float) -> None:
    with pytest.raises(ValueError, match="lets no call through"):
        DatabaseLimiter(halopsa.pk, limit, window)


def test_the_databases_clock_agrees_with_this_machines(halopsa: HaloConnection) -> None:
    assert abs(database_now() - time.time()) < 1


def test_the_databases_clock_moves_within_a_transaction(halopsa: HaloConnection) -> None:
    with transaction.atomic():
        before = database_now()
        time.sleep(0.02)
        assert database_now() > before
