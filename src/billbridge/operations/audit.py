"""Writing the audit log: who did what, before and after. Called within the transaction of what it records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from billbridge.operations.access import Actor
from billbridge.operations.setup.compare import SettingChange
from billbridge.store.models import AuditEntry


def record(actor: Actor, action: str, subject: str, *, before: str = "", after: str = "") -> None:
    """Add one entry. `before` and `after` never hold a secret."""
    AuditEntry.objects.create(**_entry(actor, action, subject, before, after))


def record_settings(actor: Actor, changes: Iterable[SettingChange]) -> None:
    """Add an entry for every setting that changed, at one moment."""
    at = datetime.now(UTC)
    AuditEntry.objects.bulk_create(
        AuditEntry(**(_entry(actor, "setting", change.path, change.before, change.after) | {"at": at}))
        for change in changes
    )


def _entry(actor: Actor, action: str, subject: str, before: str, after: str) -> dict[str, object]:
    return {
        "provider": actor.provider,
        "at": datetime.now(UTC),
        "who": actor.who,
        "administrator": actor.administrator,
        "action": action,
        "subject": subject[:500],
        "before": before,
        "after": after,
    }
