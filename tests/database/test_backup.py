"""A backup is the database of one moment with the keys that open it, and comes back as it was."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from databases import KIND, Installation, new_installation

sqlite_only = pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL is backed up by its own tools")

PUT_SECRET = """
from billbridge.store import start
start.start()
from billbridge.store.models import HaloConnection, Provider
from billbridge.store.secrets import put_secret
provider = Provider.objects.create(name="Northwind IT")
row = HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
put_secret(row, "client_secret", "open sesame")
"""
READ_SECRET = """
from billbridge.store import start
start.start()
start.check_version()
from billbridge.store.models import HaloConnection
from billbridge.store.secrets import read_secret
print(read_secret(HaloConnection.objects.get(), "client_secret"))
"""
WRITER = """
import sys
from django.db import transaction
from billbridge.store import start
start.start()
from billbridge.store.models import Provider
written = 0
while True:
    with transaction.atomic():
        Provider.objects.create(name=f"debit {written}" + "x" * 180)
        Provider.objects.create(name=f"credit {written}" + "x" * 180)
    written += 1
    if written == 20:
        print("writing", flush=True)
"""
"""Writes pairs without end: a copy with half a pair is no copy of one moment."""


def billbridge(installation: Installation, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return installation.run("-m", "billbridge", *arguments)


def restored(installation: Installation, file: Path, place: Path) -> Installation:
    """An installation made from a backup."""
    made = billbridge(installation, "restore", file, "--data", place)
    assert made.returncode == 0, made.stderr
    return Installation(data=place, env=installation.env | {"BILLBRIDGE_DATA": str(place)})


@pytest.fixture
def backup(installation: Installation, tmp_path: Path) -> Path:
    """A backup of an installation with a secret."""
    put = installation.run("-c", PUT_SECRET)
    assert put.returncode == 0, put.stderr
    made = billbridge(installation, "backup", tmp_path / "backup.tar")
    assert made.returncode == 0, made.stderr
    return tmp_path / "backup.tar"


@sqlite_only
def test_a_restored_installation_opens_its_secrets(installation: Installation, backup: Path, tmp_path: Path):
    again = restored(installation, backup, tmp_path / "again")

    read = again.run("-c", READ_SECRET)
    assert read.stdout.strip() == "open sesame", read.stderr
    assert {
        stat.S_IMODE(file.stat().st_mode) for file in (again.data / "keys", again.data / "billbridge.sqlite3")
    } == {0o600}


@sqlite_only
def test_a_backup_is_its_owners_alone_and_leaves_nothing_beside_it(backup: Path):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert not [file.name for file in backup.parent.iterdir() if file.name.startswith(".")]
    with tarfile.open(backup) as archive:
        assert archive.getnames() == ["manifest.json", "billbridge.sqlite3", "keys"]


@sqlite_only
def test_a_backup_made_while_others_write_is_the_database_of_one_moment(installation: Installation, tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER],
        env=installation.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == "writing"
        made = billbridge(installation, "backup", tmp_path / "backup.tar")
        still_writing = writer.poll() is None
        writer.kill()

    assert made.returncode == 0, made.stderr
    assert still_writing
    again = restored(installation, tmp_path / "backup.tar", tmp_path / "again")
    with closing(sqlite3.connect(again.data / "billbridge.sqlite3")) as database:
        names = {name.rstrip("x") for (name,) in database.execute("SELECT name FROM store_provider")}
    pairs = len(names) // 2
    assert pairs >= 20
    assert names == {f"{side} {number}" for side in ("debit", "credit") for number in range(pairs)}


@sqlite_only
def test_a_backup_never_overwrites_a_file(installation: Installation, tmp_path: Path):
    there = tmp_path / "precious.tar"
    there.write_text("precious")

    ended = billbridge(installation, "backup", there)

    assert ended.returncode == 3
    assert "exists already" in ended.stderr
    assert there.read_text() == "precious"


@sqlite_only
def test_a_folder_without_an_installation_is_not_backed_up(empty_installation: Installation, tmp_path: Path):
    ended = billbridge(empty_installation, "backup", tmp_path / "backup.tar")

    assert ended.returncode == 3
    assert "holds no installation" in ended.stderr
    assert not (tmp_path / "backup.tar").exists()


@sqlite_only
def test_a_damaged_database_is_not_taken_for_a_backup(installation: Installation, tmp_path: Path):
    database = installation.data / "billbridge.sqlite3"
    content = bytearray(database.read_bytes())
    content[8192:200_000] = b"\xff" * (200_000 - 8192)
    database.write_bytes(content)

    ended = billbridge(installation, "backup", tmp_path / "backup.tar")

    assert ended.returncode == 3
    assert "cannot be copied" in ended.stderr
    assert not (tmp_path / "backup.tar").exists()


@sqlite_only
def test_a_database_older_than_the_program_is_backed_up_as_it_is(installation: Installation, tmp_path: Path):
    with closing(sqlite3.connect(installation.data / "billbridge.sqlite3")) as database, database:
        database.execute("DELETE FROM django_migrations WHERE app = 'store'")

    assert billbridge(installation, "backup", tmp_path / "backup.tar").returncode == 0


@sqlite_only
def test_a_folder_that_holds_an_installation_is_left_alone(installation: Installation, backup: Path):
    before = (installation.data / "billbridge.sqlite3").read_bytes()

    ended = billbridge(installation, "restore", backup, "--data", installation.data)

    assert ended.returncode == 3
    assert "holds an installation already" in ended.stderr
    assert (installation.data / "billbridge.sqlite3").read_bytes() == before


@sqlite_only
def test_a_backup_that_was_cut_off_leaves_an_empty_folder(installation: Installation, backup: Path, tmp_path: Path):
    backup.write_bytes(backup.read_bytes()[:100_000])

    ended = billbridge(installation, "restore", backup, "--data", tmp_path / "again")

    assert ended.returncode == 3
    assert "is no whole backup" in ended.stderr
    assert list((tmp_path / "again").iterdir()) == []


@sqlite_only
def test_a_backup_of_a_newer_program_is_refused(installation: Installation, tmp_path: Path):
    with closing(sqlite3.connect(installation.data / "billbridge.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_of_the_future', '2026')"
        )
    assert billbridge(installation, "backup", tmp_path / "backup.tar").returncode == 0

    ended = billbridge(installation, "restore", tmp_path / "backup.tar", "--data", tmp_path / "again")

    assert ended.returncode == 3
    assert "newer Billbridge" in ended.stderr
    assert "9999_of_the_future" in ended.stderr
    assert list((tmp_path / "again").iterdir()) == []


@sqlite_only
def test_the_manifest_says_what_the_backup_is(backup: Path):
    with tarfile.open(backup) as archive:
        member = archive.extractfile("manifest.json")
        assert member is not None
        manifest = json.load(member)

    assert manifest["migrations"][0] == "0001_initial"
    assert set(manifest["files"]) == {"billbridge.sqlite3", "keys"}
    assert len(manifest["files"]["keys"]["sha256"]) == 64


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite is backed up by the command itself")
def test_on_postgresql_the_command_says_what_to_do(tmp_path: Path):
    with new_installation(tmp_path / "data") as made:
        ended = billbridge(made, "backup", tmp_path / "backup.tar")

    assert ended.returncode == 3
    assert "pg_dump" in ended.stderr
    assert str(tmp_path / "data" / "keys") in " ".join(ended.stderr.split())
