"""Money: what is exact, where it is rounded, and how a unit price is derived from a total.

An amount of money is a `Decimal`; quantities and exact intermediate results may be a `Fraction`, so that
nothing is lost before the one place where an amount is rounded. Floats never come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction

Exact = int | Decimal | Fraction
"""A number without loss. A float is not one."""

STORED_DECIMALS = 6
"""Money is stored in millionths of the currency unit; more decimals are refused, not rounded away."""

LARGEST = Decimal(10) ** 12
"""A price or amount of a trillion and more is a typing error."""

ZERO = Decimal(0)

_WIDE = Context(prec=60)
"""Room for every digit: moving the point must not round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """The provider's currency: its ISO 4217 code and the decimals its amounts are rounded to."""

    code: str
    decimals: int = 2


class MoneyError(ValueError):
    """A text or number that is no usable price or amount; the message says why."""


def round_half_up(value: Exact, decimals: int) -> Decimal:
    """Round to `decimals` places, a half away from zero: 23.5520 -> 23.55, 0.125 -> 0.13, -0.125 -> -0.13."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return _scaled(whole if exact >= 0 else -whole, decimals)


def amount(quantity: Exact, unit: Decimal, decimals: int) -> Decimal:
    """`quantity` units at `unit` each, computed exactly and rounded once."""
    return round_half_up(Fraction(quantity) * Fraction(unit), decimals)


def parse_money(text: str | int | Decimal, *, allow_negative: bool = False) -> Decimal:
    """Read a price a person typed, at most six decimals; raises `MoneyError` saying what is wrong with it."""
    try:
        value = Decimal(text.strip() if isinstance(text, str) else text)
    except InvalidOperation:
        raise MoneyError(f"{text!r} is not a number: write it like 12.50") from None
    if not value.is_finite():
        raise MoneyError(f"{text!r} is not a number: write it like 12.50")
    if value < 0 and not allow_negative:
        raise MoneyError(f"{text} is negative: a cost or price is 0 or more")
    if abs(value) >= LARGEST:
        raise MoneyError(f"{text} is too large: amounts go up to {LARGEST:,.0f}")
    if decimals_of(value) > STORED_DECIMALS:
        raise MoneyError(f"{text} has more than {STORED_DECIMALS} decimals")
    return value


def decimals_of(value: Decimal) -> int:
    """How many decimals `value` needs, trailing zeros not counted."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise MoneyError(f"{value} is not a number")
    needed = -exponent
    for digit in reversed(digits):
        if digit or needed <= 0:
            return max(0, needed)
        needed -= 1
    return 0


def to_millionths(value: Decimal) -> int:
    """The whole number of millionths that stores `value`; raises `MoneyError` beyond six decimals."""
    if not value.is_finite() or decimals_of(value) > STORED_DECIMALS:
        raise MoneyError(f"{value} cannot be stored: it has more than {STORED_DECIMALS} decimals")
    return int(value.scaleb(STORED_DECIMALS, context=_WIDE))


def from_millionths(stored: int) -> Decimal:
    """The amount that `to_millionths` stored, with the fewest decimals but at least two."""
    decimals = STORED_DECIMALS
    while decimals > 2 and stored % 10 == 0:  # pages read thousands of amounts: whole numbers are quick
        stored, decimals = stored // 10, decimals - 1
    return _scaled(stored, decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrice:
    """A price per unit derived from a total.

    `remainder` is total minus quantity times value as HaloPSA will round it; zero when they agree to the
    cent. A remainder is never hidden: it is stored on the line and the send mode `total` is offered.
    """

    value: Decimal
    remainder: Decimal


def unit_price(total: Decimal, quantity: Exact, *, decimals: int, most_decimals: int) -> UnitPrice:
    """The price with the fewest decimals, from 2 to `most_decimals`, whose product is the total to the cent.

    `decimals` are the currency's, to which `total` is rounded. 44.00 over 3 is 14.667, because 3 x 14.667 = 44.001
    is 44.00 again while 14.67 would make 44.01. Where no price fits, the closest one comes back with its remainder.
    """
    if quantity <= 0:
        raise ValueError(f"a unit price needs a quantity above 0, not {quantity}")
    exact = Fraction(total) / Fraction(quantity)
    closest: UnitPrice | None = None
    for places in range(2, max(2, most_decimals) + 1):
        value = round_half_up(exact, places)
        remainder = total - amount(quantity, value, decimals)
        if remainder == 0:
            return UnitPrice(value=value, remainder=remainder)
        if closest is None or abs(remainder) < abs(closest.remainder):
            closest = UnitPrice(value=value, remainder=remainder)
    assert closest is not None  # the loop runs at least once
    return closest


def format_amount(value: Decimal, currency: Currency) -> str:
    """An amount as figures with the currency's decimals and its code, for notes and messages: `48.00 EUR`."""
    return f"{round_half_up(value, currency.decimals):,f} {currency.code}"


def _scaled(whole: int, decimals: int) -> Decimal:
    return Decimal(f"{whole}E-{decimals}")
