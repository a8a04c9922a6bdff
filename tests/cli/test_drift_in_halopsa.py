"""The drift check against a HaloPSA in which people change things: what is found, and that the effect is true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.faults import Fault

ACME, BIRCH = "Acme Dental", "Birch & Co, Ltd."
MARCH_2, MARCH_3, APRIL_2 = "2026-03-02", "2026-03-03", "2026-04-02"
NEEDS_A_PERSON = 5
AGREEMENT = 301
SERVER, SERVER_ITEM, SUPPLIER = 101, 61, 21

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """Two companies of two servers each, synced on March 2; HaloPSA's lists were copied then."""
    world = small_world(ACME, BIRCH, today=date(2026, 2, 1))
    for company in (ACME, BIRCH):
        for number in range(2):
            world.add_license(user=company.lower(), license_type="Server", endpoint=f"SRV-{number}")
    console = open_console_in_process(world)
    console.halopsa.tables["ClientContract"].put(
        {
            "id": AGREEMENT, "client_id": 12, "ref": "Managed IT", "active": True,
            "start_date": "2025-01-01T00:00:00", "end_date": None,
        }
    )  # fmt: skip
    console.settings["default_asset_types"] = [
        {"product": "Server", "asset_type": "Server", "item_id": SERVER_ITEM},
        {"product": "Desktop", "asset_type": "Workstation"},
    ]
    console.settings["halopsa"]["additional_settings"] = {"supplier_name": "Northwind Distribution"}
    console.settings["companies"] = [
        console.company(ACME, configuration("Servers", "average", "Server"), agreement_id=AGREEMENT),
        console.company(BIRCH, configuration("Servers", "quantity", "Server")),
    ]
    console.apply_setup(day="2026-02-01").must()
    console.collect("2026-02-01")
    console.collect(MARCH_2)
    console.sync(MARCH_2).must()
    _copy_lists()
    return console


def _copy_lists() -> None:
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.halopsa_lists import refresh_lists
    from billbridge.operations.provider import the_provider

    provider = the_provider()
    with halopsa_of(provider) as halo:
        refresh_lists(provider, halo)


def checked(console: Console, *, day: str = MARCH_2, code: int = NEEDS_A_PERSON) -> dict[str, Any]:
    document: dict[str, Any] = console.run("drift", "--json", day=day).must(code).document
    return document


def found(document: dict[str, Any]) -> set[tuple[str, str, bool]]:
    """Of each open finding its thing, what became of it, and whether it harms."""
    return {(one["thing"], one["key"].partition("|")[2], one["harms"]) for one in document["open"]}


def subscription(console: Console, company: str, name: str = "Servers") -> dict[str, Any]:
    customer = next(one["customer_id"] for one in console.settings["companies"] if one["name"] == company)
    (row,) = [row for row in console.subscriptions() if row["client_id"] == customer and row["name"] == name]
    return row


@contextmanager
def edited(console: Console, table: str, number: int, **changes: object) -> Iterator[None]:
    """A person changes a record, and puts it back at the end."""
    before = dict(console.halopsa.tables[table].rows[number])
    console.edit_in_halopsa(table, number, **changes)
    yield
    console.halopsa.tables[table].rows[number] = before


@contextmanager
def deleted(console: Console, table: str, number: int) -> Iterator[None]:
    """A person deletes a record, and it is restored at the end."""
    before = dict(console.halopsa.tables[table].rows[number])
    console.delete_in_halopsa(table, number)
    yield
    console.halopsa.tables[table].put(before)


def planned(console: Console, company: str) -> tuple[str, str]:
    """What a plan would do for a company, and why."""
    document = console.run("plan", "--json", day=MARCH_2).document
    (entry,) = [one for one in document["coverage"] if one["company"] == company]
    return entry["state"], "; ".join(entry["reasons"])


