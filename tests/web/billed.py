"""Short ways to a provider with bills: companies that hold licenses, prices, and bills that were really made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from django.test import Client

from billbridge.billing.months import Month
from billbridge.operations.bill import BillRequest, make_bills
from billbridge.store.models import (
    ActivationRow,
    Administrator,
    Bill,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Collection,
    Company,
    LicensePrice,
    Provider,
)

ClientOf = Callable[[Administrator], Client]
"""Signs an administrator in and gives their browser."""
SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)
DAY = date(2026, 11, 12)


def company(provider: Provider, name: str = "Acme", *products: str, mode: str = "average") -> Company:
    """A mapped company with one configuration of some products, `license:Server` unless others are named."""
    made = Company.objects.create(provider=provider, source_id=name.lower(), name=name, client_id=1)
    configuration = BillingConfiguration.objects.create(company=made, name="Managed Backup", mode=mode)
    for product in products or ("license:Server",):
        BilledProduct.objects.create(configuration=configuration, company=made, product=product)
    return made


def holds(company: Company, *endpoints: str, license_type: str = "Server") -> None:
    """Licenses held since September."""
    ActivationRow.objects.bulk_create(
        ActivationRow(
            provider=company.provider,
            company=company,
            user_id="ann",
            user_login="ann@acme.test",
            endpoint=endpoint,
            endpoint_key=endpoint.lower(),
            license_type=license_type,
            first_day=SEPTEMBER.first,
            last_seen=DAY,
            origin="observed",
        )
        for endpoint in endpoints
    )


def priced(provider: Provider, license_type: str = "Server", *, cost: str = "5.00", price: str = "12.00") -> None:
    """What a license costs and is charged, for all companies and for good."""
    LicensePrice.objects.create(
        provider=provider,
        license_type=license_type,
        from_month=Month(2026, 1),
        cost=Decimal(cost),
        price=Decimal(price),
    )


def collected(
    provider: Provider, *days: date, state: str = "done", section: str = "licenses", reason: str = ""
) -> None:
    """Collections on some days, by default on all that make September to November whole."""
    for day in days or (SEPTEMBER.first, OCTOBER.first, NOVEMBER.first, DAY):
        Collection.objects.create(
            provider=provider,
            source="mbs",
            section=section,
            began=datetime.now(UTC),
            day=day,
            state=state,
            reason=reason,
        )


def on_day(provider: Provider, day: date = DAY) -> None:
    """Move the provider's business day."""
    provider.moved_day = day
    provider.save()


def bills(provider: Provider, day: date = DAY) -> None:
    """Make the bills of last and this month, as a manual sync does before it sends them."""
    make_bills(provider, BillRequest(day=day))


def sent(*made: Bill) -> None:
    """As if HaloPSA had shown all of them."""
    Bill.objects.filter(pk__in=[bill.pk for bill in made]).update(state="sent")
    BillLine.objects.filter(bill__in=made).update(is_sent=True)


def billed(provider: Provider, name: str = "Acme", *endpoints: str) -> Bill:
    """A company whose October and November are billed; gives October's bill."""
    on_day(provider)
    if not Collection.objects.filter(provider=provider).exists():
        collected(provider)
        priced(provider)
    holds(company(provider, name), *(endpoints or ("PC-1", "PC-2", "PC-3")))
    bills(provider)
    return Bill.objects.get(company__provider=provider, company__name=name, month=OCTOBER)
