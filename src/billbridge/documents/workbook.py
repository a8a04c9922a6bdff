"""Bills as XLSX, for the provider: a sheet of lines with cost, price and margin, and a sheet of the evidence."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from billbridge.documents.bill_document import BillDocument
from billbridge.documents.rows import EVIDENCE_HEADER, LINE_HEADER, Cell, Row, evidence_rows, line_rows

MOST_ROWS = 1_048_576
"""Rows that a sheet of the format can hold."""
_WIDTHS = {
    "Company": 28, "Line": 22, "Product": 26, "Send mode": 10, "Price from": 24, "Remarks": 60, "User": 30,
    "Name": 28, "Evidence": 14, "Kind": 11, "State": 11, "Line quantity sent": 16, "Line cost sent": 14,
    "Line price sent": 14, "Charged backup GB": 17, "Charged restore GB": 17, "Backup GB": 14, "Restored GB": 14,
}  # fmt: skip
_OPTIONS = {
    # Rows go to disk one after another: a month of thousands of companies does not have to fit into memory.
    "in_memory": False,
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def bills_workbook(bills: Iterable[BillDocument], *, made_on: date, most_rows: int = MOST_ROWS) -> bytes:
    """The file; `made_on` stands in it as the day it was made, so that the same bills make the same file."""
    file = io.BytesIO()
    with Workbook(file, _OPTIONS) as book:
        book.set_properties({"created": datetime.combine(made_on, time.min, tzinfo=UTC).replace(tzinfo=None)})
        looks = _Looks(book)
        lines = _Sheet(book, "Lines", LINE_HEADER, looks, most_rows)
        evidence = _Sheet(book, "Evidence", EVIDENCE_HEADER, looks, most_rows)
        for bill in bills:
            for row in line_rows(bill):
                lines.add(row)
            for row in evidence_rows(bill):
                evidence.add(row)
    return file.getvalue()


class _Looks:
    """How kinds of cells look."""

    def __init__(self, book: Workbook) -> None:
        self.heading: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.money: Format = book.add_format({"num_format": "#,##0.00####"})
        self.day: Format = book.add_format({"num_format": "yyyy-mm-dd"})


class _Sheet:
    """Rows under one heading; when a sheet is full, another with the same heading goes on."""

    def __init__(self, book: Workbook, name: str, header: tuple[str, ...], looks: _Looks, most_rows: int) -> None:
        self._book = book
        self._name = name
        self._header = header
        self._looks = looks
        self._most_rows = most_rows
        self._sheets = 0
        self._begin()

    def add(self, row: Row) -> None:
        if self._next == self._most_rows:
            self._begin()
        for column, value in enumerate(row):
            if value is not None:
                self._write(column, value)
        self._next += 1

    def _begin(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet: Worksheet = self._book.add_worksheet(name)
        for column, heading in enumerate(self._header):
            self._sheet.set_column(column, column, _WIDTHS.get(heading, 12))
            self._sheet.write_string(0, column, heading, self._looks.heading)
        self._sheet.freeze_panes(1, 1)
        self._next = 1

    def _write(self, column: int, value: Cell) -> None:
        if isinstance(value, str):
            self._sheet.write_string(self._next, column, value)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._next, column, datetime.combine(value, time.min), self._looks.day)
        elif isinstance(value, Decimal) and "quantity" not in self._header[column].casefold():
            self._sheet.write_number(self._next, column, value, self._looks.money)
        elif value is not None:
            self._sheet.write_number(self._next, column, value)