def test_an_unchanged_halopsa_has_no_drift_and_everything_was_checked(console: Console) -> None:
    writes = len(console.books())

    done = checked(console, code=0)

    assert done["open"] == []
    assert done["is_clean"]
    # two customers with their sites, an agreement, two asset types, an item, the supplier, four subscriptions
    assert done["coverage"]["text"] == "checked 13 of 13, 0 unknown"
    assert len(console.books()) == writes


def test_what_keeps_bills_from_going_out_is_found_alone_and_holds_them(console: Console) -> None:
    """Each change by itself: what is found, and the reason for which a plan holds the company."""
    for change, finding, reason in (
        (deleted(console, "Client", 12), ("customer", "gone"), "its HaloPSA customer 12 no longer exists"),
        (edited(console, "Client", 12, inactive=True), ("customer", "inactive"), "customer 12 is inactive"),
        (
            edited(console, "Client", 12, default_currency_code=2),
            ("currency", "other"),
            "amounts are never converted",
        ),
        (deleted(console, "Site", 40), ("site", "gone"), "its HaloPSA site 40 no longer exists"),
        (edited(console, "Site", 40, inactive=True), ("site", "inactive"), "its HaloPSA site 'Main' is inactive"),
        (edited(console, "Site", 40, client_id=13), ("site", "moved"), "belongs to another customer"),
        (deleted(console, "AssetType", SERVER), ("asset type", "gone"), "asset type 'Server' of Server no longer"),
        (edited(console, "AssetType", SERVER, name="Big iron"), ("asset type", "renamed"), "no longer exists"),
        (deleted(console, "Item", SERVER_ITEM), ("item", "gone"), "item 61 of 'Servers' no longer exists"),
        (deleted(console, "ClientContract", AGREEMENT), ("agreement", "gone"), "agreement 301 no longer exists"),
        (edited(console, "ClientContract", AGREEMENT, client_id=13), ("agreement", "moved"), "another customer"),
        (
            edited(console, "ClientContract", AGREEMENT, end_date="2026-02-28T00:00:00"),
            ("agreement", "inactive"),
            "'Managed IT' is not active in 2026-03",
        ),
    ):
        with change:
            done = checked(console)
            state, why = planned(console, ACME)
        assert found(done) == {(*finding, True)}
        assert "held" in done["open"][0]["effect"]
        assert state in ("held", "partly billed")
        assert reason in why


def test_what_a_person_did_to_a_subscription_is_found_alone_and_is_a_conflict(console: Console) -> None:
    number = subscription(console, ACME)["id"]
    for change, finding, reason in (
        (deleted(console, "SoftwareLicence", number), "deleted", "it was deleted in HaloPSA"),
        (edited(console, "SoftwareLicence", number, type=0), "gone", "HaloPSA does not show it any more"),
        (edited(console, "SoftwareLicence", number, is_active=False), "inactive", "is_active is False, was True"),
        (edited(console, "SoftwareLicence", number, client_id=13, site_id=41), "moved", "client_id is 13, was 12"),
        (edited(console, "SoftwareLicence", number, count=7), "quantity", "count is 7"),
        (edited(console, "SoftwareLicence", number, price=13), "unit-price", "price is 13"),
        (edited(console, "SoftwareLicence", number, purchase_price=4), "unit-cost", "purchase_price is 4"),
    ):
        with change:
            done = checked(console)
            state, why = planned(console, ACME)
        assert found(done) == {("subscription", finding, True)}
        assert done["open"][0]["company"] == ACME
        assert "as a conflict" in done["open"][0]["effect"]
        assert state == "conflict"
        assert reason in why


def test_what_no_sync_writes_again_is_found_and_leaves_the_company_billed(console: Console) -> None:
    number = subscription(console, ACME)["id"]
    for changes, finding, harms in (
        ({"name": "Their name"}, "name", False),
        ({"supplier_id": 22}, "supplier", False),
        ({"item_id": 62}, "item", True),
        ({"billing_cycle": "Annual"}, "billing-cycle", True),
        ({"product_sku": "their own"}, "key", True),
    ):
        with edited(console, "SoftwareLicence", number, **changes):
            done = checked(console, code=NEEDS_A_PERSON if harms else 0)
            assert found(done) == {("subscription", finding, harms)}
            assert planned(console, ACME)[0] == "billed"


