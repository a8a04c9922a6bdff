"""Reads HaloPSA's lists whole, and notices when they are not.

HaloPSA gives at most 100 rows a page whatever is asked for, so only rows that really came are counted. A list that
is changed while it is being read repeats or loses rows: the distinct ids must equal the record count of the first
and of the last page. One thing no count can show: a record deleted and another created between two pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from billbridge.halopsa.client import HaloPSA, Query
from billbridge.halopsa.errors import AddressError, NotFound, UnreadableReply
from billbridge.halopsa.fields import whole_number
from billbridge.halopsa.listings import Listing

PAGE_SIZE = 100
"""The most HaloPSA gives."""

Progress = Callable[[int, int | None], None]
"""Called after each page with the rows read so far and how many there are, None if HaloPSA does not say."""

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its rows, and the record count of the whole list if HaloPSA gave an envelope with one."""

    rows: tuple[Raw, ...]
    record_count: int | None = None


def read_list(
    halo: HaloPSA,
    path: str,
    key: str,
    query: Query = MappingProxyType({}),
    *,
    progress: Progress | None = None,
) -> Listing[Raw]:
    """Every row of the list at `path`, whose envelope holds them under `key`, by ascending id.

    A list that does not add up is read a second time; the listing is incomplete if that does not add up either.
    Raises what `HaloPSA.get` raises, AddressError for a list HaloPSA does not have, and UnreadableReply.
    """
    for _ in range(2):
        listing = _read_once(halo, path, key, query, progress)
        if listing.complete:
            break
    return listing


def read_unpaged(halo: HaloPSA, path: str, key: str, query: Query = MappingProxyType({})) -> Listing[Raw]:
    """Every row of a list that HaloPSA gives without pages; raises as `read_list` does."""
    gathered = _Gathered()
    gathered.add(_page(halo, path, key, query))
    return Listing(name=path, rows=gathered.in_order(), complete=not gathered.fault(), reason=gathered.fault())


@dataclass(slots=True)
class _Gathered:
    """What the pages read so far hold together."""

    rows: dict[int, Raw] = field(default_factory=dict)
    came: int = 0
    pages: int = 0
    counts: list[int | None] = field(default_factory=list)
    last_rows: tuple[Raw, ...] = ()
    ignores_paging: bool = False

    def add(self, page: Page) -> None:
        """Take a page in."""
        self.pages += 1
        if page.record_count is None and self.pages > 1 and page.rows and page.rows == self.last_rows:
            self.ignores_paging = True
            return
        self.counts.append(page.record_count)
        self.came += len(page.rows)
        known = len(self.rows)
        for row in page.rows:
            self.rows.setdefault(_id_of(row), row)
        self.last_rows = page.rows if len(self.rows) > known else ()

    def in_order(self) -> tuple[Raw, ...]:
        """The rows by ascending id, also where HaloPSA does not order them."""
        return tuple(self.rows[number] for number in sorted(self.rows))

    @property
    def finished(self) -> bool:
        """Whether the last page brought nothing new, or the rows that came reach the record count."""
        total = self.counts[-1]
        return self.ignores_paging or not self.last_rows or (total is not None and self.came >= total)

    def fault(self) -> str:
        """Why the rows are not the whole list; empty if they are."""
        distinct = len(self.rows)
        if distinct < self.came:
            return f"{self.came - distinct} of its {self.came} rows came twice"
        first, last = self.counts[0], self.counts[-1]
        if first != last:
            return f"its record count changed from {first} to {last} while it was read"
        if last is not None and distinct != last:
            return f"{distinct} rows came of {last}"
        return ""


def _read_once(halo: HaloPSA, path: str, key: str, query: Query, progress: Progress | None) -> Listing[Raw]:
    gathered = _Gathered()
    while True:
        paging: Query = {
            "pageinate": True,
            "page_size": PAGE_SIZE,
            "page_no": gathered.pages + 1,
            "order": "id",
            "orderdesc": False,
        }
        gathered.add(_page(halo, path, key, {**query, **paging}))
        if progress is not None:
            progress(len(gathered.rows), gathered.counts[-1])
        if gathered.finished:
            break
    fault = gathered.fault()
    return Listing(name=path, rows=gathered.in_order(), complete=not fault, reason=fault)


def _page(halo: HaloPSA, path: str, key: str, query: Query) -> Page:
    try:
        body = halo.get(path, query)
    except NotFound as error:
        raise AddressError(
            f"HaloPSA has no list {path} at {halo.address}.",
            hint="Check the address: copy the Resource Server from HaloPSA's API Details.",
        ) from error
    if isinstance(body, list):
        return Page(rows=_objects(body, path))
    if isinstance(body, Mapping):
        rows = body.get(key)
        if rows is None:
            lists = [value for value in body.values() if isinstance(value, list)]
            rows = lists[0] if len(lists) == 1 else None
        count = _record_count(body.get("record_count"), path)
        if rows is None and count == 0:
            return Page(rows=(), record_count=0)
        if isinstance(rows, list):
            return Page(rows=_objects(rows, path), record_count=count)
    raise UnreadableReply(
        f"HaloPSA's list {path} is neither an array nor an object that holds {key!r}.",
        hint="Check the address, and report it with this message: HaloPSA may have changed its format.",
    )


def _record_count(value: Any, path: str) -> int | None:
    try:
        return whole_number(value)
    except ValueError as error:
        raise UnreadableReply(f"HaloPSA's list {path} gives {value!r} as its record count.") from error


def _objects(rows: list[Any], path: str) -> tuple[Raw, ...]:
    for row in rows:
        if not isinstance(row, Mapping):
            raise UnreadableReply(f"HaloPSA's list {path} holds a {type(row).__name__} where a record belongs.")
    return tuple(rows)


def _id_of(row: Raw) -> int:
    try:
        found = whole_number(row.get("id"))
    except ValueError:
        found = None
    if found is None:
        raise UnreadableReply("A row of a HaloPSA list has no id that is a whole number.")
    return found
