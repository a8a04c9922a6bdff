"""Short ways to say what a company uses, how it is billed, and what was collected."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    BilledProduct,
    BillingConfiguration,
    Collection,
    Company,
    LicensePrice,
    Provider,
    UsageHistoryImport,
)

JANUARY = Month(2026, 1)
SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)


def configure(
    company: Company, *products: str, mode: str = "average", name: str = "Managed Backup"
) -> BillingConfiguration:
    """A billing configuration of some products, such as `license:Server`."""
    made = BillingConfiguration.objects.create(company=company, name=name, mode=mode)
    for product in products:
        BilledProduct.objects.create(configuration=made, company=company, product=product)
    return made


def price(
    provider: Provider,
    license_type: str = "Server",
    *,
    cost: str = "5.00",
    price: str = "12.00",
    since: Month = JANUARY,
    company: Company | None = None,
) -> LicensePrice:
    """What a license costs and is sold for since a month, for all companies or for one."""
    return LicensePrice.objects.create(
        provider=provider,
        company=company,
        license_type=license_type,
        from_month=since,
        cost=Decimal(cost),
        price=Decimal(price),
    )


def holds(
    company: Company,
    endpoint: str,
    license_type: str = "Server",
    *,
    first: date = date(2026, 9, 1),
    last: date | None = None,
    **more: Any,
) -> ActivationRow:
    """An activation in the ledger."""
    return ActivationRow.objects.create(
        provider=company.provider,
        company=company,
        endpoint=endpoint,
        endpoint_key=endpoint.lower(),
        license_type=license_type,
        first_day=first,
        last_day=last,
        last_seen=last or first,
        **{"origin": "observed", **more},
    )


def collected(provider: Provider, *days: date, section: str = "licenses", state: str = "done") -> None:
    """Collections on some days."""
    for day in days:
        Collection.objects.create(
            provider=provider, source="mbs", section=section, began=datetime.now(UTC), day=day, state=state
        )


def imported(provider: Provider, first: date, last: date) -> None:
    """An imported Usage History that speaks for some days."""
    UsageHistoryImport.objects.create(
        provider=provider,
        name="usage.csv",
        digest=f"{first}{last}",
        first_day=first,
        last_day=last,
        rows=1,
        imported=datetime.now(UTC),
    )
