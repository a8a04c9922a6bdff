"""A backup is unpacked whole and unchanged, or not at all; nothing in it reaches another place."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from billbridge.errors import InvalidInput
from billbridge.operations.archive import (
    FORMAT,
    MANIFEST,
    Manifest,
    measure,
    put_in_place,
    read_archive,
    write_archive,
)

NAMES = frozenset({"database", "keys"})
CONTENT = {"database": b"figures " * 5000, "keys": b"secret\n"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A backup of two files."""
    files = {name: tmp_path / f"original-{name}" for name in CONTENT}
    for name, file in files.items():
        file.write_bytes(CONTENT[name])
    with (tmp_path / "backup.tar").open("wb") as opened:
        write_archive(opened, manifest({name: measure(file).model_dump() for name, file in files.items()}), files)
    return tmp_path / "backup.tar"


def manifest(files: dict[str, Any], **given: Any) -> Manifest:
    values = {"format": FORMAT, "program": "0.1.0", "made": "2026-11-12T03:00:00+00:00", "migrations": ["0001"]}
    return Manifest.model_validate({**values, "files": files, **given})


def packed(file: Path, *members: tuple[tarfile.TarInfo | str, bytes]) -> Path:
    """A tar file of any members whatever."""
    with tarfile.open(file, "w") as archive:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


def sums(**content: bytes) -> dict[str, Any]:
    import hashlib

    return {
        name: {"size": len(value), "sha256": hashlib.sha256(value).hexdigest()} for name, value in content.items()
    }


def listed(files: dict[str, Any], **given: Any) -> tuple[str, bytes]:
    return MANIFEST, manifest(files, **given).model_dump_json().encode()


def test_what_was_packed_comes_out_unchanged_and_for_its_owner_only(archive: Path, place: Path):
    found = read_archive(archive, NAMES, place)

    assert {file.name: file.read_bytes() for file in place.iterdir()} == CONTENT
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
    assert (found.program, found.migrations) == ("0.1.0", ("0001",))


@pytest.mark.parametrize("kept", [0, 100, 700, 3000, 20_000, 41_900, 43_000])
def test_an_archive_that_was_cut_off_is_refused(archive: Path, place: Path, kept: int):
    whole = archive.read_bytes()
    assert kept < len(whole)
    archive.write_bytes(whole[:kept])

    with pytest.raises(InvalidInput, match="is no whole backup"):
        read_archive(archive, NAMES, place)


def test_a_file_that_differs_from_its_sum_is_refused(archive: Path, place: Path):
    archive.write_bytes(archive.read_bytes().replace(b"secret", b"Secret"))

    with pytest.raises(InvalidInput, match="keys differs from its SHA-256 sum"):
        read_archive(archive, NAMES, place)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "place/../../escaped", "setup-code"])
def test_a_name_that_is_no_part_of_a_backup_is_refused_even_if_the_manifest_lists_it(tmp_path, place, name):
    files = {name: sums(x=b"x")["x"]}
    archive = packed(tmp_path / "bad.tar", listed(files), (name, b"x"))

    with pytest.raises(InvalidInput, match="no part of a backup"):
        read_archive(archive, NAMES, place)

    assert list(place.iterdir()) == []
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_anything_but_a_plain_file_is_refused(tmp_path: Path, place: Path, kind: bytes):
    link = tarfile.TarInfo("keys")
    link.type, link.linkname = kind, "/etc/passwd"
    archive = packed(tmp_path / "bad.tar", listed(sums(keys=b"")), (link, b""))

    with pytest.raises(InvalidInput, match="no part of a backup"):
        read_archive(archive, NAMES, place)


def test_the_same_name_twice_is_refused(tmp_path: Path, place: Path):
    archive = packed(tmp_path / "bad.tar", listed(sums(keys=b"a")), ("keys", b"a"), ("keys", b"a"))

    with pytest.raises(InvalidInput, match="no part of a backup"):
        read_archive(archive, NAMES, place)


def test_a_file_that_is_listed_and_missing_is_named(tmp_path: Path, place: Path):
    archive = packed(tmp_path / "bad.tar", listed(sums(keys=b"a", database=b"b")), ("keys", b"a"))

    with pytest.raises(InvalidInput, match="database is missing from it"):
        read_archive(archive, NAMES, place)


@pytest.mark.parametrize(
    "first", [("keys", b"a"), (MANIFEST, b"{"), (MANIFEST, json.dumps({"format": 1}).encode()), (MANIFEST, b"")]
)
def test_an_archive_without_a_manifest_that_can_be_read_is_refused(tmp_path: Path, place: Path, first):
    with pytest.raises(InvalidInput, match="manifest"):
        read_archive(packed(tmp_path / "bad.tar", first), NAMES, place)


def test_an_archive_of_a_later_form_says_which_version_made_it(tmp_path: Path, place: Path):
    archive = packed(tmp_path / "later.tar", listed({}, format=FORMAT + 1, program="9.0"))

    with pytest.raises(InvalidInput, match=r"Billbridge 9\.0, in a form this one does not know"):
        read_archive(archive, NAMES, place)


def test_putting_in_place_never_replaces_a_file(tmp_path: Path):
    new, there = tmp_path / "new", tmp_path / "there"
    new.write_text("new")
    there.write_text("precious")

    with pytest.raises(FileExistsError):
        put_in_place(new, there)

    assert there.read_text() == "precious"
