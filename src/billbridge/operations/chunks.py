"""Many values, some at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


def chunks(values: Iterable[_T], size: int) -> Iterable[list[_T]]:
    """The values, `size` at a time."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
