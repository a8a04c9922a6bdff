"""The customer screen: who is a customer and what stands on the Subscriptions tab.

It stands for the user interface of a person who is logged in, so it needs no token, and its calls are not counted.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files

from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.page_html import STYLESHEET, Column, Filter, cells, document, state, table
from billbridge.simulators.halopsa.page_subscriptions import subscription, subscriptions
from billbridge.simulators.server import Request, Response

COLUMNS = (
    Column(head="Customer", is_lead=True),
    Column(head="Id", is_number=True),
    Column(head="Active subscriptions", is_number=True),
    Column(head="State"),
)


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
            return document("Customers", _customers(context, Filter.asked(request)))
        case ["customers", number, "subscriptions"] if number.isdigit():
            customer = context.tables["Client"].rows.get(int(number))
            if customer is not None:
                tab = "licences" if request.query.get("tab") == ["licences"] else "subscriptions"
                body = subscriptions(context, customer, tab, Filter.asked(request))
                return document(customer["name"], body)
        case ["customers", number, "subscriptions", licence] if number.isdigit() and licence.isdigit():
            row = context.tables["SoftwareLicence"].rows.get(int(licence))
            if row is not None and row["client_id"] == int(number):
                return document(row["name"], subscription(context, row))
    return document("Not found", "<h1>Not found</h1><p>There is no such page.</p>", 404)


def _customers(context: Context, wanted: Filter) -> str:
    counts: dict[int, int] = {}
    for row in context.tables["SoftwareLicence"].rows.values():
        if row["type"] == context.switches.subscription_type and row["is_active"] and not row["deleted"]:
            counts[row["client_id"]] = counts.get(row["client_id"], 0) + 1
    customers = context.tables["Client"].rows.values()
    shown = [row for row in customers if wanted.shows(str(row["name"]), active=not row.get("inactive"))]
    rows = [
        "<tr>"
        + cells(
            COLUMNS,
            (
                f'<a href="/customers/{row["id"]}/subscriptions">{escape(row["name"])}</a>',
                str(row["id"]),
                str(counts.get(row["id"], 0)),
                state(active=not row.get("inactive")),
            ),
        )
        + "</tr>"
        for row in sorted(shown, key=lambda row: str(row["name"]).casefold())
    ]
    form = wanted.form("/customers", f"{len(shown)} of {len(customers)}")
    listed = table(COLUMNS, rows, stacks=False) if rows else "<p>No customer has that name and state.</p>"
    return f"<h1>Customers</h1>{form}{listed}"
