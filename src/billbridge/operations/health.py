"""Whether an installation can work: its database, its schema, a worker, and the keys of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from billbridge.errors import PermanentError
from billbridge.operations.workers import living_workers
from billbridge.store.secrets import key_ids_in_use, vault
from billbridge.store.start import installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What works now. What cannot be looked at because the database does not answer counts as not working."""

    database: bool
    """The database answers."""
    schema: bool
    """It is of this program's version."""
    worker: bool
    """A worker was heard of within its lease."""

    @property
    def is_ready(self) -> bool:
        """Whether pages and background work are both there."""
        return self.database and self.schema and self.worker


def readiness() -> Readiness:
    """Look at the database, its schema and the workers, in four queries; raises nothing."""
    try:
        applied = {key for key in MigrationRecorder(connection).applied_migrations() if key[0] in _apps()}
    except DatabaseError:
        return Readiness(database=False, schema=False, worker=False)
    try:
        is_heard_of = bool(living_workers())
    except DatabaseError:  # an older schema has no such table
        is_heard_of = False
    return Readiness(database=True, schema=applied == _migrations(), worker=is_heard_of)


def check_keys() -> None:
    """Raise `PermanentError` unless this machine's key file opens every secret of the database.

    On several machines each has a key file of its own to keep alike: one that made a new key by itself would seal
    secrets that the others cannot open.
    """
    missing = key_ids_in_use() - vault().key_ids()
    if missing:
        file = installation().key_file
        raise PermanentError(
            f"The key file {file} does not open the secrets of this database.",
            hint=f"Copy it from the machine where the console was set up, and run: chmod 600 {file}",
        )


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """The migrations of this program: they stay the same while it runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _apps() -> frozenset[str]:
    return frozenset(app for app, _ in _migrations())
