"""An installation that moves to another HaloPSA believes nothing of the one before, and doubles nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.halopsa import HaloPSASimulator

ACME = "Acme Dental"
MARCH_2 = "2026-03-02"
WRONG, NEEDS_A_PERSON = 3, 5
LINKS = ("slot", "company", "haloconnection")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """A company whose last month and running month stand in HaloPSA."""
    world = small_world(ACME, today=date(2026, 2, 1))
    world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-0")
    console = open_console_in_process(world)
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    console.apply_setup(day="2026-02-01").must()
    console.collect("2026-02-01")
    console.collect(MARCH_2)
    console.sync(MARCH_2).must()
    return console


def other_halopsa(console: Console) -> HaloPSASimulator:
    """Another HaloPSA, in which the company has other ids."""
    (customer,), (site,) = console.world.halopsa.customers, console.world.halopsa.sites
    world = replace(
        console.world.halopsa,
        customers=(replace(customer, id=77, main_site_id=88),),
        sites=(replace(site, id=88, client_id=77),),
    )
    return HaloPSASimulator(world, today=lambda: console.world.today)


def test_another_address_is_refused_until_a_person_says_whether_it_is_another_halopsa(console: Console) -> None:
    before = console.rows_of(*LINKS)
    console.settings["halopsa"]["address"] = "https://other.halopsa.com/api"

    ran = console.apply_setup(day=MARCH_2).must(WRONG)

    assert "2 subscriptions and 1 customers are known of the one before" in ran.said
    assert "--new-instance" in ran.said
    assert console.rows_of(*LINKS) == before


def test_the_same_halopsa_by_another_address_is_synced_as_before(console: Console) -> None:
    books = console.books()
    with console.halopsa.start() as server:
        console.settings["halopsa"]["address"] = server.url
        console.apply_setup("--same-instance", day=MARCH_2).must()

        assert console.sync(MARCH_2).must().document["written"] == 0
    assert console.books() == books


def test_another_halopsa_gets_its_own_subscriptions_once_its_customers_are_mapped(console: Console) -> None:
    books = console.books()
    with other_halopsa(console).start() as server:
        console.settings["halopsa"]["address"] = server.url
        console.apply_setup("--new-instance", day=MARCH_2).must(WRONG)  # the file repeats customer 12 and site 40
        for key in ("customer_id", "site_id"):
            del console.settings["companies"][0][key]
        console.apply_setup("--new-instance", day=MARCH_2).must()
        assert console.rows_of("slot") == {"slot": []}

        held = console.sync(MARCH_2).must(NEEDS_A_PERSON)
        console.run("map", "suggest", "--accept-exact", "--yes").must()
        done = console.sync(MARCH_2).must().document

    assert "it is mapped to no HaloPSA customer" in held.said
    assert {change["kind"] for change in done["plan"]["changes"]} == {"create"}
    assert {change["client_id"] for change in done["plan"]["changes"]} == {77}
    assert console.books() == books


def test_a_halopsa_that_was_there_all_along_is_found_again_by_the_keys(console: Console) -> None:
    made = {row["id"]: row["product_sku"] for row in console.subscriptions()}
    company = console.settings["companies"][0]
    ids = {key: company.pop(key) for key in ("customer_id", "site_id")}
    with console.halopsa.start() as server:
        console.settings["halopsa"]["address"] = server.url
        console.apply_setup("--new-instance", day=MARCH_2).must()
        company.update(ids)
        console.apply_setup(day=MARCH_2).must()

        done = console.sync(MARCH_2).must().document

    assert {row["id"]: row["product_sku"] for row in console.subscriptions()} == made
    assert {change["subscription_id"] for change in done["plan"]["changes"]} == set(made)


def test_the_history_of_runs_stays(console: Console) -> None:
    before = console.rows_of("run")
    company = console.settings["companies"][0]
    del company["customer_id"], company["site_id"]
    console.settings["halopsa"]["address"] = "https://other.halopsa.com/api"
    console.apply_setup("--new-instance", day=MARCH_2).must()
    assert console.rows_of("run") == before
    assert {row["state"] for row in console.rows_of("plannedchange")["plannedchange"]} == {"verified"}


def test_it_cannot_be_another_halopsa_and_the_same_one(console: Console) -> None:
    ran = console.apply_setup("--new-instance", "--same-instance", day=MARCH_2).must(WRONG)
    assert "Say one of the two" in ran.said
