"""Which bills auto-billing and manual syncs make, through the real engine: the table of rules, in both layouts.

Acme has 3 computers in January, 4 in February and 5 in March, so that every count says which month it is of. Each
row of the table is a story, day by day, and what the bills and HaloPSA's subscriptions are in its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from engine_room import EngineRoom, engine_room
from installation import OpenConsole, configuration, prices, small_world

from billbridge.operations.access import Actor
from billbridge.operations.provider import the_provider
from billbridge.operations.tasks import retry
from billbridge.simulators.faults import Fault
from billbridge.store.models import Bill, Notice, Task

ACME = "Acme Dental"
COMPUTERS = (*[date(2026, 1, 1)] * 3, date(2026, 2, 1), date(2026, 3, 1))
JANUARY, FEBRUARY, MARCH = "2026-01", "2026-02", "2026-03"
SENT, HELD = "sent", "held"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A story and its end. `bills` give kind and state by month, `shown` count and price that HaloPSA charges."""

    rule: str
    story: tuple[str, ...]
    bills: dict[str, tuple[str, str]]
    shown: dict[str, tuple[int, str]]
    marks: frozenset[str] = frozenset()
    """What February's bill is marked with: late, before_month_end."""
    told: frozenset[str] = frozenset()
    """The events that people are told of."""
    auto_since: str | None = "2026-02-01"
    layouts: tuple[str, ...] = ("rolling", "monthly")


AUTOMATIC = {FEBRUARY: ("automatic", SENT)}
DONE = frozenset({"auto-billing done"})
SILENT = frozenset({"source silent"})
FIRST = ("2026-03-01T04:05", "2026-03-01T04:06")
SECOND = ("2026-03-02T04:05", "2026-03-02T04:06")
"""On the first or second day of the month: the collection is due, then auto-billing."""

TABLE = (
    *(
        Row(
            rule=f"auto-billing on day {day} makes last month's bill from the whole month, and none of this month",
            story=(f"2026-03-0{day}T04:05", f"2026-03-0{day}T04:06"),
            bills=AUTOMATIC,
            shown={FEBRUARY: (4, "12.00")},
            told=DONE,
            layouts=("rolling", "monthly") if day == 1 else ("rolling",),
        )
        for day in (1, 2, 3)
    ),
    Row(
        rule="an automatic bill that was sent is left alone by auto-billing, whatever changes",
        story=(*FIRST, "price 13.00", "2026-03-01T05:00", "2026-03-02T04:05", "quiet"),
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        told=DONE,
    ),
    Row(
        rule="a manual sync leaves an automatic bill that was sent untouched, and makes this month's temporary one",
        story=(*FIRST, "price 13.00", "sync 2026-03-10"),
        bills={**AUTOMATIC, MARCH: ("temporary", SENT)},
        shown={FEBRUARY: (4, "12.00"), MARCH: (5, "13.00")},
        told=DONE,
    ),
    Row(
        rule="a manual sync makes last month's bill from the whole month unless it is automatic, and this month's",
        story=("sync 2026-02-20", "price 13.00", "sync 2026-03-10", "price 14.00", "sync 2026-03-11"),
        bills={JANUARY: ("manual", SENT), FEBRUARY: ("manual", SENT), MARCH: ("temporary", SENT)},
        shown={FEBRUARY: (4, "14.00"), MARCH: (5, "14.00")},
        auto_since=None,
        layouts=("rolling",),
    ),
    Row(
        rule="in the monthly layout each month keeps its own subscription",
        story=("sync 2026-02-20", "price 13.00", "sync 2026-03-10"),
        bills={JANUARY: ("manual", SENT), FEBRUARY: ("manual", SENT), MARCH: ("temporary", SENT)},
        shown={JANUARY: (3, "12.00"), FEBRUARY: (4, "13.00"), MARCH: (5, "13.00")},
        auto_since=None,
        layouts=("monthly",),
    ),
    Row(
        rule="auto-billing makes a bill that a manual sync made anew, and from then on it never changes",
        story=("sync 2026-03-01", "price 13.00", *SECOND, "price 14.00", "sync 2026-03-05"),
        bills={**AUTOMATIC, MARCH: ("temporary", SENT)},
        shown={FEBRUARY: (4, "13.00"), MARCH: (5, "14.00")},
        told=DONE,
        layouts=("rolling",),
    ),
    Row(
        rule="an automatic bill that did not wholly arrive is sent by auto-billing with the same figures",
        story=(FIRST[0], "HaloPSA loses writes", FIRST[1], "price 13.00", "mend", "again"),
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        told=DONE,
    ),
    Row(
        rule="an automatic bill that did not wholly arrive is sent by a manual sync, too, with the same figures",
        story=(FIRST[0], "HaloPSA loses writes", FIRST[1], "price 13.00", "mend", "sync 2026-03-08"),
        bills={**AUTOMATIC, MARCH: ("temporary", SENT)},
        shown={FEBRUARY: (4, "12.00"), MARCH: (5, "13.00")},
    ),
    Row(
        rule="without a collection begun after the month's end an automatic bill waits",
        story=("MBS is away", "2026-03-01T05:00", "2026-03-02T05:00", "2026-03-03T22:59"),
        bills={},
        shown={},
        told=SILENT,
        layouts=("rolling",),
    ),
    Row(
        rule="at the end of day 3 it goes out from what there is, marked",
        story=("MBS is away", "2026-03-01T05:00", "2026-03-03T23:10"),
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        marks=frozenset({"before_month_end"}),
        told=DONE | SILENT,
    ),
    Row(
        rule="what missed all three days is caught up later in the month, marked late, and announced",
        story=("collect 2026-03-09", "2026-03-09T05:00"),
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        marks=frozenset({"late"}),
        told=DONE | {"auto-billing late", "not sent"},
    ),
    Row(
        rule="switched on after the window, its first month is the one it was switched on in",
        story=("collect 2026-02-27", "2026-02-27T05:00", *FIRST),
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        told=DONE,
        auto_since="2026-02-04",
        layouts=("rolling",),
    ),
    Row(
        rule="switched on within the window, its first month is last month",
        story=SECOND,
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        told=DONE,
        auto_since="2026-03-02",
        layouts=("rolling",),
    ),
    Row(
        rule="switched off before the turn, nothing goes out",
        story=("collect 2026-02-27", "auto-billing off", *FIRST, "2026-03-05T05:00"),
        bills={},
        shown={},
        layouts=("rolling",),
    ),
    Row(
        rule="a company that was held on day 1 and released on day 2 is sent on day 2, and not before",
        story=("hold without price", *FIRST, "price 12.00", *SECOND),
        bills=AUTOMATIC,
        shown={FEBRUARY: (4, "12.00")},
        told=DONE | {"auto-billing held"},
        layouts=("rolling",),
    ),
    Row(
        rule="a month older than last month is closed: only by name is it made and sent",
        story=("collect 2026-03-27", "sync 2026-04-10", "sync 2026-04-11 --month 2026-02"),
        bills={FEBRUARY: ("manual", SENT), MARCH: ("manual", SENT), "2026-04": ("temporary", SENT)},
        shown={FEBRUARY: (4, "12.00"), MARCH: (5, "12.00"), "2026-04": (5, "12.00")},
        auto_since=None,
        layouts=("rolling",),
    ),
)


