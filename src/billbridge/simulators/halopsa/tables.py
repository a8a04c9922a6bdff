"""The tables of the tenant: rows by id, with a stamp of the last change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]

NAMES = (
    "Client", "Site", "AssetType", "AssetGroup", "Supplier", "Item", "ClientContract", "SoftwareLicence",
    "LicenceChange", "RecurringInvoice", "Invoice", "Currency", "Tax", "Agent",
)  # fmt: skip


class Table:
    """Rows by id. Ids are never given twice; those of recurring invoices run downwards from -1."""

    def __init__(self, *, step: int = 1) -> None:
        self.rows: dict[int, Row] = {}
        self.stamps: dict[int, int] = {}
        self._step = step
        self._last_id = 0
        self._last_stamp = 0

    def put(self, row: Row) -> int:
        """Add a row, under the id it has or the next free one."""
        number = row.get("id") or self._last_id + self._step
        row["id"] = number
        self.rows[number] = row
        self._last_id = max(self._last_id, number) if self._step > 0 else min(self._last_id, number)
        self.touch(number)
        return int(number)

    def touch(self, number: int) -> None:
        """Make this row the one changed last."""
        self._last_stamp += 1
        self.stamps[number] = self._last_stamp

    def remove(self, number: int) -> Row:
        """Take a row out for good."""
        del self.stamps[number]
        return self.rows.pop(number)

    def where(self, field: str, value: object) -> Iterable[Row]:
        """Rows with that value, in order of their ids."""
        return (self.rows[number] for number in sorted(self.rows) if self.rows[number].get(field) == value)

    def name_of(self, number: int | None) -> str | None:
        """The `name` of a row, None if there is no such row."""
        row = self.rows.get(number or 0)
        return None if row is None else row.get("name")

    def dump(self) -> dict[str, Any]:
        """Everything as JSON values, latest change last."""
        by_stamp = sorted(self.rows.values(), key=lambda row: self.stamps[row["id"]])
        return {"last_id": self._last_id, "rows": by_stamp}

    def load(self, dumped: dict[str, Any]) -> None:
        """Take over what `dump` gave."""
        self.rows, self.stamps = {}, {}
        for row in dumped["rows"]:
            self.put(row)
        self._last_id = dumped["last_id"]


class Tables:
    """All tables by the name of their resource."""

    def __init__(self) -> None:
        self._tables = {name: Table(step=-1 if name == "RecurringInvoice" else 1) for name in NAMES}
        self._last_line = 0

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def line_id(self, wanted: int | None) -> int:
        """The id of an invoice line: the one it has, or one that no line ever had."""
        number = wanted or self._last_line + 1
        self._last_line = max(self._last_line, number)
        return number

    def dump(self) -> dict[str, Any]:
        """Every table as JSON values."""
        return {"last_line": self._last_line, **{name: table.dump() for name, table in self._tables.items()}}

    def load(self, dumped: dict[str, Any]) -> None:
        """Take over what `dump` gave."""
        self._last_line = dumped["last_line"]
        for name, table in self._tables.items():
            table.load(dumped[name])
