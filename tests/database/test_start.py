"""Beginning with an installation: its folder, its database, and the database's version."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from billbridge.errors import InvalidInput
from billbridge.store.start import start
from databases import KIND, Installation

START = """
from billbridge.errors import BillbridgeError
from billbridge.store import start
try:
    start.start()
    {}
except BillbridgeError as error:
    print(type(error).__name__, error)
"""


def run(installation: Installation, *statements: str) -> str:
    """What a process says that starts on the installation and goes on with the statements."""
    result = installation.run("-W", "error", "-c", START.format("\n    ".join(statements)))
    assert result.stderr == ""
    return result.stdout.strip()


def test_no_migration_is_missing(db: None) -> None:
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert said.getvalue().strip() == "No changes detected"


def test_the_tests_run_on_the_database_they_were_asked_to(db: None) -> None:
    assert connection.vendor == KIND
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if KIND == "sqlite" else "SHOW server_version")
        assert cursor.fetchone()


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL is durable and checks references without being asked")
def test_sqlite_survives_a_power_cut_and_checks_references(db: None) -> None:
    with connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")}
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert found == {"synchronous": 2, "foreign_keys": 1}


def test_the_data_folder_is_made_for_its_owner_only(empty_installation: Installation) -> None:
    assert run(empty_installation) == ""
    assert stat.S_IMODE(empty_installation.data.stat().st_mode) == 0o700


def test_starting_twice_is_starting_once(empty_installation: Installation) -> None:
    assert (
        run(empty_installation, "start.start()", "start.migrate()", "start.migrate()", "start.check_version()")
        == ""
    )


def test_a_folder_given_by_name_beats_the_environment(empty_installation: Installation, tmp_path: Path) -> None:
    program = (
        f"from pathlib import Path; from billbridge.store import start; start.start(Path({str(tmp_path / 'b')!r}))"
    )
    assert empty_installation.run("-c", program).returncode == 0
    assert (tmp_path / "b").is_dir()
    assert not empty_installation.data.exists()


def test_a_process_stays_with_one_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLBRIDGE_DATA", str(tmp_path / "other"))
    with pytest.raises(InvalidInput, match="already uses"):
        start()


def test_a_copied_installation_is_up_to_date(installation: Installation) -> None:
    assert run(installation, "start.check_version()") == ""


def test_a_database_without_tables_is_reported_as_older(empty_installation: Installation) -> None:
    said = run(empty_installation, "start.check_version()")
    assert said.startswith("PermanentError")
    assert "is older than this program" in said


@pytest.mark.parametrize("statement", ["start.check_version()", "start.migrate()"])
def test_a_database_of_a_newer_program_is_refused(installation: Installation, statement: str) -> None:
    said = run(
        installation,
        "from django.db import connection",
        "from django.db.migrations.recorder import MigrationRecorder",
        "MigrationRecorder(connection).record_applied('store', '9999_of_the_future')",
        statement,
    )
    assert said.startswith("PermanentError")
    assert "is newer than this program: it has 9999_of_the_future" in said


def test_a_database_that_cannot_be_opened_is_named_with_the_remedy(empty_installation: Installation) -> None:
    if KIND == "sqlite":
        (empty_installation.data / "billbridge.sqlite3").mkdir(parents=True)
    else:
        address = empty_installation.env["BILLBRIDGE_DATABASE_URL"]
        empty_installation.env["BILLBRIDGE_DATABASE_URL"] = address.replace("/installation_", "/missing_")
    said = run(empty_installation, "start.migrate()")
    assert said.startswith("PermanentError The database (")
    assert "cannot be used" in said
    assert "BILLBRIDGE_DATABASE_URL" in said


def test_two_processes_may_migrate_an_empty_database_at_the_same_time(empty_installation: Installation) -> None:
    program = START.format("start.migrate(); start.check_version()")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env=empty_installation.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["", ""]


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL has no file that could be write-protected")
@pytest.mark.parametrize("place", [".", "billbridge.sqlite3"])
def test_a_database_that_can_only_be_read_is_refused_at_the_start(
    empty_installation: Installation, place: str
) -> None:
    assert run(empty_installation, "start.migrate()") == ""
    protected = empty_installation.data / place
    protected.chmod(0o500)
    # Root may write everywhere, unless it gives that up.
    ordinary = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    said = subprocess.run(
        [*ordinary, sys.executable, "-c", START.format("start.migrate()")],
        env=empty_installation.env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    protected.chmod(0o700)
    assert said.startswith(f"PermanentError This user may not write {protected}.")
