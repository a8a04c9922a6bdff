"""Every test process gets an installation of its own: a data folder, and a database that goes with it.

BILLBRIDGE_TEST_DATABASE chooses `sqlite` (the default) or `postgresql`. The environment of the process names the
very database the tests use, so that a child process started from a test joins in.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import settings

import databases
from billbridge.store.start import start
from databases import KIND, WORKER, Installation

# A loaded machine is slow, and a test that fails must fail again: no deadlines, and the same examples every time.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


def _begin() -> Path:
    """Make this process's installation and set Django up for it; the folder to remove at the end is returned."""
    if KIND not in {"sqlite", "postgresql"}:
        raise pytest.UsageError(f"BILLBRIDGE_TEST_DATABASE is {KIND!r}: it may be sqlite or postgresql")
    folder = Path(tempfile.mkdtemp(prefix=f"billbridge-tests-{WORKER}-"))
    os.environ["BILLBRIDGE_DATA"] = str(folder / "data")
    os.environ["BILLBRIDGE_DATABASE_URL"] = ""
    if KIND == "postgresql":
        if WORKER == "alone":
            databases.start_server(folder / "postgresql")
        os.environ["BILLBRIDGE_DATABASE_URL"] = databases.address_of(f"billbridge_{WORKER}")
    start()
    del os.environ["DJANGO_SETTINGS_MODULE"]  # or each worker would set Django up for this process's installation
    connection.settings_dict["TEST"]["NAME"] = connection.settings_dict["NAME"]
    return folder


# At once, and not in a hook: the conftest of a folder below may import models.
_FOLDER = _begin()


def pytest_unconfigure() -> None:
    databases.stop_server()
    shutil.rmtree(_FOLDER, ignore_errors=True)


def pytest_report_header() -> str:
    return f"database: {KIND}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Leave the database's name alone: it is this process's own already."""


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that is migrated once and copied from then on."""
    with databases.new_installation(tmp_path_factory.mktemp("migrated"), name=f"migrated_{WORKER}") as made:
        result = made.run("-c", "from billbridge.store import start; start.start(); start.migrate()")
        assert result.returncode == 0, result.stderr
        yield made


@pytest.fixture
def installation(_migrated: Installation, tmp_path: Path) -> Iterator[Installation]:
    """A fresh data folder and a migrated database of its own, of the kind under test."""
    data = tmp_path / "installation"
    shutil.copytree(_migrated.data, data)
    with databases.new_installation(data, template=f"migrated_{WORKER}") as made:
        yield made


@pytest.fixture
def empty_installation(tmp_path: Path) -> Iterator[Installation]:
    """A data folder that does not exist yet, and a database without a table."""
    with databases.new_installation(tmp_path / "empty") as made:
        yield made
