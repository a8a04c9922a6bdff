"""The file with the keys that secrets are encrypted with: one line per key, the newest last.

A line is the key's id and the key, both in hexadecimal. The file is only ever replaced as a whole, by a complete
one that is on the disk already, so that a process killed at any moment leaves the old file or the new one.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from billbridge.errors import PermanentError

ID_BYTES = 8
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One AES-256 key and the id that ciphertexts name it by."""

    id: bytes
    secret: bytes = field(repr=False)


def new_key() -> Key:
    """A fresh random key."""
    return Key(id=secrets.token_bytes(ID_BYTES), secret=secrets.token_bytes(_KEY_BYTES))


def read_keys(file: Path) -> tuple[Key, ...]:
    """The keys in `file`, the newest last; none when there is no file.

    Raises `PermanentError` when anybody but its owner may read or write it, or when it is damaged.
    """
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            text = opened.read()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise PermanentError(
            f"The key file {file} cannot be read: {error.strerror}.",
            hint="Run Billbridge as the user that owns it.",
        ) from error
    if mode & 0o077:
        raise PermanentError(
            f"The key file {file} is open to other users (mode {mode:04o}).", hint=f"Run: chmod 600 {file}"
        )
    try:
        keys = tuple(_parse(line) for line in text.decode("ascii").splitlines())
    except ValueError:
        keys = ()
    if not keys:
        raise PermanentError(f"The key file {file} is damaged.", hint="Restore it from a backup.")
    return keys


def create_keys(file: Path) -> tuple[Key, ...]:
    """Make `file` with one key unless it exists, also when several processes try at once; give what it holds."""
    new = _written_beside(file, (new_key(),))
    try:
        with suppress(FileExistsError):
            os.link(new, file)  # unlike a rename it never replaces the file of a process that was faster
    finally:
        new.unlink()
    _sync_folder(file.parent)
    return read_keys(file)


def replace_keys(file: Path, keys: tuple[Key, ...]) -> None:
    """Let `file` hold exactly `keys`, the newest last."""
    if not keys:
        raise ValueError("a key file without keys would lose every secret")
    _written_beside(file, keys).replace(file)
    _sync_folder(file.parent)


def _parse(line: str) -> Key:
    key_id, secret = (bytes.fromhex(part) for part in line.split())
    if (len(key_id), len(secret)) != (ID_BYTES, _KEY_BYTES):
        raise ValueError("a line of another length")
    return Key(id=key_id, secret=secret)


def _written_beside(file: Path, keys: tuple[Key, ...]) -> Path:
    """A complete new file in the same folder, on the disk, readable by its owner only."""
    new = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.writelines(f"{key.id.hex()} {key.secret.hex()}\n" for key in keys)
        opened.flush()
        os.fsync(descriptor)
    return new


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
