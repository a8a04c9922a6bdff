"""Rating one company's month: its lines, or the reason for which its bill is held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billbridge.billing.configuration import ConfigurationError, check_configurations
from billbridge.billing.lines import RatedMonth
from billbridge.billing.money import LARGEST
from billbridge.billing.prices import PriceBook
from billbridge.billing.rating import rate
from billbridge.billing.usage import BillingRules, CompanyUsage
from billbridge.store.models import Company


def rate_company(company: Company, usage: CompanyUsage, rules: BillingRules, prices: PriceBook) -> RatedMonth:
    """The company's lines, with what holds its bill; no lines where they cannot be made, or cannot be true."""
    try:
        check_configurations(company.name, usage.configurations)
    except ConfigurationError as error:
        return RatedMonth(lines=(), not_billed=(), hold_reasons=(str(error),))
    rated = rate(usage, rules, prices)
    if absurd := next(_absurd(rated), ""):
        return RatedMonth(lines=(), not_billed=rated.not_billed, hold_reasons=(*rated.hold_reasons, absurd))
    if company.is_ambiguous:
        reason = (
            f"another company is called {company.name!r} too, and the source cannot tell them apart: rename one"
        )
        return replace(rated, hold_reasons=(*rated.hold_reasons, reason))
    return rated


def _absurd(rated: RatedMonth) -> Iterator[str]:
    """Figures beyond what any amount may be, which no bill can hold: a typing error, or bytes that are none."""
    for line in rated.lines:
        figures = {
            "quantity": (line.quantity, line.sent_quantity),
            "cost": (line.cost, line.sent_cost),
            "price": (line.price, line.sent_price),
        }
        for what, values in figures.items():
            if found := next((value for value in values if value is not None and _is_absurd(value)), None):
                yield (
                    f"{line.name}: its {what} would be {found:,.2f}, and nothing is billed from {LARGEST:,.0f} on: "
                    "look at its prices, adjustments and usage"
                )
    if _is_absurd(rated.cost) or _is_absurd(rated.price):
        yield f"its lines add up to {LARGEST:,.0f} or more: look at their prices, adjustments and usage"


def _is_absurd(value: Decimal) -> bool:
    return abs(value) >= LARGEST
