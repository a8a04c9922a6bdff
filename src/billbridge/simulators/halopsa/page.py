"""The customer screen: who is a customer and what stands on the Subscriptions tab.

It stands for the user interface of a person who is logged in, so it needs no token, and its calls are not counted.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from html import escape
from importlib.resources import files

from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.recurring import QUANTITIES
from billbridge.simulators.halopsa.tables import Row
from billbridge.simulators.server import Request, Response

STYLESHEET = "/halopsa.css"
CENT = Decimal("0.01")
CURRENT = ' aria-current="page"'
TABS = (("subscriptions", "Subscriptions", ""), ("licences", "Software licences", "?tab=licences"))
NUMBERS = ("Quantity", "Unit cost", "Unit price", "Total cost", "Total price")
HEADS = ("Name", "Site", *NUMBERS, "Start", "End", "Cycle", "Status", "State", "Item", "Notes")


def owns(path: str) -> bool:
    """Whether this path belongs to the screens."""
    return path in ("/", STYLESHEET) or path.split("/")[1] == "customers"


def answer(context: Context, request: Request) -> Response:  # noqa: PLR0911  (one arm per screen)
    """The screen for a path, or 404."""
    segments = [segment for segment in request.path.split("/") if segment]
    if request.method not in ("GET", "HEAD"):
        return Response(status=405)
    match segments:
        case []:
            return Response(status=302, headers=(("Location", "/customers"),))
        case ["halopsa.css"]:
            css = files(__package__).joinpath("page.css").read_bytes()
            return Response(body=css, content_type="text/css; charset=utf-8")
        case ["customers"]:
            return _document("Customers", _customers(context))
        case ["customers", number, "subscriptions"] if number.isdigit():
            customer = context.tables["Client"].rows.get(int(number))
            if customer is not None:
                tab = "licences" if request.query.get("tab") == ["licences"] else "subscriptions"
                return _document(customer["name"], _subscriptions(context, customer, tab))
        case ["customers", number, "subscriptions", licence] if number.isdigit() and licence.isdigit():
            row = context.tables["SoftwareLicence"].rows.get(int(licence))
            if row is not None and row["client_id"] == int(number):
                return _document(row["name"], _history(context, row))
    return Response.html(_page("Not found", "<h1>Not found</h1><p>There is no such page.</p>"), 404)


def _customers(context: Context) -> str:
    counts: dict[int, int] = {}
    for row in context.tables["SoftwareLicence"].rows.values():
        if row["type"] == context.switches.subscription_type and row["is_active"] and not row["deleted"]:
            counts[row["client_id"]] = counts.get(row["client_id"], 0) + 1
    rows = [
        f'<tr><td><a href="/customers/{row["id"]}/subscriptions">{escape(row["name"])}</a></td>'
        f'<td class="number">{row["id"]}</td><td class="number">{counts.get(row["id"], 0)}</td>'
        f"<td>{_state(active=not row.get('inactive'))}</td></tr>"
        for row in sorted(context.tables["Client"].rows.values(), key=lambda row: str(row["name"]).casefold())
    ]
    heads = '<th>Customer</th><th class="number">Id</th><th class="number">Active subscriptions</th><th>State</th>'
    return f"<h1>Customers</h1>{_table(heads, rows)}"


def _subscriptions(context: Context, customer: Row, tab: str) -> str:
    all_rows = list(context.tables["SoftwareLicence"].where("client_id", customer["id"]))
    is_subscription = tab == "subscriptions"
    rows = [row for row in all_rows if (row["type"] == context.switches.subscription_type) is is_subscription]
    address = f"/customers/{customer['id']}/subscriptions"
    tabs = "".join(
        f'<a href="{address}{query}"{CURRENT if name == tab else ""}>{label}</a>' for name, label, query in TABS
    )
    heads = "".join(f'<th class="number">{head}</th>' if head in NUMBERS else f"<th>{head}</th>" for head in HEADS)
    body = [_subscription(context, row, address) for row in sorted(rows, key=_by_state_and_name)]
    counted = [row for row in rows if row["is_active"] and not row["deleted"]]
    cost = sum((_total(row, "purchase_price") for row in counted), Decimal(0))
    price = sum((_total(row, "price") for row in counted), Decimal(0))
    foot = (
        f'<tfoot><tr><th colspan="5">Active, total in {escape(customer.get("clientcurrency") or "base currency")}'
        f'</th><td class="number">{cost:,.2f}</td><td class="number">{price:,.2f}</td><td colspan="7"></td></tr>'
        "</tfoot>"
    )
    table = _table(heads, body, foot) if rows else "<p>There is nothing on this tab.</p>"
    return (
        '<p class="path"><a href="/customers">Customers</a></p>'
        f'<h1>{escape(customer["name"])}</h1><nav aria-label="Customer">{tabs}</nav>{table}'
    )


def _subscription(context: Context, row: Row, address: str) -> str:
    site = context.tables["Site"].name_of(row.get("site_id")) or ""
    item = context.tables["Item"].name_of(row.get("item_id")) or ""
    state = '<span class="state off">Deleted</span>' if row["deleted"] else _state(active=row["is_active"])
    shade = "on" if row["is_active"] and not row["deleted"] else "off"
    return (
        f'<tr id="subscription-{row["id"]}" class="{shade}">'
        f'<td><a href="{address}/{row["id"]}">{escape(row["name"])}</a></td><td>{escape(site)}</td>'
        f'<td class="number">{row["count"]:g}</td><td class="number">{_unit(row["purchase_price"])}</td>'
        f'<td class="number">{_unit(row["price"])}</td>'
        f'<td class="number">{_total(row, "purchase_price"):,.2f}</td>'
        f'<td class="number">{_total(row, "price"):,.2f}</td>'
        f"<td>{_day(row.get('start_date'))}</td><td>{_day(row.get('end_date'))}</td>"
        f"<td>{escape(row.get('billing_cycle') or '')}</td><td>{escape(row.get('status') or '')}</td>"
        f'<td>{state}</td><td>{escape(item)}</td><td class="notes">{escape(row.get("notes") or "")}</td></tr>'
    )


def _history(context: Context, row: Row) -> str:
    address = f"/customers/{row['client_id']}/subscriptions"
    changes = [
        f"<tr><td>{escape(change['datetime'].replace('T', ' ')[:19])}</td><td>{escape(change['who'])}</td>"
        f"<td>{escape(change['field_name'])}</td><td>{escape(change['old_value'])}</td>"
        f"<td>{escape(change['new_value'])}</td></tr>"
        for change in context.tables["LicenceChange"].where("licence_id", row["id"])
    ]
    invoices = [
        f"<li>{escape(invoice.get('name') or '')} ({invoice['id']})</li>"
        for invoice in context.tables["RecurringInvoice"].rows.values()
        if any(
            quantity.get("licence_id") == row["id"]
            for line in invoice["lines"]
            for quantity in line.get(QUANTITIES) or []
        )
    ]
    heads = "<th>When (UTC)</th><th>Who</th><th>Field</th><th>From</th><th>To</th>"
    history = _table(heads, changes) if changes else "<p>Nothing was changed since it was made.</p>"
    linked = f"<ul>{''.join(invoices)}</ul>" if invoices else "<p>No recurring invoice has a line for it.</p>"
    customer = escape(context.tables["Client"].name_of(row["client_id"]) or "")
    return (
        f'<p class="path"><a href="/customers">Customers</a> / <a href="{address}">{customer}</a></p>'
        f"<h1>{escape(row['name'])}</h1><dl><dt>Id</dt><dd>{row['id']}</dd><dt>SKU</dt>"
        f"<dd>{escape(row.get('product_sku') or '')}</dd><dt>Notes</dt>"
        f'<dd class="notes">{escape(row.get("notes") or "")}</dd></dl>'
        f"<h2>Change history</h2>{history}<h2>Recurring invoices</h2>{linked}"
    )


def _by_state_and_name(row: Row) -> tuple[bool, str]:
    return not row["is_active"] or row["deleted"], str(row["name"]).casefold()


def _total(row: Row, price: str) -> Decimal:
    exact = Decimal(repr(row["count"])) * Decimal(repr(row[price]))
    return exact.quantize(CENT, rounding=ROUND_HALF_UP)


def _unit(price: float) -> str:
    exact = Decimal(repr(price)).normalize()
    return f"{exact if exact.as_tuple().exponent < -2 else exact.quantize(CENT):,f}"  # type: ignore[operator]


def _day(value: str | None) -> str:
    return "" if value is None else value[:10]


def _state(*, active: bool) -> str:
    return f'<span class="state {"on" if active else "off"}">{"Active" if active else "Inactive"}</span>'


def _table(heads: str, rows: list[str], foot: str = "") -> str:
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>{foot}</table>"


def _document(title: str, body: str) -> Response:
    return Response.html(_page(title, body))


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} - HaloPSA simulator</title><link rel="stylesheet" href="{STYLESHEET}"></head>'
        f"<body><header>HaloPSA <span>simulator</span></header><main>{body}</main></body></html>"
    )
