"""Every trouble with the two services ends with the exit code that fits, says what and the remedy, changes nothing.

Exit code 4 is trouble that may pass; 3 is trouble that stays until a person does something. The command line is the
real one, and so are the pauses between its calls to HaloPSA.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import stamina
from installation import Console, OpenConsole, Ran, configuration, small_world

from billbridge.operations.bill import BillRequest
from billbridge.operations.connect import halopsa_of
from billbridge.operations.sync import prepare
from billbridge.simulators.faults import Fault
from billbridge.simulators.server import Request, Response, SimulatorServer
from billbridge.store.clock import database_now
from billbridge.store.models import HaloConnection, PlannedChange, Provider, Run

ACME = "Acme Dental"
FEBRUARY_1, MARCH_2, MARCH_3 = "2026-02-01", "2026-03-02", "2026-03-03"
WRONG, TRY_AGAIN, NEEDS_A_PERSON = 3, 4, 5

USAGE = ("company", "backupuser", "activationrow", "storagereading", "monthlystorage")
BILLING = ("bill", "billline", "run", "plannedchange", "slot")

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _no_pauses() -> Iterator[None]:
    """MBS is asked as often as ever, but without the pauses between."""
    stamina.set_testing(True, attempts=4, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """Two servers of a company, collected in February and ready to be billed for the first time."""
    world = small_world(ACME, today=date(2026, 2, 1))
    for number in range(2):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}")
    console = open_console_in_process(world)
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    console.apply_setup(day=FEBRUARY_1).must()
    console.collect(FEBRUARY_1)
    console.collect(MARCH_2)
    return console


def move_halopsa(console: Console, address: str) -> None:
    console.settings["halopsa"]["address"] = address
    console.apply_setup("--same-instance", day=MARCH_2).must()


def move_mbs(console: Console, address: str) -> None:
    console.settings["sources"]["mbs"]["address"] = address
    console.apply_setup(day=MARCH_2).must()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def assert_said(ran: Ran, code: int, *words: str) -> None:
    """It ended with `code`, said all of the words, and showed nothing of its insides."""
    ran.must(code)
    for word in words:
        assert word.casefold() in ran.said.casefold(), f"{word!r} is not in: {ran.said}"
    assert "Traceback" not in ran.said
    assert ran.out == ""


def billing(console: Console) -> tuple[Any, ...]:
    """HaloPSA's books, and everything that bills and runs leave behind here."""
    return console.books(), console.rows_of(*BILLING)


SYNC, PLAN = ("sync", "--yes", "--json"), ("plan", "--json")
EVERY_CALL = [
    (Fault(kind="status", times=-1, status=500), TRY_AGAIN, ("server error 500", "check the tenant")),
    (Fault(kind="truncate", times=-1), TRY_AGAIN, ("cut off",)),
    (Fault(kind="cut_before", times=-1), TRY_AGAIN, ("broke off",)),
    (Fault(kind="rate_limit", times=-1, retry_after=1), TRY_AGAIN, ("refuses further calls", "lower")),
    (Fault(kind="html", times=-1), WRONG, ("web page", "Copy the Resource Server")),
]
CALLS = ["500s", "truncated JSON", "cut connections", "a storm of 429", "web pages"]


@pytest.mark.parametrize(("fault", "code", "words"), EVERY_CALL, ids=CALLS)
def test_trouble_on_every_call_to_halopsa_ends_a_sync_and_changes_nothing(
    console: Console, fault: Fault, code: int, words: tuple[str, ...]
) -> None:
    before = billing(console)
    console.halopsa.faults.add(fault)

    assert_said(console.run(*SYNC, day=MARCH_2), code, *words)
    assert billing(console) == before


@pytest.mark.parametrize(("fault", "code", "words"), EVERY_CALL[1:3], ids=CALLS[1:3])
def test_trouble_on_every_call_to_halopsa_ends_a_plan_and_changes_nothing(
    console: Console, fault: Fault, code: int, words: tuple[str, ...]
) -> None:
    before = billing(console)
    console.halopsa.faults.add(fault)

    assert_said(console.run(*PLAN, day=MARCH_2), code, *words)
    assert billing(console) == before


@pytest.mark.parametrize("command", [SYNC, PLAN], ids=["sync", "plan"])
@pytest.mark.parametrize(
    "route", ["GET /Client", "GET /SoftwareLicence", "GET /AssetType", "GET /Item", "GET /Currency"]
)
def test_a_web_page_in_place_of_any_list_of_halopsa_changes_nothing(
    console: Console, route: str, command: tuple[str, ...]
) -> None:
    before = billing(console)
    console.halopsa.faults.add(Fault(kind="html", route=route, times=-1))

    assert_said(console.run(*command, day=MARCH_2), *expected_of_a_web_page(route))
    assert billing(console) == before


