"""The life of bills over three months, by manual syncs and by auto-billing, told by what HaloPSA's books show.

Acme gets a computer more from time to time: 3 in January, 4 and then 5 in February, 6 in March, 7 in April, so that
every count says which month it is of. The price is changed twice on the way, so that a bill that is made again can
be told from one whose figures are frozen. The timeline runs once per layout.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from installation import Console, OpenConsole, configuration, prices, small_world

from billbridge.simulators.world import World

ACME = "Acme Dental"
JANUARY, FEBRUARY, MARCH, APRIL = "2026-01", "2026-02", "2026-03", "2026-04"
NEW_COMPUTERS = (*[date(2026, 1, 1)] * 3, date(2026, 2, 1), date(2026, 2, 25), date(2026, 3, 1), date(2026, 4, 1))
FIRST_PRICE, SECOND_PRICE, THIRD_PRICE = Decimal("12.00"), Decimal("13.00"), Decimal("14.00")

Shown = dict[str, tuple[int, Decimal]]
"""Count and unit price by month."""


def growing_world() -> World:
    world = small_world(ACME, today=date(2026, 1, 1))
    for number, day in enumerate(NEW_COMPUTERS):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}", day=day)
    return world


@pytest.fixture(params=["rolling", "monthly"])
def console(request: pytest.FixtureRequest, open_console: OpenConsole) -> Console:
    console = open_console(growing_world())
    console.settings["halopsa"]["layout"] = request.param
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    set_price(console, FIRST_PRICE, day="2026-01-01")
    console.collect("2026-01-01")
    return console


def set_price(console: Console, price: Decimal, *, day: str) -> None:
    """Apply the setup with another price, which holds from January on."""
    console.settings["prices"] = prices({"Server": ("5.00", str(price))}, from_month=JANUARY)
    console.apply_setup(day=day).must()


def sync(console: Console, day: str, *options: str) -> dict[str, Any]:
    """Collect and sync on a day, and see that it went well."""
    console.collect(day)
    done: dict[str, Any] = console.sync(day, *options).must().document
    assert done["failed"] == []
    return done


def shown(console: Console) -> Shown:
    """What HaloPSA's subscriptions charge; no month may stand in two of them."""
    rows = [row for row in console.subscriptions() if row["is_active"] and row["count"]]
    months = Counter(str(row["start_date"])[:7] for row in rows)
    assert set(months.values()) <= {1}, rows
    return {str(row["start_date"])[:7]: (int(row["count"]), Decimal(str(row["price"]))) for row in rows}


def ids(console: Console) -> dict[str, int]:
    """The id of the subscription that charges each month."""
    return {str(row["start_date"])[:7]: row["id"] for row in console.subscriptions() if row["count"]}


def bills(console: Console) -> dict[str, tuple[str, str]]:
    """Kind and state of each bill by month."""
    return {month: bill for (_, month), bill in console.bills().items()}


def march_rows(console: Console) -> list[dict[str, Any]]:
    """March's bill and its lines, all columns."""
    lines = "SELECT l.* FROM store_billline l JOIN store_bill b ON b.id = l.bill_id WHERE b.month = ?"
    return [*console.query("SELECT * FROM store_bill WHERE month = ?", MARCH), *console.query(lines, MARCH)]


def assert_nothing_doubled(console: Console, made: int) -> None:
    """HaloPSA made exactly so many subscriptions, each of a key of its own, and holds no other of ours."""
    creates = [w for w in console.books() if w["table"] == "SoftwareLicence" and w["action"] == "create"]
    assert len(creates) == made
    assert len({write["product_sku"] for write in creates}) == made
    assert len(console.subscriptions()) == made


