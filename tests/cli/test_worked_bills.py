"""The worked bills: usage in MBS, settings in a file, and the very figures that HaloPSA then holds.

Unit cost and price are Server 5.00/12.00, Desktop 2.50/6.00 and Ultimate 9.00/20.00. Everything is used in
February 2026 and billed on 2 March. Every example is a company of one world, which is collected, billed and synced
once, in processes of their own; what needs a setting or a HaloPSA of its own has a console in this process.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from installation import ACCOUNT, ACCOUNT_ID, GIB, PRICES, Console, OpenConsole, configuration, prices, small_world

import databases
from billbridge.simulators.halopsa import Switches
from billbridge.simulators.world import World
from databases import WORKER, Installation

FEBRUARY_1, MARCH_2 = "2026-02-01", "2026-03-02"
LICENSES = ("Server", "Desktop", "Ultimate")
STORAGE = f"storage:{ACCOUNT_ID}"
WORKED = {"Server": 3, "Desktop": 2}
TRAP = {"Server": 2, "Ultimate": 1}

AVERAGE, TOTAL, QUANTITY = "Average Dental", "Total Logistics", "Quantity Optics"
UNPRICED, FREE, ROUNDING = "Unpriced Motors", "Free Radiology", "Rounding Roofing"
STORED_TOTAL, STORED_AVERAGE, MIXED = "Stored Total Ltd", "Stored Average Ltd", "Mixed Freight"


def activate(world: World, company: str, counts: Mapping[str, int]) -> None:
    """Give a company's user so many computers of each license type."""
    for license_type, count in counts.items():
        for number in range(count):
            world.add_license(user=company.lower(), license_type=license_type, endpoint=f"{license_type}-{number}")


def keep_storage(world: World, company: str) -> None:
    """500 GiB kept all month and 10 GiB restored on one day."""
    world.set_storage(user=company.lower(), account=ACCOUNT, byte_count=500 * GIB)
    world.set_restore(user=company.lower(), account=ACCOUNT, byte_count=10 * GIB, day=date(2026, 2, 14))


def storage_terms(*companies: str) -> dict[str, Any]:
    """0.05 per GB kept, 0.10 per GB restored, and 30.00 a month for each company's package."""
    rates = {"backup_cost": "0.02", "backup_price": "0.05", "restore_cost": "0.01", "restore_price": "0.10"}
    plan = {"account": ACCOUNT_ID, "name": "1 TB plan", "cost": "12.00", "price": "30.00"}
    return {
        "storage_costs": [{"account": ACCOUNT_ID, "from_month": "2026-01", **rates}],
        "storage_limits": [{**plan, "company": company} for company in companies],
    }


def bill(console: Console) -> dict[str, Any]:
    """Apply the setup, collect at the beginning and after the end of February, and make the bills."""
    console.apply_setup(day=FEBRUARY_1).must()
    console.collect(FEBRUARY_1)
    console.collect(MARCH_2)
    document: dict[str, Any] = console.run("bill", "--json", day=MARCH_2).document
    return document


@dataclass(frozen=True, kw_only=True)
class Billed:
    """A world after its February was billed and synced: the documents of both, and the console."""

    console: Console
    bills: dict[str, Any]
    done: dict[str, Any]

    def february(self, company: str) -> dict[str, Any]:
        """The only line of a company's bill for February."""
        return february(self.bills, company)

    def change(self, company: str) -> dict[str, Any]:
        """The planned change that sent it."""
        (found,) = [
            change
            for change in self.done["plan"]["changes"]
            if (change["company"], change["slot"]) == (company, "last")
        ]
        return dict(found)


def february(document: dict[str, Any], company: str) -> dict[str, Any]:
    """The only line of a company's bill for February."""
    (found,) = [one for one in document["bills"] if (one["company"], one["month"]) == (company, "2026-02")]
    (line,) = found["lines"]
    return dict(line)


