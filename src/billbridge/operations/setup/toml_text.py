"""Writing TOML that a person likes to read: commented where it helps, numbers as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import tomlkit

from billbridge.operations.setup import figures

Value = str | bool | int | float | Decimal | date | Iterable[str] | Mapping[str, str] | None


@dataclass(slots=True)
class TomlText:
    """A TOML file that grows line by line. A key whose value is `None` is left out."""

    _lines: list[str] = field(default_factory=list)

    def comment(self, text: str) -> None:
        """Lines that only a person reads."""
        self._lines += [f"# {one_line(line)}".rstrip() for line in text.split("\n")]

    def blank(self) -> None:
        """An empty line between what is told apart."""
        self._lines.append("")

    def header(self, header: str, comment: str = "") -> None:
        """Begin a table, `[halopsa]`, or one of a list of tables, `[[prices]]`, below an empty line."""
        self.blank()
        if comment:
            self.comment(comment)
        self._lines.append(header)

    def set(self, key: str, value: Value, comment: str = "") -> None:
        """`key = value`, with an optional comment behind it."""
        if value is not None:
            behind = f"  # {one_line(comment)}" if comment else ""
            self._lines.append(f"{key} = {_written(value)}{behind}")

    def money(self, **amounts: Decimal) -> None:
        """Costs and prices by their keys, with two decimals or as many as they need."""
        for key, amount in amounts.items():
            self._lines.append(f"{key} = {figures.money(amount)}")

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return figures.yes_or_no(value)
    if isinstance(value, Decimal | float):
        return figures.number(value)
    if isinstance(value, str | int | date):
        return str(tomlkit.item(value).as_string())
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update(value)
        return str(table.as_string())
    return str(tomlkit.item(list(value or ())).as_string())


def one_line(text: str) -> str:
    """A name from outside as a comment may hold it, where a line break would end the comment."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