def expected_of_a_web_page(route: str) -> tuple[Any, ...]:
    """At the first list the address may be wrong; later HaloPSA has answered rightly, and it is trouble."""
    return (WRONG, "web page", "Resource Server") if route == "GET /Client" else (TRY_AGAIN, "web page")


@pytest.mark.parametrize("command", [SYNC, PLAN], ids=["sync", "plan"])
def test_a_halopsa_that_cannot_be_reached_changes_nothing(console: Console, command: tuple[str, ...]) -> None:
    move_halopsa(console, f"http://127.0.0.1:{closed_port()}/api")
    before = billing(console)

    assert_said(console.run(*command, day=MARCH_2), TRY_AGAIN, "cannot be reached", "whether HaloPSA is up")
    assert billing(console) == before


@pytest.mark.parametrize("command", [SYNC, PLAN], ids=["sync", "plan"])
def test_https_to_a_port_that_does_not_speak_it_changes_nothing(console: Console, command: tuple[str, ...]) -> None:
    move_halopsa(console, console.halopsa_url.replace("http://", "https://"))
    before = billing(console)

    assert_said(console.run(*command, day=MARCH_2), WRONG, "does not speak TLS", "Check the address and the port")
    assert billing(console) == before


@pytest.mark.parametrize("command", [SYNC, PLAN], ids=["sync", "plan"])
def test_a_wrong_secret_of_halopsa_leaves_no_bill_ready(console: Console, command: tuple[str, ...]) -> None:
    console.settings["halopsa"]["client_secret"] = "outdated"
    console.apply_setup(day=MARCH_2).must()
    before = billing(console)

    assert_said(console.run(*command, day=MARCH_2), WRONG, "does not accept the client ID and secret")
    assert billing(console) == before
    assert console.bills() == {}


@pytest.mark.usefixtures("_no_pauses")
def test_https_to_a_port_of_mbs_that_does_not_speak_it_changes_nothing(console: Console) -> None:
    move_mbs(console, console.mbs_url.replace("http://", "https://"))
    before = console.rows_of(*USAGE)

    ran = console.run("collect", "--json", day=MARCH_3)

    ran.must(WRONG)
    assert "MBS could not be asked for a login" in ran.said
    assert "MSP360's is https://api.mspbackups.com" in ran.said
    assert "Traceback" not in ran.said
    assert console.rows_of(*USAGE) == before


@pytest.mark.usefixtures("_no_pauses")
def test_a_page_of_computers_that_mbs_repeats_without_end_changes_no_license(console: Console) -> None:
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="NEW", day=date(2026, 3, 3))

    def first_page_for_ever(request: Request) -> Response:
        *_, name, offset, count = ["", "", *request.path.split("/")]
        if name.lower() != "computers" or not offset.isdigit():
            return console.mbs.handle(request)
        answer = console.mbs.handle(
            replace(request, path=request.path.replace(f"/{offset}/{count}", f"/0/{count}"))
        )
        return Response.json({**json.loads(answer.body), "Count": 1000})

    with SimulatorServer(first_page_for_ever).start() as server:
        move_mbs(console, server.url)
        before = console.rows_of("company", "backupuser", "activationrow")

        ran = console.run("collect", "--json", day=MARCH_3)

    ran.must(NEEDS_A_PERSON)
    assert "repeated those it had given" in ran.said
    assert "Report it to MSP360" in ran.said
    assert console.rows_of("company", "backupuser", "activationrow") == before


def test_a_clock_that_was_set_back_does_not_make_the_wait_for_a_killed_runs_create_longer(console: Console) -> None:
    provider = Provider.objects.get()
    HaloConnection.objects.update(settle_seconds=7)
    killed = Run.objects.create(provider=provider, day=date(2026, 3, 1), began=datetime.now(UTC), state="running")
    PlannedChange.objects.create(
        run=killed, position=0, key="billbridge-last-0123456789abcdef", kind="create", client_id=12,
        fields={"count": {"before": None, "after": "2", "base": None}}, state="sending",
        sent_at=database_now() + 86400,
    )  # fmt: skip
    waits: list[float] = []

    with halopsa_of(provider) as halo:
        prepare(provider, halo, BillRequest(day=date(2026, 3, 2)), sleep=waits.append)

    assert waits[0] == 7
    assert max(waits) == 7
