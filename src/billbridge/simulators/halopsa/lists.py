"""Lists: filters, order, search, paging, and the envelope around the rows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.derived import usage
from billbridge.simulators.halopsa.errors import Refusal, field_map, rule
from billbridge.simulators.halopsa.licences import is_shown
from billbridge.simulators.halopsa.resources import Resource
from billbridge.simulators.halopsa.tables import Row
from billbridge.simulators.server import Request, Response

DEFAULT_ROWS = 50
NONE_GIVEN = ("", "-1", "0")
"""Values of a filter by id that mean: do not filter."""


class Query:
    """The query parameters of a call; names and booleans are read whatever their case."""

    def __init__(self, request: Request) -> None:
        self._values = {name.lower(): values[-1] for name, values in request.query.items()}

    def text(self, name: str) -> str:
        """The value, or nothing."""
        return self._values.get(name, "")

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean; Python clients send True."""
        value = self.text(name).lower()
        if value in ("true", "false"):
            return value == "true"
        if value:
            raise Refusal(field_map(name, f"The value '{self.text(name)}' is not valid."))
        return default

    def number(self, name: str, default: int) -> int:
        """An int; 400 if it is none."""
        value = self.text(name)
        try:
            return int(value) if value else default
        except ValueError as problem:
            raise Refusal(field_map(name, f"The value '{value}' is not valid.")) from problem


def list_rows(context: Context, resource: Resource, request: Request) -> Response:
    """The answer to GET /X."""
    query = Query(request)
    rows = _ordered(context, resource, _matching(context, resource, query), query)
    if resource.key is None:
        return Response.json([resource.show(context, row, detail=False) for row in rows])
    envelope: dict[str, Any] = {}
    if query.flag("pageinate"):
        number, size = max(1, query.number("page_no", 1)), query.number("page_size", DEFAULT_ROWS)
        envelope = {"page_no": number, "page_size": size}
        taken = _capped(size, context)
        page = rows[(number - 1) * taken : number * taken]
    else:
        wanted = query.number("count", DEFAULT_ROWS)
        page = rows[: _capped(wanted, context) if context.switches.count_capped else max(wanted, 0)]
    envelope["record_count"] = len(rows)
    if query.flag("idonly") and "page_no" not in envelope:
        envelope[resource.key] = [{"id": row["id"]} for row in page]
    else:
        envelope[resource.key] = [_shown(context, resource, row, query) for row in page]
    return Response.json(envelope)


def _shown(context: Context, resource: Resource, row: Row, query: Query) -> Row:
    shown = resource.show(context, row, detail=False)
    if query.flag("includelines") and "lines" in resource.details:
        shown["lines"] = resource.derive(context, row, detail=True).get("lines", row["lines"])
    if query.flag("include_licence_usage") and resource.name == "SoftwareLicence":
        shown |= usage(shown["count"])
    return shown


def _capped(size: int, context: Context) -> int:
    cap = context.switches.page_cap
    size = size if size > 0 else DEFAULT_ROWS
    return size if cap is None else min(size, cap)


def _matching(context: Context, resource: Resource, query: Query) -> list[Row]:
    tests = [*_filters(resource, query), *_visibility(context, resource, query)]
    if wanted := query.text("search").casefold():
        tests.append(lambda row: any(wanted in str(row.get(name) or "").casefold() for name in resource.search))
    if advanced := query.text("advanced_search"):
        tests += _advanced(advanced)
    return [row for row in context.tables[resource.name].rows.values() if all(test(row) for test in tests)]


def _filters(resource: Resource, query: Query) -> list[Callable[[Row], bool]]:
    tests: list[Callable[[Row], bool]] = []
    for parameter, column in resource.filters.items():
        given = query.text(parameter)
        if resource.fields[column] == "str":
            if given:
                tests.append(_equals(column, {given}))
        elif given not in NONE_GIVEN or (given == "0" and parameter == "licence_type"):
            values = {_as_int(part, parameter) for part in given.strip("[]").split(",")}
            tests.append(_equals(column, values))
    return tests


def _visibility(context: Context, resource: Resource, query: Query) -> list[Callable[[Row], bool]]:
    shows_active, shows_inactive = query.flag("includeactive", default=True), query.flag("includeinactive")
    both = [part.strip() for part in query.text("activeinactive").lower().split(",")]
    if len(both) == 2:  # "true,false": active ones, inactive ones
        shows_active, shows_inactive = both[0] == "true", both[1] == "true"
    if resource.name == "SoftwareLicence":
        return [lambda row: is_shown(row, include_inactive=shows_inactive, context=context)]
    if resource.inactive is None:
        return []
    column, inactive = resource.inactive
    return [lambda row: shows_inactive if bool(row.get(column)) is inactive else shows_active]


def _advanced(text: str) -> list[Callable[[Row], bool]]:
    try:
        filters = json.loads(text)
        wanted = [(each["filter_name"], str(each["filter_value"]).casefold()) for each in filters]
    except (ValueError, TypeError, KeyError) as problem:
        raise Refusal(rule("Invalid advanced search parameter")) from problem
    return [_contains(name, value) for name, value in wanted]


def _contains(name: str, text: str) -> Callable[[Row], bool]:
    return lambda row: text in str(row.get(name) or "").casefold()


def _ordered(context: Context, resource: Resource, rows: list[Row], query: Query) -> list[Row]:
    """In the order asked for; rows that tie, and all of them without `order`, as the switch says."""
    stamps = context.tables[resource.name].stamps
    match context.switches.unordered:
        case "last_modified":
            rows.sort(key=lambda row: -stamps[row["id"]])
        case "id":
            rows.sort(key=lambda row: int(row["id"]))
        case "scrambled":
            random.shuffle(rows)
    for suffix in ("5", "4", "3", "2", ""):
        name = query.text(f"order{suffix}").lower()
        if name in resource.fields:
            rows.sort(key=_sort_key(context, resource, name), reverse=query.flag(f"orderdesc{suffix}"))
    return rows


def _sort_key(context: Context, resource: Resource, name: str) -> Callable[[Row], tuple[bool, Any]]:
    def key(row: Row) -> tuple[bool, Any]:
        value = row.get(name)
        if value is None and name in resource.derived:
            value = resource.derive(context, row, detail=False).get(name)
        return value is not None, value.casefold() if isinstance(value, str) else value

    return key


def _equals(column: str, values: set[Any]) -> Callable[[Row], bool]:
    return lambda row: row.get(column) in values


def _as_int(text: str, parameter: str) -> int:
    try:
        return int(text)
    except ValueError as problem:
        raise Refusal(field_map(parameter, f"The value '{text}' is not valid.")) from problem
