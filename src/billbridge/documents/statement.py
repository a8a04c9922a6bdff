"""What a customer's statement says, in words and figures: prices only, never what the provider pays or earns."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from billbridge.billing.counting import CountingRule
from billbridge.billing.products import ProductKind
from billbridge.documents import figures, words
from billbridge.documents.bill_document import BillDocument, DocumentLine, DocumentProduct

Text = dict[str, Any]
"""Texts by name, and lists of such: what the page's template draws as it is."""

_LETTER = frozenset({"USD", "CAD", "MXN", "PHP", "CLP", "COP"})
"""Currencies of countries that print on US letter."""
AS_AGREED = "as agreed"


def statement_of(bill: BillDocument) -> Text:
    """One bill's statement. A line priced in HaloPSA has no amounts here: HaloPSA's price is what is charged."""
    lines = [_line(line, bill) for line in bill.lines]
    return {
        "paper": "us-letter" if bill.currency.code in _LETTER else "a4",
        "provider": bill.provider,
        "company": bill.company,
        "month": bill.month.title,
        "period": words.period(bill.month, bill),
        "made_on": figures.day(bill.made_on),
        "preliminary": bill.is_preliminary,
        "currency": bill.currency.code,
        "lines": [line for line in lines if line["products"]],
        "total": figures.money(bill.charged, bill.currency),
        "notes": _notes(bill),
        "usage": [usage for line in bill.lines for product in line.products for usage in _usage(product, bill)],
    }


def _line(line: DocumentLine, bill: BillDocument) -> Text:
    priced = not line.is_priced_in_halopsa
    products = [_product(product, bill, priced=priced) for product in line.products if not product.is_empty]
    subtotal = figures.plain_money(line.price, bill.currency) if priced else AS_AGREED
    return {"name": line.name, "products": products, "subtotal": subtotal}


def _product(product: DocumentProduct, bill: BillDocument, *, priced: bool) -> Text:
    unit_price = "" if product.unit_price is None else figures.plain_money(product.unit_price, bill.currency)
    storage = product.kind is ProductKind.STORAGE
    return {
        "name": product.name,
        "quantity": figures.gigabytes(product.quantity) if storage else figures.quantity(product.quantity),
        "unit": product.unit,
        "unit_price": unit_price if priced else "",
        "amount": figures.plain_money(product.price, bill.currency) if priced else AS_AGREED,
        "details": [*_storage_details(product, bill, priced=priced), *map(words.adjustment, product.adjustments)],
    }


def _storage_details(product: DocumentProduct, bill: BillDocument, *, priced: bool) -> Iterable[str]:
    """What makes up a storage amount that has no single price per GB."""
    charge = product.storage
    if charge is None or product.unit_price is not None or not priced:
        return
    for limit in charge.limits:
        yield f"Storage limit {limit.limit}: {figures.money(limit.price, bill.currency)}"
    for what, gb, price in _rates(product):
        yield f"{what}: {figures.gigabytes(gb)} GB at {figures.money(price, bill.currency)}"


def _rates(product: DocumentProduct) -> list[tuple[str, Fraction, Any]]:
    """The GB charged at each price, backup before restore; nothing where the prices were not kept."""
    sums: dict[tuple[str, Any], Fraction] = {}
    for user in product.storage.users if product.storage else ():
        if user.per_gb is None:
            return []
        beyond = " beyond the limit" if user.limit else ""
        for what, gb, price in (
            (f"Backup{beyond}", user.charged_backup_gb, user.per_gb.backup_price),
            (f"Restored{beyond}", user.charged_restore_gb, user.per_gb.restore_price),
        ):
            if gb and price:
                sums[what, price] = sums.get((what, price), Fraction(0)) + gb
    return [(what, gb, price) for (what, price), gb in sorted(sums.items())]


def _notes(bill: BillDocument) -> list[str]:
    notes: list[str] = []
    has_licenses = any(p.endpoints or p.domains for line in bill.lines for p in line.products)
    if has_licenses:
        notes.append(words.counting(bill.counting_rule))
    if any(p.storage for line in bill.lines for p in line.products):
        notes.append("1 GB is 2³⁰ bytes. Storage is charged exactly; figures here are rounded to two decimals.")
    if any(line.is_priced_in_halopsa for line in bill.lines):
        notes.append(f"“{AS_AGREED}”: charged at the price of your agreement, and not in this total.")
    if bill.collected_from:
        notes.append(f"Usage is known from {figures.day(bill.collected_from)} on.")
    if bill.is_preliminary:
        notes.append("These figures are preliminary: they may change until the month's bill is final.")
    return notes


def _usage(product: DocumentProduct, bill: BillDocument) -> Iterable[Text]:
    """The tables of what was counted: endpoints, domains, users' storage. Empty ones are left out."""
    if product.endpoints:
        yield {
            "name": product.name,
            "columns": ["User", "Endpoint", "From", "To", "Days"],
            "figures": [4],
            "rows": [
                [e.user, e.endpoint, figures.day(e.first_day), figures.day(e.last_day), str(e.days)]
                for e in product.endpoints
                if e.counted or CountingRule(bill.counting_rule) is CountingRule.DAYS
            ],
        }
    if product.domains:
        yield {
            "name": product.name,
            "columns": ["Domain", "Licenses"],
            "figures": [1],
            "rows": [[domain.domain, figures.quantity(domain.quantity)] for domain in product.domains],
        }
    if product.storage and product.storage.users:
        yield {
            "name": product.name,
            "columns": ["User", "Backup GB", "Restored GB"],
            "figures": [1, 2],
            "rows": [
                [
                    user.user,
                    figures.bytes_as_gigabytes(user.backup_bytes),
                    figures.bytes_as_gigabytes(user.restored),
                ]
                for user in product.storage.users
            ],
        }
