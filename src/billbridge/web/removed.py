"""Saying what was removed, so that it can be entered again."""

from __future__ import annotations

from collections.abc import Iterable

from billbridge.operations.setup.compare import SettingChange


def removed(what: str, changes: Iterable[SettingChange]) -> str:
    """A sentence with the values that are gone, as the audit log keeps them."""
    values = "; ".join(change.before for change in changes if change.before)
    return f"{what} was removed." + (f" It was: {values}." if values else "")
