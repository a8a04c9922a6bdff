"""What the clock asks for: the turn of the month in every zone, days of 23 and 25 hours, the window and its end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billbridge.billing.months import Month
from billbridge.billing.schedule import (
    Moment,
    auto_billing_look,
    collection_due,
    drift_check_due,
    is_silent,
    unsent_month,
)

AUCKLAND, HONOLULU, BERLIN = "Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin"


def local(text: str, zone: str = "UTC") -> Moment:
    """The moment at a local time."""
    there = ZoneInfo(zone)
    return Moment.of(datetime.fromisoformat(text).replace(tzinfo=there).astimezone(UTC), there)


@pytest.mark.parametrize("zone", [AUCKLAND, "UTC", HONOLULU])
def test_a_second_before_and_after_the_months_turn_lie_in_two_months_of_the_providers_zone(zone):
    before, after = local("2026-10-31T23:59:59", zone), local("2026-11-01T00:00:01", zone)

    assert (before.day, before.hour, before.is_ending) == (date(2026, 10, 31), 23, True)
    assert (after.day, after.hour, after.is_ending) == (date(2026, 11, 1), 0, False)
    assert auto_billing_look(before).name == "auto-billing 2026-10-31"
    assert auto_billing_look(after).name == "auto-billing 2026-11-01 00h"


def test_one_instant_is_another_day_elsewhere():
    now = datetime(2026, 10, 31, 11, 30, tzinfo=UTC)

    days = [Moment.of(now, ZoneInfo(zone)).day for zone in (AUCKLAND, "UTC", HONOLULU)]

    assert days == [date(2026, 11, 1), date(2026, 10, 31), date(2026, 10, 31)]


def test_each_hour_of_the_window_is_a_look_of_its_own_and_each_later_day_is_one():
    looks = {
        auto_billing_look(local(f"2026-11-{day:02}T{hour:02}:10")).name for day in (1, 2, 3) for hour in range(24)
    }
    assert len(looks) == 72

    later = {auto_billing_look(local(f"2026-11-04T{hour:02}:10")).name for hour in range(24)}
    assert later == {"auto-billing 2026-11-04"}


def test_only_the_last_look_of_the_third_day_is_the_end():
    ends = [
        (day, hour)
        for day in (1, 2, 3, 4)
        for hour in range(24)
        if auto_billing_look(local(f"2026-11-{day:02}T{hour:02}:30")).end_of_day
    ]

    assert ends == [(3, 23)]


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-11-01", "America/New_York", 25),  # a day of the window on which the clocks go back
        ("2024-03-31", BERLIN, 23),
        ("2026-10-25", BERLIN, 25),
        ("2026-09-27", AUCKLAND, 23),
    ],
)
def test_on_days_of_23_and_of_25_hours_the_last_hour_is_the_one_before_midnight(day, zone, hours):
    there = ZoneInfo(zone)
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=there).astimezone(UTC)
    moments = [Moment.of(midnight + timedelta(hours=n, minutes=30), there) for n in range(hours + 1)]

    assert [moment.is_ending for moment in moments] == [False] * (hours - 1) + [True, False]
    assert {moment.day.isoformat() for moment in moments[:-1]} == {day}
    assert moments[-1].day == date.fromisoformat(day) + timedelta(days=1)


def test_the_third_of_a_month_with_an_hour_too_many_has_one_end():
    # Lord Howe and Paraguay aside, clocks change on weekends: 3 November 2024 was one in New York.
    there = ZoneInfo("America/New_York")
    begin = datetime(2024, 11, 3, 4, tzinfo=UTC)
    looks = [auto_billing_look(Moment.of(begin + timedelta(minutes=10 * n), there)) for n in range(6 * 25)]

    assert {look.name for look in looks if look.end_of_day} == {"auto-billing 2024-11-03 end"}
    assert len({look.name for look in looks}) == 24  # 01h comes twice and is one look; 23h is the end


def test_leap_day_and_the_years_end():
    assert local("2028-02-29T12:00").day == date(2028, 2, 29)
    assert unsent_month(local("2028-03-04T00:00:01")) == Month(2028, 2)
    assert unsent_month(local("2027-01-04T00:00:01")) == Month(2026, 12)
    assert unsent_month(local("2027-01-03T23:59:59")) is None


def test_a_collection_is_due_once_a_day_from_its_hour_on():
    assert collection_due(local("2026-11-01T03:59"), hour=4, last_day=None) is None
    due = collection_due(local("2026-11-01T04:00"), hour=4, last_day=date(2026, 10, 31))
    assert due is not None
    assert due.name == "collect 2026-11-01"
    assert collection_due(local("2026-11-01T23:00"), hour=4, last_day=date(2026, 11, 1)) is None


@pytest.mark.parametrize(("hour", "first"), [(4, 5), (22, 23), (23, 23)])
def test_the_drift_check_follows_the_collection_and_never_misses_its_day(hour, first):
    hours = [n for n in range(24) if drift_check_due(local(f"2026-11-01T{n:02}:00"), hour=hour)]

    assert hours == list(range(first, 24))


def test_a_source_is_silent_after_its_hours_and_never_before_it_was_heard_of():
    last = datetime(2026, 11, 1, 4, tzinfo=UTC)

    assert not is_silent(None, last, hours=36)
    assert not is_silent(last, last + timedelta(hours=36), hours=36)
    assert is_silent(last, last + timedelta(hours=36, seconds=1), hours=36)


def test_a_day_moved_by_hand_keeps_the_time_of_day():
    now = datetime(2026, 5, 20, 23, 30, tzinfo=UTC)

    moment = Moment.of(now, ZoneInfo("UTC"), moved_to=date(2026, 11, 3))

    assert auto_billing_look(moment).name == "auto-billing 2026-11-03 end"
