"""Keeping a copy of a SQLite installation, database and keys together, while it runs."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from billbridge import __version__
from billbridge.config import Settings
from billbridge.errors import InvalidInput, PermanentError
from billbridge.operations.archive import FORMAT, Manifest, measure, parts, put_in_place, write_archive
from billbridge.operations.rotate_keys import one_rotation
from billbridge.store.start import installation

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    """A backup that was written: its file, the bytes of it, and what is in it."""

    file: Path
    size: int
    names: tuple[str, ...]


def make_backup(file: Path) -> BackupMade:
    """Write database and key files of this installation into one new archive that only its owner may read.

    Writers go on meanwhile; the copy is the database of one moment, with the keys that open it. Raises
    `InvalidInput` when there is no installation, or the file exists or cannot be written; `PermanentError` on
    PostgreSQL and when the database is damaged.
    """
    settings = installation()
    if settings.uses_postgresql:
        raise _on_postgresql(settings)
    if not settings.sqlite_file.exists():
        raise InvalidInput(f"{settings.data} holds no installation.", hint="Name its folder with --data.")
    if file.exists():
        raise _exists(file)
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            files, migrations = _copies(settings, Path(folder))
            manifest = Manifest(
                format=FORMAT,
                program=__version__,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
                migrations=migrations,
                files={name: measure(place) for name, place in files.items()},
            )
            new = Path(folder) / "archive"
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                write_archive(opened, manifest, files)
            put_in_place(new, file)
    except FileExistsError:
        raise _exists(file) from None
    except OSError as error:
        raise InvalidInput(
            f"The backup {file} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that exists, that this user may write to, and that has room.",
        ) from error
    return BackupMade(file=file, size=file.stat().st_size, names=tuple(files))


def _copies(settings: Settings, folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Copies of the installation's files, and the migrations of the database.

    The keys are copied after the database, and no rotation drops one in between: so they open its secrets.
    """
    copies: dict[str, Path] = {}
    with one_rotation():
        for part in reversed(parts(settings)):
            copy = folder / part.name
            if part.place == settings.sqlite_file:
                migrations = _copy_database(part.place, copy)
            elif part.place.exists():
                copy.write_bytes(part.place.read_bytes())
            else:
                continue  # a key file is made when it is first needed
            copies[part.name] = copy
    return copies, migrations


def _copy_database(database: Path, copy: Path) -> tuple[str, ...]:
    """Copy a database that others may be writing to, look the copy over, and give its migrations."""
    try:
        with (
            closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)  # in one step: a snapshot, whatever is written meanwhile
            target.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
            (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            rows = target.execute("SELECT name FROM django_migrations WHERE app = 'store' ORDER BY name")
            return tuple(name for (name,) in rows)
    except sqlite3.Error as error:
        raise PermanentError(
            f"The database {database} cannot be copied: {error}.",
            hint="Check the disk and its room; if the database is damaged, restore the last backup.",
        ) from error


def _exists(file: Path) -> InvalidInput:
    return InvalidInput(f"{file} exists already, and is never overwritten.", hint="Name another file.")


def _on_postgresql(settings: Settings) -> PermanentError:
    keys = " and ".join(str(part.place) for part in parts(settings) if part.place != settings.sqlite_file)
    return PermanentError(
        "The data is in PostgreSQL, which this command does not copy.",
        hint=f"Run `pg_dump --format=custom --file=billbridge.dump` for its database, then copy {keys}, "
        "and keep them together: the keys open the secrets in the database.",
    )
