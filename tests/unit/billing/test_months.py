"""Months, business days in the provider's zone, and the auto-billing window."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from billbridge.billing.months import Month, business_day, in_auto_billing_window


def test_a_year_turns_between_december_and_january():
    assert Month(2026, 1).previous == Month(2025, 12)
    assert Month(2025, 12).next == Month(2026, 1)
    assert Month(2026, 11).plus(-23) == Month(2024, 12)


def test_february_of_a_leap_year_has_29_days():
    assert Month.parse("2028-02").last == date(2028, 2, 29)
    assert len(list(Month(2028, 2))) == 29


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "Oct 2026", "2026-00", ""])
def test_what_is_not_a_month_is_refused(text):
    with pytest.raises(ValueError, match="not a month"):
        Month.parse(text)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Auckland", date(2026, 12, 1)),
        ("UTC", date(2026, 11, 30)),
        ("Pacific/Honolulu", date(2026, 11, 30)),
    ],
)
def test_the_business_day_is_the_providers(zone, day):
    assert business_day(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), ZoneInfo(zone)) == day


def test_a_month_ends_at_midnight_of_the_providers_zone():
    assert Month(2026, 10).ends_at(ZoneInfo("Pacific/Honolulu")) == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_the_window_is_the_first_three_days():
    assert [day for day in Month(2026, 11) if in_auto_billing_window(day)] == [
        date(2026, 11, 1),
        date(2026, 11, 2),
        date(2026, 11, 3),
    ]
