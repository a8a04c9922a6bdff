"""What every crash test begins with: a console right before a sync that creates, or before one that updates."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bench import ALPHA, BETA, DESKTOPS, FIRST_SYNC, SECOND_SYNC, SERVERS, SUPPLIER, Bench, Stage, growing_world
from crew import Crew, crew_of
from wire import Wire

import databases
from billbridge.simulators.halopsa import Switches
from cli.installation import Console, configuration
from databases import WORKER, Installation


@pytest.fixture(scope="session")
def _opened() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="session")
def _bench(_opened: ExitStack, _migrated: Installation, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The simulators, the wire and a console, for all tests of this process."""
    installation = _copied(_opened, _migrated.data, f"migrated_{WORKER}", tmp_path_factory.mktemp("first"))
    switches = Switches(rate_limit=None)
    console = _opened.enter_context(
        Console(installation=installation, world=growing_world(), halopsa_switches=switches)
    )
    wire = Wire(console.halopsa)
    address = _opened.enter_context(wire.open())
    console.settings["halopsa"] |= {
        "address": f"{address}/api",
        "batch_size": 3,
        "settle_seconds": 0.3,
        "additional_settings": {"supplier_name": SUPPLIER},
    }
    console.settings["companies"] = [
        console.company(
            name, configuration(SERVERS, "average", "Server"), configuration(DESKTOPS, "total", "Desktop")
        )
        for name in (ALPHA, BETA)
    ]
    return Bench(console=console, wire=wire, day=FIRST_SYNC)


@pytest.fixture(scope="session")
def _before_creates(_bench: Bench) -> Stage:
    """Set up and collected; the first sync is to come."""
    console = _bench.console
    console.apply_setup(day="2026-02-01").must()
    console.collect("2026-02-01")
    console.collect(FIRST_SYNC)
    return _stage(console, FIRST_SYNC)


@pytest.fixture(scope="session")
def _before_updates(
    _opened: ExitStack, _bench: Bench, _before_creates: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Stage:
    """Synced in March and collected in April; every subscription is to be written again."""
    console = _bench.console
    _bench.begin_from(_before_creates)
    console.installation = _copied(
        _opened, _before_creates.data, _before_creates.database, tmp_path_factory.mktemp("second")
    )
    _bench.sync().must()
    console.collect(SECOND_SYNC)
    return _stage(console, SECOND_SYNC)


@pytest.fixture(scope="session")
def _before_auto_billing(
    _opened: ExitStack, _bench: Bench, _before_creates: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Stage:
    """As before creates, but every company is billed automatically, and auto-billing is due and asked for."""
    console = _bench.console
    _bench.begin_from(_before_creates)
    console.installation = _copied(
        _opened, _before_creates.data, _before_creates.database, tmp_path_factory.mktemp("automatic")
    )
    console.settings["companies"] = [
        one | {"auto_billing": True, "auto_billing_since": FIRST_SYNC} for one in console.settings["companies"]
    ]
    console.apply_setup(day=FIRST_SYNC).must()
    console.run("day", FIRST_SYNC).must()
    console.run("tick", "--at", "05:00").must()
    return _stage(console, FIRST_SYNC)


@pytest.fixture
def automatic(_bench: Bench, _before_auto_billing: Stage, tmp_path: Path) -> Iterator[Crew]:
    """The bench right before auto-billing, which creates four subscriptions, and workers to do it."""
    for bench in _begun(_bench, _before_auto_billing, tmp_path):
        with crew_of(bench) as crew:
            yield crew


@pytest.fixture
def creating(_bench: Bench, _before_creates: Stage, tmp_path: Path) -> Iterator[Bench]:
    """The bench right before a sync that creates eight subscriptions."""
    yield from _begun(_bench, _before_creates, tmp_path)


@pytest.fixture
def updating(_bench: Bench, _before_updates: Stage, tmp_path: Path) -> Iterator[Bench]:
    """The bench right before a sync that writes eight subscriptions for another month."""
    yield from _begun(_bench, _before_updates, tmp_path)


def _begun(bench: Bench, stage: Stage, folder: Path) -> Iterator[Bench]:
    with ExitStack() as opened:
        bench.console.installation = _copied(opened, stage.data, stage.database, folder)
        bench.begin_from(stage)
        yield bench
        bench.end()


def _stage(console: Console, day: str) -> Stage:
    return Stage(
        day=day,
        data=console.data,
        database=urlsplit(console.installation.env["BILLBRIDGE_DATABASE_URL"]).path.strip("/"),
        tables=copy.deepcopy(console.halopsa.tables.dump()),
        writes=copy.deepcopy(console.halopsa.books.writes),
    )


def _copied(opened: ExitStack, data: Path, database: str, folder: Path) -> Installation:
    """A copy of an installation nobody works on, with a database of its own."""
    copied = folder / "installation"
    shutil.copytree(data, copied)
    return opened.enter_context(databases.new_installation(copied, template=database))
