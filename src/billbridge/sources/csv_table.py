"""A CSV file as people really hand it in.

UTF-8 or marked UTF-16, any usual delimiter, columns in any order, line breaks and delimiters inside quotes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from billbridge.errors import InvalidInput

DELIMITERS: tuple[str, ...] = (",", ";", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row that is not blank: the line it begins on and its trimmed cells by column name.

    `surplus` holds what stands beyond the last column of the header.
    """

    line: int
    cells: Mapping[str, str]
    surplus: tuple[str, ...] = ()


def read_table(data: bytes, *, known: Sequence[str], required: Collection[str], what: str) -> list[TableRow]:
    """Read the rows of the CSV file `data`, with a cell ("" if absent) for every column in `known`.

    Case, spaces and punctuation of the header do not matter, unknown columns are ignored, blank rows skipped.
    Raises InvalidInput if the file is no CSV text, lacks columns in `required` (all are named at once) or has
    one of the known columns twice. `what` names the file in errors.
    """
    text = _decode(data, what)
    skipped = 0
    delimiters = DELIMITERS
    first, _, rest = text.partition("\n")
    if declared := re.fullmatch(r'"?sep=([,;\t])"?\s*', first, flags=re.IGNORECASE):
        # Excel writes and honours such a line; for every other program it is a row like any other.
        text, skipped, delimiters = rest, 1, (declared[1],)
    wanted = {_plain(name): name for name in known}
    delimiter = max(delimiters, key=lambda each: len(wanted.keys() & set(map(_plain, _header(text, each)))))
    try:
        rows = list(_rows(text, delimiter))
    except csv.Error as error:
        raise InvalidInput(
            f"{what} is no readable CSV file: {error}.",
            hint="Look for a quotation mark that is never closed, or export the file again.",
        ) from error
    if not rows:
        raise InvalidInput(f"{what} is empty.", hint="Export it again.")
    position = _positions(rows[0][1], wanted, required, what)
    return [_row(line + skipped, cells, position, len(rows[0][1])) for line, cells in rows[1:]]


def _decode(data: bytes, what: str) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(what) from error
    if "\0" in text:
        raise _not_text(what)
    return text


def _not_text(what: str) -> InvalidInput:
    return InvalidInput(f"{what} is not text in UTF-8 or UTF-16.", hint='Save it as "CSV UTF-8".')


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the line it begins on; a quoted cell may hold line breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield before + 1, [cell.strip() for cell in cells]
        before = reader.line_num


def _header(text: str, delimiter: str) -> list[str]:
    try:
        return next((cells for _, cells in _rows(text, delimiter)), [])
    except csv.Error:
        return []


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _positions(
    header: Sequence[str], wanted: Mapping[str, str], required: Collection[str], what: str
) -> dict[str, int]:
    found = [wanted[plain] for name in header if (plain := _plain(name)) in wanted]
    if missing := [name for name in wanted.values() if name in required and name not in found]:
        raise InvalidInput(
            f"{what} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            hint=f"Its first row reads: {', '.join(header)[:200]}. Export the file with all columns.",
        )
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise InvalidInput(
            f"{what} has the column {twice[0]} twice.", hint="Remove the one that does not belong there."
        )
    return {wanted[_plain(name)]: index for index, name in enumerate(header) if _plain(name) in wanted}


def _row(line: int, cells: Sequence[str], position: Mapping[str, int], width: int) -> TableRow:
    named = {name: cells[index] if index < len(cells) else "" for name, index in position.items()}
    surplus = tuple(cell for cell in cells[width:] if cell)
    return TableRow(line=line, cells=named, surplus=surplus)