def test_a_price_in_quantity_mode_is_halopsas_own_and_its_quantity_is_ours(console: Console) -> None:
    number = subscription(console, BIRCH)["id"]

    with edited(console, "SoftwareLicence", number, price=99):
        assert checked(console, code=0)["open"] == []
    with edited(console, "SoftwareLicence", number, count=9):
        assert found(checked(console)) == {("subscription", "quantity", True)}


def test_a_rename_alone_is_a_note_that_harms_nothing(console: Console) -> None:
    console.edit_in_halopsa("Client", 12, name="Acme Dental Group")

    done = checked(console, code=0)

    assert found(done) == {("customer", "renamed", False)}
    assert done["open"][0]["finding"] == "It is called 'Acme Dental Group' now."
    assert done["open"][0]["effect"] == "None: companies are known by their customer's id."
    assert planned(console, ACME)[0] == "billed"


def test_an_asset_type_that_no_company_is_billed_with_is_a_note(console: Console) -> None:
    console.delete_in_halopsa("AssetType", 102)

    done = checked(console, code=0)

    assert found(done) == {("asset type", "gone", False)}
    assert planned(console, ACME)[0] == "billed"


def test_a_supplier_that_is_gone_is_made_anew_by_the_next_sync(console: Console) -> None:
    console.delete_in_halopsa("Supplier", SUPPLIER)

    done = checked(console)

    assert found(done) == {("supplier", "gone", True)}
    assert "makes a supplier 'Northwind Distribution' anew" in done["open"][0]["effect"]
    console.sync(MARCH_2).must()
    made = max(console.halopsa.tables["Supplier"].rows)
    assert console.halopsa.tables["Supplier"].rows[made]["name"] == "Northwind Distribution"
    assert {row["supplier_id"] for row in console.subscriptions()} == {made}
    assert checked(console, code=0)["open"] == []


def test_a_second_subscription_with_one_of_our_keys_is_found_and_closed_by_the_next_sync(console: Console) -> None:
    known = subscription(console, ACME)
    double = console.halopsa.tables["SoftwareLicence"].put({**known, "id": None})

    done = checked(console)

    assert found(done) == {("subscription", str(double), True)}
    assert "keeps that one and closes this; until then HaloPSA charges both" in done["open"][0]["effect"]
    console.sync(MARCH_2)
    assert not console.halopsa.tables["SoftwareLicence"].rows[double]["is_active"]
    assert checked(console, code=0)["open"] == []


def test_with_overwrite_a_figure_is_said_to_be_overwritten_and_is(console: Console) -> None:
    console.settings["halopsa"]["on_conflict"] = "overwrite"
    console.apply_setup(day=MARCH_2).must()
    number = subscription(console, ACME)["id"]
    console.edit_in_halopsa("SoftwareLicence", number, count=7)

    assert "overwrites it" in checked(console)["open"][0]["effect"]
    console.sync(MARCH_2).must()
    assert subscription(console, ACME)["count"] == 2
    assert checked(console, code=0)["open"] == []


def test_what_we_wrote_ourselves_is_no_drift(console: Console) -> None:
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-9", day=date(2026, 3, 3))
    console.collect(MARCH_3)
    console.sync(MARCH_3).must()

    assert checked(console, day=MARCH_3, code=0)["open"] == []


def test_a_finding_of_yesterday_is_the_same_today_and_over_once_it_is_put_back(console: Console) -> None:
    number = subscription(console, ACME)["id"]
    with edited(console, "SoftwareLicence", number, count=7):
        first = checked(console)
        again = checked(console, day=MARCH_3)
    assert len(first["new"]) == 1
    assert again["new"] == []
    (one,) = again["open"]
    assert (one["first_seen"], one["last_seen"]) == (MARCH_2, MARCH_3)

    assert checked(console, day=MARCH_3, code=0)["closed"] == [one["key"]]


