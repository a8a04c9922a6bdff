"""Doing the same several times at once, as several processes do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

TOGETHER = 4
_T = TypeVar("_T")


def at_once(do: Callable[[], _T]) -> list[_T]:
    """What each of several threads got out of doing it, each on a connection of its own."""

    def closing() -> _T:
        try:
            return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return [future.result() for future in [pool.submit(closing) for _ in range(TOGETHER)]]
