"""The lines of a month that reconciliation compares: what is counted, billed, read back and shown of each.

Values alone: `reconciliation` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billbridge.billing.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """A figure that is not known, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a line's products come to: the quantity of each by name, and all of them in money."""

    parts: Mapping[str, Decimal]
    cost: Decimal
    price: Decimal

    @property
    def quantity(self) -> Decimal:
        """The sum of all quantities."""
        return sum(self.parts.values(), ZERO)

    @property
    def is_nothing(self) -> bool:
        return not (any(self.parts.values()) or self.cost or self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A subscription's quantity, and its cost and price per unit; `None` where they are not ours."""

    count: Decimal
    cost: Decimal | None = None
    price: Decimal | None = None

    @property
    def charge(self) -> Decimal:
        """What is charged for it, exactly."""
        return self.count * (self.price or ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """A line of our bill: what was counted then, and what is sent of it."""

    counted: Counted
    sent: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """The base: what HaloPSA showed after our last write, and what it had been asked for; it may round."""

    shown: Figures
    asked: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What HaloPSA shows of a line: now, or on `seen_on`, before its slot went on to another month."""

    subscription_id: int
    figures: Figures
    is_charged: bool = True
    """False for an inactive one: HaloPSA invoices active subscriptions only."""
    seen_on: date | None = None

    @property
    def charge(self) -> Decimal:
        return self.figures.charge if self.is_charged else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """One configuration of a company in a month, with its four figures; `None` is one that there is not.

    A subscription that no configuration knows is a line too, without configuration, source and bill.
    """

    company_id: str
    company: str
    configuration_id: str
    name: str
    source: Counted | NotKnown | None
    bill: Billed | NotKnown | None
    base: ReadBack | None
    shown: Shown | NotKnown | None
    remarks: tuple[str, ...] = ()
    """What a person should know of it beside the figures, such as why its bill was not sent."""

    @property
    def place(self) -> tuple[str, str, str, str, int]:
        """Where it stands among others, whatever order they came in."""
        number = self.shown.subscription_id if isinstance(self.shown, Shown) else 0
        return self.company.casefold(), self.company_id, self.name.casefold(), self.configuration_id, number
