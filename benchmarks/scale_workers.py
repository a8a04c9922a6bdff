"""40 HaloPSA connections on one PostgreSQL, billed automatically by 1, 2 and 4 workers at the same time.

Each connection belongs to a provider of its own with some companies, and leads to a simulated HaloPSA that takes
100 ms for a call, as a distant server does, so that most of the time is waiting. Printed are the seconds from
asking to the last bill that was read back, the calls per second, and both as ratios to one worker. The simulator,
PostgreSQL and the workers share the cores of this machine, which is what bounds them in the end: the processor
seconds of the workers are printed beside.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import psycopg
from soak.firm import postgresql, small_world

from billbridge.simulators.faults import Fault
from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator, Switches

CONNECTIONS, COMPANIES, LATENCY = 40, 5, 0.1
CREWS = (1, 2, 4)
FIRST, TODAY = date(2026, 2, 1), date(2026, 3, 2)

FURNISH = """
import json, os, sys
from datetime import UTC, date, datetime
from decimal import Decimal
from billbridge.store import start
start.start()
start.migrate()
from billbridge.billing.months import Month
from billbridge.operations.tasks import TaskKind
from billbridge.store.models import (
    ActivationRow, BilledProduct, BillingConfiguration, Collection, Company, HaloConnection, LicensePrice, Provider,
    Task,
)
from billbridge.store.secrets import put_secret
given = json.loads(sys.argv[1])
first, today = date.fromisoformat(given["first"]), date.fromisoformat(given["today"])
for number in range(given["connections"]):
    provider = Provider.objects.create(name=f"Provider {number}", currency="USD", moved_day=today)
    connection = HaloConnection.objects.create(
        provider=provider, address=given["addresses"][number], tenant=given["tenant"], client_id=given["client_id"],
        settle_seconds=0.5, calls_per_window=100000, window_seconds=1,
    )
    put_secret(connection, "client_secret", given["client_secret"])
    LicensePrice.objects.create(
        provider=provider, license_type="Server", from_month=Month(2026, 1), cost=Decimal(5), price=Decimal(12)
    )
    for day in (first, today):
        Collection.objects.create(
            provider=provider, source="mbs", section="licenses", began=datetime.now(UTC), day=day, state="done"
        )
    for place, (client, site) in enumerate(given["customers"]):
        company = Company.objects.create(
            provider=provider, source_id=f"c{place}", name=f"Company {place}", client_id=client, site_id=site,
            auto_since=first,
        )
        one = BillingConfiguration.objects.create(company=company, name=f"Servers of {number}", mode="average")
        BilledProduct.objects.create(configuration=one, company=company, product="license:Server")
        ActivationRow.objects.create(
            provider=provider, company=company, endpoint="SRV-1", endpoint_key="srv-1", license_type="Server",
            first_day=first, last_seen=today, origin="observed",
        )
    Task.objects.create(
        provider=provider, kind=TaskKind.AUTO_BILLING.value, lane="halopsa", asked_by="schedule",
        asked=datetime.now(UTC), due="auto-billing", state="stopped",
        inputs={"day": str(today), "end_of_day": False},
    )
"""
"""Makes the providers, each with an auto-billing that waits to be queued."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    given = parser.parse_args()
    measured = {size: _measure(size, given.connections) for size in CREWS}
    alone_seconds, alone_rate, _ = measured[1]
    size_of_all = f"{given.connections} connections, {COMPANIES} companies each"
    print(f"{size_of_all}, {LATENCY * 1000:.0f} ms a call, {os.cpu_count()} cores")
    for size, (seconds, rate, cpu) in measured.items():
        print(
            f"{size} worker{'s' * (size > 1):1}: {seconds:5.1f} s ({alone_seconds / seconds:.2f} times as fast), "
            f"{rate:5.1f} calls/s ({rate / alone_rate:.2f} times), {cpu:.1f} s of processor in the workers "
            f"({cpu / seconds / (os.cpu_count() or 1):.0%} of the machine)"
        )


def _measure(size: int, connections: int) -> tuple[float, float, float]:
    """Seconds to the end, calls per second, and processor seconds of the workers."""
    world = small_world(*(f"Company {number}" for number in range(COMPANIES)), today=FIRST)
    simulators = [
        HaloPSASimulator(world.halopsa, switches=Switches(rate_limit=None), today=lambda: TODAY)
        for _ in range(connections)
    ]
    with tempfile.TemporaryDirectory(prefix="billbridge-scale-") as name, ExitStack() as opened:
        addresses = [f"{opened.enter_context(one.start()).url}/api" for one in simulators]
        folder = Path(name)
        folder.chmod(0o755)
        with postgresql(folder / "server") as address:
            env = os.environ | {"BILLBRIDGE_DATA": str(folder / "data"), "BILLBRIDGE_DATABASE_URL": address}
            env |= {"NO_PROXY": "127.0.0.1"}
            order = {
                "first": str(FIRST), "today": str(TODAY), "connections": connections,
                "addresses": addresses,
                "tenant": TENANT, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "customers": [[one.id, one.main_site_id] for one in world.halopsa.customers],
            }  # fmt: skip
            subprocess.run([sys.executable, "-c", FURNISH, json.dumps(order)], env=env, check=True)
            for one in simulators:
                one.faults.add(Fault(kind="delay", times=-1, delay=LATENCY))
            with _workers(size, env) as workers, psycopg.connect(address, autocommit=True) as database:
                _wait(database, "SELECT count(*) >= %s FROM store_worker", size)
                began = time.monotonic()
                database.execute("UPDATE store_task SET state = 'queued'")
                _wait(database, "SELECT count(*) = %s FROM store_task WHERE state = 'done'", connections)
                seconds = time.monotonic() - began
                cpu = sum(_processor_seconds(worker.pid) for worker in workers)
            calls = sum(sum(one.calls.describe()["by_route"].values()) for one in simulators)
            made = [len(one.tables["SoftwareLicence"].rows) for one in simulators]
            assert made == [COMPANIES] * connections, f"subscriptions made: {made}"
        for one in simulators:
            one.close()
    return seconds, calls / seconds, cpu


@contextmanager
def _workers(size: int, env: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "billbridge", "worker", "--no-schedule"]
    env = env | {"BILLBRIDGE_LOG_LEVEL": "warning"}
    started = [subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) for _ in range(size)]
    try:
        yield started
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(60)


def _wait(database: psycopg.Connection[tuple[bool]], question: str, number: int) -> None:
    deadline = time.monotonic() + 300
    while not database.execute(question, [number]).fetchone()[0]:  # type: ignore[index]
        if time.monotonic() > deadline:
            states = database.execute("SELECT state, reason, count(*) FROM store_task GROUP BY 1, 2").fetchall()
            raise TimeoutError(f"it does not end: {states}")
        time.sleep(0.05)


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
