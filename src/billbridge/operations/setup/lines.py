"""Where an entry stands in a TOML file, so that an error can name its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""The way to an entry: keys, and the positions in lists, counted from 0: `("companies", 0, "name")`."""

_HEADER = re.compile(r"\s*(\[\[?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """The text of a setup file, which may hold secrets, and the name the file is known by in messages."""

    file_name: str = "settings"
    text: str = field(default="", repr=False)
    _lines: dict[Path, int] = field(default_factory=dict, init=False, compare=False, repr=False)

    def line_of(self, path: Path) -> int:
        """The line of an entry, counted from 1; of what it lies in where it has no line of its own."""
        if not self._lines:
            self._lines.update({(): 1} | _lines_of(self.text))
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]


def _lines_of(text: str) -> dict[Path, int]:
    """The first line of every table and every `key = value` of a valid file.

    A header or a statement ends where the lines since its beginning first are valid TOML by themselves.
    """
    found: dict[Path, int] = {}
    lengths: dict[Path, int] = {}
    table: Path = ()
    begun: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        begun.append(line + "\n")
        try:
            parsed = tomllib.loads("".join(begun))
        except tomllib.TOMLDecodeError:
            continue
        first = number - len(begun) + 1
        header = _HEADER.match(begun[0]) if parsed else None
        begun = []
        if header:
            table = _enter(_keys(parsed), lengths, is_list=header[1] == "[[")
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], first)
        elif parsed:
            _note(parsed, table, first, found)
    return found


def _keys(parsed: Mapping[str, object]) -> list[str]:
    """The keys of a header's one table, from the outermost to its own."""
    keys: list[str] = []
    inner: object = parsed
    while isinstance(inner, Mapping) and inner:
        key = next(iter(inner))
        keys.append(key)
        inner = inner[key]
        if isinstance(inner, list):
            inner = inner[0]
    return keys


def _enter(keys: list[str], lengths: dict[Path, int], *, is_list: bool) -> Path:
    """The path a header opens; `lengths` are the lengths of the lists of tables so far."""
    path: Path = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in lengths:
            path = (*path, lengths[path] - 1)
    path = (*path, keys[-1])
    if is_list:
        lengths[path] = lengths.get(path, 0) + 1
        path = (*path, lengths[path] - 1)
    return path


def _note(value: object, path: Path, line: int, found: dict[Path, int]) -> None:
    """Remember the line of everything a statement sets, down to the tables in its lists."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            found.setdefault((*path, key), line)
            _note(inner, (*path, key), line, found)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _note(inner, (*path, position), line, found)