def test_each_step_of_the_timeline_leaves_the_bills_and_subscriptions_it_should(console: Console) -> None:
    rolling = console.settings["halopsa"]["layout"] == "rolling"

    # 20 February, manual sync: January's bill is made, and February's temporary one.
    sync(console, "2026-02-20")
    assert bills(console) == {JANUARY: ("manual", "sent"), FEBRUARY: ("temporary", "sent")}
    assert shown(console) == {JANUARY: (3, FIRST_PRICE), FEBRUARY: (4, FIRST_PRICE)}
    assert_nothing_doubled(console, 2)
    in_february = ids(console)

    # 27 February, manual sync: both are made again and updated in the same records.
    set_price(console, SECOND_PRICE, day="2026-02-27")
    sync(console, "2026-02-27")
    assert bills(console) == {JANUARY: ("manual", "sent"), FEBRUARY: ("temporary", "sent")}
    assert shown(console) == {JANUARY: (3, SECOND_PRICE), FEBRUARY: (5, SECOND_PRICE)}
    assert ids(console) == in_february
    assert_nothing_doubled(console, 2)

    # 5 March, manual sync: February, which was temporary, is last month's now; March is temporary.
    sync(console, "2026-03-05")
    assert bills(console) == {
        JANUARY: ("manual", "sent"),
        FEBRUARY: ("manual", "sent"),
        MARCH: ("temporary", "sent"),
    }
    in_march = ids(console)
    last_two = {FEBRUARY: (5, SECOND_PRICE), MARCH: (6, SECOND_PRICE)}
    if rolling:
        assert shown(console) == last_two
        assert in_march == {FEBRUARY: in_february[JANUARY], MARCH: in_february[FEBRUARY]}
    else:
        assert shown(console) == {JANUARY: (3, SECOND_PRICE), **last_two}
        assert in_february.items() < in_march.items()
    assert_nothing_doubled(console, 2 if rolling else 3)

    # 31 March, auto-billing is switched on: nothing is sent, not even when it looks for what is due.
    before = console.books()
    console.settings["companies"][0]["auto_billing"] = True
    console.apply_setup(day="2026-03-31").must()
    sync(console, "2026-03-31", "--auto-billing")
    assert bills(console)[FEBRUARY] == ("manual", "sent")
    assert bills(console)[MARCH] == ("temporary", "sent")
    assert console.books() == before

    # 2 April, auto-billing: March is made from the whole month and takes the temporary bill's place.
    done = sync(console, "2026-04-02", "--auto-billing")
    assert done["written"] > 0
    assert bills(console)[MARCH] == ("automatic", "sent")
    assert APRIL not in bills(console)
    automatic = ids(console)
    if rolling:
        assert shown(console) == {MARCH: (6, SECOND_PRICE)}
        assert automatic == {MARCH: in_february[JANUARY]}
    else:
        assert shown(console) == {JANUARY: (3, SECOND_PRICE), **last_two}
        assert automatic == in_march
    assert_nothing_doubled(console, 2 if rolling else 3)

    # 3 April, auto-billing: nothing is left to do, though the price has changed.
    before, frozen = console.books(), march_rows(console)
    set_price(console, THIRD_PRICE, day="2026-04-03")
    done = sync(console, "2026-04-03", "--auto-billing")
    assert (done["written"], done["calls"]["writes"]) == (0, 0)
    assert console.books() == before
    assert march_rows(console) == frozen

    # 15 April, manual sync: March stays untouched, April's temporary bill is made at the new price.
    sync(console, "2026-04-15")
    assert bills(console)[MARCH] == ("automatic", "sent")
    assert bills(console)[APRIL] == ("temporary", "sent")
    assert march_rows(console) == frozen
    assert automatic[MARCH] not in {write["id"] for write in console.books()[len(before) :]}
    if rolling:
        assert shown(console) == {MARCH: (6, SECOND_PRICE), APRIL: (7, THIRD_PRICE)}
        assert ids(console) == {MARCH: in_february[JANUARY], APRIL: in_february[FEBRUARY]}
    else:
        assert shown(console) == {JANUARY: (3, SECOND_PRICE), **last_two, APRIL: (7, THIRD_PRICE)}
        assert automatic.items() < ids(console).items()
    assert_nothing_doubled(console, 2 if rolling else 4)


def automatic_from(open_console: OpenConsole, first_day: str) -> Console:
    """A console that bills two servers automatically, with everything collected since `first_day`."""
    world = small_world(ACME, today=date.fromisoformat(first_day))
    for number in range(2):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}")
    console = open_console(world)
    servers = configuration("Servers", "average", "Server")
    console.settings["companies"] = [console.company(ACME, servers, auto_billing=True)]
    console.apply_setup().must()
    console.collect(first_day)
    return console


@pytest.mark.parametrize(
    ("first_day", "day", "month", "last_day"),
    [
        ("2026-12-01", "2027-01-01", "2026-12", "2026-12-31"),
        ("2028-02-01", "2028-03-01", "2028-02", "2028-02-29"),
    ],
    ids=["the turn of the year", "a leap year"],
)
def test_auto_billing_on_the_first_bills_the_whole_month_before(
    open_console_in_process: OpenConsole, first_day: str, day: str, month: str, last_day: str
) -> None:
    console = automatic_from(open_console_in_process, first_day)
    console.settings["halopsa"]["layout"] = "monthly"
    console.apply_setup(day=first_day).must()

    sync(console, day, "--auto-billing")

    assert bills(console) == {month: ("automatic", "sent")}
    (row,) = console.subscriptions()
    assert (row["start_date"][:10], row["end_date"][:10]) == (f"{month}-01", last_day)


def test_auto_billing_waits_for_usage_and_at_the_end_of_day_3_bills_what_there_is(
    open_console_in_process: OpenConsole,
) -> None:
    console = automatic_from(open_console_in_process, "2026-02-01")

    console.sync("2026-03-03", "--auto-billing").must()
    assert bills(console) == {}
    assert console.books() == []

    console.sync("2026-03-03", "--auto-billing", "--end-of-day").must()
    assert bills(console) == {FEBRUARY: ("automatic", "sent")}
    (bill,) = console.query("SELECT before_month_end FROM store_bill")
    assert bill["before_month_end"]


def test_auto_billing_that_missed_its_days_catches_up_and_says_that_it_is_late(
    open_console_in_process: OpenConsole,
) -> None:
    console = automatic_from(open_console_in_process, "2026-02-01")

    sync(console, "2026-03-09", "--auto-billing")

    assert bills(console) == {FEBRUARY: ("automatic", "sent")}
    (bill,) = console.query("SELECT late FROM store_bill")
    assert bill["late"]
