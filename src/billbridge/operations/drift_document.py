"""A drift check as plain JSON: the document of --json, and the counts that its task keeps."""

from __future__ import annotations

from typing import Any

from billbridge.operations.drift import DriftResult
from billbridge.store.models import DriftFinding


def document(done: DriftResult) -> dict[str, Any]:
    """`{"day", "read_at", "is_clean", "coverage", "new", "open", "closed"}`: open findings whole, others by key."""
    return {
        "day": str(done.day),
        "read_at": done.read_at.isoformat(),
        "is_clean": done.is_clean,
        "coverage": _coverage(done),
        "new": [one.key for one in done.new],
        "open": [_finding(one) for one in done.open],
        "closed": [one.key for one in done.closed],
    }


def compact(done: DriftResult) -> dict[str, Any]:
    """How many there are: the findings themselves have rows of their own."""
    return {
        "day": str(done.day),
        "read_at": done.read_at.isoformat(),
        "is_clean": done.is_clean,
        "coverage": _coverage(done),
        "new": len(done.new),
        "open": len(done.open),
        "harmful": len(done.harmful),
        "unread": len(done.unread),
        "closed": len(done.closed),
    }


def _coverage(done: DriftResult) -> dict[str, Any]:
    return {
        "text": done.coverage.text,
        "things": done.coverage.things,
        "checked": done.coverage.checked,
        "unknown": len(done.coverage.unknown),
        "because": done.coverage.because,
    }


def _finding(one: DriftFinding) -> dict[str, Any]:
    return {
        "key": one.key,
        "kind": one.kind,
        "harms": one.harms,
        "thing": one.thing,
        "name": one.name,
        "company": one.company.name if one.company else None,
        "finding": one.finding,
        "effect": one.effect,
        "remedy": one.remedy,
        "first_seen": str(one.first_seen),
        "last_seen": str(one.last_seen),
    }
