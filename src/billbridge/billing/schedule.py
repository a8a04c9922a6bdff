"""What the clock asks for: which collection and which look of auto-billing is due at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from billbridge.billing.months import Month, business_day, in_auto_billing_window, is_last_day_of_window


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A business day of the provider and the time of that day: the hour, and whether it is the day's last."""

    day: date
    hour: int
    is_ending: bool = False
    """Whether less than an hour is left of the day, on days of 23 and of 25 hours too."""

    @classmethod
    def of(cls, now: datetime, zone: tzinfo, *, moved_to: date | None = None) -> Moment:
        """The moment at the aware instant `now`; with `moved_to` the same time of another day."""
        local = now.astimezone(zone)
        midnight = datetime.combine(local.date() + timedelta(days=1), time.min, tzinfo=zone)
        left = midnight.astimezone(UTC) - now.astimezone(UTC)
        return cls(day=moved_to or business_day(now, zone), hour=local.hour, is_ending=left <= timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something a schedule asks for once; `name` is the same for every look that means the same."""

    name: str
    end_of_day: bool = False
    """Auto-billing: no later look follows on this day."""


def collection_due(now: Moment, *, hour: int, last_day: date | None) -> Due | None:
    """The daily collection, from its hour on, unless a whole one was made on the day already."""
    if now.hour < hour or (last_day is not None and last_day >= now.day):
        return None
    return Due(name=f"collect {now.day}")


def drift_check_due(now: Moment, *, hour: int) -> Due | None:
    """The daily drift check, an hour after the collection; a collection late in the day is not waited for."""
    return Due(name=f"drift check {now.day}") if now.hour >= min(hour + 1, 23) else None


def auto_billing_look(now: Moment) -> Due:
    """The look of auto-billing: one an hour in the first three days of the month, and one a day after them.

    The last one of the third day makes what still waits for a collection from what there is. Rule: bills go out on
    the first three days of the month; what missed them is caught up later, marked late.
    """
    if not in_auto_billing_window(now.day):
        return Due(name=f"auto-billing {now.day}")
    if is_last_day_of_window(now.day) and now.is_ending:
        return Due(name=f"auto-billing {now.day} end", end_of_day=True)
    return Due(name=f"auto-billing {now.day} {now.hour:02}h")


def unsent_month(now: Moment) -> Month | None:
    """The month of which it is announced what auto-billing has not sent: last month, once its window is over."""
    return None if in_auto_billing_window(now.day) else Month.of(now.day).previous


def is_silent(last: datetime | None, now: datetime, *, hours: int) -> bool:
    """Whether a source that was heard of at `last` has been silent for too long; one never heard of is not."""
    return last is not None and now - last > timedelta(hours=hours)
