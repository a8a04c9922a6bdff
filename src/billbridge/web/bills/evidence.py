"""A line's evidence as its page shows it: each product with how it was counted, priced and sent, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billbridge.billing.activations import NotBilledReason
from billbridge.billing.counting import CountedEndpoint
from billbridge.billing.lines import Mark
from billbridge.billing.storage import UserCharge
from billbridge.documents import words
from billbridge.documents.bill_document import BillDocument, DocumentLine, DocumentProduct, LeftOut

MOST = 300
"""Endpoints or users of a product that a page shows; the XLSX file holds all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProduct:
    """A product with its evidence in words; `hidden` counts endpoints and users beyond what a page shows."""

    product: DocumentProduct
    quantity: str
    calculation: str
    adjustments: tuple[str, ...]
    endpoints: Sequence[CountedEndpoint]
    users: Sequence[tuple[UserCharge, str]]
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A line with its evidence in words."""

    line: DocumentLine
    counting: str
    sending: str
    rounding: str
    mode: str
    marks: tuple[str, ...]
    """What it is marked with beside what the sentences and the products say already."""
    products: tuple[ShownProduct, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutGroup:
    """Things on no line for one reason; `remedy` names the page that can change it, if one can."""

    reason: str
    entries: Sequence[LeftOut]
    hidden: int
    remedy: str


_SAID = (Mark.ROUNDED_QUANTITY, Mark.REMAINDER)


def shown_line(line: DocumentLine, bill: BillDocument) -> ShownLine:
    """Everything a page says of a line."""
    of_products = {mark for product in line.products for mark in product.marks}
    return ShownLine(
        line=line,
        counting=words.counting(bill.counting_rule),
        sending=words.sending(line, bill),
        rounding=words.rounding(line),
        mode=words.mode(line.mode),
        marks=tuple(mark for mark in line.marks if mark not in _SAID and mark not in of_products),
        products=tuple(_shown(product, bill) for product in line.products),
    )


def left_out(bill: BillDocument) -> list[LeftOutGroup]:
    """What is on no line, by reason, the most frequent first."""
    groups: dict[str, list[LeftOut]] = {}
    for entry in bill.left_out:
        groups.setdefault(entry.reason, []).append(entry)
    return [
        LeftOutGroup(
            reason=reason,
            entries=entries[:MOST],
            hidden=max(0, len(entries) - MOST),
            remedy=_REMEDIES.get(reason, ""),
        )
        for reason, entries in sorted(groups.items(), key=lambda each: -len(each[1]))
    ]


_REMEDIES = {
    NotBilledReason.NOT_CONFIGURED.value: "configure",
    NotBilledReason.EXCLUDED.value: "company",
    NotBilledReason.UNKNOWN_TYPE.value: "provider",
    NotBilledReason.CHANGED_TYPE.value: "provider",
}


def _shown(product: DocumentProduct, bill: BillDocument) -> ShownProduct:
    users: Iterable[UserCharge] = product.storage.users[:MOST] if product.storage else ()
    return ShownProduct(
        product=product,
        quantity=words.units(product),
        calculation=words.calculation(product, bill) if product.storage is None else "",
        adjustments=tuple(words.adjustment(each) for each in product.adjustments),
        endpoints=product.endpoints[:MOST],
        users=[(user, words.storage_user(user, bill)) for user in users],
        hidden=sum(
            max(0, size - MOST)
            for size in (len(product.endpoints), len(product.storage.users) if product.storage else 0)
        ),
    )
