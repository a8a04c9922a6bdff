"""What a run costs in calls, by HaloPSA's own counters, and that no call is ever refused for coming too often."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import ceil
from typing import Any

import pytest
from large_tenant import BESIDES, TODAY, Installation, install, world

from billbridge.simulators.halopsa import HaloPSASimulator, Switches
from billbridge.store.models import ActivationRow, HaloConnection, Slot

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OURS = 300
BATCH = 50

Open = Callable[..., Installation]


@pytest.fixture
def open_installation() -> Iterator[Open]:
    """Opens an installation of so many companies before a HaloPSA that has more; its server stops at the end."""
    with ExitStack() as opened:

        def open_(
            *, companies: int, others: int, subscriptions: int, switches: Switches | None = None, **settings: Any
        ) -> Installation:
            made = world(companies=companies, extra_customers=others, extra_subscriptions=subscriptions)
            simulator = HaloPSASimulator(made.halopsa, switches=switches, today=lambda: TODAY)
            server = opened.enter_context(simulator.start())
            return install(made, simulator, server.url, companies=companies, **settings)

        yield open_


@pytest.fixture
def large(open_installation: Open) -> Installation:
    """300 companies of ours in a tenant with 300 more customers and 900 more subscriptions."""
    return open_installation(
        companies=OURS, others=300, subscriptions=900, switches=Switches(rate_limit=None), supplier_name="MSP360"
    )


@pytest.fixture
def synced(large: Installation) -> Installation:
    """The same after a first run, HaloPSA's counters at zero."""
    assert large.sync().state == "done"
    large.calls()
    return large


def test_the_first_run_costs_at_most_two_readings_of_the_tenant_and_its_batches(large: Installation) -> None:
    first = large.sync()
    counted = large.calls()
    assert first.state == "done"
    assert len(first.outcome.verified) == Slot.objects.count() == 2 * OURS
    supplier, trials = 1, 2  # a connection's first creates go one, then two, then whole batches
    assert counted.writes == supplier + trials + ceil((2 * OURS - 3) / BATCH)
    assert counted.total - counted.writes <= 2 * (large.pages() + BESIDES)


def test_a_run_without_changes_writes_nothing_and_costs_one_reading_of_the_tenant(synced: Installation) -> None:
    again = synced.sync()
    counted = synced.calls()
    assert (synced.rows("Client"), synced.rows("SoftwareLicence")) == (2 * OURS, 1500)
    assert again.state == "done"
    assert counted.writes == 0
    assert counted.total <= synced.pages() + BESIDES


def test_of_few_companies_only_their_own_customers_are_read(synced: Installation) -> None:
    ActivationRow.objects.filter(company__name__in=["Company 7", "Company 8"]).delete()
    few = synced.sync(names=["Company 7", "Company 8", "Company 9"])
    counted = synced.calls()
    assert len(few.outcome.verified) == 4
    assert counted.writes == 1
    assert "GET /Client" not in counted.by_route
    assert counted.by_route["GET /Client/{id}"] == 3
    read_back = 2
    assert counted.total - counted.writes <= 3 * 3 + read_back + BESIDES


def test_where_reading_each_customer_would_cost_more_the_lists_are_read(synced: Installation) -> None:
    names = [f"Company {number}" for number in range(synced.pages() // 3 + 1)]
    synced.sync(names=names)
    counted = synced.calls()
    assert "GET /Client/{id}" not in counted.by_route
    assert counted.total <= synced.pages() + BESIDES


LIMIT, WINDOW = 10, 1.5
"""HaloPSA's calls per seconds, scaled down in number and in time; also a slow machine makes that many."""


@pytest.fixture
def narrow(open_installation: Open) -> Installation:
    """A tenant that refuses the eleventh call within 1.5 s, and a connection that knows it."""
    return open_installation(
        companies=20,
        others=5,
        subscriptions=20,
        switches=Switches(rate_limit=LIMIT, rate_window_seconds=WINDOW, token_calls_count=True, retry_after=True),
        calls_per_window=LIMIT,
        window_seconds=WINDOW,
    )


def test_runs_that_reach_the_limit_wait_and_are_never_refused(narrow: Installation) -> None:
    waits: list[float] = []
    for license_type in ("Server", "Desktop", "Desktop"):
        ActivationRow.objects.update(license_type=license_type)
        assert narrow.sync(waits=waits).state == "done"
    counted = narrow.calls()
    assert counted.total > 2 * LIMIT
    assert counted.refused == 0
    assert waits


READING = """
from billbridge.store.start import start
start()
import sys
from billbridge.halopsa.tenant import Needs, Sizes, read_tenant
from billbridge.operations.connect import halopsa_of
from billbridge.operations.provider import the_provider
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    with halopsa_of(the_provider()) as halo:
        print(len(read_tenant(halo, Needs(client_ids=frozenset()), Sizes()).clients), flush=True)
"""


def test_two_processes_share_one_limit_and_are_never_refused(narrow: Installation) -> None:
    listed = read_in_two_processes()
    counted = narrow.calls()
    assert listed == [narrow.rows("Client")] * 6
    assert counted.total > 4 * LIMIT
    assert counted.refused == 0


def test_without_the_limit_the_same_two_processes_would_be_refused(narrow: Installation) -> None:
    HaloConnection.objects.update(calls_per_window=10_000)
    read_in_two_processes()
    assert narrow.calls().refused > 0


def read_in_two_processes() -> list[int]:
    """Two processes read the tenant three times each, at the same time; the customers each reading found."""
    readers = [
        subprocess.Popen([sys.executable, "-c", READING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for reader in readers:
        assert reader.stdin is not None
        reader.stdin.write("go\n")
        reader.stdin.flush()
    ended = [reader.communicate(timeout=60)[0] for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    return [int(count) for out in ended for count in out.split()]
