"""Two configurations that were billed become one: through the set-up file, to what stands in HaloPSA."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from installation import Console, OpenConsole, configuration, small_world

ACME = "Acme Dental"
FEBRUARY_1, MARCH_2, MARCH_3, APRIL_2, MAY_2 = "2026-02-01", "2026-03-02", "2026-03-03", "2026-04-02", "2026-05-02"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """Two servers and three desktops, each kind in a configuration of its own; February and March are sent."""
    world = small_world(ACME, today=date(2026, 2, 1))
    for number in range(2):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}")
    for number in range(3):
        world.add_license(user=ACME.lower(), license_type="Desktop", endpoint=f"PC-{number}")
    console = open_console_in_process(world)
    console.settings["companies"] = [
        console.company(
            ACME, configuration("Servers", "average", "Server"), configuration("Backup", "average", "Desktop")
        )
    ]
    console.apply_setup(day=FEBRUARY_1).must()
    console.collect(FEBRUARY_1)
    console.collect(MARCH_2)
    console.sync(MARCH_2).must()
    return console


def merge(console: Console, *, last_month: str) -> None:
    """Servers ends, and Backup takes its product."""
    console.settings["companies"][0]["configurations"] = [
        configuration("Servers", "average", last_month=last_month),
        configuration("Backup", "average", "Desktop", "Server"),
    ]
    console.apply_setup(day=MARCH_3).must()


def in_halopsa(console: Console) -> dict[str, tuple[int, Decimal, bool]]:
    """Count, total price and whether it is active of every subscription of ours."""
    return {
        row["name"]: (
            int(row["count"]),
            round(Decimal(str(row["count"])) * Decimal(str(row["price"])), 2),
            bool(row["is_active"]),
        )
        for row in console.subscriptions()
    }


SERVERS, DESKTOPS, BOTH, NOTHING = (2, Decimal(24)), (3, Decimal(18)), (5, Decimal(42)), (0, Decimal(0))


def test_before_the_merger_each_is_billed_by_itself(console: Console) -> None:
    assert in_halopsa(console) == {
        "Servers": (*SERVERS, True),
        "Servers (current month)": (*SERVERS, True),
        "Backup": (*DESKTOPS, True),
        "Backup (current month)": (*DESKTOPS, True),
    }


@pytest.mark.parametrize("last_month", ["2026-02", "2026-03"])
def test_products_of_a_configuration_that_ended_are_billed_by_the_other_one_and_only_there(
    console: Console, last_month: str
) -> None:
    merge(console, last_month=last_month)

    console.sync(MARCH_3).must()

    found = in_halopsa(console)
    assert found["Backup"] == (*BOTH, True)
    assert found["Backup (current month)"] == (*BOTH, True)
    assert found["Servers"][:2] == NOTHING
    assert found["Servers (current month)"][:2] == NOTHING


@pytest.mark.parametrize("last_month", ["2026-02", "2026-03"])
@pytest.mark.parametrize("days", [(MARCH_3, APRIL_2, MAY_2), (APRIL_2, MAY_2)])
def test_the_subscriptions_of_the_ended_one_are_closed_once_its_last_month_is_over(
    console: Console, last_month: str, days: tuple[str, ...]
) -> None:
    merge(console, last_month=last_month)

    for day in days:
        console.collect(day)
        console.sync(day).must()

    found = in_halopsa(console)
    assert found["Servers"] == (*NOTHING, False)
    assert found["Servers (current month)"] == (*NOTHING, False)
    assert found["Backup"] == (*BOTH, True)


def test_the_merged_settings_are_exported_and_applied_again_without_a_change(console: Console) -> None:
    merge(console, last_month="2026-03")
    exported = console.data.parent / "export.toml"
    exported.write_text(console.run("setup", "export").must().out)

    assert "Nothing changes." in console.run("setup", "apply", str(exported), "--yes", day=MARCH_3).must().out
