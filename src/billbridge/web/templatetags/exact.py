"""How exact figures are shown: fractions of storage and money that the bill rounds only in their sum."""

from __future__ import annotations

from fractions import Fraction

from babel.numbers import get_currency_precision
from django import template

from billbridge.billing.money import round_half_up
from billbridge.documents.figures import bytes_as_gigabytes
from billbridge.web.templatetags.console import money

register = template.Library()

_MORE_DECIMALS = 2
"""Decimals beyond the currency's, so that a sum of rounded parts can be followed."""


@register.filter
def exact_gigabytes(value: Fraction) -> str:
    """Exact bytes as GB with two decimals."""
    return f"{bytes_as_gigabytes(value)} GB"


@register.filter
def rounded(value: Fraction, currency: str) -> str:
    """An exact amount with two decimals more than its currency has."""
    return money(round_half_up(value, get_currency_precision(currency) + _MORE_DECIMALS), currency)
