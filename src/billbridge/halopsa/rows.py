"""HaloPSA's JSON becomes typed values: the edge at which foreign data is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from billbridge.halopsa.errors import UnreadableReply
from billbridge.halopsa.listings import Listing

Value = TypeVar("Value")
Raw = Mapping[str, Any]

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def value_of(kind: type[Value], row: Any) -> Value:
    """The value of type `kind` in one JSON object; raises UnreadableReply naming the id and the field."""
    try:
        value: Value = _adapter(kind).validate_python(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        why = first["msg"].removeprefix("Value error, ")
        which = row.get("id", "without an id") if isinstance(row, Mapping) else "that is no object"
        raise UnreadableReply(
            f"HaloPSA's {kind.__name__} {which} cannot be read: {place} {why}",
            hint="Correct the record in HaloPSA, or report this message: HaloPSA may have changed its format.",
        ) from None
    return value


def values_of(kind: type[Value], body: Any) -> tuple[Value, ...]:
    """The readable values in the answer to a `POST`, which is one object or an array; odd parts are left out."""
    rows: Sequence[Any] = body if isinstance(body, list) else [body]
    found: list[Value] = []
    for row in rows:
        try:
            found.append(value_of(kind, row))
        except UnreadableReply:
            continue
    return tuple(found)


def listing_of(kind: type[Value], listing: Listing[Raw]) -> Listing[Value]:
    """The typed rows of a raw listing; a row that cannot be read is left out and makes the listing incomplete."""
    found: list[Value] = []
    problems: list[str] = []
    for row in listing:
        try:
            found.append(value_of(kind, row))
        except UnreadableReply as problem:
            problems.append(problem.message)
    reason = "; ".join([listing.reason, *problems[:3]] if listing.reason else problems[:3])
    return Listing(name=listing.name, rows=tuple(found), complete=listing.complete and not problems, reason=reason)


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
