"""Figures as a person reads them in a file: money in its currency, quantities, gigabytes, days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from billbridge.billing.money import Currency, Exact, decimals_of, round_half_up
from billbridge.billing.storage import GB

LOCALE = "en"


def money(value: Decimal, currency: Currency) -> str:
    """An amount with its currency's sign: `$48.00`; a unit price keeps the decimals it has: `$0.0085`."""
    return format_currency(
        value, currency.code, format=f"¤{_pattern(value, currency)}", locale=LOCALE, currency_digits=False
    )


def plain_money(value: Decimal, currency: Currency) -> str:
    """The same without the currency's sign, for a column whose heading names it."""
    return format_decimal(value, format=_pattern(value, currency), locale=LOCALE)


def quantity(value: Decimal) -> str:
    """A quantity without needless zeros."""
    return format_decimal(value, format="#,##0.######", locale=LOCALE)


def gigabytes(value: Exact) -> str:
    """GB with two decimals, the last rounded."""
    return format_decimal(round_half_up(value, 2), format="#,##0.00", locale=LOCALE)


def bytes_as_gigabytes(value: Exact) -> str:
    """Bytes as GB with two decimals."""
    return gigabytes(Fraction(value) / GB)


def day(value: date) -> str:
    """A day: `12 Nov 2026`."""
    return format_date(value, "d MMM yyyy", LOCALE)


def _pattern(value: Decimal, currency: Currency) -> str:
    decimals = max(currency.decimals, decimals_of(value))
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    return f"{pattern};-{pattern}"
