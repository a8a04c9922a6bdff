"""Packages of the backup service, taken over as storage limits through the setup file."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from installation import ACCOUNT, ACCOUNT_ID, GIB, PACKAGE, OpenConsole, configuration, small_world


@pytest.mark.django_db(transaction=True)
def test_a_package_collected_from_the_source_is_printed_and_once_added_to_the_file_it_is_charged(
    open_console_in_process: OpenConsole, tmp_path: Path
) -> None:
    world = small_world("Acme", today=date(2026, 1, 1))
    world.set_storage(user="acme", account=ACCOUNT_ID, byte_count=500 * GIB)
    world.set_package(user="acme", account=ACCOUNT_ID, package=PACKAGE)
    console = open_console_in_process(world)
    console.settings["companies"] = [
        console.company("Acme", configuration("Storage", "total", f"storage:{ACCOUNT}"))
    ]
    console.apply_setup().must()
    console.collect("2026-01-01")

    printed = console.run("setup", "suggest-limits").must().out
    (limit,) = tomllib.loads(printed, parse_float=Decimal)["storage_limits"]
    assert (limit["account"], limit["company"]) == (ACCOUNT_ID, console.company_id("Acme"))
    assert (limit["name"], limit["backup_gb"], limit["price"]) == ("1000 GB", 1000, Decimal("30.00"))

    file = tmp_path / "limits.toml"
    file.write_text(printed)
    console.run("setup", "apply", str(file), "--yes", day="2026-01-01").must()
    assert "[[storage_limits]]" not in console.run("setup", "suggest-limits").must().out
    console.collect("2026-01-02")
    (bill,) = console.run("bill", "--json", day="2026-01-02").must().document["bills"]
    assert bill["price"] == "30.00"
