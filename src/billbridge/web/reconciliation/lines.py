"""The lines of a reconciliation as rows of a table, read from what its task kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse

from billbridge.billing.months import Month
from billbridge.billing.reconciliation import Match
from billbridge.operations.reconciliation_document import FIELDS
from billbridge.web.tables import Column, Filter, Table, csv_response, read_table

_COLUMNS = (
    Column(name="company", label="Company", order=("company", "configuration")),
    Column(name="source", label="Source counts", is_figure=True),
    Column(name="bill", label="Our bill", is_figure=True),
    Column(name="base", label="Base", is_figure=True),
    Column(name="halopsa", label="HaloPSA", is_figure=True),
    Column(name="difference", label="Difference", order=("amount",), is_figure=True),
    Column(name="state", label="State", order=("rank", "company")),
)
_FIRST = tuple(match.value for match in (*(m for m in Match if m is not Match.EQUAL), Match.EQUAL))
"""The states, what a person should see first before the others."""

_CSV_HEADER = (
    "Company", "Configuration", "State", "Source counts", "Bill quantity", "Bill unit cost", "Bill unit price",
    "Base quantity", "Base unit cost", "Base unit price", "HaloPSA quantity", "HaloPSA unit cost",
    "HaloPSA unit price", "Seen on", "Subscription", "Ours", "HaloPSA charges", "Difference", "Why",
)  # fmt: skip
_NO_FIGURES = (None, None, None)


@dataclass(slots=True, kw_only=True)
class LineRow:
    """A line as its task kept it. Figures are quantity, unit cost and unit price, as text."""

    company_id: str
    company: str
    configuration: str
    state: str
    reasons: list[str]
    source: dict[str, str] | None
    """The quantity the source counts of each product."""
    bill: list[str | None] | None
    base: list[str | None] | None
    halopsa: list[str | None] | None
    subscription_id: int | None
    seen_on: str | None
    ours: str | None
    theirs: str | None
    difference: str | None
    company_row: int | None = None
    """The company's row, where a page leads to it."""

    @property
    def rank(self) -> int:
        return _FIRST.index(self.state)

    @property
    def why(self) -> str:
        """Every reason, for the search."""
        return "; ".join(self.reasons)

    @property
    def amount(self) -> Decimal | None:
        return None if self.difference is None else Decimal(self.difference)

    @property
    def used(self) -> list[tuple[str, str]]:
        """The products of which the source counts something, and how much."""
        return [(name, quantity) for name, quantity in (self.source or {}).items() if quantity != "0"]


def line_table(request: HttpRequest, result: dict[str, Any]) -> Table:
    """One page of the lines; what is not equal comes first."""
    rows = [LineRow(**dict(zip(FIELDS, values, strict=True))) for values in result.get("rows", ())]
    states = result.get("states", {})
    by_state = Filter(
        name="state",
        label="State",
        choices=(
            ("not-equal", "not equal"),
            *((state, f"{state} ({states[state]})") for state in _FIRST if states.get(state)),
        ),
        narrow=lambda rows, state: [row for row in rows if _is(row, state)],
    )
    return read_table(
        request, rows, _COLUMNS, search_in=("company", "configuration", "why"), filters=(by_state,), order="state"
    )


def lines_csv(table: Table, month: Month) -> HttpResponse:
    """All lines that fit as a CSV file."""
    return csv_response(f"reconciliation-{month}", _CSV_HEADER, (_csv_row(row) for row in table.all_rows))


def _is(row: LineRow, state: str) -> bool:
    return row.state != Match.EQUAL if state == "not-equal" else row.state == state


def _csv_row(row: LineRow) -> list[object]:
    figures = [value for three in (row.bill, row.base, row.halopsa) for value in (three or _NO_FIGURES)]
    source = "; ".join(f"{name}: {quantity}" for name, quantity in (row.source or {}).items())
    first = [row.company, row.configuration, row.state, source, *figures]
    return [*first, row.seen_on, row.subscription_id, row.ours, row.theirs, row.difference, row.why]
