"""What a person does in the tenant: edits and deletions with a name behind them, and a look at the books."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from billbridge.simulators.control import read_object, refusal
from billbridge.simulators.halopsa import writing
from billbridge.simulators.halopsa.binding import bind_element
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.errors import Refusal
from billbridge.simulators.halopsa.resources import RESOURCES, Resource
from billbridge.simulators.server import Request, Response

SOMEBODY = "Dana Whitfield"


def answer(context: Context, request: Request) -> Response | None:
    """The answer to /_sim/edit, /_sim/delete and /_sim/books, None for any other path."""
    try:
        match (request.method, request.path):
            case ("POST", "/_sim/edit"):
                return _edit(context, read_object(request))
            case ("POST", "/_sim/delete"):
                return _delete(context, read_object(request))
            case ("GET", "/_sim/books"):
                return Response.json(context.books.describe(context.tables["SoftwareLicence"].rows))
    except Refusal as problem:
        return problem.response
    except (ValueError, KeyError) as problem:
        return refusal(str(problem))
    return None


def _edit(context: Context, order: dict[str, Any]) -> Response:
    """Change a record, or make one if no id is given, as a person would on the screen."""
    resource = _resource(order)
    changes = order.get("changes", {})
    if unknown := sorted(set(changes) - resource.columns):
        raise ValueError(f"{resource.name} has no column {', '.join(unknown)} that can be edited.")
    fields = writing.fields_of(context, resource)
    element = bind_element({**changes, "id": order.get("id")}, fields, "changes")
    row = writing.save(_as_person(context, order), resource, element)
    return Response.json(resource.show(context, row, detail=True))


def _delete(context: Context, order: dict[str, Any]) -> Response:
    resource = _resource(order)
    return writing.delete(_as_person(context, order), resource, int(order["id"]))


def _resource(order: dict[str, Any]) -> Resource:
    name = str(order.get("table", ""))
    if name.lower() not in RESOURCES:
        known = ", ".join(each.name for each in RESOURCES.values())
        raise ValueError(f"There is no table {name!r}; there are {known}.")
    return RESOURCES[name.lower()]


def _as_person(context: Context, order: dict[str, Any]) -> Context:
    return replace(context, who=str(order.get("who", SOMEBODY)))
