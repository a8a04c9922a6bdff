"""30 days with two month ends for 100 companies: no stuck run, no double, nothing lost, and memory that stays.

`python benchmarks/soak/days.py sqlite` or `postgresql`. One worker process does every day's collection,
auto-billing and drift check, and some manual syncs that the command line hands over to it. Its memory on the last
day is compared with that of day 5.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from soak.firm import Firm, firm

BEGUN, FIRST, DAYS = date(2026, 1, 1), date(2026, 1, 31), 30
MOST_GROWTH = 1.20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=("sqlite", "postgresql"))
    parser.add_argument("--companies", type=int, default=100)
    given = parser.parse_args()
    began = time.monotonic()
    memory: dict[int, float] = {}
    last = FIRST + timedelta(days=DAYS - 1)
    with tempfile.TemporaryDirectory(prefix="billbridge-soak-") as folder:
        Path(folder).chmod(0o755)
        with firm(given.database, Path(folder), companies=given.companies, first=BEGUN, last=last) as made:
            made.begin(batch_size=50)
            made.start(1)
            lines = 0
            for number in range(2, DAYS + 1):
                day = FIRST + timedelta(days=number - 1)
                _live(made, day)
                memory[number] = _memory_of(made)
                if day.day == 3 or day == last:
                    lines += made.check((day.replace(day=1) - timedelta(days=1)).replace(day=1))
            ended = made.console.query("SELECT state, count(*) AS number FROM store_task GROUP BY state")
            made.end()
    states = {row["state"]: row["number"] for row in ended}
    growth = memory[DAYS] / memory[5]
    print(
        f"{given.database}, {given.companies} companies, {DAYS} days, two month ends: tasks {states}; "
        f"{lines} lines in HaloPSA's books, each once and with its figure; memory {memory[5]:.0f} MB on day 5, "
        f"{memory[DAYS]:.0f} MB on day {DAYS}: {growth:.2f} times; {time.monotonic() - began:.0f} s"
    )
    if set(states) != {"done"} or growth > MOST_GROWTH:
        sys.exit(f"a task did not end, or memory grew by more than {MOST_GROWTH:.2f} times")


def _live(made: Firm, day: date) -> None:
    made.on(day)
    made.tick("05:00")
    made.wait()
    made.tick("06:00")
    made.wait()
    if day.day % 7 == 0:
        made.console.run("sync", "--yes", "--json", day=str(day), timeout=300).must()
    print(f"{day}: {_memory_of(made):.0f} MB", flush=True)


def _memory_of(made: Firm) -> float:
    """Megabytes of the worker that stay in memory."""
    (worker,) = made.workers
    text = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
