"""Subscriptions and licences: how their values are stored, and the history that is kept of them."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billbridge.simulators.halopsa.binding import Element
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.errors import Refusal, null_refused, rule, too_long
from billbridge.simulators.halopsa.fields import LICENCE, Fields
from billbridge.simulators.halopsa.tables import Row

TRACKED = (
    "name", "count", "price", "purchase_price", "client_id", "site_id", "supplier_id", "item_id", "status",
    "is_active", "start_date", "end_date", "billing_cycle", "type", "product_sku", "notes", "autorenew", "deleted",
)  # fmt: skip
"""Fields whose changes are kept in LicenceChange."""

PRICES = ("price", "purchase_price", "monthly_price", "monthly_cost")
DEFAULTS: Element = {
    "type": 0, "count": 0.0, "site_id": -1, "purchase_price": 0.0, "price": 0.0, "monthly_price": 0.0,
    "monthly_cost": 0.0, "is_active": True, "deleted": False, "assigned_at_deletion": 0, "azure_connection_id": 0,
    "external_link_id": 0, "parent_id": 0, "item_id": 0, "supplier_id": 0, "requested_quantity": 0,
    "consumedcount": 0, "autorenew": False, "billing_cycle": "", "status": "", "distributor": "",
    "manufacturer": "", "vendor": "", "notes": "", "name_extra": "", "licence_client_name": "", "snowid": "",
    "product_sku": "", "vendor_product_sku": "",
}  # fmt: skip
"""Columns the database fills by itself."""

_LENGTHS = {"name": ("LDesc", 500), "billing_cycle": ("LBillingCycle", 100)}


def bound_fields(context: Context) -> Fields:
    """The declared fields, with `count` an int where it still is one."""
    return {**LICENCE, "count": "int"} if context.switches.count_type == "int" else LICENCE


def prepare(context: Context, row: Row | None, element: Element) -> Element:
    """The columns to write for one element; Refusal for a business rule."""
    if row is None:
        if not element.get("name"):
            raise Refusal(rule("Name must not be blank"))
        if element.get("client_id") is None:
            raise Refusal(null_refused("Larea", "Licence"))
        element = {**DEFAULTS, "start_date": context.midnight, **_without_nulls(element)}
    else:
        # A column that may not be NULL keeps its value when null is sent.
        element = {name: value for name, value in element.items() if value is not None or name not in DEFAULTS}
        if element.get("name", "kept") in ("", None):
            raise Refusal(rule("Name must not be blank"))
        if context.switches.allow_licence_update_honoured and element.get("allow_licence_update") is False:
            return {}
    for name, (column, length) in _LENGTHS.items():
        if len(element.get(name) or "") > length:
            raise Refusal(too_long(column, "Licence"))
    return _stored(context, element)


def keep_history(context: Context, number: int, changes: dict[str, tuple[Any, Any]]) -> None:
    """Write a LicenceChange for every tracked field among `changes` (field -> old and new value)."""
    for place, field in enumerate(TRACKED):
        if field not in changes:
            continue
        old, new = changes[field]
        context.tables["LicenceChange"].put(
            {
                "licence_id": number,
                "field_id": context.switches.change_field_base + place,
                "field_name": field,
                "old_value": _as_text(old),
                "new_value": _as_text(new),
                "who": context.who,
                "user_id": 0,
                "user_name": context.who,
                "datetime": context.timestamp,
            }
        )


def is_shown(row: Row, *, include_inactive: bool, context: Context) -> bool:
    """Whether a list shows this row: inactive ones only on request, deleted ones as the switch says."""
    if row["deleted"]:
        shown = context.switches.deleted_in_lists
        return shown == "always" or (shown == "with_inactive" and include_inactive)
    return include_inactive or bool(row["is_active"])


def _stored(context: Context, element: Element) -> Element:
    if (count := element.get("count")) is not None:
        element["count"] = _stored_count(count, context)
    decimals = context.switches.price_decimals
    for name in PRICES:
        if decimals is not None and (price := element.get(name)) is not None:
            quantum = Decimal(1).scaleb(-decimals)
            element[name] = float(Decimal(repr(price)).quantize(quantum, rounding=ROUND_HALF_UP))
    return element


def _stored_count(count: float, context: Context) -> float:
    if context.switches.count_fractions == "keep":
        return float(count)
    if context.switches.count_fractions == "truncate":
        return float(math.trunc(count))
    return float(round(count))  # to even at a half, as .NET converts


def _without_nulls(element: Element) -> Element:
    return {name: value for name, value in element.items() if value is not None}


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)
