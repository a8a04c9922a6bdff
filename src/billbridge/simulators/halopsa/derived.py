"""Values a record shows beside its columns: names of what it refers to, states, computed figures."""

from __future__ import annotations

from typing import Protocol

from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.recurring import QUANTITIES, calculated_lines
from billbridge.simulators.halopsa.tables import Row


class Derive(Protocol):
    """Gives the values a record shows beside its columns; `detail` asks for those of a single record too."""

    def __call__(self, context: Context, row: Row, /, *, detail: bool) -> Row:
        """The values by their names."""


def nothing(_context: Context, _row: Row, *, detail: bool) -> Row:  # noqa: ARG001
    """No values beside the columns."""
    return {}


def use(word: str) -> Derive:
    """The user interface's word for this kind of record."""

    def derive(_context: Context, _row: Row, *, detail: bool) -> Row:  # noqa: ARG001
        return {"use": word}

    return derive


def client(context: Context, row: Row, *, detail: bool) -> Row:
    """A customer's main site is its first one; it shows in the single record only."""
    values: Row = {"key": row["id"], "use": "client"}
    if detail:
        main = next(iter(context.tables["Site"].where("client_id", row["id"])), None)
        if main is not None:
            values |= {"main_site_id": main["id"], "main_site_name": main["name"]}
    return values


def site(context: Context, row: Row, *, detail: bool) -> Row:  # noqa: ARG001
    """The customer's name, and its id as an int or as the double it is declared to be."""
    customer = context.tables["Client"].name_of(row["client_id"]) or ""
    wanted = context.switches.site_client_id
    as_double = wanted == "double" or (wanted == "mixed" and row["id"] % 2 == 1)
    return {
        "key": row["id"],
        "use": "site",
        "client_id": float(row["client_id"]) if as_double else int(row["client_id"]),
        "client_name": customer,
        "clientsite_name": f"{customer}/{row['name']}",
    }


def item(context: Context, row: Row, *, detail: bool) -> Row:  # noqa: ARG001
    """Names of the asset type and the supplier."""
    return {
        "use": "item",
        "assettype_name": context.tables["AssetType"].name_of(row.get("assettype_id")),
        "supplier_name": context.tables["Supplier"].name_of(row.get("supplier_id")),
    }


def contract(context: Context, row: Row, *, detail: bool) -> Row:  # noqa: ARG001
    """Whether the agreement has started and ended, as of the tenant's day."""
    started = (row.get("start_date") or "") <= context.midnight
    expired = bool(row.get("end_date")) and row["end_date"] < context.midnight
    return {
        "key": row["id"],
        "client_name": context.tables["Client"].name_of(row["client_id"]),
        "site_name": context.tables["Site"].name_of(row.get("site_id")),
        "started": started,
        "expired": expired,
        "contract_status": "Expired" if expired else "Active" if started else "Not started",
    }


def licence(context: Context, row: Row, *, detail: bool) -> Row:
    """Names of what the subscription refers to; its count as an int or a double; usage in the details."""
    tables = context.tables
    values: Row = {
        "key": row["id"],
        "use": "licence",
        "count": int(row["count"]) if context.switches.count_type == "int" else float(row["count"]),
        "client_name": tables["Client"].name_of(row["client_id"]),
        "site_name": tables["Site"].name_of(row.get("site_id")) or "",
        "supplier_name": tables["Supplier"].name_of(row.get("supplier_id")) or "",
        "linked_item": tables["Item"].name_of(row.get("item_id")) or "",
    }
    if detail:
        values |= usage(values["count"])
    return values


def usage(count: float) -> Row:
    """Licences in use: no asset is linked in this tenant, so all are available."""
    unused = type(count)(0)
    return {
        "licences_in_use": unused,
        "licences_in_use_user": unused,
        "licences_in_use_user_for_billing": unused,
        "licences_available": count,
        "device_count": 0,
    }


def recurring_invoice(context: Context, row: Row, *, detail: bool) -> Row:
    """The lines as they would be invoiced now, and their total."""
    lines = calculated_lines(context, row["lines"])
    total = round(sum(line["net_amount"] for line in lines), 2)
    return {
        **_customer(context, row),
        "use": "recurringinvoice",
        "is_recurring_invoice": True,
        "contains_calculated_quantity": any(line.get(QUANTITIES) for line in lines),
        "revenue": total,
        "total": total,
        "lines": lines if detail else None,
    }


def invoice(context: Context, row: Row, *, detail: bool) -> Row:  # noqa: ARG001
    """The customer's and the site's name."""
    return {**_customer(context, row), "use": "invoice", "is_recurring_invoice": False}


def _customer(context: Context, row: Row) -> Row:
    return {
        "client_name": context.tables["Client"].name_of(row["client_id"]),
        "site_name": context.tables["Site"].name_of(row.get("sitenumber")),
    }
