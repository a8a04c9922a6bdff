"""The vault: secrets are kept as AES-GCM ciphertext that opens only with its key and only in its own place.

A ciphertext is a format byte, the key's id, a nonce, and the encrypted text. The place (table, row and field) is
authenticated with it, so that a ciphertext copied to another row does not open there.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billbridge.errors import PermanentError
from billbridge.store.key_file import ID_BYTES, Key, create_keys, new_key, read_keys, replace_keys

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_HEADER_BYTES = len(_FORMAT) + ID_BYTES + _NONCE_BYTES


class Vault:
    """Seals and opens secrets with the keys in `key_file`, which is made when the first secret is sealed.

    The file is read anew each time: a process that runs for weeks notices a rotation by another one at once.
    """

    def __init__(self, key_file: Path) -> None:
        self._file = key_file

    def seal(self, text: str, *, table: str, row: int | str | UUID, field: str) -> bytes:
        """Encrypt `text` for its place with the newest key; raises `PermanentError` if the keys cannot be read."""
        keys = read_keys(self._file) or create_keys(self._file)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(keys[-1].secret).encrypt(nonce, text.encode(), _place(table, row, field))
        return _FORMAT + keys[-1].id + nonce + sealed

    def open(self, sealed: bytes, *, table: str, row: int | str | UUID, field: str) -> str:
        """Decrypt what `seal` made for the same place.

        Raises `PermanentError` when its key is missing, or when it was damaged or comes from another place.
        """
        what = f"The secret {field} of {table} {row}"
        key = self._key(key_id_of(sealed), what)
        nonce, text = sealed[_HEADER_BYTES - _NONCE_BYTES : _HEADER_BYTES], sealed[_HEADER_BYTES:]
        try:
            return AESGCM(key.secret).decrypt(nonce, text, _place(table, row, field)).decode()
        except (InvalidTag, ValueError):
            raise PermanentError(
                f"{what} does not open: it was damaged, or copied from another place.", hint="Enter it again."
            ) from None

    def key_ids(self) -> frozenset[bytes]:
        """The ids of all keys the vault can open secrets with."""
        return frozenset(key.id for key in read_keys(self._file))

    def add_key(self) -> bytes:
        """Add a new key, which seals from now on, and return its id; secrets sealed before still open."""
        key = new_key()
        replace_keys(self._file, (*read_keys(self._file), key))
        return key.id

    def drop_keys(self, *, keep: frozenset[bytes]) -> None:
        """Drop every key but the newest and those in `keep`; what they sealed can never be opened again."""
        *older, newest = read_keys(self._file)
        kept = (*(key for key in older if key.id in keep), newest)
        if len(kept) <= len(older):
            replace_keys(self._file, kept)

    def _key(self, key_id: bytes, what: str) -> Key:
        for key in read_keys(self._file):
            if key.id == key_id:
                return key
        raise PermanentError(
            f"{what} does not open: its key is not in {self._file}.",
            hint="Restore the key file that belongs to this database, or enter the secret again.",
        )


def key_id_of(sealed: bytes) -> bytes:
    """The id of the key that sealed a ciphertext, empty when it is none."""
    if not sealed.startswith(_FORMAT) or len(sealed) < _HEADER_BYTES:
        return b""
    return sealed[len(_FORMAT) : len(_FORMAT) + ID_BYTES]


def _place(table: str, row: int | str | UUID, field: str) -> bytes:
    return f"{table}:{row}:{field}".encode()
