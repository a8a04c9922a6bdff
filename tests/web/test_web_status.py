"""What watches the console learns whether it lives and can work, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from billbridge.store.clock import database_now
from billbridge.store.models import Worker
from databases import KIND, Installation

ASK = """
from django.conf import settings
from django.test import Client
from billbridge.store.start import start
start()
settings.SECRET_KEY = "a key that only tests sign with"
for page in ("/health", "/ready"):
    answer = Client(headers={"host": "localhost"}).get(page)
    print(answer.status_code, answer.content.decode())
"""


def worker(*, seconds: float = 30) -> Worker:
    """A worker whose lease lapses in some seconds."""
    return Worker.objects.create(
        name="one", machine="a", began=datetime.now(UTC), alive_until=database_now() + seconds
    )


def ready() -> tuple[int, dict[str, bool]]:
    answer = Client().get("/ready")
    return answer.status_code, answer.json()


def test_health_is_told_without_asking_the_database(db: None, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = Client().get("/health")

    assert (answer.status_code, answer.json()) == (200, {"healthy": True})


def test_ready_when_database_schema_and_a_worker_are_there(db: None):
    worker()

    assert ready() == (200, {"ready": True, "database": True, "schema": True, "worker": True})


def test_not_ready_without_a_worker(db: None):
    assert ready() == (503, {"ready": False, "database": True, "schema": True, "worker": False})


def test_a_worker_that_fell_silent_counts_no_more(db: None):
    worker(seconds=-1)

    assert ready()[1]["worker"] is False


def test_a_migration_that_is_missing_is_seen(db: None):
    worker()
    MigrationRecorder(connection).record_unapplied("store", "0001_initial")

    assert ready() == (503, {"ready": False, "database": True, "schema": False, "worker": True})


def test_a_database_of_a_newer_program_is_seen(db: None):
    worker()
    MigrationRecorder(connection).record_applied("store", "9999_of_the_future")

    assert ready()[1]["schema"] is False


def test_readiness_takes_at_most_four_queries(db: None, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        Client().get("/ready")


@pytest.mark.parametrize("page", ["/health", "/ready"])
def test_a_proxy_may_not_keep_the_answer(db: None, page: str):
    assert "no-store" in Client().get(page)["Cache-Control"]


@pytest.mark.parametrize("page", ["/health", "/ready"])
def test_nothing_but_looking_is_answered(db: None, page: str):
    assert Client().post(page).status_code == 405


def test_a_database_that_is_away_is_told_without_details(empty_installation: Installation):
    if KIND == "sqlite":
        (empty_installation.data / "billbridge.sqlite3").mkdir(parents=True)
    else:
        address = empty_installation.env["BILLBRIDGE_DATABASE_URL"]
        empty_installation.env["BILLBRIDGE_DATABASE_URL"] = address.replace("/installation_", "/missing_")

    asked = empty_installation.run("-c", ASK)

    assert asked.stdout.splitlines() == [
        '200 {"healthy": true}',
        '503 {"ready": false, "database": false, "schema": false, "worker": false}',
    ], asked.stderr
