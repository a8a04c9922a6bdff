"""A closed month sent by name: HaloPSA invoices active subscriptions only, so it is active for one month."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.faults import Fault

ACME = "Acme Dental"
JANUARY = "2026-01"
NEEDS_A_PERSON = 5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["rolling", "monthly"])
def console(request: pytest.FixtureRequest, open_console_in_process: OpenConsole) -> Console:
    """Three servers and a desktop since January, collected until the second of March; nothing was ever billed."""
    world = small_world(ACME, today=date(2026, 1, 1))
    for number in range(3):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}")
    world.add_license(user=ACME.lower(), license_type="Desktop", endpoint="PC-0")
    console = open_console_in_process(world)
    console.settings["halopsa"]["layout"] = request.param
    servers, desktops = configuration("Servers", "average", "Server"), configuration("Desktops", "total", "Desktop")
    console.settings["companies"] = [console.company(ACME, servers, desktops)]
    console.apply_setup(day="2026-01-01").must()
    console.collect("2026-01-01")
    console.collect("2026-03-02")
    return console


def january(console: Console) -> dict[str, Any]:
    """January's own subscription."""
    (row,) = [row for row in console.subscriptions() if row["name"] == f"Servers ({JANUARY})"]
    return row


def assert_quiet(console: Console, day: str, *options: str) -> None:
    before = console.books()
    done = console.sync(day, *options).must().document
    assert done["calls"]["writes"] == 0
    assert console.books() == before


def test_it_is_active_when_it_was_sent_and_a_second_run_writes_nothing(console: Console) -> None:
    console.sync("2026-03-02", "--month", JANUARY).must()

    assert (january(console)["is_active"], january(console)["count"]) == (True, 3)
    assert console.bills() == {(ACME, JANUARY): ("manual", "sent")}
    assert_quiet(console, "2026-03-02", "--month", JANUARY)


def test_it_stays_active_for_the_month_in_which_it_was_sent(console: Console) -> None:
    console.sync("2026-03-02", "--month", JANUARY).must()
    sent = january(console)

    console.sync("2026-03-31").must()

    assert january(console) == sent


def test_the_first_plan_of_the_next_month_makes_it_inactive_and_leaves_its_figures(console: Console) -> None:
    console.sync("2026-03-02", "--month", JANUARY).must()
    console.sync("2026-03-02").must()
    console.edit_in_halopsa("SoftwareLicence", january(console)["id"], price=11)
    console.collect("2026-04-01")

    planned = console.run("plan", "--json", day="2026-04-01").must().document
    console.sync("2026-04-01").must()

    closes = [change for change in planned["changes"] if change["kind"] == "close"]
    assert {change["name"] for change in closes} == {f"Servers ({JANUARY})", f"Desktops ({JANUARY})"}
    for change in closes:
        assert [(field["field"], field["after"]) for field in change["fields"]] == [("is_active", False)]
    row = january(console)
    assert (row["is_active"], row["count"], row["price"]) == (False, 3, 11)
    assert_quiet(console, "2026-04-01")
    assert_quiet(console, "2026-05-31", "--month", JANUARY)


def test_it_stays_active_until_its_bill_is_wholly_sent(console: Console) -> None:
    refused = Fault(
        kind="error_on_key", route="POST /SoftwareLicence", field="name", value=f"Desktops ({JANUARY})", times=-1
    )
    console.halopsa.faults.add(refused)
    console.sync("2026-03-02", "--month", JANUARY).must(NEEDS_A_PERSON)
    assert console.bills()[ACME, JANUARY] == ("manual", "partly sent")
    console.halopsa.faults.clear()

    console.sync("2026-04-01").must()
    assert january(console)["is_active"]

    console.sync("2026-04-02", "--month", JANUARY).must()
    console.sync("2026-05-01").must()
    assert not january(console)["is_active"]


def test_an_ended_configuration_does_not_close_its_last_month_before_it_was_invoiced(console: Console) -> None:
    for ending in console.settings["companies"][0]["configurations"]:
        ending["last_month"] = JANUARY
    console.apply_setup(day="2026-03-02").must()
    console.sync("2026-03-02", "--month", JANUARY).must()

    assert_quiet(console, "2026-03-15")
    console.sync("2026-04-01").must()

    row = january(console)
    assert (row["is_active"], row["count"]) == (False, 3)
    assert_quiet(console, "2026-04-02")