def in_halopsa(console: Console, company: str) -> tuple[Decimal, ...]:
    """Quantity, unit cost and unit price of a company's subscription for last month, as HaloPSA stores them."""
    (customer,) = [one.id for one in console.world.halopsa.customers if one.name == company]
    (row,) = [
        row
        for row in console.subscriptions()
        if row["client_id"] == customer and "(current month)" not in row["name"]
    ]
    return tuple(Decimal(str(row[field] or 0)) for field in ("count", "purchase_price", "price"))


@pytest.fixture(scope="module")
def billed(_migrated: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Billed]:
    """Every example that gets by with the same settings, billed and synced."""
    examples = {
        AVERAGE: ("average", LICENSES, WORKED),
        TOTAL: ("total", LICENSES, WORKED),
        QUANTITY: ("quantity", LICENSES, WORKED),
        ROUNDING: ("average", LICENSES, TRAP),
        UNPRICED: ("average", ("File Backup",), {"File Backup": 5}),
        FREE: ("average", ("VM Server",), {"VM Server": 2}),
        STORED_TOTAL: ("total", (STORAGE,), {}),
        STORED_AVERAGE: ("average", (STORAGE,), {}),
        MIXED: ("total", (*LICENSES, STORAGE), WORKED),
    }
    world = small_world(*examples, today=date(2026, 2, 1))
    for company, (_, products, counts) in examples.items():
        activate(world, company, counts)
        if STORAGE in products:
            keep_storage(world, company)
    data = tmp_path_factory.mktemp("worked") / "installation"
    shutil.copytree(_migrated.data, data)
    with (
        databases.new_installation(data, template=f"migrated_{WORKER}") as installation,
        Console(installation=installation, world=world) as console,
    ):
        console.settings |= storage_terms(STORED_TOTAL, STORED_AVERAGE, MIXED)
        console.settings["prices"] += prices({"VM Server": ("0", "0")})
        console.settings["companies"] = [
            console.company(name, configuration("Backup", mode, *products))
            for name, (mode, products, _) in examples.items()
        ]
        bills = bill(console)
        yield Billed(console=console, bills=bills, done=console.sync(MARCH_2).must().document)


@pytest.mark.parametrize("company", [AVERAGE, TOTAL, QUANTITY])
def test_three_servers_and_two_desktops_are_five_at_a_cost_of_20_and_a_price_of_48(
    billed: Billed, company: str
) -> None:
    line = billed.february(company)

    assert (line["quantity"], Decimal(line["cost"]), Decimal(line["price"])) == ("5", 20, 48)


def test_average_sends_the_quantity_with_the_average_cost_and_price(billed: Billed) -> None:
    assert in_halopsa(billed.console, AVERAGE) == (5, Decimal("4.00"), Decimal("9.60"))


def test_total_sends_one_with_the_total_cost_and_price(billed: Billed) -> None:
    assert in_halopsa(billed.console, TOTAL) == (1, Decimal("20.00"), Decimal("48.00"))


def test_quantity_sends_no_cost_and_no_price_and_warns_that_nothing_would_be_charged(billed: Billed) -> None:
    change = billed.change(QUANTITY)

    assert {field["field"] for field in change["fields"]}.isdisjoint({"price", "purchase_price"})
    assert any("nothing would be charged" in warning for warning in change["warnings"])
    assert in_halopsa(billed.console, QUANTITY) == (5, 0, 0)


def test_44_over_3_is_sent_as_14_667_so_that_the_total_comes_out_to_the_cent(billed: Billed) -> None:
    line = billed.february(ROUNDING)
    quantity, unit_cost, unit_price = in_halopsa(billed.console, ROUNDING)

    assert (line["quantity"], Decimal(line["price"]), Decimal(line["price_remainder"])) == ("3", 44, 0)
    assert (quantity, unit_cost, unit_price) == (3, Decimal("6.333"), Decimal("14.667"))
    assert round(quantity * unit_price, 2) == Decimal("44.00")
    assert round(quantity * unit_cost, 2) == Decimal("19.00")


def test_a_price_that_was_never_set_is_billed_at_zero_and_warned_of(billed: Billed) -> None:
    assert billed.february(UNPRICED)["marks"] == ["cost and price were never set"]
    assert billed.change(UNPRICED)["warnings"] == ["cost and price were never set"]
    assert in_halopsa(billed.console, UNPRICED) == (5, 0, 0)


