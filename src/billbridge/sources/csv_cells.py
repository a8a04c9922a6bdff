"""Dates and numbers as people's exports write them; what is ambiguous is refused with a reason in words."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal

DateOrder = Literal["iso", "us", "eu"]
"""How a file writes dates: 2026-02-10, 2/10/2026 or 10/2/2026 (also 10.2.2026)."""

_TIME = r"(?:(?:T|\s+)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp][Mm]|Z|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})" + _TIME)
_PARTS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})" + _TIME)
_EXAMPLE = {
    "iso": "year-month-day, like 2026-02-28",
    "us": "month/day/year, like 2/28/2026",
    "eu": "day/month/year, like 28/2/2026",
}


def read_date(text: str, order: DateOrder) -> date:
    """The calendar day `text` names, as written; a time of day behind it is dropped, no zone is applied.

    Raises ValueError, with a reason to show, for anything that is not a date in `order`.
    """
    year, month, day = _split_date(text, order)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise ValueError(f"there is no such day, read as {_EXAMPLE[order]}") from None


def _split_date(text: str, order: DateOrder) -> tuple[str, str, str]:
    if order == "iso":
        if match := _ISO.fullmatch(text):
            return match[1], match[2], match[3]
    elif match := _PARTS.fullmatch(text):
        first, second = match[1], match[3]
        return (match[4], first, second) if order == "us" else (match[4], second, first)
    raise ValueError(f"is not a date written {_EXAMPLE[order]}; choose the date order that the file uses")


def read_amount(text: str) -> Decimal:
    """A sum of money with either decimal sign, with or without a currency sign.

    Raises ValueError, with a reason to show, for anything else and where 1,234 may mean two numbers.
    """
    number = re.sub(r"^[^\d.,()-]+|[^\d.,()]+$|[\s']", "", text)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+\.\d+", number):
        number = number.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})+,\d+", number):
        number = number.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", number):
        raise ValueError("may mean thousands or decimals")
    elif re.fullmatch(r"-?\d+,\d+", number):
        number = number.replace(",", ".")
    if not re.fullmatch(r"-?\d+(\.\d+)?", number):
        raise ValueError("is not an amount of money")
    return Decimal(number)


def read_days(text: str) -> int:
    """A whole number of days; raises ValueError, with a reason to show, for anything else."""
    if not re.fullmatch(r"\d{1,6}([.,]0+)?", text):
        raise ValueError("is not a whole number of days")
    return int(re.split("[.,]", text)[0])
