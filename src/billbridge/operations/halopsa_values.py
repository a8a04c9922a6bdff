"""HaloPSA values as JSON and back: amounts as text, so that no figure ever passes through a float."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from billbridge.billing.changes import OWNED, Fields, Value

_AMOUNTS = frozenset(OWNED)


def stored(fields: Fields) -> dict[str, Any]:
    """Fields as they are kept."""
    return {name: stored_value(value) for name, value in fields.items()}


def stored_value(value: Value) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def loaded(fields: Mapping[str, Any]) -> dict[str, Value]:
    """Fields as they were before they were kept."""
    return {name: loaded_value(name, value) for name, value in fields.items()}


def loaded_value(name: str, value: Any) -> Value:
    if name in _AMOUNTS and value is not None:
        return Decimal(str(value))
    known: Value = value
    return known
