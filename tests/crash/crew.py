"""Workers as processes of their own that are killed and stopped, and what HaloPSA's books say in the end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench import ALPHA, BETA, DESKTOPS, FEBRUARY, KILLED, SERVERS, Bench, figures

from databases import KIND

SIZE = 1 if KIND == "sqlite" else 3
"""Workers on one installation."""

PATIENCE = 60.0
LEASE = 4.0
"""Seconds without a sign of life after which a worker counts as dead; short, because a test waits for it."""


@dataclass(kw_only=True)
class Crew:
    """The workers of a bench's installation."""

    bench: Bench
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *, size: int = SIZE, failpoint: str = "") -> None:
        """Start workers; the first of them that reaches the failpoint dies there."""
        console = self.bench.console
        added = {"BILLBRIDGE_LEASE": str(LEASE), "BILLBRIDGE_FIRST_WAIT": "0.3"}
        if failpoint:
            added["BILLBRIDGE_FAILPOINT"] = failpoint
            added["BILLBRIDGE_FAILPOINT_ONCE"] = str(console.data.parent / "died")
        console.environment |= added
        try:
            for _ in range(size):
                self.workers.append(console.start("worker", "--no-schedule", "--grace", "5"))
        finally:
            for name in added:
                console.environment.pop(name)

    def ask(self, at: str = "05:00") -> list[str]:
        """Let what is due at a time of the day be asked for; gives its names."""
        asked = self.bench.console.run("tick", "--at", at, "--json").must().document["asked"]
        return [one["due"] for one in asked]

    def wait_for(self, what: Callable[[], bool], doing: str) -> float:
        """Wait until something is so; gives the seconds that took."""
        began = time.monotonic()
        while not what():
            assert time.monotonic() - began < PATIENCE, f"{doing}: {self.tasks()} {self.outputs()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def wait_for_death(self) -> subprocess.Popen[str]:
        """Wait until a worker was killed, and give it; the others live."""
        self.wait_for(lambda: any(one.poll() is not None for one in self.workers), "no worker died")
        (dead,) = [one for one in self.workers if one.poll() is not None]
        assert dead.returncode == KILLED, dead.communicate()
        self.workers.remove(dead)
        dead.communicate()
        return dead

    def wait_until_done(self) -> float:
        """Wait until every task is done; gives the seconds that took."""
        return self.wait_for(lambda: {task["state"] for task in self.tasks()} == {"done"}, "not done")

    def tasks(self) -> list[dict[str, Any]]:
        """State, attempt, worker and reason of every task."""
        return self.bench.console.query(
            "SELECT id, kind, state, attempt, worker, reason FROM store_task ORDER BY id"
        )

    def worker_at_work(self) -> subprocess.Popen[str]:
        """The process that has the running task."""
        (task,) = [task for task in self.tasks() if task["state"] == "running"]
        number = int(task["worker"].split(".")[1], 16)
        (found,) = [one for one in self.workers if one.pid == number]
        return found

    def outputs(self) -> list[str]:
        """What the workers said, ending them."""
        for one in self.workers:
            one.send_signal(signal.SIGCONT)
            one.kill()
        return ["\n".join(one.communicate()) for one in self.workers]

    def assert_every_bill_sent_once(self) -> None:
        """Each configuration's bill stands in HaloPSA once, with its figures, and was created once."""
        bench = self.bench
        assert bench.made() == dict.fromkeys(bench.made(), 1)
        assert bench.shown() == {
            (company, name): figures(company, name, FEBRUARY)
            for company in (ALPHA, BETA)
            for name in (SERVERS, DESKTOPS)
        }
        assert {(kind, state) for kind, state in bench.console.bills().values()} == {("automatic", "sent")}
        (held,) = bench.console.query("SELECT count(*) AS number FROM store_lock")
        assert held["number"] == 0

    def assert_quiet(self) -> None:
        """One more look of auto-billing finds nothing to do."""
        assert not [due for due in self.ask("06:00") if due.startswith("auto-billing")]


@contextmanager
def crew_of(bench: Bench) -> Iterator[Crew]:
    """A crew whose workers are ended with the block."""
    crew = Crew(bench=bench)
    try:
        yield crew
    finally:
        crew.outputs()


def written(books: list[dict[str, Any]]) -> str:
    """HaloPSA's books as text, to see that nothing was written."""
    return json.dumps(books, sort_keys=True, default=str)
