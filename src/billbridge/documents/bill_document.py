"""A bill as a value: its lines, the evidence for each, and what is on no line, with names a person knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.configuration import SendMode
from billbridge.billing.counting import CountedDomain, CountedEndpoint
from billbridge.billing.money import Currency
from billbridge.billing.months import Month
from billbridge.billing.products import ProductKind
from billbridge.billing.storage import GB, StorageCharge
from billbridge.billing.usage import Adjustment


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProduct:
    """One product's part of a line. `name` is the license type, or the storage account's name."""

    kind: ProductKind
    name: str
    unit: str
    quantity: Decimal
    cost: Decimal
    price: Decimal
    unit_cost: Decimal | None = None
    unit_price: Decimal | None = None
    """Unset for storage that is not charged at one price per GB."""
    price_origin: str = ""
    endpoints: tuple[CountedEndpoint, ...] = ()
    domains: tuple[CountedDomain, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    storage: StorageCharge | None = None
    marks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was used and nothing is charged."""
        return not (self.quantity or self.cost or self.price)

    @property
    def restored_gb(self) -> Fraction:
        """Data restored in the month by all users, in GB; 0 for a license product."""
        users = self.storage.users if self.storage else ()
        return Fraction(sum(user.restored for user in users), GB)

    @property
    def evidence_size(self) -> int:
        """How many endpoints, domains and users stand behind it."""
        return len(self.endpoints) + len(self.domains) + (len(self.storage.users) if self.storage else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One configuration's line. What HaloPSA gets stands beside the exact amounts, as on the bill.

    `marks` are in words, as they were when the bill was made; `reason` says why a line has not arrived.
    """

    id: int
    name: str
    mode: SendMode
    products: tuple[DocumentProduct, ...]
    quantity: Decimal
    cost: Decimal
    price: Decimal
    sent_quantity: Decimal
    sent_cost: Decimal | None
    sent_price: Decimal | None
    cost_remainder: Decimal = Decimal(0)
    price_remainder: Decimal = Decimal(0)
    marks: tuple[str, ...] = ()
    is_sent: bool = False
    reason: str = ""

    @property
    def is_priced_in_halopsa(self) -> bool:
        """Whether only the quantity is sent: what the customer is charged is HaloPSA's own price."""
        return self.mode is SendMode.QUANTITY

    @property
    def is_mixed(self) -> bool:
        """Whether it bills licenses and storage together: its quantity is then a sum of unlike things."""
        return len({product.kind for product in self.products}) > 1

    @property
    def margin(self) -> Decimal:
        return self.price - self.cost

    @property
    def evidence_size(self) -> int:
        """How many endpoints, domains and users stand behind it."""
        return sum(product.evidence_size for product in self.products)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that was collected and is on no line, and why."""

    subject: str
    license_type: str
    user: str
    count: int
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDocument:
    """All lines of one company for one month, ready to be shown or written to a file."""

    id: int
    provider: str
    company: str
    month: Month
    kind: BillKind
    state: BillState
    currency: Currency
    counting_rule: str
    made_on: date
    cost: Decimal
    price: Decimal
    lines: tuple[DocumentLine, ...]
    left_out: tuple[LeftOut, ...] = ()
    collected_from: date | None = None
    before_month_end: bool = False
    late: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def margin(self) -> Decimal:
        return self.price - self.cost

    @property
    def through(self) -> date:
        """The last day its figures are about."""
        return min(self.month.last, self.made_on)

    @property
    def is_preliminary(self) -> bool:
        """Whether its figures may still change: the month is running, or something holds the bill."""
        return self.kind is BillKind.TEMPORARY or self.state in (BillState.DRAFT, BillState.HELD)

    @property
    def charged(self) -> Decimal:
        """What the customer is charged by this bill: lines priced in HaloPSA are charged there."""
        return sum((line.price for line in self.lines if not line.is_priced_in_halopsa), Decimal(0))