def _cases() -> Iterator[object]:
    for row in TABLE:
        for layout in row.layouts:
            yield pytest.param(row, layout, id=f"{row.rule[:70]}-{layout}")


@pytest.fixture
def room(open_console_in_process: OpenConsole) -> Iterator[EngineRoom]:
    world = small_world(ACME, today=date(2026, 1, 1))
    for number, day in enumerate(COMPUTERS):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}", day=day)
    console = open_console_in_process(world)
    with engine_room(console) as opened:
        yield opened


@pytest.mark.parametrize(("row", "layout"), list(_cases()))
def test_each_row_of_the_table_of_bills(room: EngineRoom, row: Row, layout: str) -> None:
    _begin(room, row, layout)

    for step in row.story:
        _do(room, step)

    made = {str(bill.month): bill for bill in Bill.objects.all()}
    assert {month: (bill.kind, bill.state) for month, bill in made.items()} == row.bills
    assert _shown(room) == row.shown
    assert _told() == row.told
    if FEBRUARY in made:
        marks = {name for name in ("late", "before_month_end") if getattr(made[FEBRUARY], name)}
        assert marks == row.marks
    keys = [sub["product_sku"] for sub in room.console.subscriptions()]
    assert len(keys) == len(set(keys))


def _begin(room: EngineRoom, row: Row, layout: str) -> None:
    console = room.console
    console.settings["halopsa"]["layout"] = layout
    company = console.company(ACME, configuration("Servers", "average", "Server"))
    if row.auto_since:
        company |= {"auto_billing": True, "auto_billing_since": date.fromisoformat(row.auto_since)}
    console.settings["companies"] = [company]
    begin = max("2026-02-01", row.auto_since or "")
    console.apply_setup(day="2026-01-01" if row.auto_since is None else begin).must()
    for day in ("2026-01-01", "2026-02-01") if row.auto_since is None or begin <= "2026-02-01" else ("2026-02-01",):
        console.collect(day)


def _do(room: EngineRoom, step: str) -> None:
    console = room.console
    day = console.world.today.isoformat()
    match step.split():
        case ["sync", to, *options]:
            room.on(to)
            console.collect(to)
            console.sync(to, *options).must()
        case ["collect", to]:
            room.on(to)
            console.collect(to)
        case ["price", price]:
            console.settings["prices"] = prices({"Server": ("5.00", price)}, from_month=JANUARY)
            console.settings["provider"].pop("missing_price", None)
            console.apply_setup(day=day).must()
        case ["hold", *_]:
            console.settings["prices"] = []
            console.settings["provider"]["missing_price"] = "hold the bill"
            console.apply_setup(day=day).must()
        case ["auto-billing", "off"]:
            console.settings["companies"][0].pop("auto_billing")
            console.settings["companies"][0].pop("auto_billing_since")
            console.apply_setup(day=day).must()
        case ["HaloPSA", *_]:
            console.halopsa.faults.add(Fault(kind="status", route="POST /SoftwareLicence", times=-1, status=503))
        case ["MBS", *_]:
            console.mbs.faults.add(Fault(kind="status", times=-1, status=401))
        case ["mend"]:
            console.halopsa.faults.clear()
        case ["again"]:
            provider = the_provider()
            for task in Task.objects.exclude(state=Task.State.DONE):
                retry(Actor.command_line(provider), task)
            room.settle()
            room.at("2026-03-02T04:06")
        case ["quiet"]:
            assert console.sync(day, "--auto-billing").must().document["written"] == 0
        case [moment]:
            room.at(moment)
        case _:
            pytest.fail(f"no such step: {step}")


def _shown(room: EngineRoom) -> dict[str, tuple[int, str]]:
    rows = [row for row in room.console.subscriptions() if row["is_active"] and row["count"]]
    shown = {str(row["start_date"])[:7]: (int(row["count"]), f"{Decimal(str(row['price'])):.2f}") for row in rows}
    assert len(shown) == len(rows), "two subscriptions charge one month"
    return shown


def _told() -> set[str]:
    return set(Notice.objects.values_list("event", flat=True))
