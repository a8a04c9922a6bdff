"""A disk that is full ends a command with words and a remedy, and nothing came in half."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection
from installation import Console, OpenConsole, configuration, small_world

from databases import KIND

ACME = "Acme Dental"
WRONG = 3

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(KIND != "sqlite", reason="SQLite alone can be told how large it may grow"),
]


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """A company with many servers, about to be collected on the first of March."""
    world = small_world(ACME, today=date(2026, 2, 1))
    for number in range(400):
        world.add_license(user=ACME.lower(), license_type="Server", endpoint=f"SRV-{number}", day=date(2026, 2, 1))
    console = open_console_in_process(world)
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    console.apply_setup(day="2026-02-01").must()
    return console


@contextmanager
def no_room() -> Iterator[None]:
    """The database cannot grow any more."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        cursor.fetchone()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1000000")
            cursor.fetchone()


def test_a_collection_that_finds_no_room_changes_nothing(console: Console) -> None:
    tables = ("company", "backupuser", "activationrow", "collection")
    before = console.rows_of(*tables)

    with no_room():
        ran = console.run("collect", day="2026-03-01").must(WRONG)

    assert "database or disk is full" in ran.said
    assert "run the same again" in ran.said
    assert console.rows_of(*tables) == before
    console.collect("2026-03-01")
    assert len(console.rows_of("activationrow")["activationrow"]) == 400


def test_a_sync_that_finds_no_room_goes_on_when_there_is_some(console: Console) -> None:
    console.collect("2026-02-01")
    console.collect("2026-03-01")

    with no_room():
        ran = console.run("sync", "--yes", day="2026-03-01").must(WRONG)

    assert "database or disk is full" in ran.said
    console.sync("2026-03-01").must()
    assert [(row["name"], int(row["count"])) for row in console.subscriptions()] == [
        ("Servers (current month)", 400),
        ("Servers", 400),
    ]
