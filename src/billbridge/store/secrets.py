"""The secrets in the database: every binary field of the store is one, sealed for its own row.

An empty value means that no secret was entered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.apps import apps
from django.db import models

from billbridge.errors import PermanentError
from billbridge.never_shown import never_show
from billbridge.store.start import installation
from billbridge.store.vault import Vault, key_id_of


def vault() -> Vault:
    """The vault of this installation."""
    return Vault(installation().key_file)


def put_secret(row: models.Model, field: str, text: str) -> None:
    """Seal `text` into a field of a saved row, and save that field.

    Call it within the transaction that has saved the row; a rotation of the keys then waits for it on SQLite.
    """
    never_show(text)
    setattr(row, field, vault().seal(text, table=row._meta.db_table, row=row.pk, field=field) if text else b"")
    row.save(update_fields=[field])


def read_secret(row: models.Model, field: str) -> str:
    """The secret in a field of a row; raises `PermanentError` when none was entered or it does not open."""
    sealed = bytes(getattr(row, field))
    if not sealed:
        name = field.replace("_", " ")
        raise PermanentError(f"No {name} was entered for {row}.", hint=f"Enter the {name} of this connection.")
    text = vault().open(sealed, table=row._meta.db_table, row=row.pk, field=field)
    never_show(text)
    return text


def reseal_all() -> int:
    """Seal every secret with the newest key and return how many there were; the caller holds the transaction."""
    count = 0
    for row, field in _secrets(lock=True):
        put_secret(row, field, read_secret(row, field))
        count += 1
    return count


def key_ids_in_use() -> frozenset[bytes]:
    """The ids of the keys that sealed the secrets now in the database."""
    return frozenset(key_id_of(bytes(getattr(row, field))) for row, field in _secrets(lock=False))


def secrets_of(provider: models.Model) -> frozenset[str]:
    """Every secret kept for a provider, in the clear: only for keeping it out of what is said."""
    found = set[str]()
    for model, names in _models():
        for row in model._default_manager.filter(provider=provider):
            for name in names:
                with suppress(PermanentError):  # what is not there, or does not open, cannot be said either
                    found.add(read_secret(row, name))
    return frozenset(found)


def _models() -> Iterator[tuple[type[models.Model], list[str]]]:
    for model in apps.get_app_config("store").get_models():
        names = [field.name for field in model._meta.local_fields if isinstance(field, models.BinaryField)]
        if names:
            yield model, names


def _secrets(*, lock: bool) -> Iterator[tuple[models.Model, str]]:
    for model, names in _models():
        rows = model._default_manager.order_by("pk")
        for row in rows.select_for_update() if lock else rows:
            yield from ((row, name) for name in names if getattr(row, name))
