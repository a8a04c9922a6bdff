"""Money: rounding once, half up, and unit prices that make the total again."""

from decimal import Decimal
from fractions import Fraction

import pytest

from billbridge.billing.money import (
    Currency,
    MoneyError,
    amount,
    format_amount,
    from_millionths,
    parse_money,
    round_half_up,
    to_millionths,
    unit_price,
)

D = Decimal


@pytest.mark.parametrize(
    ("exact", "decimals", "rounded"),
    [
        (D("23.5520"), 2, D("23.55")),
        (D("0.125"), 2, D("0.13")),
        (D("-0.125"), 2, D("-0.13")),
        (Fraction(1, 3), 4, D("0.3333")),
        (D("2.5"), 0, D("3")),
    ],
)
def test_a_half_is_rounded_away_from_zero(exact, decimals, rounded):
    assert round_half_up(exact, decimals) == rounded


def test_an_amount_is_computed_exactly_and_rounded_once():
    assert amount(3, D("0.335"), 2) == D("1.01")


@pytest.mark.parametrize(
    ("total", "quantity", "unit"),
    [("44.00", 3, "14.667"), ("20.00", 5, "4.00"), ("48.00", 5, "9.60"), ("0.00", 7, "0.00")],
)
def test_a_unit_price_has_the_fewest_decimals_that_make_the_total_again(total, quantity, unit):
    derived = unit_price(D(total), quantity, decimals=2, most_decimals=4)
    assert (derived.value, derived.remainder) == (D(unit), 0)


def test_a_unit_price_that_cannot_make_the_total_says_by_how_much():
    derived = unit_price(D("0.05"), 1000, decimals=2, most_decimals=4)
    assert derived.remainder == D("0.05") - amount(1000, derived.value, 2)
    assert derived.remainder != 0


def test_on_a_tie_the_neighbour_that_fits_is_taken():
    # 0.03 over 2 is 0.015: 2 x 0.02 makes 0.04 and 2 x 0.01 makes 0.02, so three decimals are needed
    assert unit_price(D("0.03"), 2, decimals=2, most_decimals=4).value == D("0.015")


@pytest.mark.parametrize("text", ["-1", "1.0000001", "abc", "NaN", "Infinity", "", "1e13"])
def test_a_price_that_cannot_be_used_is_refused_in_words(text):
    with pytest.raises(MoneyError, match=r"\w+"):
        parse_money(text)


def test_nine_decimals_are_refused_not_rounded_away():
    with pytest.raises(MoneyError, match="more than 6 decimals"):
        parse_money("1.123456789")


@pytest.mark.parametrize("value", ["0", "14.667", "-3.5", "999999999999.999999", "0.000001"])
def test_money_is_stored_as_whole_millionths_and_comes_back(value):
    assert from_millionths(to_millionths(D(value))) == D(value)


@pytest.mark.parametrize("text", ["1." + "0" * 28 + "1", "0." + "9" * 40])
def test_decimals_beyond_the_usual_precision_are_refused_too(text):
    with pytest.raises(MoneyError, match="more than 6 decimals"):
        parse_money(text)
    with pytest.raises(MoneyError, match="more than 6 decimals"):
        to_millionths(D(text))


@pytest.mark.parametrize(
    ("text", "value"), [("12.50", "12.5"), (" 7 ", "7"), ("1.100000000", "1.1"), ("1e3", "1000")]
)
def test_zeros_at_the_end_are_no_decimals(text, value):
    assert parse_money(text) == D(value)


def test_an_amount_is_written_rounded_half_up_with_its_currency():
    assert format_amount(D("1234.565"), Currency(code="EUR")) == "1,234.57 EUR"
    assert format_amount(D("-0.125"), Currency(code="EUR")) == "-0.13 EUR"
    assert format_amount(D("1234.5"), Currency(code="JPY", decimals=0)) == "1,235 JPY"


def test_a_unit_price_needs_a_quantity():
    with pytest.raises(ValueError, match="above 0"):
        unit_price(D("44.00"), 0, decimals=2, most_decimals=4)


@pytest.mark.parametrize("decimals", [0, 2, 3])
def test_a_unit_price_makes_the_total_in_currencies_of_any_decimals(decimals):
    total = round_half_up(Fraction(1234567, 1000), decimals)
    derived = unit_price(total, 7, decimals=decimals, most_decimals=6)
    assert derived.remainder == 0
    assert amount(7, derived.value, decimals) == total