def test_a_list_that_is_refused_makes_its_things_unknown_and_leaves_their_findings_open(console: Console) -> None:
    with deleted(console, "Item", SERVER_ITEM):
        gone = checked(console)["open"][0]["key"]
    console.halopsa.change_switches({"agent_access": {"items": "none"}})

    done = checked(console, day=MARCH_3)

    assert {one["key"] for one in done["open"]} == {gone, "unknown:items|unread"}
    unknown = next(one for one in done["open"] if one["kind"] == "unknown")
    assert unknown["finding"] == "HaloPSA accepts the sign-in but refuses the items (Item)."
    assert "Products: Read Only" in unknown["remedy"]
    assert done["coverage"]["text"].startswith("checked 12 of 13, 1 unknown because ")
    assert "sync ends" in unknown["effect"]
    assert console.run("plan", day=MARCH_3).must(3).said.count("Products: Read Only") == 1

    console.halopsa.change_switches({"agent_access": {}})
    assert checked(console, day=MARCH_3, code=0)["open"] == []


def test_a_list_that_does_not_add_up_says_nothing_of_what_is_not_in_it(console: Console) -> None:
    hidden, edited_one = subscription(console, ACME)["id"], subscription(console, BIRCH)
    console.edit_in_halopsa("SoftwareLicence", edited_one["id"], count=9)
    rows = console.halopsa.tables["SoftwareLicence"].rows
    rows[hidden] = dict(rows[edited_one["id"]])  # its row comes twice, and the other one not at all

    done = checked(console)

    assert found(done) == {("subscription", "quantity", True), ("subscription", "unread", True)}
    assert done["coverage"]["unknown"] == 1


def test_without_the_currencies_only_the_currency_is_unknown_and_nothing_is_harmed(console: Console) -> None:
    console.halopsa.faults.add(Fault(kind="status", route="GET /Currency", times=-1, status=403))

    done = checked(console, code=0)

    assert found(done) == {("currency", "unread", False)}
    assert done["coverage"]["unknown"] == 0
    assert planned(console, ACME)[0] == "billed"


def test_a_halopsa_that_lets_nobody_in_is_one_finding_and_closes_nothing(console: Console) -> None:
    number = subscription(console, ACME)["id"]
    console.edit_in_halopsa("SoftwareLicence", number, count=7)
    before = checked(console)["open"][0]["key"]
    console.settings["halopsa"]["client_secret"] = "wrong"
    console.apply_setup(day=MARCH_2).must()

    done = checked(console, day=MARCH_3)

    assert {one["key"] for one in done["open"]} == {before, "unknown:HaloPSA|unread"}
    assert done["closed"] == []
    assert done["coverage"]["checked"] == 0


def test_the_table_names_what_became_of_it_and_what_that_does(console: Console) -> None:
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], count=7)

    said = console.run("drift", day=MARCH_2).must(NEEDS_A_PERSON).said

    assert "and was 2 when it was last read back." in said
    assert "is not sent, as a conflict" in said
    assert "checked 13 of 13, 0 unknown: 1 open, 1 of them harmful, 1 new, 0 over" in said


def test_the_doctor_says_what_is_open_and_that_it_was_never_checked(console: Console) -> None:
    assert "HaloPSA was never checked" in console.run("doctor").said

    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], count=7)
    checked(console)

    assert "1 open finding concerns the next bill" in console.run("doctor").said


def test_a_check_reads_no_more_than_a_sync(console: Console) -> None:
    console.halopsa.calls.reset()
    console.sync(MARCH_2).must()
    calls_of_a_sync = console.calls()
    console.halopsa.calls.reset()

    checked(console, code=0)

    assert console.calls() == calls_of_a_sync


