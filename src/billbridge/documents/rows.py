"""A bill as flat rows, for XLSX and CSV alike: one per product of a line, and one per piece of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billbridge.billing.money import Exact, round_half_up
from billbridge.billing.storage import GB
from billbridge.documents import words
from billbridge.documents.bill_document import BillDocument, DocumentLine, DocumentProduct

Cell = str | int | Decimal | date | None
Row = tuple[Cell, ...]

LINE_HEADER = (
    "Company", "Month", "Kind", "State", "Line", "Send mode", "Product", "Quantity", "Unit", "Unit cost",
    "Unit price", "Price from", "Cost", "Price", "Margin", "Currency", "Line quantity sent", "Line cost sent",
    "Line price sent", "Remarks",
)  # fmt: skip
EVIDENCE_HEADER = (
    "Company", "Month", "Line", "Product", "Evidence", "User", "Name", "From", "To", "Days", "Quantity",
    "Backup GB", "Restored GB", "Charged backup GB", "Charged restore GB", "Cost", "Price", "Remarks",
)  # fmt: skip


def line_rows(bill: BillDocument) -> Iterator[Row]:
    """One row per product, in `LINE_HEADER`'s columns. What is sent stands on the line's first row only."""
    for line in bill.lines:
        for number, product in enumerate(line.products):
            sent = (line.sent_quantity, line.sent_cost, line.sent_price) if number == 0 else (None, None, None)
            remarks = product.marks if number else dict.fromkeys((*product.marks, *line.marks))
            yield (
                bill.company, str(bill.month), bill.kind.value, bill.state.value, line.name, line.mode.value,
                product.name, product.quantity, product.unit, product.unit_cost, product.unit_price,
                product.price_origin or None, product.cost, product.price, product.price - product.cost,
                bill.currency.code, *sent, "; ".join(remarks) or None,
            )  # fmt: skip


def evidence_rows(bill: BillDocument) -> Iterator[Row]:
    """One row per endpoint, domain, user's storage, storage limit, adjustment, and thing on no line."""
    for line in bill.lines:
        for product in line.products:
            yield from _product_evidence(bill, line, product)
    for left in bill.left_out:
        yield _row(
            (bill.company, str(bill.month), None, left.license_type or None, "not billed"),
            user=left.user, name=left.subject, quantity=left.count,
            remarks=f"{left.reason}: {left.detail}" if left.detail else left.reason,
        )  # fmt: skip


def _product_evidence(bill: BillDocument, line: DocumentLine, product: DocumentProduct) -> Iterator[Row]:
    def start(what: str) -> tuple[Cell, ...]:
        return bill.company, str(bill.month), line.name, product.name, what

    for endpoint in product.endpoints:
        remarks = [] if endpoint.counted else ["does not count under the counting rule"]
        if endpoint.changed_type:
            remarks.append("changed its product within the month")
        yield _row(
            start("endpoint"), user=endpoint.user, name=endpoint.endpoint, first=endpoint.first_day,
            last=endpoint.last_day, days=endpoint.days, remarks="; ".join(remarks),
        )  # fmt: skip
    for domain in product.domains:
        repeated = f"{domain.repeated_days} days repeat the day before" if domain.repeated_days else ""
        yield _row(start("domain"), name=domain.domain, quantity=domain.quantity, remarks=repeated)
    for adjustment in product.adjustments:
        yield _row(start("adjustment"), quantity=adjustment.units, remarks=words.adjustment(adjustment))
    if product.storage is None:
        return
    for user in product.storage.users:
        yield _row(
            start("storage"), user=user.user, backup=_gb(user.backup_bytes), restored=_gb(user.restored),
            charged=_rounded(user.charged_backup_gb), charged_restore=_rounded(user.charged_restore_gb),
            cost=_rounded(user.cost), price=_rounded(user.price),
            remarks=f"{user.figure}; rates: {user.rates}; {words.storage_user(user, bill)}",
        )  # fmt: skip
    for limit in product.storage.limits:
        paid = f"paid once, by {limit.paid_by}"
        yield _row(start("storage limit"), name=limit.limit, cost=limit.cost, price=limit.price, remarks=paid)


def _row(
    start: tuple[Cell, ...],
    *,
    user: str = "",
    name: str = "",
    first: date | None = None,
    last: date | None = None,
    days: int | None = None,
    quantity: Decimal | int | None = None,
    backup: Decimal | None = None,
    restored: Decimal | None = None,
    charged: Decimal | None = None,
    charged_restore: Decimal | None = None,
    cost: Decimal | None = None,
    price: Decimal | None = None,
    remarks: str = "",
) -> Row:
    return (
        *start, user or None, name or None, first, last, days, quantity, backup, restored, charged, charged_restore,
        cost, price, remarks or None,
    )  # fmt: skip


def _gb(value: Exact) -> Decimal:
    return _rounded(Fraction(value) / GB)


def _rounded(value: Exact) -> Decimal:
    return round_half_up(value, 6)
