"""The Subscriptions tab of a customer, and the screen of one subscription."""

from __future__ import annotations

from decimal import Decimal
from html import escape

from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.page_html import Column, Filter, cells, day, state, table, total, unit
from billbridge.simulators.halopsa.recurring import QUANTITIES
from billbridge.simulators.halopsa.tables import Row

CURRENT = ' aria-current="page"'
TABS = (("subscriptions", "Subscriptions"), ("licences", "Software licences"))

COLUMNS = (
    Column(head="Name", is_lead=True),
    Column(head="Site"),
    Column(head="Quantity", is_number=True),
    Column(head="Unit cost", is_number=True),
    Column(head="Unit price", is_number=True),
    Column(head="Total cost", is_number=True),
    Column(head="Total price", is_number=True),
    Column(head="Start"),
    Column(head="End"),
    Column(head="Cycle"),
    Column(head="Status"),
    Column(head="State"),
    Column(head="Notes"),
)
HISTORY = (
    Column(head="When (UTC)"),
    Column(head="Who"),
    Column(head="Field"),
    Column(head="From"),
    Column(head="To"),
)


def subscriptions(context: Context, customer: Row, tab: str, wanted: Filter) -> str:
    """One tab of a customer: its subscriptions, or its other licences."""
    is_subscription = tab == "subscriptions"
    rows = [
        row
        for row in context.tables["SoftwareLicence"].where("client_id", customer["id"])
        if (row["type"] == context.switches.subscription_type) is is_subscription
    ]
    shown = [row for row in rows if wanted.shows(str(row["name"]), active=_is_on(row))]
    active = [row for row in shown if _is_on(row)]
    address = f"/customers/{customer['id']}/subscriptions"
    tabs = "".join(
        f'<a href="{address}{_query(name)}"{CURRENT if name == tab else ""}>{label}</a>' for name, label in TABS
    )
    parts = [
        '<p class="path"><a href="/customers">Customers</a></p>',
        f'<h1>{escape(customer["name"])}</h1><nav aria-label="Customer">{tabs}</nav>',
    ]
    if rows:
        found = f"{len(shown)} of {len(rows)}, {len(active)} active"
        hidden = "" if is_subscription else f'<input type="hidden" name="tab" value="{tab}">'
        parts.append(wanted.form(address + _query(tab), found, hidden))
    if shown:
        body = [_row(context, row, address) for row in sorted(shown, key=_by_state_and_name)]
        currency = escape(customer.get("clientcurrency") or "base currency")
        parts.append(table(COLUMNS, body, foot=_totals(active, currency)))
    else:
        parts.append(
            f"<p>{'Nothing here has that name and state.' if rows else 'There is nothing on this tab.'}</p>"
        )
    return "".join(parts)


def _row(context: Context, row: Row, address: str) -> str:
    item = context.tables["Item"].name_of(row.get("item_id"))
    name = f'<a href="{address}/{row["id"]}">{escape(row["name"])}</a>'
    contents = (
        f'{name}<span class="item">{escape(item)}</span>' if item else name,
        escape(context.tables["Site"].name_of(row.get("site_id")) or ""),
        f"{row['count']:g}",
        unit(row["purchase_price"]),
        unit(row["price"]),
        f"{total(row, 'purchase_price'):,.2f}",
        f"{total(row, 'price'):,.2f}",
        day(row.get("start_date")),
        day(row.get("end_date")),
        escape(row.get("billing_cycle") or ""),
        escape(row.get("status") or ""),
        state(active=row["is_active"], deleted=row["deleted"]),
        f'<span class="notes">{escape(row["notes"])}</span>' if row.get("notes") else "",
    )
    shade = "on" if _is_on(row) else "off"
    return f'<tr id="subscription-{row["id"]}" class="{shade}">{cells(COLUMNS, contents)}</tr>'


def _totals(active: list[Row], currency: str) -> str:
    """The foot: what the active ones shown cost and bring per cycle."""
    cost = sum((total(row, "purchase_price") for row in active), Decimal(0))
    price = sum((total(row, "price") for row in active), Decimal(0))
    return (
        f'<tfoot><tr><th colspan="5">Active, total in {currency}</th>'
        f'<td class="number" data-head="Total cost">{cost:,.2f}</td>'
        f'<td class="number" data-head="Total price">{price:,.2f}</td><td colspan="6"></td></tr></tfoot>'
    )


def subscription(context: Context, row: Row) -> str:
    """One subscription: its fields, who changed what, and which recurring invoices bill it."""
    tables = context.tables
    address = f"/customers/{row['client_id']}/subscriptions"
    fields = {
        "State": state(active=row["is_active"], deleted=row["deleted"]),
        "Id": str(row["id"]),
        "Site": escape(tables["Site"].name_of(row.get("site_id")) or ""),
        "Item": escape(tables["Item"].name_of(row.get("item_id")) or ""),
        "Supplier": escape(tables["Supplier"].name_of(row.get("supplier_id")) or ""),
        "Quantity": f"{row['count']:g}",
        "Unit cost": unit(row["purchase_price"]),
        "Unit price": unit(row["price"]),
        "Total cost": f"{total(row, 'purchase_price'):,.2f}",
        "Total price": f"{total(row, 'price'):,.2f}",
        "Start": day(row.get("start_date")),
        "End": day(row.get("end_date")),
        "Cycle": escape(row.get("billing_cycle") or ""),
        "Status": escape(row.get("status") or ""),
        "SKU": escape(row.get("product_sku") or ""),
        "Notes": f'<span class="notes">{escape(row["notes"])}</span>' if row.get("notes") else "",
    }
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in fields.items() if value)
    customer = escape(tables["Client"].name_of(row["client_id"]) or "")
    return (
        f'<p class="path"><a href="/customers">Customers</a> / <a href="{address}">{customer}</a></p>'
        f"<h1>{escape(row['name'])}</h1><dl>{listed}</dl>"
        f"<h2>Change history</h2>{_history(context, row)}<h2>Recurring invoices</h2>{_invoices(context, row)}"
    )


def _history(context: Context, row: Row) -> str:
    changes = [
        "<tr>"
        + cells(
            HISTORY,
            (
                escape(change["datetime"].replace("T", " ")[:19]),
                escape(change["who"]),
                escape(change["field_name"]),
                f'<span class="notes">{escape(change["old_value"])}</span>',
                f'<span class="notes">{escape(change["new_value"])}</span>',
            ),
        )
        + "</tr>"
        for change in context.tables["LicenceChange"].where("licence_id", row["id"])
    ]
    return table(HISTORY, changes) if changes else "<p>Nothing was changed since it was made.</p>"


def _invoices(context: Context, row: Row) -> str:
    invoices = [
        f"<li>{escape(invoice.get('name') or '')} ({invoice['id']})</li>"
        for invoice in context.tables["RecurringInvoice"].rows.values()
        if any(
            quantity.get("licence_id") == row["id"]
            for line in invoice["lines"]
            for quantity in line.get(QUANTITIES) or []
        )
    ]
    return f"<ul>{''.join(invoices)}</ul>" if invoices else "<p>No recurring invoice has a line for it.</p>"


def _query(tab: str) -> str:
    return "" if tab == "subscriptions" else f"?tab={tab}"


def _is_on(row: Row) -> bool:
    return bool(row["is_active"] and not row["deleted"])


def _by_state_and_name(row: Row) -> tuple[bool, str]:
    return not _is_on(row), str(row["name"]).casefold()
