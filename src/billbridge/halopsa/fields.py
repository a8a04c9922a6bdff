"""How HaloPSA writes a number, a text, a flag and a day in JSON, and what Billbridge makes of each.

The types are read by pydantic and are tolerant: HaloPSA gives `12`, `12.0` or `"12"` for one and the same id,
leaves out what is null, and shows an empty date as one of three old days. JSON must have been read with
`parse_float=Decimal`, so that no amount ever passes through a float.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator

_NULL_DAYS = frozenset({date(1, 1, 1), date(1899, 12, 30), date(1901, 1, 1)})
_NO_LINK = frozenset({0, -1})
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _decimal(value: Any) -> Decimal | None:
    """A number from a JSON number or a numeric string; None when it is absent."""
    if _empty(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f"{value!r} is not a number")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def whole_number(value: Any) -> int | None:
    """A whole number from `12`, `12.0` or `"12"`; None when it is absent."""
    number = _decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number")
    return int(number)


def _link(value: Any) -> int | None:
    """The id of another record; 0 and -1 are HaloPSA's ways to say none."""
    number = whole_number(value)
    return None if number in _NO_LINK else number


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"{value!r} is not a text")
    return str(value)


def _flag(value: Any) -> bool | None:
    if _empty(value) or isinstance(value, bool):
        return value if isinstance(value, bool) else None
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(f"{value!r} is not a yes or no")


def _moment(value: Any) -> datetime | None:
    """A naive time as HaloPSA stores it; one that names its offset is turned into UTC first."""
    if _empty(value):
        return None
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"{value!r} is not a date") from None
    if moment.date() in _NULL_DAYS:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _day(value: Any) -> date | None:
    moment = _moment(value)
    return None if moment is None else moment.date()


def _list(value: Any) -> Any:
    return () if value is None else value


Id = Annotated[int, BeforeValidator(whole_number)]
"""The id of the record itself; it must be there, and may be negative (recurring invoices)."""

Whole = Annotated[int | None, BeforeValidator(whole_number)]
"""A whole number, or None."""

Link = Annotated[int | None, BeforeValidator(_link)]
"""The id of another record, or None for none (absent, null, 0 or -1)."""

Amount = Annotated[Decimal | None, BeforeValidator(_decimal)]
"""Money or a count, exactly as the digits stood in the JSON text, or None."""

Text = Annotated[str, BeforeValidator(_text)]
"""A text; an absent one is empty."""

Flag = Annotated[bool | None, BeforeValidator(_flag)]
"""Yes, no, or None when HaloPSA did not say."""

Day = Annotated[date | None, BeforeValidator(_day)]
"""A day as HaloPSA writes it, without a zone; None for HaloPSA's empty dates."""

Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""A naive time as HaloPSA writes it (hosted instances store UTC); None for HaloPSA's empty dates."""

Rows = BeforeValidator(_list)
"""Marks a list of records inside a record; an absent or null list is empty."""
