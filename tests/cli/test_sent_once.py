"""A month that stood in HaloPSA in its time is not sent by name again: its customer would be charged twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.faults import Fault

ACME = "Acme Dental"
FEBRUARY = "2026-02"
CUSTOMER = 12
NEEDS_A_PERSON = 5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """Three servers and a desktop, collected since the first of February; nothing is billed before March."""
    world = small_world(ACME, today=date(2026, 2, 1))
    for number in range(3):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}")
    world.add_license(user=ACME.lower(), license_type="Desktop", endpoint="PC-0")
    console = open_console_in_process(world)
    servers, desktops = configuration("Servers", "average", "Server"), configuration("Desktops", "total", "Desktop")
    console.settings["companies"] = [console.company(ACME, servers, desktops)]
    console.apply_setup(day="2026-02-01").must()
    console.collect("2026-02-01")
    console.collect("2026-03-02")
    return console


@pytest.fixture
def partly_sent(console: Console) -> Console:
    """HaloPSA took February's servers in March, but not its desktops; in April it shows March as last month."""
    refused = Fault(kind="error_on_key", route="POST /SoftwareLicence", field="name", value="Desktops", times=-1)
    console.halopsa.faults.add(refused)
    console.sync("2026-03-02").must(NEEDS_A_PERSON)
    console.halopsa.faults.clear()
    assert console.bills()[ACME, FEBRUARY] == ("manual", "partly sent")
    console.collect("2026-04-01")
    console.sync("2026-04-01").must()
    return console


def of_february(console: Console) -> list[str]:
    """The names of the subscriptions that show February now."""
    return sorted(row["name"] for row in console.subscriptions() if str(row["start_date"]).startswith(FEBRUARY))


def february(document: dict[str, Any]) -> dict[str, str]:
    """What is planned for February, by the name of the subscription."""
    return {change["name"]: change["kind"] for change in document["changes"] if change["month"] == FEBRUARY}


def test_a_bill_that_was_sent_and_comes_out_the_same_stays_sent(console: Console) -> None:
    console.sync("2026-03-02").must()
    sent = {(ACME, FEBRUARY): ("manual", "sent"), (ACME, "2026-03"): ("temporary", "sent")}
    assert console.bills() == sent

    console.run("plan", day="2026-03-02").must()
    console.run("bill", day="2026-03-31").must()

    assert console.bills() == sent


def test_a_bill_whose_figures_change_after_it_was_sent_is_to_be_sent_again(console: Console) -> None:
    console.sync("2026-03-02").must()
    console.settings["prices"][0]["price"] = "13.00"
    console.apply_setup(day="2026-03-02").must()

    console.run("bill", day="2026-03-02").must()

    assert console.bills()[ACME, FEBRUARY] == ("manual", "ready")
    done = console.sync("2026-03-02").must().document
    assert february(done["plan"]) == {"Servers": "update", "Desktops": "keep"}
    assert console.bills()[ACME, FEBRUARY] == ("manual", "sent")


def test_a_bill_that_loses_a_line_after_it_was_sent_is_to_be_sent_again(console: Console) -> None:
    console.sync("2026-03-02").must()
    console.settings["companies"][0]["configurations"][1]["last_month"] = "2026-01"
    console.apply_setup(day="2026-03-02").must()

    console.run("bill", day="2026-03-02").must()

    assert console.bills()[ACME, FEBRUARY] == ("manual", "ready")


def test_of_a_bill_that_was_partly_sent_in_its_time_only_the_rest_is_sent_by_name(partly_sent: Console) -> None:
    planned = partly_sent.run("plan", "--json", "--month", FEBRUARY, day="2026-04-02").must().document
    assert february(planned) == {f"Desktops ({FEBRUARY})": "create"}

    partly_sent.sync("2026-04-02", "--month", FEBRUARY).must()

    assert of_february(partly_sent) == [f"Desktops ({FEBRUARY})"]
    assert partly_sent.bills()[ACME, FEBRUARY] == ("manual", "sent")
    again = partly_sent.sync("2026-04-03", "--month", FEBRUARY).must().document
    assert again["calls"]["writes"] == 0


def test_a_bill_that_was_sent_with_other_figures_in_its_time_is_left_to_a_person(console: Console) -> None:
    console.sync("2026-03-02").must()
    console.settings["prices"][0]["price"] = "13.00"
    console.apply_setup(day="2026-03-03").must()
    console.run("bill", day="2026-03-31").must()  # and nobody sends it in March
    console.collect("2026-04-01")
    console.sync("2026-04-01").must()
    before = console.books()

    done = console.sync("2026-04-02", "--month", FEBRUARY).must(NEEDS_A_PERSON).document

    (entry,) = done["coverage"]
    assert entry["state"] == "partly billed"
    assert entry["reasons"] == [
        "Servers: it stood in HaloPSA before with other figures, and would be charged twice: compare them, and "
        "charge a difference by an adjustment"
    ]
    assert console.books() == before
    assert console.bills()[ACME, FEBRUARY] == ("manual", "partly sent")


def test_what_was_sent_of_a_bill_stays_known_when_the_rest_is_held(partly_sent: Console) -> None:
    partly_sent.edit_in_halopsa("Client", CUSTOMER, inactive=True)
    done = partly_sent.sync("2026-04-02", "--month", FEBRUARY).must(NEEDS_A_PERSON).document

    assert [entry["state"] for entry in done["coverage"]] == ["held"]
    assert partly_sent.bills()[ACME, FEBRUARY] == ("manual", "partly sent")

    partly_sent.edit_in_halopsa("Client", CUSTOMER, inactive=False)
    partly_sent.sync("2026-04-02", "--month", FEBRUARY).must()
    assert of_february(partly_sent) == [f"Desktops ({FEBRUARY})"]


def test_a_plan_warns_of_an_older_month_that_goes_on_standing_as_last_month(console: Console) -> None:
    console.sync("2026-03-02").must()
    console.collect("2026-05-01")  # nothing was collected in April

    (warning,) = console.run("plan", "--json", day="2026-05-01").must().document["warnings"]

    assert warning == (
        f"{ACME}: HaloPSA still shows {FEBRUARY} as last month and may charge it again, because 2026-04 has no "
        "bill (nothing was collected or imported for the month)"
    )
