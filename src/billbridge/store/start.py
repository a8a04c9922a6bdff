"""Setting Django up for one installation, and bringing its database to this program's version."""

from __future__ import annotations

import atexit
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from billbridge.config import DATA_VARIABLE, DATABASE_VARIABLE, Settings, load
from billbridge.errors import InvalidInput, PermanentError
from billbridge.store.failures import explained

_MIGRATION_LOCK = 0x62696C6C  # the number of the advisory lock: "bill" in ASCII
_APP = "store"


def start(data: Path | None = None) -> None:
    """Set Django up for the installation in `data`, or in the environment; does nothing the second time.

    The data folder is made, readable by its owner only, when it does not exist. The database is not opened. Raises
    `InvalidInput` when the settings are wrong, or when this process was set up for another installation before.
    """
    if data is not None:
        os.environ[DATA_VARIABLE] = str(data.expanduser().absolute())
    settings = load()
    _make_folder(settings.data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "billbridge.store.settings"
    if not apps.ready:
        django.setup()
        atexit.register(connections.close_all)
    if installation() != settings:
        raise InvalidInput(
            f"This process already uses {installation().data}.", hint=f"Use another process for {settings.data}."
        )


def installation() -> Settings:
    """The installation this process was set up for."""
    settings: Settings = django_settings.BILLBRIDGE
    return settings


def migrate() -> None:
    """Bring the database to this program's version, quietly; several processes may try at the same time.

    Raises `PermanentError` when the database is newer than the program, or cannot be opened.
    """
    _refuse_unwritable()
    with _database_errors(), _alone():
        _refuse_newer(MigrationExecutor(connection))
        call_command("migrate", verbosity=0, interactive=False)


def check_version() -> None:
    """Raise `PermanentError` unless the database is exactly of this program's version."""
    with _database_errors():
        executor = MigrationExecutor(connection)
        _refuse_newer(executor)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise PermanentError(
                f"The database ({_database_name()}) is older than this program.",
                hint="Run `billbridge migrate` to bring it up to date; make a backup first.",
            )


def _refuse_newer(executor: MigrationExecutor) -> None:
    known = executor.loader.disk_migrations
    unknown = sorted(key[1] for key in executor.loader.applied_migrations if key[0] == _APP and key not in known)
    if unknown:
        raise PermanentError(
            f"The database ({_database_name()}) is newer than this program: it has {unknown[-1]}.",
            hint="Install the version of Billbridge that wrote it, or restore a backup made by this one.",
        )


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The data folder {data} cannot be made: {error.strerror}.",
            hint=f"Name a folder in {DATA_VARIABLE} that this user may write to.",
        ) from error


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time migrate: Django itself would let two create the same table."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    else:
        with _lock_file().open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _lock_file() -> Path:
    return installation().data / "migrate.lock"


def _refuse_unwritable() -> None:
    """A console that can read its database but not write it would seem to run, and fail at the first click."""
    settings = installation()
    if settings.uses_postgresql:
        return
    for place in (settings.data, settings.sqlite_file, _lock_file()):
        if place.exists() and not os.access(place, os.W_OK):
            raise PermanentError(
                f"This user may not write {place}.",
                hint="Run as the user the folder belongs to, or give it to this one.",
            )


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        known = explained(error)
        if isinstance(known, PermanentError) or (known and "locked" in str(error)):
            raise known from error
        raise PermanentError(
            f"The database ({_database_name()}) cannot be used: {str(error).strip()}.",
            hint=f"Check that {DATABASE_VARIABLE} or {DATA_VARIABLE} names it and that this user may write to it.",
        ) from error


def _database_name() -> str:
    """The database as a person knows it, without user and password."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(settings["NAME"])
    return f"{settings['NAME']} at {settings['HOST'] or 'localhost'}"
