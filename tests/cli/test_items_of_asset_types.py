"""The items that `map suggest` proposes for asset types; a person takes them over in the setup file."""

from __future__ import annotations

from datetime import date

import pytest
from installation import Console, OpenConsole, configuration, small_world

ACME = "Acme Dental"
MARCH_2 = "2026-03-02"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """A company with servers and desktops, each with an asset type and no item."""
    world = small_world(ACME, today=date(2026, 2, 1))
    for license_type in ("Server", "Desktop"):
        world.add_license(user=ACME.lower(), license_type=license_type, endpoint=f"{license_type}-0")
    console = open_console_in_process(world)
    console.settings["default_asset_types"] = [
        {"product": "Server", "asset_type": "Server"},
        {"product": "Desktop", "asset_type": "Virtual host"},
    ]
    console.settings["companies"] = [
        console.company(
            ACME,
            configuration("Servers", "average", "Server"),
            configuration("All", "total", "Desktop"),
        )
    ]
    console.apply_setup(day="2026-02-01").must()
    console.collect("2026-02-01")
    console.collect(MARCH_2)
    return console


def items(console: Console) -> dict[str, int | None]:
    """The items of the subscriptions by their names."""
    return {row["name"]: row.get("item_id") or None for row in console.subscriptions()}


def test_the_only_item_that_fits_is_proposed_and_of_several_none(console: Console) -> None:
    said = console.run("map", "suggest").must().said
    assert "Server 61 Managed Backup: Server" in said
    assert "2 items fit: 63 Managed Backup: Virtual host, 64 Managed Backup: Virtual host (large)" in said
    assert "write its item_id beside the asset type" in said


def test_a_proposal_is_used_only_once_a_person_wrote_it_into_the_setup_file(console: Console) -> None:
    console.run("map", "suggest", "--accept-exact", "--yes").must()
    console.sync(MARCH_2).must()
    assert set(items(console).values()) == {None}

    console.settings["default_asset_types"][0]["item_id"] = 61
    console.apply_setup(day=MARCH_2).must()
    console.sync(MARCH_2).must()

    assert items(console)["Servers"] == 61
    assert items(console)["All"] is None
    assert "Server 61" not in console.run("map", "suggest").must().said


def test_a_configuration_whose_products_have_different_items_gets_none(console: Console) -> None:
    console.settings["default_asset_types"][0]["item_id"] = 61
    console.settings["default_asset_types"][1]["item_id"] = 63
    console.settings["companies"][0]["configurations"] = [configuration("Both", "total", "Server", "Desktop")]
    console.apply_setup(day=MARCH_2).must()

    console.sync(MARCH_2).must()

    assert items(console)["Both"] is None