def test_of_a_large_tenant_only_the_few_customers_that_are_billed_are_read(console: Console) -> None:
    from billbridge.store.models import HaloConnection

    HaloConnection.objects.update(known_sizes={"clients": 5000, "sites": 6000, "licences": 20000})
    number = subscription(console, ACME)["id"]
    console.halopsa.calls.reset()

    assert checked(console, code=0)["coverage"]["checked"] == 13
    by_customer = ("GET /Client/{id}", "GET /Site", "GET /SoftwareLicence")
    assert [console.calls()[route] for route in by_customer] == [2, 2, 2]
    assert "GET /Client" not in console.calls()
    with edited(console, "SoftwareLicence", number, client_id=13, site_id=41):
        assert found(checked(console)) == {("subscription", "moved", True)}
    with deleted(console, "SoftwareLicence", number):
        assert found(checked(console)) == {("subscription", "deleted", True)}


def test_without_a_halopsa_there_is_nothing_to_check(console: Console) -> None:
    from billbridge.store.models import HaloConnection

    HaloConnection.objects.all().delete()

    assert "No HaloPSA connection is set up." in console.run("drift", day=MARCH_2).must(3).said


def change_of(console: Console, number: int, day: str) -> tuple[str, str]:
    """What a plan would do with a subscription, and why."""
    document = console.run("plan", "--json", day=day).document
    (change,) = [one for one in document["changes"] if one["subscription_id"] == number]
    return change["kind"], change["reason"]


def test_what_cannot_leave_the_current_slot_keeps_last_months_bill_waiting(console: Console) -> None:
    last, current = (subscription(console, ACME, name)["id"] for name in ("Servers", "Servers (current month)"))
    console.edit_in_halopsa("SoftwareLicence", current, count=7)
    assert "At the turn of the month last month's bill waits with it" in checked(console)["open"][0]["effect"]

    console.collect(APRIL_2)

    assert change_of(console, current, APRIL_2)[0] == "conflict"
    kind, reason = change_of(console, last, APRIL_2)
    assert kind == "conflict"
    assert "its month still stands in the subscription of slot 'current'" in reason


def test_what_is_to_be_closed_is_closed_whatever_was_done_to_it_but_for_its_quantity(console: Console) -> None:
    console.settings["companies"][0]["configurations"][0]["last_month"] = "2026-02"
    console.apply_setup(day=MARCH_2).must()
    console.sync(MARCH_2).must()
    console.collect(APRIL_2)
    number = subscription(console, ACME)["id"]
    for changes, finding, harms, kind in (
        ({"is_active": False}, "inactive", False, "close"),
        ({"price": 99}, "unit-price", False, "close"),
        ({"client_id": 13, "site_id": 41}, "moved", True, "close"),
        ({"count": 7}, "quantity", True, "conflict"),
    ):
        with edited(console, "SoftwareLicence", number, **changes):
            done = checked(console, day=APRIL_2, code=NEEDS_A_PERSON if harms else 0)
            assert found(done) == {("subscription", finding, harms)}
            assert change_of(console, number, APRIL_2)[0] == kind
    console.sync(APRIL_2).must()
    console.delete_in_halopsa("SoftwareLicence", number)
    assert checked(console, day=APRIL_2, code=0)["open"] == []


def test_no_sync_puts_a_month_right_that_was_sent_by_name(open_console_in_process: OpenConsole) -> None:
    world = small_world(ACME, today=date(2026, 1, 1))
    world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-0")
    console = open_console_in_process(world)
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    console.apply_setup(day="2026-01-01").must()
    for day in ("2026-01-01", MARCH_2):
        console.collect(day)
    console.sync(MARCH_2, "--month", "2026-01").must()
    number = subscription(console, ACME, "Servers (2026-01)")["id"]
    assert checked(console, code=0)["open"] == []

    console.edit_in_halopsa("SoftwareLicence", number, is_active=False)

    done = checked(console)
    assert found(done) == {("subscription", "inactive", True)}
    assert "no sync makes it active again" in done["open"][0]["effect"]
    console.sync(MARCH_2).must()
    assert not subscription(console, ACME, "Servers (2026-01)")["is_active"]
