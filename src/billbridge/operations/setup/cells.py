"""Reading one table of a setup file: every cell by its key and kind, and whatever is left over is unknown."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from billbridge.billing.money import MoneyError, parse_money
from billbridge.billing.months import Month
from billbridge.operations.names import did_you_mean
from billbridge.operations.setup.lines import Path
from billbridge.operations.setup.problems import Problems

LONGEST_NAME = 200
LARGEST_WHOLE = 2**31 - 1

_Choice = TypeVar("_Choice", bound=StrEnum)
_T = TypeVar("_T")

_ZERO = Decimal(0)
_NO_MONTH = Month(1, 1)


class Cells:
    """The cells of one table. A problem is added to `problems`, and a value that only fills the place comes back.

    Read every key that the table may have, then call `finish`, which reports the keys that nobody asked for.
    """

    def __init__(self, table: Mapping[str, object], path: Path, problems: Problems, *, where: str) -> None:
        self._table = table
        self._asked: set[str] = set()
        self._problems = problems
        self.path = path
        self.where = where

    def has(self, key: str) -> bool:
        """Whether the table has the key."""
        self._asked.add(key)
        return key in self._table

    def is_only(self, key: str) -> bool:
        """Whether the table has this key and no other."""
        return set(self._table) == {key}

    def problem(self, key: str, what: str, remedy: str) -> None:
        """Report what is wrong with a cell."""
        self._problems.add((*self.path, key), f"{self.where}: {what}", remedy)

    def text(self, key: str, default: str = "", *, required: bool = False, longest: int = LONGEST_NAME) -> str:
        """A text without outer spaces; an empty one counts as missing."""
        value = self._value(key, required=required)
        if value is None:
            return default
        if not isinstance(value, str):
            self.problem(key, f"{key} must be a text.", f'Write it in quotes: {key} = "...".')
            return default
        text = value.strip()
        if required and not text:
            self.problem(key, f"{key} is empty.", "Fill it in.")
        elif len(text) > longest:
            self.problem(key, f"{key} has {len(text)} characters.", f"Shorten it to at most {longest}.")
        elif any(unicodedata.category(sign) == "Cc" for sign in text):
            self.problem(key, f"{key} holds a control character.", "Write it on one line, without tabs.")
        else:
            return text
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problem(key, f"{key} must be true or false.", f"Write {key} = true or {key} = false.")
            return default
        return value

    def whole(self, key: str, *, least: int = 1, most: int = LARGEST_WHOLE) -> int | None:
        """A whole number from `least` to `most`."""
        value = self._value(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.problem(
                key, f"{key} is {value!r}.", f"Write a whole number from {least} to {most}, without quotes."
            )
            return None
        return value

    def number(
        self, key: str, *, decimals: int, below: int, signed: bool = False, required: bool = False
    ) -> Decimal | None:
        """An exact number smaller than `below`, with at most so many decimals; negative only if `signed`."""
        value = self._value(key, required=required)
        if value is None:
            return None
        found = _exact(value)
        if found is None or abs(found) >= below or (found < 0 and not signed):
            least = f"above -{below}" if signed else "from 0"
            self.problem(key, f"{key} is {value!s}.", f"Write a number {least} and below {below}.")
            return None
        if found != round(found, decimals):
            self.problem(key, f"{key} is {value!s}.", f"Write it with at most {decimals} decimals.")
            return None
        return found

    def money(self, key: str) -> Decimal:
        """A cost or price: required, not negative, at most six decimals."""
        value = self._value(key, required=True)
        if value is None:
            return _ZERO
        if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
            self.problem(key, f"{key} must be an amount.", f"Write it like {key} = 12.50.")
            return _ZERO
        try:
            return parse_money(str(value))
        except MoneyError as error:
            self.problem(key, f"{key}: {error}.", f"Write {key} with at most six decimals, like {key} = 12.50.")
            return _ZERO

    def month(self, key: str, *, required: bool = False) -> Month | None:
        """A month, written as "2026-10"."""
        value = self._value(key, required=required)
        if value is None:
            return _NO_MONTH if required else None
        try:
            return Month.parse(value if isinstance(value, str) else str(value))
        except ValueError:
            self.problem(key, f"{key} is {value!s}, which is no month.", f'Write it like {key} = "2026-10".')
            return _NO_MONTH

    def day(self, key: str) -> date | None:
        """A day, written as 2026-10-31, with or without quotes."""
        value = self._value(key)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return date.fromisoformat(value.strip())
            if isinstance(value, date) and not isinstance(value, datetime):
                return value
        except ValueError:
            pass
        self.problem(key, f"{key} is {value!s}, which is no day.", f"Write it like {key} = 2026-10-31.")
        return None

    def choice(self, key: str, kind: type[_Choice], default: _Choice | None = None) -> _Choice:
        """One of the values of an enumeration; required without a default."""
        known = [str(member) for member in kind]
        written = self.text(key, required=default is None)
        if written in known:
            return kind(written)
        if written:
            offers = " or ".join(repr(name) for name in known)
            remedy = f"{did_you_mean(written, known)} Write {offers}.".strip()
            self.problem(key, f"{key} is {written!r}, which it cannot be.", remedy)
        return default if default is not None else next(iter(kind))

    def texts(self, key: str, *, like: str = '["Server", "Desktop"]') -> tuple[str, ...]:
        """A list of texts; empty when it is missing. `like` shows how one is written."""
        value = self._value(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.problem(key, f"{key} must be a list of texts.", f"Write it like {key} = {like}.")
            return ()
        return tuple(one.strip() for one in value)

    def mapping(self, key: str) -> dict[str, str]:
        """A table of texts by name; empty when it is missing."""
        value = self._value(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(one, str) and one.strip() for one in value.values()):
            self.problem(key, f"{key} must be a table of texts.", f'Write it like {key} = {{ Server = "Server" }}.')
            return {}
        return {name.strip(): text.strip() for name, text in value.items()}

    def table(self, key: str) -> Cells | None:
        """A table of its own, `[key]`."""
        value = self._value(key)
        if value is None:
            return None
        path = (*self.path, key)
        if not isinstance(value, dict):
            self.problem(key, f"{key} must be a table.", f"Write it below a line [{_header(path)}].")
            return None
        return Cells(value, path, self._problems, where=f"[{_header(path)}]")

    def entries(self, key: str, read: Callable[[Cells], _T]) -> tuple[_T, ...] | None:
        """Every table of a list `[[key]]`, read by `read`; `None` when the list is absent."""
        value = self._value(key)
        if value is None:
            return None
        path = (*self.path, key)
        header = f"[[{_header(path)}]]"
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.problem(key, f"{key} must be a list of tables.", f"Write {header} above each of them.")
            return None
        return tuple(
            read(Cells(one, (*path, position), self._problems, where=header)) for position, one in enumerate(value)
        )

    def finish(self) -> None:
        """Report every key of the table that was never asked for, with the known one it is most like."""
        for key in self._table:
            if key not in self._asked:
                remedy = did_you_mean(key, self._asked) or f"Remove it; known are {', '.join(sorted(self._asked))}."
                self.problem(key, f"{key!r} is not known here.", remedy)

    def _value(self, key: str, *, required: bool = False) -> object | None:
        self._asked.add(key)
        value = self._table.get(key)
        if value is None and required:
            self._problems.add(self.path, f"{self.where}: {key} is missing.", f"Add {key} = ....")
        return value


def or_default(value: int | None, default: int) -> int:
    """A number that was written, else its default."""
    return default if value is None else value


def _header(path: Path) -> str:
    return ".".join(key for key in path if isinstance(key, str))


def _exact(value: object) -> Decimal | None:
    """A number without loss, or `None` for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
