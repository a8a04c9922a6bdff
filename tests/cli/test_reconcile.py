"""Reconciling a month against HaloPSA: what agrees, what differs, what is missing, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from installation import Console, OpenConsole, configuration, small_world

from billbridge.simulators.faults import Fault

ACME, BIRCH = "Acme Dental", "Birch & Co, Ltd."
FEBRUARY, MARCH = "2026-02", "2026-03"
MARCH_2, APRIL_2, MAY_2 = "2026-03-02", "2026-04-02", "2026-05-02"
NEEDS_A_PERSON = 5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """Two companies of two servers each, collected since February, synced on March 2."""
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
    console.sync(MARCH_2).must()
    return console


def reconciled(console: Console, month: str, *, day: str = MARCH_2, code: int = NEEDS_A_PERSON) -> dict[str, Any]:
    document: dict[str, Any] = console.run("reconcile", "--month", month, "--json", day=day).must(code).document
    return document


def states(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["company"], line["state"]) for line in document["lines"]]


def line_of(document: dict[str, Any], company: str) -> dict[str, Any]:
    (line,) = [line for line in document["lines"] if line["company"] == company]
    return dict(line)


def subscription(console: Console, company: str, name: str = "Servers") -> dict[str, Any]:
    customer = next(one["customer_id"] for one in console.settings["companies"] if one["name"] == company)
    (row,) = [row for row in console.subscriptions() if row["client_id"] == customer and row["name"] == name]
    return row


def next_month(console: Console) -> None:
    """April 2 comes: March is collected and sent, and February's slot goes on to March."""
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-9", day=date(2026, 3, 10))
    for day in ("2026-03-10", APRIL_2):
        console.collect(day)
    console.sync(APRIL_2).must()


def test_a_month_that_agrees_is_equal_line_by_line_and_ends_with_0(console: Console) -> None:
    writes = len(console.books())
    done = reconciled(console, FEBRUARY, code=0)

    assert states(done) == [(ACME, "equal"), (BIRCH, "equal")]
    assert done["coverage"]["text"] == "checked 2 of 2, 0 unknown"
    assert done["money"] == {"currency": "USD", "ours": "48.00", "theirs": "48.00", "difference": "0.00"}
    acme = line_of(done, ACME)
    assert (acme["source"], acme["bill"], acme["base"], acme["halopsa"]) == (
        {"Server": "2"},
        *[["2", "5.00", "12.00"]] * 3,
    )
    assert len(console.books()) == writes


def test_last_month_is_meant_when_none_is_named(console: Console) -> None:
    assert console.run("reconcile", "--json", day=MARCH_2).must().document["month"] == FEBRUARY


def test_a_month_to_come_is_refused(console: Console) -> None:
    assert "has not begun" in console.run("reconcile", "--month", "2026-04", day=MARCH_2).must(3).said


def test_a_quantity_that_was_changed_in_halopsa_is_higher_there(console: Console) -> None:
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], count=7)

    done = reconciled(console, FEBRUARY)

    assert states(done) == [(ACME, "HaloPSA higher"), (BIRCH, "equal")]
    assert line_of(done, ACME)["reasons"] == ["quantity: ours is 2, HaloPSA's 7"]
    assert line_of(done, ACME)["difference"] == "60.00"
    assert done["money"]["difference"] == "60.00"


def test_a_subscription_that_was_made_inactive_charges_nothing(console: Console) -> None:
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], is_active=False)

    done = reconciled(console, FEBRUARY)

    assert states(done)[0] == (ACME, "ours higher")
    assert line_of(done, ACME)["difference"] == "-24.00"


def test_a_subscription_that_was_deleted_is_missing_there(console: Console) -> None:
    console.delete_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"])

    done = reconciled(console, FEBRUARY)

    assert states(done) == [(ACME, "missing there"), (BIRCH, "equal")]
    assert line_of(done, ACME)["difference"] == "-24.00"


def test_a_subscription_moved_to_another_customer_is_missing_at_its_own(console: Console) -> None:
    other = console.settings["companies"][1]["customer_id"]
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], client_id=other)

    done = reconciled(console, FEBRUARY)

    assert states(done)[0] == (ACME, "missing there")
    assert "stands at HaloPSA customer" in line_of(done, ACME)["reasons"][1]


def test_a_month_that_was_never_billed_is_missing_there(console: Console) -> None:
    console.collect(APRIL_2)
    console.collect(MAY_2)

    done = reconciled(console, "2026-04", day=MAY_2)

    assert states(done) == [(ACME, "missing there"), (BIRCH, "missing there")]
    assert line_of(done, ACME)["reasons"] == ["the source counts 2, and there is no bill of it"]
    assert done["money"]["difference"] == "-48.00"


def test_usage_that_became_known_later_is_ours_higher(console: Console) -> None:
    at = (console.query("SELECT id FROM store_activationrow ORDER BY id")[0]["id"],)
    console.collect(APRIL_2)
    from billbridge.store.models import ActivationRow

    row = ActivationRow.objects.get(pk=at[0])
    row.pk, row.endpoint, row.endpoint_key = None, "LATE", "late"
    row.save()

    done = reconciled(console, FEBRUARY, day=APRIL_2)

    line = line_of(done, row.company.name)
    assert (line["source"], line["state"]) == ({"Server": "3"}, "ours higher")
    assert "Server: the source counts 3, our bill has 2" in line["reasons"]


