"""The parts of which the customer screens are made: documents, tables, the filter above a list, figures as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape

from billbridge.simulators.halopsa.tables import Row
from billbridge.simulators.server import Request, Response

STYLESHEET = "/halopsa.css"
CENT = Decimal("0.01")

STATES = (("", "All"), ("active", "Active"), ("inactive", "Inactive"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a list; numbers stand to the right."""

    head: str
    is_number: bool = False
    is_lead: bool = False
    """Whether its cells are what the row is called by, where a narrow screen shows rows one below the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of a list is shown: names that hold a text, without regard to case, in all states or one of them."""

    name: str
    state: str

    @classmethod
    def asked(cls, request: Request) -> Filter:
        """The filter an address asks for; a state that is none means all."""
        (name, state) = (request.query.get(key, [""])[0].strip() for key in ("name", "state"))
        return cls(name=name, state=state if state in dict(STATES) else "")

    def shows(self, name: str, *, active: bool) -> bool:
        """Whether a row of that name and state is shown."""
        fits = not self.state or active == (self.state == "active")
        return fits and self.name.casefold() in name.casefold()

    def form(self, address: str, found: str, hidden: str = "") -> str:
        """The form above a list, with the sentence that says how many were found."""
        options = "".join(
            f'<option value="{value}"{" selected" if value == self.state else ""}>{label}</option>'
            for value, label in STATES
        )
        clear = f'<a href="{address}">Show all</a>' if self.name or self.state else ""
        return (
            f'<form role="search" action="{address}">{hidden}'
            f'<label>Name <input type="search" name="name" value="{escape(self.name)}"></label>'
            f'<label>State <select name="state">{options}</select></label>'
            f'<button>Filter</button>{clear}<span class="found">{found}</span></form>'
        )


def document(title: str, body: str, status: int = 200) -> Response:
    """A whole screen."""
    return Response.html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} - HaloPSA simulator</title><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{STYLESHEET}"></head>'
        '<body><header><a href="/customers">HaloPSA</a> <span>simulator</span></header>'
        f"<main>{body}</main></body></html>",
        status,
    )


def table(columns: Sequence[Column], rows: Iterable[str], *, foot: str = "", stacks: bool = True) -> str:
    """A list; one that `stacks` shows the cells of a row below each other where the screen is narrow."""
    heads = "".join(f"<th{_class(column)}>{column.head}</th>" for column in columns)
    kind = ' class="stacks"' if stacks else ""
    return f"<table{kind}><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>{foot}</table>"


def cells(columns: Sequence[Column], contents: Sequence[str]) -> str:
    """The cells of a row, each with the head of its column, which a narrow screen shows beside it."""
    return "".join(
        f'<td{_class(column)} data-head="{column.head}">{content}</td>'
        for column, content in zip(columns, contents, strict=True)
    )


def _class(column: Column) -> str:
    if column.is_lead:
        return ' class="lead"'
    return ' class="number"' if column.is_number else ""


def state(*, active: bool, deleted: bool = False) -> str:
    """A row's state as a badge."""
    shown = active and not deleted
    return f'<span class="state {"on" if shown else "off"}">{_state(active=active, deleted=deleted)}</span>'


def _state(*, active: bool, deleted: bool) -> str:
    if deleted:
        return "Deleted"
    return "Active" if active else "Inactive"


def total(row: Row, price: str) -> Decimal:
    """The quantity times a price, in whole cents."""
    exact = Decimal(repr(row["count"])) * Decimal(repr(row[price]))
    return exact.quantize(CENT, rounding=ROUND_HALF_UP)


def unit(price: float) -> str:
    """A price per unit with at least two decimals, or all it has."""
    exact = Decimal(repr(price)).normalize()
    return f"{exact if exact.as_tuple().exponent < -2 else exact.quantize(CENT):,f}"  # type: ignore[operator]


def day(value: str | None) -> str:
    """The day of a HaloPSA date; empty without one."""
    return "" if value is None else value[:10]
