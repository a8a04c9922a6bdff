"""POST and DELETE: from typed elements to rows, in batches that are atomic, stop at a faulty element or skip it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billbridge.simulators.halopsa import licences, recurring
from billbridge.simulators.halopsa.binding import Element, bind_elements
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.errors import Refusal, empty, exception, null_refused, rule
from billbridge.simulators.halopsa.fields import INVOICE_LINE, Fields
from billbridge.simulators.halopsa.resources import RESOURCES, Resource
from billbridge.simulators.halopsa.switches import EMPTY_DATES
from billbridge.simulators.halopsa.tables import Row
from billbridge.simulators.server import Request, Response

Refuse = Callable[[Element], Response | None]
"""A fault on request: the answer that refuses this element, or None."""

REFERENCES = {"client_id": "Client", "site_id": "Site", "supplier_id": "Supplier", "item_id": "Item"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An element that passed every rule: the row it updates (None: creates), its columns and its instructions."""

    number: int | None
    columns: Element
    element: Element


def post(context: Context, resource: Resource, request: Request, refuse: Refuse) -> Response:
    """The answer to POST /X."""
    elements = bind_elements(request, fields_of(context, resource))
    limit = context.switches.post_limit
    if limit is not None and len(elements) > limit:
        return rule(f"A maximum of {limit} records can be posted at once")
    rows, faulty = _carry_out(context, resource, elements, refuse)
    if faulty is not None:
        return faulty
    return reply(context, [resource.show(context, row, detail=True) for row in rows])


def reply(context: Context, shown: list[Row]) -> Response:
    """What a POST answers: one object for one element and an array for several, unless switched."""
    status, shape = context.switches.post_status, context.switches.batch_reply
    if shown and ((len(shown) == 1 and shape != "always_array") or shape == "last_object"):
        return Response.json(shown[-1], status)
    return Response.json(shown, status)


def delete(context: Context, resource: Resource, number: int) -> Response:
    """The answer to DELETE /X/{id}: the deleted record. Subscriptions are only marked as deleted."""
    row = find(context, resource, number)
    if row is None:
        return empty(404)
    table = context.tables[resource.name]
    if resource.name == "SoftwareLicence":
        row["deleted"] = True
        table.touch(number)
        licences.keep_history(context, number, {"deleted": (False, True)})
    else:
        table.remove(number)
    context.books.enter(
        at=context.now, who=context.who, table=resource.name, action="delete", row=row, changes={"deleted": True}
    )
    return Response.json(resource.show(context, row, detail=True))


def find(context: Context, resource: Resource, number: int) -> Row | None:
    """The row of that id, unless it is gone."""
    row = context.tables[resource.name].rows.get(number)
    if row is not None and row.get("deleted") and not context.switches.deleted_found:
        return None
    return row


def save(context: Context, resource: Resource, element: Element) -> Row:
    """Write one element by the rules that hold for every other."""
    return _commit(context, resource, _prepare(context, resource, element))


def fields_of(context: Context, resource: Resource) -> Fields:
    """The types by which a body is read."""
    return licences.bound_fields(context) if resource.name == "SoftwareLicence" else resource.fields


def process(context: Context, resource: Resource, numbers: list[int]) -> Response:
    """Make the invoices of these recurring invoices now; disabled ones are left out."""
    table = context.tables[resource.name]
    if any(number not in table.rows for number in numbers):
        return _not_found(context)
    enabled = [table.rows[number] for number in numbers if not table.rows[number].get("disabled")]
    invoices = [recurring.make_invoice(context, row) for row in enabled]
    if context.switches.process_reply == "empty":
        return empty(context.switches.post_status)
    shown = [RESOURCES["invoice"].show(context, row, detail=True) for row in invoices]
    return Response.json(shown, context.switches.post_status)


def update_lines(context: Context, resource: Resource, request: Request) -> Response:
    """POST /RecurringInvoice/updatelines: lay each line over the one with its `id` and `ihid`."""
    table, shown = context.tables[resource.name], []
    for line in bind_elements(request, INVOICE_LINE):
        invoice = table.rows.get(line.get("ihid", 0), {})
        known = [each["id"] for each in invoice.get("lines", [])]
        if line.get("id") not in known:
            return _not_found(context)
        lines = [line if number == line["id"] else {"id": number} for number in known]
        row = save(context, resource, {"id": invoice["id"], "lines": lines})
        shown.append(next(each for each in row["lines"] if each["id"] == line["id"]))
    return reply(context, shown)


