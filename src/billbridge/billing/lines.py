"""The lines of a bill: each product's amount with its evidence, and what of their sum is sent to HaloPSA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

from billbridge.billing.activations import NotBilled
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.counting import CountedDomain, CountedEndpoint
from billbridge.billing.money import ZERO, round_half_up, unit_price
from billbridge.billing.products import Product
from billbridge.billing.storage import StorageCharge
from billbridge.billing.usage import Adjustment, BillingRules

QUANTITY_DECIMALS = 6
"""An exact quantity is shown and stored with this many decimals; what is sent is rounded from the exact one."""


class Mark(StrEnum):
    """Something about a line that a person should see."""

    NEVER_SET = "cost and price were never set"
    CHANGED_TYPE = "an endpoint changed its product and counts under both"
    REPEATED_DAYS = "days without a collection repeat the day before"
    ROUNDED_QUANTITY = "the quantity is sent rounded up"
    REMAINDER = "unit price times quantity differs from the total: send the total instead"
    MONEY_WITHOUT_UNITS = "there is money but no quantity: sent as quantity 1 at the total"
    FLOORED = "adjustments would make the quantity negative: it is 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAmount:
    """One product's part of a line: its quantity, unit cost and price, amounts, and the evidence for them.

    `quantity` is exact to six decimals. Storage has no single unit price; its money is in `storage`.
    """

    product: Product
    quantity: Decimal
    cost: Decimal
    price: Decimal
    unit_cost: Decimal | None = None
    unit_price: Decimal | None = None
    price_origin: str = ""
    endpoints: tuple[CountedEndpoint, ...] = ()
    domains: tuple[CountedDomain, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    storage: StorageCharge | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One configuration's line of a bill.

    `quantity` is the exact sum of the products' quantities, `cost` and `price` the sums of their amounts. What
    HaloPSA gets is `sent_quantity` with `sent_cost` and `sent_price` per unit, which are `None` where HaloPSA's own
    stay. The remainders say by how much the product of what is sent differs from the amounts.
    """

    configuration_id: str
    name: str
    mode: SendMode
    products: tuple[ProductAmount, ...]
    quantity: Decimal
    cost: Decimal
    price: Decimal
    sent_quantity: Decimal
    sent_cost: Decimal | None
    sent_price: Decimal | None
    cost_remainder: Decimal = ZERO
    price_remainder: Decimal = ZERO
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMonth:
    """A company's lines for a month, everything that is on none of them with its reason, and what holds it."""

    lines: tuple[Line, ...]
    not_billed: tuple[NotBilled, ...]
    hold_reasons: tuple[str, ...] = ()

    @property
    def cost(self) -> Decimal:
        return sum((line.cost for line in self.lines), ZERO)

    @property
    def price(self) -> Decimal:
        return sum((line.price for line in self.lines), ZERO)


def line_of(configuration: Configuration, products: Sequence[ProductAmount], rules: BillingRules) -> Line:
    """The line of a configuration: its products summed up, and what its send mode sends of the sum."""
    ordered = tuple(sorted(products, key=lambda p: p.product))
    exact = sum((_exact_quantity(p) for p in ordered), Fraction(0))
    cost = sum((p.cost for p in ordered), ZERO)
    price = sum((p.price for p in ordered), ZERO)
    marks = list(dict.fromkeys(mark for p in ordered for mark in p.marks))
    sent_quantity = _sent_quantity(exact, rules, has_storage=any(p.storage for p in ordered))
    sent_cost: Decimal | None = None
    sent_price: Decimal | None = None
    cost_remainder = price_remainder = ZERO
    decimals = rules.currency.decimals
    if configuration.mode is not SendMode.TOTAL and sent_quantity != exact:
        marks.append(Mark.ROUNDED_QUANTITY)
    if configuration.mode is not SendMode.QUANTITY and (exact or cost or price):
        if configuration.mode is SendMode.TOTAL or not exact:
            if not exact:
                marks.append(Mark.MONEY_WITHOUT_UNITS)
            sent_quantity, sent_cost, sent_price = Decimal(1), cost, price
        else:
            most = rules.unit_price_decimals
            unit_of_cost = unit_price(cost, sent_quantity, decimals=decimals, most_decimals=most)
            unit_of_price = unit_price(price, sent_quantity, decimals=decimals, most_decimals=most)
            sent_cost, cost_remainder = unit_of_cost.value, unit_of_cost.remainder
            sent_price, price_remainder = unit_of_price.value, unit_of_price.remainder
    if cost_remainder or price_remainder:
        marks.append(Mark.REMAINDER)
    return Line(
        configuration_id=configuration.id,
        name=configuration.name,
        mode=configuration.mode,
        products=ordered,
        quantity=round_half_up(exact, QUANTITY_DECIMALS),
        cost=cost,
        price=price,
        sent_quantity=sent_quantity,
        sent_cost=sent_cost,
        sent_price=sent_price,
        cost_remainder=cost_remainder,
        price_remainder=price_remainder,
        marks=tuple(marks),
    )


def _exact_quantity(product: ProductAmount) -> Fraction:
    return product.storage.gb if product.storage is not None else Fraction(product.quantity)


def _sent_quantity(exact: Fraction, rules: BillingRules, *, has_storage: bool) -> Decimal:
    """Whole units, rounded up; a fraction only where HaloPSA keeps fractions, and never for storage."""
    if rules.keeps_fractions and not has_storage:
        return round_half_up(exact, QUANTITY_DECIMALS)
    return Decimal(ceil(exact))
