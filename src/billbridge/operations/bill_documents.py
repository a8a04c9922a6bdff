"""Reading bills from the store as documents: what the console shows of a bill, and what its files are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_currency_precision
from django.db.models import QuerySet

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.configuration import SendMode
from billbridge.billing.money import Currency
from billbridge.billing.products import LicenseType, Product, ProductKind, type_key
from billbridge.documents.bill_document import BillDocument, DocumentLine, DocumentProduct, LeftOut
from billbridge.operations import evidence
from billbridge.operations.access import NotThere
from billbridge.operations.chunks import chunks
from billbridge.operations.provider import billing_rules
from billbridge.store.models import Bill, BillLine, Provider, StorageAccount

_AT_ONCE = 100
"""Bills whose evidence is in memory at once."""


def bill_document(provider: Provider, bill_id: int) -> BillDocument:
    """A provider's bill with all its evidence; raises `NotThere` for any other."""
    bill = _bills(provider).filter(pk=bill_id).first()
    if bill is None:
        raise NotThere("There is no such bill.")
    return _document(bill, list(bill.lines.order_by("name", "pk")), _Names.of(provider))


def bill_documents(provider: Provider, bills: QuerySet[Bill]) -> Iterator[BillDocument]:
    """Some of a provider's bills, by company; only some of them are in memory at a time."""
    names = _Names.of(provider)
    ids = (
        bills.filter(provider=provider)
        .order_by("company__name", "company_id", "month")
        .values_list("pk", flat=True)
    )
    for chunk in chunks(list(ids), _AT_ONCE):
        rows = _bills(provider).prefetch_related("lines").in_bulk(chunk)
        for pk in chunk:
            if pk in rows:
                lines = sorted(rows[pk].lines.all(), key=lambda line: (line.name, line.pk))
                yield _document(rows[pk], lines, names)


def _bills(provider: Provider) -> QuerySet[Bill]:
    return Bill.objects.filter(provider=provider).select_related("company")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What ids stand for: storage accounts by their id, license types by their name as compared."""

    provider: str
    accounts: Mapping[str, str]
    types: Mapping[str, LicenseType]

    @classmethod
    def of(cls, provider: Provider) -> _Names:
        accounts = StorageAccount.objects.filter(provider=provider).values_list("source_id", "name")
        return cls(provider=provider.name, accounts=dict(accounts), types=billing_rules(provider).license_types)

    def product(self, product: Product) -> str:
        if product.kind is ProductKind.STORAGE:
            return self.accounts.get(product.code, product.code)
        return product.code

    def unit(self, product: Product) -> str:
        if product.kind is ProductKind.STORAGE:
            return "GB"
        known = self.types.get(type_key(product.code))
        return known.unit if known else "endpoint"


def _document(bill: Bill, lines: Sequence[BillLine], names: _Names) -> BillDocument:
    return BillDocument(
        id=bill.pk,
        provider=names.provider,
        company=bill.company.name,
        month=bill.month,
        kind=BillKind(bill.kind),
        state=BillState(bill.state),
        currency=Currency(code=bill.currency, decimals=get_currency_precision(bill.currency)),
        counting_rule=bill.counting_rule,
        made_on=bill.made_on,
        cost=bill.cost,
        price=bill.price,
        lines=tuple(_line(line, names) for line in lines),
        left_out=tuple(_left_out(entry, names) for entry in bill.not_billed),
        collected_from=bill.collected_from,
        before_month_end=bill.before_month_end,
        late=bill.late,
        reasons=tuple(bill.reasons),
    )


def _line(line: BillLine, names: _Names) -> DocumentLine:
    return DocumentLine(
        id=line.pk,
        name=line.name,
        mode=SendMode(line.mode),
        products=tuple(
            sorted((_product(each, names) for each in line.products), key=lambda p: (p.kind, p.name.casefold()))
        ),
        quantity=line.quantity.normalize(),
        cost=line.cost,
        price=line.price,
        sent_quantity=line.sent_quantity.normalize(),
        sent_cost=line.sent_cost,
        sent_price=line.sent_price,
        cost_remainder=line.cost_remainder,
        price_remainder=line.price_remainder,
        marks=tuple(line.marks),
        is_sent=line.is_sent,
        reason=line.reason,
    )


def _product(kept: Mapping[str, Any], names: _Names) -> DocumentProduct:
    product = Product.parse(kept["product"])
    storage = evidence.storage(kept.get("storage"))
    return DocumentProduct(
        kind=product.kind,
        name=names.product(product),
        unit=names.unit(product),
        quantity=evidence.number(kept["quantity"]),
        cost=evidence.number(kept["cost"]),
        price=evidence.number(kept["price"]),
        unit_cost=evidence.unit(kept, "unit_cost", storage),
        unit_price=evidence.unit(kept, "unit_price", storage),
        price_origin=kept.get("price_origin", ""),
        endpoints=tuple(evidence.endpoint(each) for each in kept.get("endpoints", ())),
        domains=tuple(evidence.domain(each) for each in kept.get("domains", ())),
        adjustments=tuple(evidence.adjustment(each) for each in kept.get("adjustments", ())),
        storage=storage,
        marks=tuple(kept.get("marks", ())),
    )


def _left_out(entry: Mapping[str, Any], names: _Names) -> LeftOut:
    """A storage account is named; whatever else is left out is named already."""
    license_type = entry.get("license_type", "")
    subject = entry["subject"]
    return LeftOut(
        subject=subject if license_type else names.accounts.get(subject, subject),
        license_type=license_type,
        user=entry.get("user", ""),
        count=entry.get("count", 1),
        reason=entry["reason"],
        detail=entry.get("detail", ""),
    )
