"""The Usage History export of the MBS console: days of activation and release, which its API does not give.

The console's help names the columns and the four states; how it writes dates, amounts and the header is not
documented, so everything around the names is read tolerantly and everything that decides a count strictly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from billbridge.billing.months import Month
from billbridge.sources.csv_cells import DateOrder, read_amount, read_date, read_days
from billbridge.sources.csv_table import TableRow, read_table

__all__ = [
    "COLUMNS",
    "REQUIRED_COLUMNS",
    "DateOrder",
    "ProblemKind",
    "RowProblem",
    "UsageHistory",
    "UsageHistoryRow",
    "UsageStatus",
    "read_usage_history",
]

COLUMNS = (
    "Type", "Company", "User", "Endpoint", "Status", "Purchased", "Purchase ID",
    "Activated", "Deactivated", "Days Active", "Cost",
)  # fmt: skip
"""The columns of the export, as the console's help names them."""

REQUIRED_COLUMNS = frozenset({"Type", "Company", "User", "Endpoint", "Status", "Activated", "Deactivated"})
"""Without these a count would be wrong; the others only explain."""

_T = TypeVar("_T")


class UsageStatus(StrEnum):
    """What the console says about a license in the export."""

    PAID = "paid"
    EXPIRED = "expired"
    ACTIVE_TRIAL = "active trial"
    EXPIRED_TRIAL = "expired trial"


class ProblemKind(StrEnum):
    """Whether the row of a problem was taken all the same."""

    ERROR = "error"
    """The row was left out."""

    WARNING = "warning"
    """The row was taken; a person should look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageHistoryRow:
    """One license on one endpoint, from the day it was assigned to the day it was released (None: not yet).

    `endpoint` is a computer name, a mailbox or a domain; `user` may be empty, as mailboxes and domains have
    none. `days_active` and `cost` are the console's own figures for the period it exported; `cost` is what
    the provider pays. `line` is the line of the file on which the row begins.
    """

    line: int
    type: str
    company: str
    user: str
    endpoint: str
    status: UsageStatus
    activated: date
    deactivated: date | None = None
    days_active: int | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Something wrong with one row: its line in the file, the column, the value found there, the reason."""

    line: int
    column: str
    value: str
    reason: str
    kind: ProblemKind = ProblemKind.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageHistory:
    """A whole export as read: the rows that can be used and the problems of those that cannot, in file order.

    `duplicates` is the number of rows left out because an identical row came before them.
    """

    rows: tuple[UsageHistoryRow, ...]
    problems: tuple[RowProblem, ...] = ()
    duplicates: int = 0

    @property
    def errors(self) -> tuple[RowProblem, ...]:
        """The problems whose rows were left out."""
        return tuple(problem for problem in self.problems if problem.kind is ProblemKind.ERROR)

    @property
    def warnings(self) -> tuple[RowProblem, ...]:
        """The problems whose rows were taken all the same."""
        return tuple(problem for problem in self.problems if problem.kind is ProblemKind.WARNING)


def read_usage_history(data: bytes, *, day: date, dates: DateOrder = "iso") -> UsageHistory:
    """Read a Usage History export; `day` is the business day, and nothing in the file may lie after it.

    Raises InvalidInput if the file as a whole cannot be used (no CSV, columns missing). Trouble with single
    rows is returned in `problems`. A row is a duplicate only if every column is the same, the purchase
    included.
    """
    table = read_table(data, known=COLUMNS, required=REQUIRED_COLUMNS, what="The Usage History file")
    rows: list[UsageHistoryRow] = []
    problems: list[RowProblem] = []
    seen: set[tuple[UsageHistoryRow, str, str]] = set()
    duplicates = 0
    for source in table:
        row, found = _read_row(source, day, dates)
        if row is not None:
            purchase = source.cells.get("Purchased", ""), source.cells.get("Purchase ID", "")
            identity = (replace(row, line=0), *purchase)
            if identity in seen:
                duplicates += 1
                continue
            seen.add(identity)
            rows.append(row)
        problems.extend(found)
    return UsageHistory(rows=tuple(rows), problems=tuple(problems), duplicates=duplicates)


