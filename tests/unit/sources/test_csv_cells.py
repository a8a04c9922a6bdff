from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billbridge.sources.csv_cells import DateOrder, read_amount, read_date, read_days

WRITTEN = {"iso": "%Y-%m-%d", "us": "%m/%d/%Y", "eu": "%d.%m.%Y"}


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)), st.sampled_from(["iso", "us", "eu"]))
def test_a_date_written_in_an_order_is_read_back_in_it(day: date, order: DateOrder) -> None:
    assert read_date(day.strftime(WRITTEN[order]), order) == day


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-10T00:00:00",
        "2026-02-10T14:34:23.427",
        "2026-02-10T07:43:14.5449936Z",
        "2026-02-10 23:59",
        "2026-02-10T23:59:59+02:00",
    ],
)
def test_a_time_of_day_is_dropped_and_the_day_stays_as_written(written: str) -> None:
    assert read_date(written, "iso") == date(2026, 2, 10)


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("2026-02-30", "iso"),
        ("20260210", "iso"),
        ("2026-02-10 or so", "iso"),
        ("13/13/2026", "us"),
        ("2/10/26", "us"),
        ("2/10.2026", "eu"),
        ("", "iso"),
    ],
)
def test_what_is_no_date_in_the_order_is_refused(written: str, order: DateOrder) -> None:
    with pytest.raises(ValueError, match=r"like .*2026"):
        read_date(written, order)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("5.00", "5.00"),
        ("0,98", "0.98"),
        ("$1,234.50", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("1 234,50", "1234.50"),
        ("0.982", "0.982"),
        ("0,982", "0.982"),
        ("USD 12", "12"),
        ("-3.10", "-3.10"),
    ],
)
def test_an_amount_is_read_with_either_decimal_sign(written: str, amount: str) -> None:
    assert read_amount(written) == Decimal(amount)


@pytest.mark.parametrize("written", ["1,234", "free", "1.2.3", "1,23,4", "(5.00)", "NaN", "1e3"])
def test_an_amount_that_is_none_or_means_two_things_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"amount|thousands"):
        read_amount(written)


@pytest.mark.parametrize(("written", "days"), [("0", 0), ("28", 28), ("28.0", 28), ("28,00", 28)])
def test_days_are_whole_numbers(written: str, days: int) -> None:
    assert read_days(written) == days


@pytest.mark.parametrize("written", ["2.5", "-1", "", "x"])
def test_other_numbers_of_days_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="whole number of days"):
        read_days(written)
