"""The run lock: one run at a time on a connection, over all processes."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from billbridge.store.clock import database_now
from billbridge.store.lease import LEASE
from billbridge.store.lock import LockLost, RunInProgress, RunLock
from billbridge.store.models import HaloConnection, Lock, Provider
from billbridge.store.processes import Process

pytestmark = pytest.mark.django_db(transaction=True)

ZOMBIE = "Z"
"""What Linux calls the state of a process that ended and was not asked about."""

CLAIM = """
import sys
from billbridge.store.start import start
start()
from billbridge.store.clock import database_now
from billbridge.store.lock import RunInProgress, RunLock
lock = RunLock(int(sys.argv[1]), seconds=float(sys.argv[2]))
database_now()
print("ready", flush=True)
sys.stdin.readline()
try:
    lock.acquire()
    print("held", flush=True)
except RunInProgress:
    print("refused", flush=True)
sys.stdin.readline()
"""


def claiming(halopsa: HaloConnection, *, seconds: float) -> subprocess.Popen[str]:
    """A process that is about to claim the connection."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(halopsa.pk), str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert answer(process) == "ready"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_run_is_refused_and_told_who_runs(halopsa: HaloConnection) -> None:
    RunLock(halopsa.pk, holder="the nightly run").acquire()
    with pytest.raises(RunInProgress, match="the nightly run") as refused:
        RunLock(halopsa.pk).acquire()
    assert refused.value.retry_after is not None
    assert LEASE - 10 < refused.value.retry_after <= LEASE


def test_two_claims_of_one_name_are_still_two(halopsa: HaloConnection) -> None:
    RunLock(halopsa.pk, holder="sync").acquire()
    with pytest.raises(RunInProgress):
        RunLock(halopsa.pk, holder="sync").acquire()


def test_a_released_connection_is_free(halopsa: HaloConnection) -> None:
    first = RunLock(halopsa.pk)
    first.acquire()
    first.release()
    RunLock(halopsa.pk).acquire()


def test_runs_on_different_connections_do_not_meet(halopsa: HaloConnection) -> None:
    provider = Provider.objects.create(name="Southwind IT")
    other = HaloConnection.objects.create(provider=provider, address="https://other.test/api", client_id="b")
    RunLock(halopsa.pk).acquire()
    RunLock(other.pk).acquire()
    assert Lock.objects.count() == 2


def test_a_lapsed_lock_is_taken_over_and_the_old_run_learns_it(halopsa: HaloConnection) -> None:
    old, new = RunLock(halopsa.pk, seconds=0.1), RunLock(halopsa.pk)
    old.acquire()
    time.sleep(0.11)
    new.acquire()
    with pytest.raises(LockLost):
        old.check()
    with pytest.raises(LockLost):
        old.renew()
    new.check()


def test_a_late_release_leaves_the_lock_of_the_run_that_took_over(halopsa: HaloConnection) -> None:
    old, new = RunLock(halopsa.pk, seconds=0.05), RunLock(halopsa.pk)
    old.acquire()
    time.sleep(0.06)
    new.acquire()
    old.release()
    new.check()


def test_a_lapsed_lock_is_lost_even_if_nobody_took_it(halopsa: HaloConnection) -> None:
    lock = RunLock(halopsa.pk, seconds=0.05)
    lock.acquire()
    time.sleep(0.06)
    with pytest.raises(LockLost):
        lock.check()
    with pytest.raises(LockLost):
        lock.renew()


def test_a_renewed_lock_holds_for_another_lease(halopsa: HaloConnection) -> None:
    lock = RunLock(halopsa.pk, seconds=0.4)
    lock.acquire()
    time.sleep(0.25)
    lock.renew()
    time.sleep(0.25)
    lock.check()


def test_a_held_lock_is_renewed_in_the_background_and_given_back(halopsa: HaloConnection) -> None:
    with RunLock(halopsa.pk, seconds=0.5).held(renewal=0.05) as lock:
        time.sleep(0.8)
        lock.check()
        with pytest.raises(RunInProgress):
            RunLock(halopsa.pk).acquire()
    RunLock(halopsa.pk).acquire()


def test_a_run_that_fails_gives_its_lock_back(halopsa: HaloConnection) -> None:
    with pytest.raises(ZeroDivisionError), RunLock(halopsa.pk).held():
        raise ZeroDivisionError
    RunLock(halopsa.pk).acquire()


@pytest.mark.parametrize("lapsed", [False, True], ids=["free", "lapsed"])
def test_of_several_processes_at_once_exactly_one_gets_the_lock(halopsa: HaloConnection, lapsed: bool) -> None:
    if lapsed:
        Lock.objects.create(connection=halopsa, holder="long dead", until=1.0)
    processes = [claiming(halopsa, seconds=60) for _ in range(3)]
    for process in processes:
        go(process)
    answers = sorted(answer(process) for process in processes)
    for process in processes:
        process.communicate(timeout=30)
    assert answers == ["held", "refused", "refused"]


def holding(halopsa: HaloConnection) -> subprocess.Popen[str]:
    """A process that holds the connection."""
    process = claiming(halopsa, seconds=60)
    go(process)
    assert answer(process) == "held"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=30)


def test_a_living_process_of_this_machine_keeps_its_lock_and_is_named(halopsa: HaloConnection) -> None:
    process = holding(halopsa)
    with pytest.raises(RunInProgress, match=rf"connection: process {process.pid} on [^ ]+\."):
        RunLock(halopsa.pk).acquire()
    ended(process)


def test_the_lock_of_a_killed_process_of_this_machine_is_taken_over_at_once(halopsa: HaloConnection) -> None:
    ended(holding(halopsa))
    new = RunLock(halopsa.pk)
    new.acquire()
    new.check()


def test_a_killed_process_is_dead_even_if_nobody_asked_how_it_ended(halopsa: HaloConnection) -> None:
    process = holding(halopsa)
    process.kill()
    while f") {ZOMBIE} " not in Path(f"/proc/{process.pid}/stat").read_text():
        time.sleep(0.01)
    RunLock(halopsa.pk).acquire()
    process.communicate(timeout=30)


def test_another_process_that_got_the_number_of_a_dead_one_keeps_nothing_locked(halopsa: HaloConnection) -> None:
    this = Process.this()
    assert this is not None
    before = replace(this, started=this.started - 1)
    Lock.objects.create(connection=halopsa, holder=f"sync ({before} 00000000)", until=database_now() + 60)
    RunLock(halopsa.pk).acquire()


def test_a_lock_of_another_machine_is_held_until_it_lapses(halopsa: HaloConnection) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(timeout=30)
    elsewhere = Process(machine="0" * 8, number=process.pid, started=1)
    Lock.objects.create(connection=halopsa, holder=f"sync ({elsewhere} 00000000)", until=database_now() + 0.3)
    with pytest.raises(RunInProgress):
        RunLock(halopsa.pk).acquire()
    time.sleep(0.31)
    RunLock(halopsa.pk).acquire()


def test_of_several_processes_one_takes_over_from_a_dead_one(halopsa: HaloConnection) -> None:
    ended(holding(halopsa))
    processes = [claiming(halopsa, seconds=60) for _ in range(3)]
    for process in processes:
        go(process)
    answers = sorted(answer(process) for process in processes)
    for process in processes:
        process.communicate(timeout=30)
    assert answers == ["held", "refused", "refused"]
