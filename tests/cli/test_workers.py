"""Pages and background work as processes of their own: one worker on SQLite, many on PostgreSQL, ended in order."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date

import httpx2
import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.faults import Fault
from databases import KIND, Installation

ACME = "Acme Dental"
TODAY = "2026-11-12"
PUT_SECRET = """
from billbridge.store import start
start.start()
from billbridge.store.models import HaloConnection, Provider
from billbridge.store.secrets import put_secret
provider = Provider.objects.create(name="Northwind IT")
row = HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
put_secret(row, "client_secret", "open sesame")
"""
ASK = """
from billbridge.store import start
start.start()
from billbridge.operations.access import Actor
from billbridge.operations.provider import the_provider
from billbridge.operations.tasks import TaskKind, ask_for
ask_for(Actor.command_line(the_provider()), TaskKind.COLLECT)
"""
pytestmark = pytest.mark.slow

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def console(open_console: OpenConsole) -> Console:
    """A console that can collect."""
    console = open_console(small_world(ACME, today=date.fromisoformat(TODAY)))
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-1")
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    console.apply_setup(day=TODAY).must()
    return console


@pytest.fixture
def begin(console: Console) -> Iterator[Begin]:
    """Starts a command and waits for the line that says that it runs; it is killed when the test ends."""
    with ExitStack() as opened:

        def begin_(*arguments: str) -> subprocess.Popen[str]:
            process = opened.enter_context(console.start(*arguments))
            opened.callback(process.kill)
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "runs" in line or "listens" in line, process.communicate()
            return process

        yield begin_


def rows(console: Console) -> tuple[list[str], int]:
    """The states of the tasks, and how many workers are heard of."""
    tasks = console.query("SELECT state FROM store_task ORDER BY id")
    (workers,) = console.query("SELECT count(*) AS number FROM store_worker")
    return [task["state"] for task in tasks], workers["number"]


def until(console: Console, *wanted: tuple[list[str], int]) -> tuple[list[str], int]:
    """Wait for tasks and workers to stand like this."""
    deadline = time.monotonic() + 60
    while (found := rows(console)) not in wanted:
        assert time.monotonic() < deadline, f"{found} instead of {wanted}"
        time.sleep(0.05)
    return found


def ended(process: subprocess.Popen[str], *, within: float = 30) -> tuple[int, str]:
    """Exit code and output of a process that is about to end."""
    out, err = process.communicate(timeout=within)
    return process.returncode, f"{out} {err}"


def ask_for_a_collection(console: Console) -> None:
    asked = console.installation.run("-c", ASK)
    assert asked.returncode == 0, asked.stderr


def test_a_worker_that_is_told_to_stop_ends_in_order_and_is_heard_of_no_more(console: Console, begin: Begin):
    worker = begin("worker")
    until(console, ([], 1))

    worker.send_signal(signal.SIGTERM)

    assert ended(worker)[0] == 0
    assert rows(console) == ([], 0)


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL takes any number of workers")
def test_a_second_worker_on_sqlite_is_refused_with_the_reason(console: Console, begin: Begin):
    first = begin("worker")

    for command in ("worker", "serve"):
        refused = console.run(command)

        assert refused.code == 3
        assert f"A worker runs on {console.data} already: process {first.pid} on" in refused.said
        assert "more workers need PostgreSQL" in refused.said
    assert first.poll() is None


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL takes any number of workers")
def test_the_place_of_a_killed_worker_on_sqlite_is_taken_at_once(console: Console, begin: Begin):
    first = begin("worker")
    first.kill()
    first.wait()

    assert begin("worker").poll() is None


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite takes one worker")
def test_on_postgresql_several_workers_share_the_work(console: Console, begin: Begin):
    for _ in range(3):
        begin("worker")
    until(console, ([], 3))

    ask_for_a_collection(console)

    until(console, (["done"], 3))


def test_a_task_at_work_is_finished_when_its_worker_is_told_to_stop(console: Console, begin: Begin):
    console.mbs.faults.add(Fault(kind="delay", delay=2.0))
    worker = begin("worker")
    ask_for_a_collection(console)
    until(console, (["running"], 1))

    worker.send_signal(signal.SIGTERM)

    assert ended(worker)[0] == 0
    assert rows(console) == (["done"], 0)


def test_a_task_that_does_not_end_in_time_is_put_back_and_the_next_worker_does_it(console: Console, begin: Begin):
    console.mbs.faults.add(Fault(kind="delay", delay=25.0))
    worker = begin("worker", "--grace", "0.2")
    ask_for_a_collection(console)
    until(console, (["running"], 1))

    worker.send_signal(signal.SIGTERM)

    assert ended(worker, within=15)[0] == 0
    assert rows(console) == (["queued"], 0)
    console.mbs.faults.clear()
    begin("worker")
    until(console, (["done"], 1))


@pytest.mark.skipif(KIND != "sqlite", reason="on PostgreSQL nobody locks the whole database")
def test_a_locked_database_does_not_hold_up_a_worker_that_is_told_to_stop(console: Console, begin: Begin):
    console.mbs.faults.add(Fault(kind="delay", delay=25.0))
    worker = begin("worker", "--grace", "0.2")
    ask_for_a_collection(console)
    until(console, (["running"], 1))

    with closing(sqlite3.connect(console.data / "billbridge.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        worker.send_signal(signal.SIGTERM)
        assert ended(worker, within=15)[0] == 0
        other.execute("ROLLBACK")

    console.mbs.faults.clear()
    begin("worker")
    until(console, (["done"], 2))


def test_the_pages_alone_are_ready_as_soon_as_a_worker_is_heard_of(console: Console, begin: Begin):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = begin("web", "--port", str(port))

    def asked(page: str) -> int:
        try:
            return int(httpx2.get(f"http://127.0.0.1:{port}{page}", trust_env=False).status_code)
        except httpx2.ConnectError:
            return 0  # it does not listen yet

    def until_answered(page: str, status: int) -> None:
        deadline = time.monotonic() + 60
        while (found := asked(page)) != status:
            assert time.monotonic() < deadline, f"{page} answers {found}"
            time.sleep(0.1)

    until_answered("/health", 200)
    assert asked("/ready") == 503
    begin("worker")
    until_answered("/ready", 200)
    web.send_signal(signal.SIGTERM)
    assert ended(web)[0] == 0


@pytest.mark.skipif(KIND != "postgresql", reason="on SQLite the keys are beside the database")
def test_on_postgresql_a_machine_with_other_keys_is_refused(installation: Installation, tmp_path):
    put = installation.run("-c", PUT_SECRET)
    assert put.returncode == 0, put.stderr
    installation.env["BILLBRIDGE_DATA"] = str(tmp_path / "another-machine")

    refused = installation.run("-m", "billbridge", "worker")

    assert refused.returncode == 3
    assert "does not open the secrets of this database" in refused.stderr
