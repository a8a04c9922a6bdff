"""Acme, a mapped company that holds two servers and a desktop, with HaloPSA's lists copied and prices set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from django.test import Client

from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    Administrator,
    BilledProduct,
    BillingConfiguration,
    Collection,
    Company,
    LicensePrice,
    Provider,
    StorageAccount,
    StorageRate,
)

ClientOf = Callable[[Administrator], Client]
"""Signs somebody in and gives their browser."""

TODAY = date(2026, 11, 12)
CUSTOMER, SITE = 13, 33
"""Birch & Co Ltd and its site Hill, of the copied lists."""
VAULT = "acc-1"


def make_acme(provider: Provider) -> Company:
    """Acme on 12 November 2026, collected since the end of September."""
    provider.moved_day = TODAY
    provider.save()
    acme = Company.objects.create(provider=provider, source_id="acme", name="Acme", client_id=CUSTOMER)
    for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 11, 1), TODAY):
        for section in Collection.Section:
            Collection.objects.create(
                provider=provider, source="mbs", section=section, state="done", began=datetime.now(UTC), day=day
            )
    for endpoint, license_type in (("DC01", "Server"), ("DC02", "Server"), ("RX7", "Desktop")):
        ActivationRow.objects.create(
            provider=provider,
            company=acme,
            endpoint=endpoint,
            endpoint_key=endpoint.lower(),
            license_type=license_type,
            first_day=date(2026, 9, 1),
            last_seen=TODAY,
            origin="observed",
        )
    for license_type, cost, price in (("Server", "5.00", "12.00"), ("Desktop", "2.50", "6.00")):
        LicensePrice.objects.create(
            provider=provider,
            license_type=license_type,
            from_month=Month(2026, 1),
            cost=Decimal(cost),
            price=Decimal(price),
        )
    StorageAccount.objects.create(provider=provider, source_id=VAULT, name="CorporateS3")
    StorageRate.objects.create(
        provider=provider,
        account_id=VAULT,
        from_month=Month(2026, 1),
        backup_cost=Decimal("0.01"),
        backup_price=Decimal("0.05"),
        restore_cost=Decimal(0),
        restore_price=Decimal(0),
    )
    return acme


def configured(company: Company, *products: str, name: str = "Managed Backup", mode: str = "average") -> str:
    """A saved configuration of some products, such as `license:Server`; gives its id."""
    row = BillingConfiguration.objects.create(company=company, name=name, mode=mode)
    for product in products:
        BilledProduct.objects.create(configuration=row, company=company, product=product)
    return str(row.uid)
