"""The audit log, as it is read."""

from __future__ import annotations

from django.db.models import QuerySet

from billbridge.store.models import AuditEntry, Provider

_MOST_CHOICES = 100


def audit_entries(provider: Provider) -> QuerySet[AuditEntry]:
    """Who did what, newest first."""
    return AuditEntry.objects.filter(provider=provider).order_by("-at", "-pk")


def actions_of(provider: Provider) -> list[str]:
    """The kinds of entries there are."""
    return _distinct(provider, "action")


def people_of(provider: Provider) -> list[str]:
    """Everybody who did something, and the command line."""
    return _distinct(provider, "who")


def _distinct(provider: Provider, field: str) -> list[str]:
    rows = AuditEntry.objects.filter(provider=provider).order_by(field).values_list(field, flat=True).distinct()
    return list(rows[:_MOST_CHOICES])