def test_a_price_that_was_set_to_zero_is_no_reason_to_warn(billed: Billed) -> None:
    assert billed.february(FREE)["marks"] == []
    assert billed.change(FREE)["warnings"] == []
    assert in_halopsa(billed.console, FREE) == (2, 0, 0)


@pytest.mark.parametrize(("company", "sent"), [(STORED_TOTAL, 1), (STORED_AVERAGE, 500)])
def test_storage_costs_its_package_its_gigabytes_and_its_restores(billed: Billed, company: str, sent: int) -> None:
    quantity, _, unit_price = in_halopsa(billed.console, company)

    assert Decimal(billed.february(company)["price"]) == Decimal("56.00")
    assert quantity == sent
    assert quantity * unit_price == Decimal("56.00")


def test_licenses_of_48_and_storage_of_56_are_sent_as_one_total_of_104(billed: Billed) -> None:
    quantity, _, unit_price = in_halopsa(billed.console, MIXED)

    assert Decimal(billed.february(MIXED)["price"]) == Decimal("104.00")
    assert (quantity, unit_price) == (1, Decimal("104.00"))


def one_company(open_console: OpenConsole, mode: str, counts: Mapping[str, int], **options: Any) -> Console:
    """A console of one company that uses some computers."""
    world = small_world(AVERAGE, today=date(2026, 2, 1))
    activate(world, AVERAGE, counts)
    console = open_console(world, **options)
    console.settings["companies"] = [console.company(AVERAGE, configuration("Backup", mode, *LICENSES))]
    return console


def test_a_cent_that_two_decimals_cannot_hold_is_reported_on_the_line(open_console_in_process: OpenConsole) -> None:
    console = one_company(open_console_in_process, "average", TRAP)
    console.settings["halopsa"]["unit_price_decimals"] = 2

    line = february(bill(console), AVERAGE)
    console.sync(MARCH_2).must()

    assert in_halopsa(console, AVERAGE) == (3, Decimal("6.33"), Decimal("14.67"))
    assert abs(Decimal(line["price_remainder"])) == Decimal("0.01")
    assert line["marks"]


def test_a_halopsa_that_rounds_prices_is_not_written_to_again(
    open_console_in_process: OpenConsole,
) -> None:
    console = one_company(open_console_in_process, "average", TRAP, halopsa_switches=Switches(price_decimals=2))
    bill(console)
    console.sync(MARCH_2).must()
    assert in_halopsa(console, AVERAGE) == (3, Decimal("6.33"), Decimal("14.67"))

    again = console.sync(MARCH_2).must().document

    assert (again["written"], again["calls"]["writes"]) == (0, 0)


def test_quantity_leaves_the_price_alone_that_a_person_set_in_halopsa(open_console_in_process: OpenConsole) -> None:
    console = one_company(open_console_in_process, "quantity", WORKED)
    bill(console)
    console.sync(MARCH_2).must()
    (row,) = [row for row in console.subscriptions() if "(current month)" not in row["name"]]
    console.halopsa.tables["SoftwareLicence"].rows[row["id"]] |= {"price": 11.5, "purchase_price": 4.25}

    console.world.add_license(user=AVERAGE.lower(), license_type="Server", endpoint="LATE", day=date(2026, 4, 1))
    console.collect("2026-04-30")
    console.collect("2026-05-01")
    console.sync("2026-05-01").must()

    assert in_halopsa(console, AVERAGE) == (6, Decimal("4.25"), Decimal("11.5"))


def test_a_missing_price_holds_the_bill_where_the_provider_wants_that(open_console_in_process: OpenConsole) -> None:
    console = one_company(open_console_in_process, "average", WORKED)
    console.settings["provider"]["missing_price"] = "hold the bill"
    console.settings["prices"] = prices({"Server": PRICES["Server"]})
    bill(console)

    ran = console.sync(MARCH_2).must(5)

    assert console.bills()[AVERAGE, "2026-02"] == ("manual", "held")
    assert "Desktop" in str(ran.document["coverage"])
    assert console.subscriptions() == []
