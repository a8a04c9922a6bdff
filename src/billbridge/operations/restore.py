"""Making an installation from a backup."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from billbridge.config import DATABASE_VARIABLE
from billbridge.errors import InvalidInput, PermanentError
from billbridge.operations.archive import Manifest, parts, put_in_place, read_archive
from billbridge.store.start import installation

_APP = "store"


def restore(file: Path) -> Manifest:
    """Unpack a backup into this installation's folder, which must hold none yet, and give its manifest.

    Everything is checked before the first file is put in its place. Raises `InvalidInput` when the folder holds an
    installation, the file is no whole backup or PostgreSQL is chosen; `PermanentError` if the program is too old.
    """
    settings = installation()
    if settings.uses_postgresql:
        raise InvalidInput(
            f"{DATABASE_VARIABLE} names a PostgreSQL database; a backup is restored to SQLite.",
            hint=f"Unset {DATABASE_VARIABLE}, or restore PostgreSQL's own dump with pg_restore.",
        )
    known = parts(settings)
    _refuse_installation(settings.data, [part.place for part in known])
    names = frozenset(part.name for part in known)
    try:
        with tempfile.TemporaryDirectory(dir=settings.data, prefix=".restore.") as folder:
            manifest = read_archive(file, names, Path(folder))
            if settings.sqlite_file.name not in manifest.files:
                raise InvalidInput(f"{file} holds no database.", hint="Nothing was restored. Use another backup.")
            _refuse_newer(file, manifest)
            _stop_unfinished(Path(folder) / settings.sqlite_file.name)
            for part in known:  # the database last: without it there is no installation
                if part.name in manifest.files:
                    put_in_place(Path(folder) / part.name, part.place)
    except FileExistsError as error:
        raise InvalidInput(
            f"Another process makes an installation in {settings.data}.", hint="Choose a new folder."
        ) from error
    except OSError as error:
        raise InvalidInput(
            f"{settings.data} cannot be written: {error.strerror}.",
            hint="Name a folder that this user may write to, and that has room.",
        ) from error
    return manifest


def _stop_unfinished(database: Path) -> None:
    """Nothing that was at work when the backup was made goes on by itself: much may have been sent since."""
    reason = "It was not finished when the backup was made. Look at HaloPSA and the plan before it is tried again."
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute(
            "UPDATE store_task SET state = 'stopped', reason = ? WHERE state IN ('queued', 'running')", [reason]
        )


def _refuse_installation(data: Path, places: list[Path]) -> None:
    there = [place.name for place in places if place.exists()]
    if there:
        raise InvalidInput(
            f"{data} holds an installation already: {', '.join(there)}.",
            hint="Choose a new folder; what is there is never overwritten.",
        )


def _refuse_newer(file: Path, manifest: Manifest) -> None:
    known = {name for app, name in MigrationLoader(None).disk_migrations if app == _APP}
    unknown = [name for name in manifest.migrations if name not in known]
    if unknown:
        raise PermanentError(
            f"{file} was made by the newer Billbridge {manifest.program}: its database has {unknown[-1]}.",
            hint="Install that version, then restore.",
        )
