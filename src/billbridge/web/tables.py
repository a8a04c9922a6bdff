"""Tables that keep their state in the address: search, filters, order and page, so that a link shows the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

PER_PAGE = 50
_LONGEST_SEARCH = 200

Rows = QuerySet[Any] | Sequence[Any]
Narrow = Callable[[Any, str], Any]
"""Takes the rows and a filter's chosen value, gives the rows that fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `order` names the fields (or attributes) it sorts by; without them it cannot be sorted by."""

    name: str
    label: str
    order: tuple[str, ...] = ()
    is_figure: bool = False
    """Whether it is a number, set to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A choice that narrows the rows; `choices` are values with their labels, without the one for all."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    narrow: Narrow
    unchosen: str = ""
    """What stands for no choice; empty: the label, and that all are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A column's heading with the address that sorts by it, and how it is sorted now."""

    column: Column
    address: str
    direction: str
    """`ascending`, `descending` or `none`, as `aria-sort` says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One page of rows, with everything its template needs to lead to the other pages."""

    page: Page[Any]
    headers: tuple[Header, ...]
    filters: tuple[tuple[Filter, str], ...]
    """Each filter with its chosen value; empty is all."""
    search: str
    can_search: bool
    all_rows: Rows = field(repr=False)
    """Every row that fits, in order: what a CSV file holds."""
    hidden: tuple[tuple[str, str], ...]
    """The order, as fields the search form sends along."""
    base: Mapping[str, str]

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.search) or any(value for _, value in self.filters)

    def page_address(self, number: int) -> str:
        """The address of another page in the same state."""
        return "?" + urlencode({**self.base, "page": str(number)})

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Page numbers around this one with their addresses; a gap has no address."""
        paginator = self.page.paginator
        return [
            (str(number), self.page_address(number) if isinstance(number, int) else "")
            for number in paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1)
        ]

    @property
    def next_address(self) -> str:
        return self.page_address(self.page.next_page_number()) if self.page.has_next() else ""

    @property
    def previous_address(self) -> str:
        return self.page_address(self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def csv_address(self) -> str:
        """The address of all rows that fit as CSV."""
        return "?" + urlencode({**self.base, "format": "csv"})


def read_table(
    request: HttpRequest,
    rows: Rows,
    columns: Sequence[Column],
    *,
    search_in: Sequence[str] = (),
    filters: Sequence[Filter] = (),
    order: str = "",
    per_page: int = PER_PAGE,
) -> Table:
    """The page of `rows` that the request's address asks for; what it asks wrongly is left out of account.

    `search_in` are the fields (of a query) or attributes (of a list) that the search looks in; `order` is the
    column the table is sorted by at first, with a leading `-` for the other way round.
    """
    given = request.GET
    search = given.get("q", "").replace("\0", "")[:_LONGEST_SEARCH].strip()
    if search and search_in:
        rows = _found(rows, search, search_in)
    chosen: list[tuple[Filter, str]] = []
    for one in filters:
        value = given.get(one.name, "")
        if value not in {key for key, _ in one.choices}:
            value = ""
        chosen.append((one, value))
        if value:
            rows = one.narrow(rows, value)
    by_name = {column.name: column for column in columns if column.order}
    sort = given.get("sort", "") if given.get("sort", "").lstrip("-") in by_name else order
    if sort.lstrip("-") in by_name:
        rows = _sorted(rows, by_name[sort.lstrip("-")], descending=sort.startswith("-"))
    state = {"q": search, **{one.name: value for one, value in chosen}, "sort": sort if sort != order else ""}
    base = {key: value for key, value in state.items() if value}
    return Table(
        page=_FromTheNearerEnd(rows, per_page).get_page(given.get("page", "1")[:9]),
        headers=tuple(_header(column, sort, base) for column in columns),
        filters=tuple(chosen),
        search=search,
        can_search=bool(search_in),
        all_rows=rows,
        hidden=(("sort", sort),) if sort and sort != order else (),
        base=base,
    )


class _FromTheNearerEnd(Paginator):  # type: ignore[type-arg]  # only its stubs take an argument
    """Reads a page of the second half backwards: a database sorts all rows before the page that is asked for."""

    def page(self, number: int | str) -> Page[Any]:
        """One page; its rows are a list where they were read backwards."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        end = min(first + self.per_page, self.count)
        if not isinstance(self.object_list, QuerySet) or first < self.count - end:
            return super().page(number)
        backwards = self.object_list.reverse()[self.count - end : self.count - first]
        return Page(list(backwards)[::-1], number, self)


def tick_all(field: str, what: str) -> Column:
    """The column of checkboxes `field`, with one in its heading that ticks all of the page."""
    box = '<input class="form-check-input" type="checkbox" data-select-all="{}" aria-label="{}">'
    return Column(name="select", label=format_html(box, field, f"Select all {what} on this page"))


def wants_csv(request: HttpRequest) -> bool:
    """Whether the table is asked for as a CSV file."""
    return request.GET.get("format") == "csv"


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A CSV file that spreadsheets open as it is meant: UTF-8 with a mark, and no cell that is run as a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: object) -> str:
    """A value as text; what a spreadsheet would run as a formula is quoted, plain negative numbers are not."""
    text = "" if value is None else str(value)
    if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()


def _found(rows: Rows, search: str, search_in: Sequence[str]) -> Rows:
    if isinstance(rows, QuerySet):
        fits = Q()
        for one in search_in:
            fits |= Q(**{f"{one}__icontains": search})
        return rows.filter(fits)
    wanted = search.casefold()
    readers = [attrgetter(one) for one in search_in]
    return [row for row in rows if any(wanted in str(read(row)).casefold() for read in readers)]


def _sorted(rows: Rows, column: Column, *, descending: bool) -> Rows:
    if isinstance(rows, QuerySet):
        return rows.order_by(*(_direction(one, descending=descending) for one in column.order), "pk")
    readers = [attrgetter(one) for one in column.order]

    def key(row: Any) -> tuple[tuple[bool, Any], ...]:
        values = [read(row) for read in readers]
        return tuple((value is not None, _comparable(value)) for value in values)

    return sorted(rows, key=key, reverse=descending)


def _direction(name: str, *, descending: bool) -> OrderBy:
    """What is not there counts as least, whichever the database."""
    return F(name).desc(nulls_last=True) if descending else F(name).asc(nulls_first=True)


def _comparable(value: Any) -> Any:
    if value is None:
        return 0
    return value.casefold() if isinstance(value, str) else value


def _header(column: Column, sort: str, base: Mapping[str, str]) -> Header:
    is_sorted = sort.lstrip("-") == column.name
    descending = is_sorted and sort.startswith("-")
    other = f"{'' if descending or not is_sorted else '-'}{column.name}"
    return Header(
        column=column,
        address="?" + urlencode({**base, "sort": other}) if column.order else "",
        direction="none" if not is_sorted else "descending" if descending else "ascending",
    )
