"""Bills as CSV: one row per product of a line, for whatever reads tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from billbridge.documents.bill_document import BillDocument
from billbridge.documents.rows import LINE_HEADER, Cell, line_rows

_RUN_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"
"""Stands first, so that spreadsheets read the file as UTF-8."""


def csv_lines(bills: Iterable[BillDocument]) -> Iterator[str]:
    """The file piece by piece: its heading, then the rows of one bill at a time."""
    yield BYTE_ORDER_MARK + _text([LINE_HEADER])
    for bill in bills:
        yield _text(line_rows(bill))


def bills_csv(bills: Iterable[BillDocument]) -> bytes:
    """The whole file."""
    return "".join(csv_lines(bills)).encode()


def _text(rows: Iterable[Iterable[Cell]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Cell) -> str:
    """A figure in plain digits; a text that a spreadsheet would run as a formula begins with a quotation mark."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RUN_AS_FORMULA) else value
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
