"""What a plan says it would do for each company, what a sync says it did, and what could not be checked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.faults import Fault

ACME, BIRCH = "Acme Dental", "Birch & Co, Ltd."
MARCH_2 = "2026-03-02"
NEEDS_A_PERSON = 5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """Two companies of two servers each, collected since February."""
    world = small_world(ACME, BIRCH, today=date(2026, 2, 1))
    for company in (ACME, BIRCH):
        for number in range(2):
            world.add_license(user=company.lower(), license_type="Server", endpoint=f"SRV-{number}")
    console = open_console_in_process(world)
    console.settings["companies"] = [
        console.company(name, configuration("Servers", "average", "Server")) for name in (ACME, BIRCH)
    ]
    console.apply_setup(day="2026-02-01").must()
    console.collect("2026-02-01")
    console.collect(MARCH_2)
    return console


def edit(console: Console, *names: str) -> None:
    """A person changes the counts of Acme's subscriptions of these names."""
    for row in console.subscriptions():
        if row["client_id"] == console.settings["companies"][0]["customer_id"] and row["name"] in names:
            console.edit_in_halopsa("SoftwareLicence", row["id"], count=77)


def states(document: dict[str, Any]) -> dict[str, str]:
    return {entry["company"]: entry["state"] for entry in document["coverage"]}


def reasons(document: dict[str, Any], company: str) -> list[str]:
    (found,) = [entry["reasons"] for entry in document["coverage"] if entry["company"] == company]
    return list(found)


def test_a_plan_without_conflicts_says_that_companies_are_billed(console: Console) -> None:
    planned = console.run("plan", "--json", day=MARCH_2).must().document
    assert states(planned) == {ACME: "billed", BIRCH: "billed"}


def test_a_plan_says_that_a_company_with_a_conflict_has_one_and_why(console: Console) -> None:
    console.sync(MARCH_2).must()
    edit(console, "Servers")

    planned = console.run("plan", "--json", day=MARCH_2).must(NEEDS_A_PERSON).document

    assert states(planned) == {ACME: "conflict", BIRCH: "billed"}
    (reason,) = reasons(planned, ACME)
    assert reason.startswith("Servers: changed in HaloPSA since our last sync: count is 77")


def test_a_sync_that_sends_a_companys_other_lines_says_that_it_is_partly_billed(console: Console) -> None:
    console.sync(MARCH_2).must()
    edit(console, "Servers")

    done = console.sync(MARCH_2).must(NEEDS_A_PERSON).document

    assert states(done) == {ACME: "partly billed", BIRCH: "billed"}
    (reason,) = reasons(done, ACME)
    assert reason.startswith("Servers: changed in HaloPSA since our last sync: count is 77")


def test_a_sync_that_sends_nothing_of_a_company_because_of_conflicts_says_so(console: Console) -> None:
    console.sync(MARCH_2).must()
    edit(console, "Servers", "Servers (current month)")

    done = console.sync(MARCH_2).must(NEEDS_A_PERSON).document

    assert states(done) == {ACME: "conflict", BIRCH: "billed"}
    assert len(reasons(done, ACME)) == 2


def test_a_company_of_which_halopsa_takes_nothing_has_failed(console: Console) -> None:
    customer = console.settings["companies"][0]["customer_id"]
    console.halopsa.faults.add(
        Fault(kind="error_on_key", route="POST /SoftwareLicence", field="client_id", value=customer, times=-1)
    )

    done = console.sync(MARCH_2).must(NEEDS_A_PERSON).document

    assert states(done) == {ACME: "failed", BIRCH: "billed"}


# Currency


def test_a_plan_warns_when_halopsa_does_not_tell_its_base_currency(console: Console) -> None:
    console.edit_in_halopsa("Currency", 2, conversion_rate=1)

    planned = console.run("plan", "--json", day=MARCH_2).must().document

    assert planned["warnings"] == [
        f"{ACME}, {BIRCH}: the currency could not be checked, because HaloPSA shows several currencies with the "
        "conversion rate 1: EUR, USD"
    ]
    assert "Warning: " in console.run("plan", day=MARCH_2).must().out


def test_a_plan_without_access_to_the_currencies_goes_on_and_says_what_it_could_not_check(console: Console) -> None:
    console.halopsa.faults.add(Fault(kind="status", route="GET /Currency", times=-1, status=403))

    planned = console.run("plan", "--json", day=MARCH_2).must().document

    assert states(planned) == {ACME: "billed", BIRCH: "billed"}
    (warning,) = planned["warnings"]
    assert "HaloPSA refuses the currencies" in warning


def test_a_plan_that_could_check_everything_warns_of_nothing(console: Console) -> None:
    assert console.run("plan", "--json", day=MARCH_2).must().document["warnings"] == []


def test_the_test_of_the_connection_says_that_the_base_currency_cannot_be_told(console: Console) -> None:
    assert "HaloPSA's base currency is USD" in console.run("halopsa", "test").must().said
    console.edit_in_halopsa("Currency", 1, conversion_rate="1.1")

    ran = console.run("halopsa", "test").must(3)

    assert "Base currency" in ran.said
    assert "or give these customers a" in ran.said
