"""200 companies, a slow HaloPSA that errs, and workers killed at random moments: nothing doubled, nothing lost.

`python benchmarks/soak/kills.py sqlite` or `postgresql`. Month after month auto-billing sends every company's bill,
while workers are killed (SIGKILL) at random moments, until there were enough kills. After each month the
simulator's own books are compared with the world's figures. Ends with an error at the first double, loss or wrong
figure.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from billbridge.simulators.faults import Fault
from soak.firm import Firm, firm, months_between

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 1)
SLOW = 0.25
"""Seconds that HaloPSA takes for a write, so that kills fall while one is under way."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=("sqlite", "postgresql"))
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    size = 1 if given.database == "sqlite" else 3
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="billbridge-soak-") as folder:
        Path(folder).chmod(0o755)  # the PostgreSQL of a wheel runs as a user of its own
        with firm(given.database, Path(folder), companies=given.companies, first=FIRST, last=LAST) as made:
            made.begin(batch_size=10)
            made.start(size)
            kills, lines, months = 0, 0, 0
            for turn in months_between(FIRST, LAST)[1:]:
                kills += _bill_month(made, turn, chance, given.kills - kills)
                month = date(turn.year - (turn.month == 1), (turn.month - 2) % 12 + 1, 1)
                lines += made.check(month)
                months += 1
                print(f"{month:%Y-%m}: every bill sent once; {kills} kills so far", flush=True)
                if kills >= given.kills:
                    break
            attempts = made.console.query("SELECT max(attempt) AS most, count(*) AS tasks FROM store_task")[0]
            runs = made.console.query("SELECT count(*) AS number FROM store_run")[0]["number"]
            made.end()
    print(
        f"{given.database}, {given.companies} companies, {size} worker{'s' * (size > 1)}: {kills} kills over "
        f"{months} months, {runs} runs, at most {attempts['most']} attempts at a task; {lines} lines in HaloPSA's "
        f"books, each once and with its figure; {time.monotonic() - began:.0f} s"
    )


def _bill_month(made: Firm, turn: date, chance: random.Random, most: int) -> int:
    """Collect and bill last month, killing workers on the way; gives the kills."""
    made.on(turn)
    kills = 0
    made.tick("05:00")
    _err(made, chance)
    asked = False
    while True:
        time.sleep(0.1)
        unfinished = made.unfinished()
        if not unfinished:
            if asked:
                return kills
            made.tick("05:05")
            asked = True
        elif kills < most and any(task["state"] == "running" for task in unfinished):
            time.sleep(chance.uniform(0.0, 3.0))
            kills += _kill(made, chance)


def _kill(made: Firm, chance: random.Random) -> int:
    """Kill a worker, mostly the one at work, and start another; gives how many were killed."""
    rows = made.console.query("SELECT worker FROM store_task WHERE state = 'running'")
    at_work = {int(row["worker"].split(".")[1], 16) for row in rows}
    busy = [one for one in made.workers if one.pid in at_work]
    victim = chance.choice(busy if busy and chance.random() < 0.8 else made.workers)
    victim.kill()
    victim.wait()
    made.workers.remove(victim)
    made.start(1)
    return 1


def _err(made: Firm, chance: random.Random) -> None:
    """Let HaloPSA be slow, lose some writes, answer late or not at all; MBS fail now and then."""
    faults = made.console.halopsa.faults
    write = "POST /SoftwareLicence"
    faults.replace(
        [
            *(
                Fault(kind=kind, route=write, skip=chance.randint(0, 30), times=1, status=503, delay=1.0)
                for kind in ("status", "status_after", "cut_before", "cut_after", "late_commit", "late_commit")
            ),
            Fault(kind="rate_limit", skip=chance.randint(0, 40), times=1, retry_after=1),
            Fault(kind="truncate", route="GET /SoftwareLicence", skip=chance.randint(0, 6), times=1),
            Fault(kind="delay", route=write, times=-1, delay=SLOW),
        ]
    )
    made.console.mbs.faults.replace([Fault(kind="status", skip=chance.randint(0, 6), times=1, status=503)])


if __name__ == "__main__":
    main()
