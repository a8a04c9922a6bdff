"""Changing the key that secrets are encrypted with."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from billbridge.store.secrets import key_ids_in_use, reseal_all, vault
from billbridge.store.start import installation


def rotate_keys() -> int:
    """Encrypt every stored secret with a new key and drop the old keys; returns how many secrets there were.

    Killed at any moment it loses nothing: the old keys stay until the database has committed, and the next rotation
    drops what was left. A backup of the database made before opens only with the key file of that time. Raises
    `PermanentError`, and changes no secret, when one of them does not open.
    """
    with one_rotation():
        keys = vault()
        if not keys.key_ids() and not key_ids_in_use():
            return 0
        keys.add_key()
        with transaction.atomic(durable=True):
            count = reseal_all()
        # Asked again, because a process may have stored a secret with an old key in the meantime.
        keys.drop_keys(keep=key_ids_in_use())
        return count


@contextmanager
def one_rotation() -> Iterator[None]:
    """Wait until no other process rotates, and keep it so: two rotations would drop each other's new key."""
    with installation().key_file.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
