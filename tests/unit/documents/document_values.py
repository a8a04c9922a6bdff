"""Bills as documents, said in short."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.configuration import SendMode
from billbridge.billing.counting import CountedEndpoint
from billbridge.billing.money import Currency
from billbridge.billing.months import Month
from billbridge.billing.products import ProductKind
from billbridge.billing.storage import GB, FixedCharge, GbRates, StorageCharge, UserCharge
from billbridge.documents.bill_document import BillDocument, DocumentLine, DocumentProduct

OCTOBER = Month(2026, 10)
MADE_ON = date(2026, 11, 2)


def endpoint(
    name: str = "PC-1", *, user: str = "ann@acme.test", days: int = 31, counted: bool = True
) -> CountedEndpoint:
    return CountedEndpoint(
        user=user,
        endpoint=name,
        first_day=OCTOBER.first,
        last_day=date(2026, 10, days),
        days=days,
        counted=counted,
    )


def licenses(
    name: str = "Server",
    quantity: str = "3",
    *,
    unit_cost: str = "5.55",
    unit_price: str = "12.00",
    cost: str = "16.65",
    price: str = "36.00",
    **more: Any,
) -> DocumentProduct:
    return DocumentProduct(
        kind=ProductKind.LICENSE,
        name=name,
        unit="endpoint",
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        price=Decimal(price),
        unit_cost=Decimal(unit_cost),
        unit_price=Decimal(unit_price),
        **{"price_origin": "general price since 2026-09", "endpoints": (endpoint(),), **more},
    )


def user_charge(
    gb: int, *, user: str = "bob", price: str = "0.10", restored: int = 0, limit: str = ""
) -> UserCharge:
    rates = GbRates(
        backup_cost=Decimal("0.03"),
        backup_price=Decimal(price),
        restore_cost=Decimal(0),
        restore_price=Decimal("0.20"),
    )
    return UserCharge(
        user=user,
        backup_bytes=Fraction(gb * GB),
        figure="the source's monthly average",
        repeated_days=0,
        restored=restored * GB,
        charged_backup_gb=Fraction(gb),
        charged_restore_gb=Fraction(restored),
        rates="storage account",
        limit=limit,
        cost=gb * Fraction("0.03"),
        price=gb * Fraction(price) + restored * Fraction("0.20"),
        per_gb=rates,
    )


def storage(
    *users: UserCharge, limits: tuple[FixedCharge, ...] = (), unit_price: str | None = None
) -> DocumentProduct:
    gb = sum((user.backup_bytes for user in users), Fraction(0)) / GB
    price = sum((user.price for user in users), Fraction(0)) + sum(
        (Fraction(one.price) for one in limits), Fraction(0)
    )
    cost = sum((user.cost for user in users), Fraction(0))
    return DocumentProduct(
        kind=ProductKind.STORAGE,
        name="Wasabi EU",
        unit="GB",
        quantity=Decimal(int(gb)),
        cost=Decimal(round(float(cost), 2)).quantize(Decimal("0.01")),
        price=Decimal(round(float(price), 2)).quantize(Decimal("0.01")),
        unit_price=Decimal(unit_price) if unit_price else None,
        storage=StorageCharge(
            account_id="wasabi", gb=gb, cost=cost, price=price, users=users, limits=limits, never_set=False
        ),
    )


def line(
    *products: DocumentProduct, name: str = "Managed Backup", mode: SendMode = SendMode.AVERAGE, **more: Any
) -> DocumentLine:
    quantity = sum((product.quantity for product in products), Decimal(0))
    price = sum((product.price for product in products), Decimal(0))
    cost = sum((product.cost for product in products), Decimal(0))
    return DocumentLine(
        **{
            "id": 1,
            "name": name,
            "mode": mode,
            "products": products,
            "quantity": quantity,
            "cost": cost,
            "price": price,
            "sent_quantity": quantity,
            "sent_cost": None,
            "sent_price": None,
            **more,
        }
    )


def bill(*lines: DocumentLine, company: str = "Acme", **more: Any) -> BillDocument:
    return BillDocument(
        **{
            "id": 7,
            "provider": "Northwind IT",
            "company": company,
            "month": OCTOBER,
            "kind": BillKind.AUTOMATIC,
            "state": BillState.SENT,
            "currency": Currency(code="EUR"),
            "counting_rule": "active_in_month",
            "made_on": MADE_ON,
            "cost": sum((each.cost for each in lines), Decimal(0)),
            "price": sum((each.price for each in lines), Decimal(0)),
            "lines": lines,
            **more,
        }
    )
