"""JSON text in and out without floats: amounts are read and written digit by digit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text, its fractions as Decimal; raises ValueError for anything that is not JSON."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def write_json(value: Any) -> str:
    """The JSON text of `value`.

    A whole Decimal goes as `12`, since HaloPSA's integer fields refuse `12.0`; any other goes with its very digits.
    A day goes as midnight without a zone, which is how HaloPSA writes dates. Raises TypeError for a float, which
    cannot hold an amount exactly, and ValueError for a Decimal that is not a number.
    """
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, date):
        return json.dumps(_moment(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(name))}:{write_json(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(write_json(inner) for inner in value) + "]"
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON for HaloPSA")


def _digits(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError(f"{number} is not an amount")
    whole = number.to_integral_value()
    return str(int(whole)) if number == whole else format(number, "f")


def _moment(day: date) -> str:
    moment = day if isinstance(day, datetime) else datetime.combine(day, time.min)
    return moment.isoformat(timespec="seconds")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
