"""Months of the provider's time zone, and the days on which auto-billing runs."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

AUTO_BILLING_DAYS = 3
"""Auto-billing sends last month's bill on the first three days of a month."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, in the provider's time zone."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 12 and 1 <= self.year <= 9999):
            raise ValueError(f"{self.year}-{self.number} is not a month")

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that `day` lies in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `YYYY-MM`; raises ValueError with the text for anything else."""
        return _parsed(text)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return date(self.year, self.number, self.days)

    @property
    def days(self) -> int:
        """How many days the month has."""
        return monthrange(self.year, self.number)[1]

    @property
    def next(self) -> Month:
        return self.plus(1)

    @property
    def previous(self) -> Month:
        return self.plus(-1)

    def plus(self, months: int) -> Month:
        """The month `months` later (or earlier, when negative)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.number)

    def __iter__(self) -> Iterator[date]:
        """Every day of the month, in order."""
        return (self.first + timedelta(days=n) for n in range(self.days))

    def ends_at(self, zone: tzinfo) -> datetime:
        """The first instant after the month in `zone`: a collection begun then has seen the whole month."""
        return datetime.combine(self.next.first, time.min, tzinfo=zone)

    @property
    def title(self) -> str:
        """The month in words, for notes a person reads: `October 2026`."""
        return f"{_NAMES[self.number - 1]} {self.year}"

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


@lru_cache(maxsize=1000)  # thousands of rows name the same few months
def _parsed(text: str) -> Month:
    match = re.fullmatch(r"(\d{4})-(\d{2})", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a month: write it as YYYY-MM, for example 2026-10")
    return Month(int(match[1]), int(match[2]))


_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def business_day(now: datetime, zone: tzinfo) -> date:
    """The day it is for the provider at the aware instant `now`."""
    if now.tzinfo is None:
        raise ValueError("an instant without a time zone has no business day")
    return now.astimezone(zone).date()


def in_auto_billing_window(day: date) -> bool:
    """Whether auto-billing sends last month's bills on `day` without being late."""
    return day.day <= AUTO_BILLING_DAYS


def is_last_day_of_window(day: date) -> bool:
    """Whether a bill that still waits for a collection goes out on `day` from what there is."""
    return day.day == AUTO_BILLING_DAYS
