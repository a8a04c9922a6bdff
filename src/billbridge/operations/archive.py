"""What a backup is: a tar file that begins with a manifest, then holds the installation's files.

The manifest says which program made it and when, the migrations of the database, and size and SHA-256 of each file.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from billbridge.config import Settings
from billbridge.errors import InvalidInput

MANIFEST = "manifest.json"
FORMAT = 1
_MANIFEST_BYTES = 1_000_000
_CHUNK = 1 << 20


class FileInArchive(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What stands at the beginning of a backup. `made` is UTC, `migrations` are those of the console's tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    program: str
    made: str
    migrations: tuple[str, ...]
    files: dict[str, FileInArchive]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file that belongs to an installation, by its name in a backup."""

    name: str
    place: Path


def parts(settings: Settings) -> tuple[Part, ...]:
    """The files a backup may hold, and where they are in an installation: the database stands last."""
    places = (settings.signing_key_file, settings.key_file, settings.sqlite_file)
    return tuple(Part(name=place.name, place=place) for place in places)


def write_archive(file: BinaryIO, manifest: Manifest, files: dict[str, Path]) -> None:
    """Write manifest and files, readable by their owner only once unpacked."""
    text = manifest.model_dump_json(indent=2).encode()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_member(MANIFEST, len(text)), BytesIO(text))
        for name, place in files.items():
            with place.open("rb") as opened:
                archive.addfile(_member(name, manifest.files[name].size), opened)


def read_archive(file: Path, allowed: frozenset[str], folder: Path) -> Manifest:
    """Unpack a backup into `folder` and give its manifest.

    Only the names in `allowed` are written, so that no name leads elsewhere. Raises `InvalidInput` when the file is
    no backup, is cut off, holds something else, or when a file differs from its sum.
    """
    try:
        with tarfile.open(file, mode="r:") as archive:
            manifest = _manifest(archive, file)
            _unpack(archive, manifest, allowed, folder, file)
    except tarfile.TarError as error:
        raise _damaged(file, "it is no tar file, or was cut off") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.", hint="Name a file you may read.") from error
    return manifest


def measure(file: Path) -> FileInArchive:
    """Size and sum of a file."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
        return FileInArchive(size=opened.tell(), sha256=digest.hexdigest())


def put_in_place(new: Path, file: Path) -> None:
    """Move a complete file to its name, on the disk; raises `FileExistsError` rather than replace another."""
    with new.open("rb") as opened:
        os.fsync(opened.fileno())
    try:
        os.link(new, file)  # unlike a rename it never replaces a file that appeared meanwhile
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if file.exists():
            raise FileExistsError(file) from None
        new.rename(file)
    else:
        new.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    first = archive.next()
    opened = archive.extractfile(first) if first and first.name == MANIFEST and first.isreg() else None
    if first is None or opened is None or first.size > _MANIFEST_BYTES:
        raise _damaged(file, "it does not begin with a manifest")
    try:
        manifest = Manifest.model_validate_json(opened.read())
    except ValidationError as error:
        raise _damaged(file, "its manifest cannot be read") from error
    if manifest.format != FORMAT:
        raise InvalidInput(
            f"{file} was made by Billbridge {manifest.program}, in a form this one does not know.",
            hint="Install that version to restore it.",
        )
    return manifest


def _unpack(
    archive: tarfile.TarFile, manifest: Manifest, allowed: frozenset[str], folder: Path, file: Path
) -> None:
    awaited = dict(manifest.files)
    while (member := archive.next()) is not None:
        expected = awaited.pop(member.name, None)
        if member.name not in allowed or expected is None or not member.isreg():
            raise _damaged(file, f"it holds {member.name[:200]!r}, which is no part of a backup")
        opened = archive.extractfile(member)
        if opened is None or member.size != expected.size:
            raise _damaged(file, f"{member.name} is not as long as its manifest says")
        new = os.open(folder / member.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        digest = hashlib.sha256()
        with os.fdopen(new, "wb") as written:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
                written.write(chunk)
        if digest.hexdigest() != expected.sha256:
            raise _damaged(file, f"{member.name} differs from its SHA-256 sum")
    if awaited:
        raise _damaged(file, f"{', '.join(awaited)} is missing from it")


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _damaged(file: Path, what: str) -> InvalidInput:
    return InvalidInput(f"{file} is no whole backup: {what}.", hint="Nothing was restored. Use another backup.")
