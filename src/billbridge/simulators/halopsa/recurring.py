"""Recurring invoices: lines whose quantity, price and cost follow subscriptions, and invoices made from them."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billbridge.simulators.halopsa.binding import Element, bind_element
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.errors import Refusal, field_map
from billbridge.simulators.halopsa.fields import INVOICE_LINE, LINE_QUANTITY
from billbridge.simulators.halopsa.tables import Row

QUANTITIES = "quantity_subscriptions"
INHERITED = ("client_id", "sitenumber", "name", "contract_id", "contract_ref")


def prepare(row: Row | None, element: Element) -> Element:
    """The columns to write: `lines` replaces all lines (one that is left out is gone), `add_lines` appends.

    A line sent with the id of an existing one is laid over it field by field.
    """
    old = {line["id"]: line for line in (row or {}).get("lines", [])}
    lines: list[Row] | None = None
    if element.get("lines") is not None:
        lines = [{**old.get(line.get("id", 0), {}), **line} for line in _bind_lines(element["lines"], "lines")]
    if element.get("add_lines"):
        lines = [*(old.values() if lines is None else lines), *_bind_lines(element["add_lines"], "add_lines")]
    columns = {name: value for name, value in element.items() if name not in ("lines", "add_lines")}
    if lines is not None:
        columns["lines"] = lines
    return columns if row is not None else {"disabled": False, "lines": [], **columns}


def number_lines(context: Context, row: Row) -> None:
    """Give new lines and their quantities their ids."""
    for place, line in enumerate(row.get("lines", [])):
        line["id"] = context.tables.line_id(line.get("id"))
        line |= {"ihid": row["id"], "recurring_invoice_id": row["id"], "sequenceid": place + 1}
        for position, quantity in enumerate(line.get(QUANTITIES) or []):
            quantity |= {
                "id": quantity.get("id") or line["id"] * 100 + position + 1,
                "invoice_line_id": line["id"],
                "kind": quantity.get("kind", context.switches.subscription_quantity_kind),
            }
        if line.get(QUANTITIES):
            line.setdefault("recurring_invoice_quantity_type", context.switches.calculated_quantity_type)


def add_subscription_line(context: Context, licence: Row) -> None:
    """Append a line that follows this subscription to the customer's first recurring invoice, if there is one."""
    invoices = context.tables["RecurringInvoice"]
    for invoice in sorted(invoices.where("client_id", licence["client_id"]), key=lambda row: -row["id"]):
        quantity = {
            "licence_id": licence["id"],
            "use_linked_subscription_price": True,
            "use_linked_subscription_cost": True,
        }
        line: Row = {"item_shortdescription": licence["name"], QUANTITIES: [quantity]}
        if licence.get("item_id"):
            line["_itemid"] = licence["item_id"]
        invoice["lines"] = [*invoice["lines"], line]
        number_lines(context, invoice)
        invoices.touch(invoice["id"])
        return


def calculated_lines(context: Context, lines: Iterable[Row]) -> list[Row]:
    """The lines as they would be invoiced now: quantity, price and cost from the subscriptions where linked."""
    return [_calculated(context, line) for line in lines]


def make_invoice(context: Context, recurring: Row) -> Row:
    """Create the invoice of a recurring invoice's period and move it on to the next month."""
    lines = [
        {
            **{name: value for name, value in line.items() if name not in (QUANTITIES, "id")},
            "recurring_invoice_line_id": line["id"],
        }
        for line in calculated_lines(context, recurring["lines"])
        if not line.get("isinactive")
    ]
    total = float(sum((Decimal(repr(line["net_amount"])) for line in lines), Decimal(0)))
    table = context.tables["Invoice"]
    invoice: Row = {
        **{name: recurring.get(name) for name in INHERITED},
        "recurring_invoice_id": recurring["id"], "invoice_date": context.midnight, "duedate": context.midnight,
        "date_created": context.timestamp, "posted": False, "paymentstatus": 0, "revenue": total, "total": total,
        "tax_total": 0.0, "amountdue": total, "amountpaid": 0.0, "lines": lines,
    }  # fmt: skip
    number = table.put(invoice)
    invoice["invoicenumber"] = f"INV-{number:06d}"
    number_lines(context, invoice)
    for line in lines:
        line["recurring_invoice_id"] = recurring["id"]
    following = date.fromisoformat((recurring.get("nextcreationdate") or context.midnight)[:10])
    recurring["lastcreated"] = context.midnight
    recurring["nextcreationdate"] = f"{_month_later(following).isoformat()}T00:00:00"
    context.tables["RecurringInvoice"].touch(recurring["id"])
    context.books.enter(
        at=context.now, who=context.who, table="Invoice", action="create", row=invoice, changes={"total": total}
    )
    return invoice


def _calculated(context: Context, line: Row) -> Row:
    shown = dict(line)
    licences = context.tables["SoftwareLicence"].rows
    linked = [
        (quantity, licences[quantity["licence_id"]])
        for quantity in line.get(QUANTITIES) or []
        if quantity.get("licence_id") in licences and not licences[quantity["licence_id"]]["deleted"]
    ]
    if line.get(QUANTITIES):
        shown["_is_calculated_line"] = True
        shown["qty_order"] = sum((_quantity(quantity, licence) for quantity, licence in linked), 0.0)
        shown[QUANTITIES] = [
            {**quantity, "licence_name": (licences.get(quantity.get("licence_id")) or {}).get("name")}
            for quantity in line[QUANTITIES]
        ]
    for quantity, licence in reversed(linked):
        if quantity.get("use_linked_subscription_price"):
            shown["unit_price"] = licence["price"]
        if quantity.get("use_linked_subscription_cost"):
            shown["unit_cost"] = licence["purchase_price"]
    if linked and context.switches.inactive_subscription_inactive_line:
        shown["isinactive"] = not any(licence["is_active"] for _, licence in linked)
    shown["net_amount"] = _amount(shown.get("qty_order"), shown.get("unit_price"))
    return shown


def _quantity(quantity: Row, licence: Row) -> float:
    free, least = quantity.get("qty_free") or 0, quantity.get("minimum_qty") or 0
    return float(max(least, licence["count"] - free, 0))


def _amount(quantity: float | None, price: float | None) -> float:
    exact = Decimal(repr(quantity or 0)) * Decimal(repr(price or 0))
    return float(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _bind_lines(lines: Any, name: str) -> list[Row]:
    bound = []
    if not isinstance(lines, list):
        raise Refusal(field_map(f"[0].{name}", f"Error converting value to an array. Path '[0].{name}'."))
    for number, value in enumerate(lines):
        path = f"[0].{name}[{number}]"
        line = bind_element(value, INVOICE_LINE, path)
        if line.get(QUANTITIES) is not None:
            within = f"{path}.{QUANTITIES}"
            if not isinstance(line[QUANTITIES], list):
                raise Refusal(field_map(within, f"Error converting value to an array. Path '{within}'."))
            line[QUANTITIES] = [
                bind_element(each, LINE_QUANTITY, f"{within}[{place}]")
                for place, each in enumerate(line[QUANTITIES])
            ]
        bound.append({field: content for field, content in line.items() if content is not None})
    return bound


def _month_later(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
