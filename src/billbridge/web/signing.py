"""The key that sessions and forms are signed with: made on first start, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from billbridge.errors import PermanentError
from billbridge.never_shown import never_show
from billbridge.store.start import start

_BYTES = 50


def use_signing_key() -> None:
    """Set Django up for the installation in the environment and sign with its key.

    Raises `PermanentError` when the key file cannot be made or read, or is open to other users.
    """
    start()
    settings.SECRET_KEY = signing_key(settings.BILLBRIDGE.signing_key_file)
    never_show(settings.SECRET_KEY)


def signing_key(file: Path) -> str:
    """The key in `file`, which is made when it is not there; processes that start together get the same."""
    try:
        with suppress(FileExistsError):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(secrets.token_urlsafe(_BYTES))
        if file.stat().st_mode & 0o077:
            raise PermanentError(f"The signing key {file} is open to other users.", hint=f"Run: chmod 600 {file}")
        key = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise PermanentError(
            f"The signing key {file} cannot be used: {error.strerror}.", hint="Run as the user that owns it."
        ) from error
    if not key:
        raise PermanentError(
            f"The signing key {file} is empty.", hint="Remove it; everybody has to sign in again then."
        )
    return key
