"""Subscriptions between the plan's values and HaloPSA's records: reading, sending, comparing what came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from billbridge.billing.changes import OWNED, Change, Found, Value, same_value
from billbridge.billing.money import round_half_up
from billbridge.halopsa.values import SUBSCRIPTION_TYPE, SoftwareLicence

_DAYS = frozenset({"start_date", "end_date"})
_TEXTS = frozenset({"notes", "name", "status", "billing_cycle", "product_sku"})
_MOST_DECIMALS = 6


def found_of(record: SoftwareLicence) -> Found:
    """A subscription as the plan compares it. No site (0, -1 or left out) is 0; a flag left out is its default."""
    return Found(
        id=record.id,
        key=record.product_sku.strip(),
        name=record.name,
        deleted=bool(record.deleted),
        fields={
            "type": record.type,
            "name": record.name,
            "count": record.count,
            "purchase_price": record.purchase_price,
            "price": record.price,
            "client_id": record.client_id,
            "site_id": max(record.site_id or 0, 0),
            "item_id": record.item_id,
            "supplier_id": record.supplier_id,
            "start_date": _iso(record.start_date),
            "end_date": _iso(record.end_date),
            "status": record.status,
            "is_active": record.is_active is not False,
            "notes": record.notes,
            "product_sku": record.product_sku,
            "billing_cycle": record.billing_cycle,
        },
    )


def payload_of(change: Change) -> dict[str, Any]:
    """What is posted for a change: the fields that change, with the id of an existing subscription."""
    values: dict[str, Any] = {name: _posted(name, value) for name, value in change.values.items()}
    if change.subscription_id is None:
        return {"type": SUBSCRIPTION_TYPE, **values}
    return {"id": change.subscription_id, **values}


def differences(change: Change, now: Found) -> tuple[dict[str, Value], dict[str, Value]]:
    """What was written and is not shown: real differences, and values HaloPSA merely rounded.

    A count or price is rounded when it is the sent one to fewer decimals.
    """
    wrong: dict[str, Value] = {}
    rounded: dict[str, Value] = {}
    for name, value in change.values.items():
        there = now.fields.get(name)
        if value is None or same_value(there, value) or (name in _TEXTS and _folded(there) == _folded(value)):
            continue
        if name in OWNED and _is_rounding(value, there):
            rounded[name] = there
        else:
            wrong[name] = there
    return wrong, rounded


def learned_decimals(rounded: Mapping[str, Value]) -> int | None:
    """To how many decimals HaloPSA keeps prices, judged by prices it rounded; `None` when none were."""
    prices = [value for name, value in rounded.items() if name != "count" and isinstance(value, Decimal)]
    return max((_decimals(price) for price in prices), default=None)


def _is_rounding(sent: Value, there: Value) -> bool:
    if not isinstance(sent, int | Decimal) or not isinstance(there, int | Decimal):
        return False
    shown = Decimal(there)
    return any(round_half_up(Decimal(sent), places) == shown for places in range(_MOST_DECIMALS))


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _posted(name: str, value: Value) -> Any:
    if name in _DAYS and isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _folded(value: Value) -> str:
    return " ".join(str(value or "").split())


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
