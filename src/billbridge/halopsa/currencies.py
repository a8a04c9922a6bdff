"""Which of HaloPSA's currencies is its base currency: no field says so, only a conversion rate of 1 does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billbridge.halopsa.values import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseCurrency:
    """The ISO code of the base currency, or the reason why it cannot be told; one of the two is empty."""

    code: str = ""
    reason: str = ""


def base_currency(currencies: Iterable[Currency]) -> BaseCurrency:
    """The one currency that is converted at rate 1; none or several leave it open."""
    codes = [currency.code.strip() for currency in currencies if currency.conversion_rate == Decimal(1)]
    if not codes:
        return BaseCurrency(reason="HaloPSA shows no currency with the conversion rate 1, as its base currency has")
    if len(codes) > 1:
        shown = ", ".join(sorted(codes))
        return BaseCurrency(reason=f"HaloPSA shows several currencies with the conversion rate 1: {shown}")
    if not codes[0]:
        return BaseCurrency(reason="HaloPSA's base currency has no ISO code")
    return BaseCurrency(code=codes[0])
