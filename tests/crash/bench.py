"""The bench on which runs are killed: two companies, four configurations, eight subscriptions, and what is proved.

Every month each configuration has one computer more, so that a figure says which month it is of. Servers are sent
as an average, desktops as a total; writes go three at a time, creates 1, 2, 3 and 2.
"""

from __future__ import annotations

import copy
import json
import subprocess
import urllib.request
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from wire import Wire

from billbridge.simulators.halopsa import Switches
from billbridge.simulators.world import World
from cli.installation import PRICES, Console, Ran, small_world

ALPHA, BETA = "Alpha Dental", "Beta Freight"
SERVERS, DESKTOPS = "Servers", "Desktops"
FEBRUARY, MARCH, APRIL = "2026-02", "2026-03", "2026-04"
FIRST_SYNC, SECOND_SYNC = "2026-03-02", "2026-04-02"
SUPPLIER = "Northwind Backup"

_IN_FEBRUARY = {(ALPHA, SERVERS): 2, (ALPHA, DESKTOPS): 3, (BETA, SERVERS): 4, (BETA, DESKTOPS): 5}
_TYPE = {SERVERS: "Server", DESKTOPS: "Desktop"}
KILLED = -9

Figures = tuple[str, Decimal, Decimal, Decimal]
"""Month, count, unit cost and unit price of a subscription."""


def growing_world() -> World:
    """Each configuration's computers in February, and one more on the first of March and of April."""
    world = small_world(ALPHA, BETA, today=date(2026, 2, 1))
    for (company, configuration), count in _IN_FEBRUARY.items():
        days = [*[date(2026, 2, 1)] * count, date(2026, 3, 1), date(2026, 4, 1)]
        for number, day in enumerate(days):
            world.add_license(
                user=company.lower(),
                license_type=_TYPE[configuration],
                endpoint=f"{configuration}-{number}",
                day=day,
            )
    return world


def figures(company: str, configuration: str, month: str) -> Figures:
    """What a configuration's subscription must show for a month."""
    count = Decimal(_IN_FEBRUARY[company, configuration] + [FEBRUARY, MARCH, APRIL].index(month))
    cost, price = (Decimal(each) for each in PRICES[_TYPE[configuration]])
    return (
        (month, Decimal(1), count * cost, count * price)
        if configuration == DESKTOPS
        else (month, count, cost, price)
    )


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A moment before a sync, to begin from again and again: the installation, and what HaloPSA holds."""

    day: str
    data: Path
    database: str
    tables: dict[str, Any]
    writes: list[dict[str, Any]]


@dataclass(kw_only=True)
class Bench:
    """A console right before a sync. `console.installation` is this test's own."""

    console: Console
    wire: Wire
    day: str
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    def begin_from(self, stage: Stage) -> None:
        """Put HaloPSA back to what it was, without faults and with its default switches."""
        halopsa = self.console.halopsa
        halopsa.faults.clear()
        halopsa.faults.settle()
        halopsa.switches = Switches(rate_limit=None)
        halopsa.tables.load(copy.deepcopy(stage.tables))
        halopsa.books.writes = copy.deepcopy(stage.writes)
        halopsa.calls.reset()
        self.wire.reset()
        self.day = stage.day

    def end(self) -> None:
        """End what still runs."""
        self.wire.cut()
        for process in self._running:
            process.kill()
            process.communicate()

    def sync(self, *options: str) -> Ran:
        """Sync to its end."""
        return self.console.sync(self.day, *options)

    def sync_killed_at(self, failpoint: str) -> None:
        """Sync, and see that the process was killed at the failpoint."""
        self.console.environment["BILLBRIDGE_FAILPOINT"] = failpoint
        self.sync().must(KILLED)
        del self.console.environment["BILLBRIDGE_FAILPOINT"]

    def start_sync(self) -> subprocess.Popen[str]:
        """Sync in the background."""
        process = self.console.start("sync", "--yes", "--json", "--day", self.day)
        self._running.append(process)
        return process

    def sync_killed_while_sending(self, *, after: int = 0) -> None:
        """Sync, and kill the process while HaloPSA has got a write, `after` others before it, and not answered."""
        self.wire.hold_writes(after=after)
        process = self.start_sync()
        self.wire.wait_for_write()
        process.kill()
        process.communicate()
        self.wire.cut()

    def subscription(self, company: str, name: str) -> dict[str, Any]:
        """The one subscription of a company that has this name."""
        (found,) = [
            row for row in self.console.subscriptions() if (self._company(row), row["name"]) == (company, name)
        ]
        return found

    def person_sets(self, subscription: dict[str, Any], **changes: Any) -> None:
        """A person edits a subscription on HaloPSA's screen."""
        order = {"table": "SoftwareLicence", "id": subscription["id"], "changes": changes}
        self._control("edit", order)

    def made(self) -> dict[str, int]:
        """How many subscriptions HaloPSA ever made of each key, by its own books."""
        made: dict[str, int] = self._control("books")["created_by_product_sku"]
        return made

    def writes(self) -> int:
        """How many subscriptions our writes concerned so far, by HaloPSA's own books."""
        writes = self._control("books")["writes"]
        return sum(write["table"] == "SoftwareLicence" and write["who"] == "Billing API" for write in writes)

    def shown(self) -> dict[tuple[str, str], Figures]:
        """What HaloPSA shows of every active subscription of ours, by company and name."""
        rows = [row for row in self.console.subscriptions() if row["is_active"]]
        shown = {
            (self._company(row), row["name"]): (
                str(row["start_date"])[:7],
                *(Decimal(str(row[name] or 0)) for name in ("count", "purchase_price", "price")),
            )
            for row in rows
        }
        assert len(shown) == len(rows), "two active subscriptions of one name"
        return shown

    def wanted(self) -> dict[tuple[str, str], Figures]:
        """What HaloPSA must show in the end: last month and the running month of each configuration."""
        last, current = (FEBRUARY, MARCH) if self.day == FIRST_SYNC else (MARCH, APRIL)
        return {
            (company, name + suffix): figures(company, name, month)
            for company, name in _IN_FEBRUARY
            for suffix, month in (("", last), (" (current month)", current))
        }

    def assert_whole(self) -> None:
        """Nothing is doubled, nothing is lost, every figure is right, and every bill knows that it was sent."""
        made = self.made()
        assert set(made.values()) == {1}
        assert len(made) == 8
        assert self.shown() == self.wanted()
        assert {state for _, state in self.console.bills().values()} == {"sent"}

    def assert_quiet(self) -> None:
        """One more sync writes nothing."""
        before = self._control("books")
        done = self.sync().must().document
        assert (done["written"], done["calls"]["writes"]) == (0, 0)
        assert self._control("books") == before

    def _company(self, row: dict[str, Any]) -> str:
        (name,) = [one.name for one in self.console.world.halopsa.customers if one.id == row["client_id"]]
        return name

    def _control(self, path: str, order: dict[str, Any] | None = None) -> Any:
        body = None if order is None else json.dumps(order).encode()
        with urllib.request.urlopen(f"{self.console.halopsa_url}/_sim/{path}", body, timeout=30) as answer:
            return json.load(answer)