def test_a_subscription_of_ours_that_no_configuration_knows_is_missing_here(console: Console) -> None:
    table = console.halopsa.tables["SoftwareLicence"]
    known = subscription(console, ACME)
    double = table.put({**known, "id": None})
    copied = table.put({**known, "id": None, "product_sku": "billbridge-last-0000000000000000"})

    done = reconciled(console, FEBRUARY)

    assert [state for _, state in states(done)].count("missing here") == 2
    reasons = " ".join(reason for line in done["lines"] for reason in line["reasons"])
    assert f"subscription {double} carries the same key as subscription {known['id']}" in reasons
    assert f"no billing configuration knows subscription {copied}" in reasons
    assert done["money"]["difference"] == "48.00"


# A month is compared with that month's figures


def test_a_past_month_is_compared_with_what_its_slot_showed_then_and_not_with_todays(console: Console) -> None:
    next_month(console)

    done = reconciled(console, FEBRUARY, day=APRIL_2, code=0)

    acme = line_of(done, ACME)
    assert subscription(console, ACME)["count"] == 3
    assert (acme["state"], acme["halopsa"], acme["seen_on"]) == ("equal", ["2", "5.00", "12.00"], MARCH_2)
    assert done["coverage"]["recorded"] == 2
    assert reconciled(console, MARCH, day=APRIL_2, code=0)["coverage"]["recorded"] == 0


def test_what_a_person_had_changed_when_the_slot_went_on_is_what_the_month_ended_with(console: Console) -> None:
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], count=55)
    for day in ("2026-03-10", APRIL_2):
        console.collect(day)
    console.sync(APRIL_2, "--on-conflict", "overwrite").must()

    done = reconciled(console, FEBRUARY, day=APRIL_2)

    assert line_of(done, ACME)["state"] == "HaloPSA higher"
    assert line_of(done, ACME)["halopsa"][0] == "55"


def test_a_subscription_that_shows_another_month_than_was_read_back_is_unknown(console: Console) -> None:
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], start_date="2026-07-01", count=9)

    done = reconciled(console, FEBRUARY)

    assert states(done) == [(ACME, "unknown"), (BIRCH, "equal")]
    assert done["coverage"]["text"].startswith("checked 1 of 2, 1 unknown because its subscription shows another")


def test_the_running_month_is_counted_up_to_the_day_of_its_bill(console: Console) -> None:
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-9", day=date(2026, 3, 10))
    console.collect("2026-03-10")

    done = reconciled(console, MARCH, day="2026-03-10", code=0)

    assert line_of(done, ACME)["source"] == {"Server": "2"}


def test_a_temporary_bill_whose_month_is_over_is_compared_with_the_whole_month(console: Console) -> None:
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="SRV-9", day=date(2026, 3, 10))
    console.collect("2026-03-10")
    console.collect(APRIL_2)

    done = reconciled(console, MARCH, day=APRIL_2)

    assert line_of(done, ACME)["state"] == "ours higher"
    assert f"its bill was made on {MARCH_2}, before the month was over" in line_of(done, ACME)["reasons"]


# What is not known is never clean


def refuse_subscriptions(console: Console) -> None:
    console.halopsa.faults.add(Fault(kind="status", route="GET /SoftwareLicence", times=-1, status=403))


def take_halopsa_down(console: Console) -> None:
    console.settings["halopsa"]["address"] = "http://127.0.0.1:1/api"
    console.apply_setup("--same-instance", day=MARCH_2).must()


@pytest.mark.parametrize("trouble", [refuse_subscriptions, take_halopsa_down], ids=["refused", "down"])
def test_a_halopsa_that_cannot_be_read_makes_every_line_unknown_and_nothing_clean(
    console: Console, trouble: Callable[[Console], None]
) -> None:
    trouble(console)

    done = reconciled(console, FEBRUARY)

    assert states(done) == [(ACME, "unknown"), (BIRCH, "unknown")]
    assert done["coverage"]["text"].startswith("checked 0 of 2, 2 unknown because HaloPSA could not be read: ")
    assert done["money"] == {"currency": "USD", "ours": "0.00", "theirs": "0.00", "difference": "0.00"}
    assert not done["is_clean"]


def test_a_month_in_which_nothing_was_collected_is_unknown(console: Console) -> None:
    done = reconciled(console, "2025-12")

    assert states(done) == [(ACME, "unknown"), (BIRCH, "unknown")]
    assert done["coverage"]["because"] == {"nothing was collected or imported for the month": 2}


def test_an_installation_in_which_nothing_is_billed_is_not_clean(console: Console) -> None:
    from billbridge.store.models import Bill, BilledProduct, BillingConfiguration, Slot

    for table in (Slot, Bill, BilledProduct, BillingConfiguration):
        table.objects.all().delete()
    for row in list(console.halopsa.tables["SoftwareLicence"].rows):
        console.delete_in_halopsa("SoftwareLicence", row)

    done = reconciled(console, FEBRUARY)

    assert done["coverage"]["text"] == "checked 0 of 0: nothing was compared"
    assert done["coverage"]["not_configured"] == 2


def test_the_table_shows_each_line_and_how_much_was_checked(console: Console) -> None:
    console.edit_in_halopsa("SoftwareLicence", subscription(console, ACME)["id"], count=7)

    said = console.run("reconcile", "--month", FEBRUARY, day=MARCH_2).must(NEEDS_A_PERSON).said

    assert "HaloPSA higher" in said
    assert "checked 2 of 2, 0 unknown: 1 equal, 1 HaloPSA higher" in said
