"""Money is exact, against an oracle that knows only fractions."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from billbridge.billing.money import (
    MoneyError,
    amount,
    decimals_of,
    from_millionths,
    parse_money,
    round_half_up,
    to_millionths,
    unit_price,
)

fractions = st.fractions(min_value=-(10**9), max_value=10**9)
prices = st.decimals(min_value=0, max_value=10**7, places=6)
quantities = st.one_of(st.integers(1, 10**5), st.decimals(Decimal("0.0001"), 10**4, places=4))
currency_decimals = st.sampled_from([0, 2, 3])


def half_up(exact, decimals):
    """A half goes away from zero: the nearest whole multiple, found by comparing distances."""
    scaled = abs(exact) * 10**decimals
    below = floor(scaled)
    nearest = below + 1 if scaled - below >= Fraction(1, 2) else below
    return Fraction(nearest if exact >= 0 else -nearest, 10**decimals)


@given(fractions, st.integers(0, 6))
def test_rounding_is_half_up(exact, decimals):
    rounded = round_half_up(exact, decimals)
    assert Fraction(rounded) == half_up(exact, decimals)
    assert -rounded.as_tuple().exponent == decimals


@given(quantities, prices, currency_decimals)
def test_an_amount_is_the_exact_product_rounded_once(quantity, unit, decimals):
    assert Fraction(amount(quantity, unit, decimals)) == half_up(Fraction(quantity) * Fraction(unit), decimals)


@given(st.integers(0, 10**9), quantities, currency_decimals, st.integers(2, 6))
def test_a_unit_price_makes_the_total_or_says_by_how_much_it_does_not(cents, quantity, decimals, most):
    total = Decimal(cents).scaleb(-decimals)
    derived = unit_price(total, quantity, decimals=decimals, most_decimals=most)
    made = half_up(Fraction(quantity) * Fraction(derived.value), decimals)
    assert made + Fraction(derived.remainder) == Fraction(total)
    assert 2 <= -derived.value.as_tuple().exponent <= most


@given(st.integers(0, 10**6), st.integers(1, 2000), st.integers(2, 6))
def test_a_unit_price_has_the_fewest_decimals_with_which_the_total_can_be_made(cents, quantity, most):
    total = Fraction(cents, 100)
    derived = unit_price(Decimal(cents).scaleb(-2), quantity, decimals=2, most_decimals=most)
    fitting = [
        places
        for places in range(2, most + 1)
        for whole in range(floor(total / quantity * 10**places) - 2, ceil(total / quantity * 10**places) + 3)
        if half_up(quantity * Fraction(whole, 10**places), 2) == total
    ]
    if fitting:
        assert derived.remainder == 0
        assert -derived.value.as_tuple().exponent == min(fitting)
    else:
        assert derived.remainder != 0


@given(st.decimals(-(10**12), 10**12, places=6))
def test_money_is_stored_and_comes_back(value):
    assert from_millionths(to_millionths(value)) == value


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_what_was_read_as_money_is_exact_and_can_be_stored(value):
    try:
        read = parse_money(str(value))
    except MoneyError:
        return
    assert read == value
    assert Fraction(to_millionths(read), 10**6) == Fraction(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_the_decimals_of_a_number_are_those_it_needs(value):
    needed = decimals_of(value)
    exact = Fraction(value)
    if needed < 400:
        assert (exact * 10**needed).denominator == 1
    if 0 < needed < 400:
        assert (exact * 10 ** (needed - 1)).denominator != 1
