"""A list as it was read from HaloPSA: its rows, and whether they are all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from billbridge.halopsa.errors import PageError

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """The rows of one list, each id once, by ascending id.

    `complete` says that the rows are all HaloPSA has; `reason` says why not. Nothing may be created on the ground
    that an incomplete listing does not hold it.
    """

    name: str
    rows: tuple[Row, ...]
    complete: bool = True
    reason: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, keep: Callable[[Row], bool]) -> Listing[Row]:
        """The rows for which `keep` is true; as complete as this listing."""
        return replace(self, rows=tuple(row for row in self.rows if keep(row)))

    def require_complete(self) -> tuple[Row, ...]:
        """The rows; raises PageError with the reason if they are not all."""
        if not self.complete:
            raise PageError(
                f"HaloPSA's list {self.name} could not be read whole: {self.reason}.",
                hint="Try again when nobody is changing it; nothing is created until it reads whole.",
            )
        return self.rows