def _read_row(source: TableRow, day: date, dates: DateOrder) -> tuple[UsageHistoryRow | None, list[RowProblem]]:
    """The row, or None if it has an error, and everything that is wrong with it."""
    problems: list[RowProblem] = []

    def problem(column: str, reason: str, kind: ProblemKind = ProblemKind.ERROR) -> None:
        value = source.cells.get(column, "")
        problems.append(RowProblem(line=source.line, column=column, value=value, reason=reason, kind=kind))

    def read(column: str, reader: Callable[[str], _T], kind: ProblemKind = ProblemKind.ERROR) -> _T | None:
        text = source.cells.get(column, "")
        if not text:
            return None
        try:
            return reader(text)
        except ValueError as error:
            problem(column, str(error), kind)
            return None

    if source.surplus:
        # A comma without quotes shifts every cell behind it: nothing in this row can be trusted.
        shifted = RowProblem(
            line=source.line,
            column="",
            value=source.surplus[0],
            reason="has more cells than the header; a value with a delimiter in it needs quotation marks",
        )
        return None, [shifted]
    for column in ("Type", "Company", "Endpoint", "Status", "Activated"):
        if not source.cells[column]:
            problem(column, "is missing")
    status = read("Status", _read_status)
    activated = read("Activated", lambda text: _read_past(text, dates, day))
    deactivated = read("Deactivated", lambda text: _read_past(text, dates, day))
    if activated and deactivated and deactivated < activated:
        problem("Deactivated", f"lies before the activation on {activated}")
    days_active = read("Days Active", read_days, ProblemKind.WARNING)
    cost = read("Cost", read_amount, ProblemKind.WARNING)
    if status is None or activated is None or any(each.kind is ProblemKind.ERROR for each in problems):
        return None, problems
    if days_active is not None:
        for reason in _contradictions(days_active, activated, deactivated, status, day):
            problem("Days Active", reason, ProblemKind.WARNING)
    row = UsageHistoryRow(
        line=source.line,
        type=source.cells["Type"],
        company=source.cells["Company"],
        user=source.cells["User"],
        endpoint=source.cells["Endpoint"],
        status=status,
        activated=activated,
        deactivated=deactivated,
        days_active=days_active,
        cost=cost,
    )
    return row, problems


def _read_status(text: str) -> UsageStatus:
    try:
        return UsageStatus(" ".join(text.casefold().split()))
    except ValueError:
        known = ", ".join(status.value.capitalize() for status in UsageStatus)
        raise ValueError(f"is not a known state: {known}") from None


def _read_past(text: str, dates: DateOrder, day: date) -> date:
    found = read_date(text, dates)
    if found > day:
        raise ValueError(f"lies in the future: today is {day}; check the date order of the file")
    return found


def _contradictions(
    days: int, activated: date, deactivated: date | None, status: UsageStatus, day: date
) -> Iterator[str]:
    """What cannot be true of `days` active between the two dates.

    The console counts the days of the period it exported, a part of a day as a whole one. So there are never
    more days than the dates hold (an open license may be counted to the end of the running month), and never
    fewer when both dates lie in one month and the license did not expire between them: one less is let pass,
    for a first and a last day that together make one whole day.
    """
    until = deactivated or Month.of(day).last
    held = (until - activated).days + 1
    if days > held:
        yield f"are more days than the {held} from {activated} to {until}"
    expired = status in (UsageStatus.EXPIRED, UsageStatus.EXPIRED_TRIAL)
    whole = deactivated is not None and Month.of(activated) == Month.of(deactivated)
    if whole and not expired and days < held - 1:
        yield f"are fewer days than the {held} from {activated} to {deactivated}"
