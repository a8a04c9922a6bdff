"""The evidence of a bill in words: how it was counted, where a price comes from, where something was rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from billbridge.billing.configuration import SendMode
from billbridge.billing.counting import CountingRule
from billbridge.billing.money import amount
from billbridge.billing.months import Month
from billbridge.billing.products import ProductKind
from billbridge.billing.storage import GB, UserCharge
from billbridge.billing.usage import Adjustment
from billbridge.documents import figures
from billbridge.documents.bill_document import BillDocument, DocumentLine, DocumentProduct

TIMES = "\N{MULTIPLICATION SIGN}"
_COUNTED = {
    CountingRule.ACTIVE_IN_MONTH: "Each endpoint that was active on any day of the month counts once.",
    CountingRule.ACTIVE_AT_END: "Endpoints that are active at the end of the month count.",
    CountingRule.PEAK: "The highest number of endpoints that were active on one day counts.",
    CountingRule.DAYS: "The active days of all endpoints are added up and divided by the days of the month.",
}
_MODES = {
    SendMode.AVERAGE: "the quantity, with the average cost and price of a unit",
    SendMode.TOTAL: "quantity 1, at the total",
    SendMode.QUANTITY: "the quantity alone: HaloPSA's own cost and price stay",
}


def counting(rule: str) -> str:
    """What the counting rule means, in a sentence."""
    return _COUNTED[CountingRule(rule)]


def mode(value: SendMode) -> str:
    """What a send mode sends."""
    return _MODES[value]


def calculation(product: DocumentProduct, bill: BillDocument) -> str:
    """How a license product's price came about: `3 x $12.00 = $36.00 (general price since 2026-09)`."""
    if product.unit_price is None:
        return ""
    exact = Fraction(product.quantity) * Fraction(product.unit_price)
    said = (
        f"{figures.quantity(product.quantity)} {TIMES} {figures.money(product.unit_price, bill.currency)} = "
        f"{figures.money(product.price, bill.currency)}"
    )
    if exact != Fraction(product.price):
        said += ", rounded half up"
    return f"{said} ({product.price_origin})" if product.price_origin else said


def sending(line: DocumentLine, bill: BillDocument) -> str:
    """What HaloPSA gets for a line, and whether it makes the same total there."""
    quantity = figures.quantity(line.sent_quantity)
    if line.sent_price is None or line.sent_cost is None:
        return f"Sent: quantity {quantity}, without cost and price."
    cost, price = (figures.money(each, bill.currency) for each in (line.sent_cost, line.sent_price))
    total = figures.money(amount(line.sent_quantity, line.sent_price, bill.currency.decimals), bill.currency)
    said = f"Sent: quantity {quantity} at cost {cost} and price {price} each; {quantity} {TIMES} {price} is {total}"
    if not line.price_remainder:
        return f"{said}, the line's price to the cent." if bill.currency.decimals else f"{said}, the line's price."
    rest = figures.money(line.price_remainder, bill.currency)
    return f"{said}, which leaves {rest} of the line's price. Send the total instead to avoid that."


def rounding(line: DocumentLine) -> str:
    """Whether the quantity sent was rounded up, and from what."""
    if line.mode is SendMode.TOTAL or line.sent_quantity == line.quantity:
        return ""
    exact, sent = figures.quantity(line.quantity), figures.quantity(line.sent_quantity)
    return f"The exact quantity is {exact}; {sent} is sent, because HaloPSA gets whole units, rounded up."


def adjustment(value: Adjustment) -> str:
    """An adjustment with its reason and months: `+2 from 2026-10 on: agreed with the customer`."""
    until = f" to {value.last_month}" if value.last_month else " on"
    return f"{value.units:+f} from {value.first_month}{until}: {value.reason}"


def units(product: DocumentProduct) -> str:
    """A quantity with its unit: `1 endpoint`, `3 endpoints`, `12.5 GB`."""
    plural = "s" if product.unit != "GB" and product.quantity != 1 else ""
    return f"{figures.quantity(product.quantity)} {product.unit}{plural}"


def quantity(line: DocumentLine) -> str:
    """A line's quantity; of a line that mixes licenses and storage its parts: `12 licenses and 1,255.49 GB`."""
    if not line.is_mixed:
        return figures.quantity(line.quantity)
    licenses = sum((one.quantity for one in line.products if one.kind is ProductKind.LICENSE), Decimal(0))
    stored = sum((one.quantity for one in line.products if one.kind is ProductKind.STORAGE), Decimal(0))
    plural = "" if licenses == 1 else "s"
    return f"{figures.quantity(licenses)} license{plural} and {figures.gigabytes(stored)} GB"


def storage_user(user: UserCharge, bill: BillDocument) -> str:
    """How one user's storage was charged: what lies within a limit, what beyond it, and at which rates."""
    parts: list[str] = []
    if user.limit:
        parts.append(f"storage limit {user.limit!r}")
    parts.append(_at("backup", user.charged_backup_gb, user.per_gb.backup_price if user.per_gb else None, bill))
    if user.restored:
        parts.append(
            _at("restored", user.charged_restore_gb, user.per_gb.restore_price if user.per_gb else None, bill)
        )
    if user.repeated_days:
        parts.append(f"{user.repeated_days} days without a collection repeat the day before")
    return "; ".join(parts)


def _at(what: str, gb: Fraction, price: Decimal | None, bill: BillDocument) -> str:
    said = f"{figures.gigabytes(gb)} GB {what} charged"
    return said if price is None else f"{said} at {figures.money(price, bill.currency)}"


def period(month: Month, bill: BillDocument) -> str:
    """The days a bill is about: `1 Oct 2026 to 31 Oct 2026`."""
    return f"{figures.day(month.first)} to {figures.day(bill.through)}"


def caveats(bill: BillDocument) -> tuple[str, ...]:
    """What a person should know about how the bill was made; nothing for an ordinary one."""
    said: list[str] = []
    if bill.collected_from:
        said.append(f"The month was collected only from {figures.day(bill.collected_from)} on.")
    if bill.before_month_end:
        said.append("It was made without a collection after the month's end: later usage is not on it.")
    if bill.late:
        said.append("Auto-billing missed the first three days of the month: the bill was made late.")
    return tuple(said)


def used_gb(product: DocumentProduct) -> Fraction:
    """The storage kept by all users, in GB."""
    users = product.storage.users if product.storage else ()
    return sum((Fraction(user.backup_bytes) for user in users), Fraction(0)) / GB
