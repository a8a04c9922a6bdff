"""The supplier of every subscription: found in HaloPSA by its name, or created when a plan needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from billbridge.billing.changes import Change, Plan
from billbridge.errors import PermanentError
from billbridge.halopsa import resources
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.values import Supplier

NEW_SUPPLIER = -1
"""Stands in a plan for the supplier that is created when the plan is applied."""


def supplier_for_plan(name: str, suppliers: Iterable[Supplier]) -> int | None:
    """The id of the supplier of this name, `NEW_SUPPLIER` if it is not there, `None` without a name."""
    name = name.strip()
    if not name:
        return None
    return _id_of(name, suppliers) or NEW_SUPPLIER


def with_supplier(made: Plan, halo: HaloPSA, name: str) -> Plan:
    """The plan with the id of its new supplier, which is created and read back; without one it stays as it is."""
    name = name.strip()
    if not any(change.values.get("supplier_id") == NEW_SUPPLIER for change in made.writes):
        return made
    resources.create_supplier(halo, name)
    supplier_id = _id_of(name, resources.suppliers(halo, search=name))
    if supplier_id is None:
        raise PermanentError(
            f"HaloPSA does not show the supplier {name!r} after it was created.",
            hint="Create it in HaloPSA, or clear the supplier name in the additional settings.",
        )
    return Plan(changes=tuple(_named(change, supplier_id) for change in made.changes))


def _id_of(name: str, suppliers: Iterable[Supplier]) -> int | None:
    same = [s.id for s in suppliers if s.name.strip().casefold() == name.casefold() and not s.inactive]
    return min(same, default=None)


def _named(change: Change, supplier_id: int) -> Change:
    set_once = change.wanted.set_once
    if set_once.get("supplier_id") != NEW_SUPPLIER:
        return change
    fields = tuple(
        replace(field, after=supplier_id) if field.field == "supplier_id" else field for field in change.fields
    )
    wanted = replace(change.wanted, set_once={**set_once, "supplier_id": supplier_id})
    return replace(change, wanted=wanted, fields=fields)
