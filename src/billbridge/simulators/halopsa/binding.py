"""From the JSON of a body to typed values, as strict and as lenient as HaloPSA's own reader (Newtonsoft.Json).

Names are matched whatever their case, numbers in strings are converted, a float is no int, and the first value of a
wrong type is answered with 400 and a map of fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from billbridge.simulators.halopsa.errors import Refusal, empty, field_map
from billbridge.simulators.halopsa.fields import Fields, FieldType
from billbridge.simulators.server import Request

Element = dict[str, Any]
INT_MAX = 2**31 - 1
_MEDIA_TYPE = re.compile(r"(application|text)/(.*\+)?json")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$")


def read_array(request: Request) -> list[Any]:
    """The body as a JSON array; anything else is refused, an object too."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise Refusal(empty(415))
    try:
        body = json.loads(request.body)
    except ValueError as problem:
        raise Refusal(field_map("", f"Unexpected character encountered while parsing: {problem}")) from problem
    if isinstance(body, list):
        return body
    kind = 'object (e.g. {"name":"value"})' if isinstance(body, dict) else "value"
    raise Refusal(
        field_map(
            "",
            f"Cannot deserialize the current JSON {kind} into type 'System.Collections.Generic.List`1' because "
            "the type requires a JSON array (e.g. [1,2,3]) to deserialize correctly.\r\nTo fix this error either "
            "change the JSON to a JSON array (e.g. [1,2,3]) or change the deserialized type. Path '', line 1, "
            "position 1.",
        )
    )


def bind_elements(request: Request, fields: Fields) -> list[Element]:
    """Every element of the body with its known fields typed and spelled as declared; unknown ones are dropped."""
    text = request.body.decode("utf-8", "replace")
    return [bind_element(value, fields, f"[{number}]", text) for number, value in enumerate(read_array(request))]


def bind_element(value: object, fields: Fields, path: str, text: str = "") -> Element:
    """One object, typed; `path` and the body's `text` are for the error message alone."""
    if not isinstance(value, Mapping):
        _refuse(path, f"Error converting value {json.dumps(value)} to an object.", text, value)
    spelled = {name.lower(): name for name in fields}
    element: Element = {}
    for given, content in value.items():
        name = spelled.get(given.lower())
        if name is not None:
            element[name] = _convert(content, fields[name], f"{path}.{given}", text)
    return element


def bind_integers(request: Request) -> list[int]:
    """The body as an array of ids."""
    text = request.body.decode("utf-8", "replace")
    return [_to_int(value, f"[{number}]", text) for number, value in enumerate(read_array(request))]


def _convert(value: Any, kind: FieldType, path: str, text: str) -> Any:
    if value is None or kind == "any":
        return value
    readers: dict[str, Callable[[Any, str, str], Any]] = {
        "int": _to_int, "num": _to_double, "bool": _to_bool, "date": _to_date, "str": _to_text,
    }  # fmt: skip
    return readers[kind](value, path, text)


def _to_text(value: Any, path: str, text: str) -> str:
    if isinstance(value, list | dict):
        _refuse_token(path, text, value)
    return value if isinstance(value, str) else json.dumps(value)


def _to_int(value: Any, path: str, text: str) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?\d+\s*", value):
            _refuse(path, f"Could not convert string to integer: {value}.", text, value)
        value = int(value)
    if isinstance(value, float):
        _refuse(path, f"Input string '{value}' is not a valid integer.", text, value)
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse_token(path, text, value)
    if not -INT_MAX - 1 <= value <= INT_MAX:
        _refuse(path, f"JSON integer {value} is too large or small for an Int32.", text, value)
    return value


def _to_double(value: Any, path: str, text: str) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            _refuse(path, f"Could not convert string to double: {value}.", text, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse_token(path, text, value)
    return float(value)


def _to_bool(value: Any, path: str, text: str) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool | int):
        _refuse(path, f"Could not convert string to boolean: {value}.", text, value)
    return bool(value)


def _to_date(value: Any, path: str, text: str) -> str:
    """ISO without a zone, in UTC, as HaloPSA shows dates."""
    found = _DATE.match(value) if isinstance(value, str) else None
    if found is None:
        _refuse(path, f"Could not convert string to DateTime: {value}.", text, value)
    day, time, fraction, zone = found.groups()
    time = time or "00:00:00"
    try:
        moment = datetime.fromisoformat(f"{day}T{time}" + (zone or "").replace("Z", "+00:00"))
    except ValueError:
        _refuse(path, f"Could not convert string to DateTime: {value}.", text, value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="seconds") + (fraction or "").rstrip("0").rstrip(".")


def _refuse_token(path: str, text: str, value: object) -> NoReturn:
    _refuse(path, f"Unexpected character encountered while parsing value: {json.dumps(value)[0]}.", text, value)


def _refuse(path: str, message: str, text: str, value: object) -> NoReturn:
    line, position = _place(path, text, value)
    raise Refusal(field_map(path, f"{message} Path '{path}', line {line}, position {position}."))


def _place(path: str, text: str, value: object) -> tuple[int, int]:
    """Line and column behind the offending value; the first one that looks like it."""
    name = re.escape(path.rpartition(".")[2])
    literal = re.escape(json.dumps(value, ensure_ascii=False))
    found = re.search(rf'"{name}"\s*:\s*{literal}', text)
    end = found.end() if found else len(text)
    return text.count("\n", 0, end) + 1, end - (text.rfind("\n", 0, end) + 1)