def _carry_out(
    context: Context, resource: Resource, elements: list[Element], refuse: Refuse
) -> tuple[list[Row], Response | None]:
    faulty: Response | None = None
    ready: list[Prepared] = []
    rows: list[Row] = []
    for element in elements:
        try:
            if (refused := refuse(element)) is not None:
                raise Refusal(refused)
            prepared = _prepare(context, resource, element)
        except Refusal as refusal:
            faulty = faulty or refusal.response
            if context.switches.batch_faulty == "skip":
                continue
            break
        if context.switches.batch_faulty == "atomic":
            ready.append(prepared)
        else:
            rows.append(_commit(context, resource, prepared))
    if faulty is None:
        rows += [_commit(context, resource, prepared) for prepared in ready]
    return rows, faulty


def _prepare(context: Context, resource: Resource, element: Element) -> Prepared:
    number = element.get("id") or None  # an id of 0 or null is none: the record is new
    row = None if number is None else find(context, resource, number)
    if number is not None and row is None:
        raise Refusal(_not_found(context))
    columns = {
        name: None if value in EMPTY_DATES and resource.fields[name] == "date" else value
        for name, value in element.items()
        if name in resource.columns or name == "add_lines"
    }
    if resource.name == "SoftwareLicence":
        if element.get("allow_licence_update") is not None:
            columns["allow_licence_update"] = element["allow_licence_update"]
        columns = licences.prepare(context, row, columns)
    else:
        _check_required(resource, row, columns)
        if resource.name == "RecurringInvoice":
            columns = recurring.prepare(row, columns)
    if context.switches.check_references:
        _check_references(context, row, columns)
    return Prepared(number=number, columns=columns, element=element)


def _check_required(resource: Resource, row: Row | None, columns: Element) -> None:
    for name in resource.required:
        if (row is None and columns.get(name) is None) or columns.get(name, "kept") == "":
            if name == "name":
                raise Refusal(rule(f"{resource.name} Name must not be blank"))
            raise Refusal(rule(f"Parameter {name} must be included"))
        if name in columns and columns[name] is None:
            raise Refusal(null_refused(name, resource.name))


def _check_references(context: Context, row: Row | None, columns: Element) -> None:
    for column, table in REFERENCES.items():
        wanted = columns.get(column)
        if wanted is not None and wanted > 0 and wanted not in context.tables[table].rows:
            raise Refusal(rule(f"The {table} {int(wanted)} does not exist"))
    wanted = columns.get("site_id")
    if wanted is not None and wanted > 0:
        owner = columns.get("client_id", (row or {}).get("client_id"))
        if context.tables["Site"].rows[wanted]["client_id"] != owner:
            raise Refusal(rule("The Site does not belong to the Customer"))


def _commit(context: Context, resource: Resource, prepared: Prepared) -> Row:
    table = context.tables[resource.name]
    if prepared.number is None:
        row: Row = dict(prepared.columns)
        table.put(row)
        changes: dict[str, Any] = dict(prepared.columns)
    else:
        row = table.rows[prepared.number]
        new = prepared.columns
        before = {name: (row.get(name), new[name]) for name in new if row.get(name) != new[name]}
        row.update(prepared.columns)
        changes = {name: new[name] for name in before}
        if before:
            table.touch(prepared.number)
        if resource.name == "SoftwareLicence":
            licences.keep_history(context, prepared.number, before)
    _follow_up(context, resource, row, prepared)
    context.books.enter(
        at=context.now,
        who=context.who,
        table=resource.name,
        action="create" if prepared.number is None else "update",
        row=row,
        changes=changes,
    )
    return row


def _follow_up(context: Context, resource: Resource, row: Row, prepared: Prepared) -> None:
    created, element = prepared.number is None, prepared.element
    if resource.name == "RecurringInvoice":
        recurring.number_lines(context, row)
    if resource.name == "Client" and created:
        name = element.get("newclient_sitename") or "Main"
        context.tables["Site"].put({"client_id": row["id"], "name": name, "inactive": False})
    wants_line = context.switches.create_recurring_invoice_line and element.get("_create_recurring_invoice_line")
    if resource.name == "SoftwareLicence" and created and wants_line:
        recurring.add_subscription_line(context, row)


def _not_found(context: Context) -> Response:
    text = "Record not found"
    return rule(text) if context.switches.record_not_found == "string" else exception(text)
