"""One company: what it holds, what bills it and at which prices, its bills and what was done with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Max, Q, QuerySet

from billbridge.billing.configuration import SendMode
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook, PriceInForce, PriceSetting
from billbridge.billing.products import Product, ProductKind, type_key
from billbridge.store.models import (
    ActivationRow,
    AuditEntry,
    Bill,
    BilledProduct,
    BillingConfiguration,
    Company,
    Domain,
    DomainReading,
    LicensePrice,
    StorageAccount,
)
from billbridge.store.queries.licenses import configurations_by_type


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """A domain that counts for the company, with the newest number of its licenses."""

    name: str
    license_type: str
    licenses: int | None
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseProduct:
    """A license product of the company: what it holds now, what bills it, and the price in force."""

    license_type: str
    now: int
    configuration: str
    price: PriceInForce

    @property
    def product(self) -> Product:
        return Product.license(self.license_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRow:
    """A billing configuration as a person reads it."""

    uid: str
    name: str
    mode: SendMode
    products: tuple[tuple[str, str], ...]
    """Each product's name with the asset type chosen for it; empty is the product's default."""
    last_month: Month | None


def domains_of(company: Company) -> list[DomainRow]:
    """The domains that count for the company, by name."""
    domains = list(Domain.objects.filter(company=company).order_by("name"))
    latest: dict[str, tuple[int, date]] = {}
    if domains:
        newest = DomainReading.objects.filter(provider=company.provider).aggregate(day=Max("day"))["day"]
        readings = DomainReading.objects.filter(
            provider=company.provider, day=newest, domain__in=[domain.name for domain in domains]
        )
        latest = {reading.domain: (reading.licenses, reading.day) for reading in readings}
    return [
        DomainRow(
            name=domain.name,
            license_type=domain.license_type,
            licenses=latest[domain.name][0] if domain.name in latest else None,
            day=latest[domain.name][1] if domain.name in latest else None,
        )
        for domain in domains
    ]


def license_products(company: Company, month: Month, domains: Iterable[DomainRow]) -> list[LicenseProduct]:
    """Every license product the company holds now, is billed for or has a price of its own for, by name."""
    names: dict[str, str] = {}
    now: dict[str, int] = {}
    held = ActivationRow.objects.filter(company=company, last_day=None).order_by().values_list("license_type")
    counts = [*held.annotate(n=Count("pk")), *((one.license_type, one.licenses or 0) for one in domains)]
    for license_type, count in counts:
        if license_type:
            names.setdefault(type_key(license_type), license_type)
            now[type_key(license_type)] = now.get(type_key(license_type), 0) + count
    configured = configurations_by_type(Q(company=company), month).get(company.pk, {})
    for product in BilledProduct.objects.filter(company=company).values_list("product", flat=True):
        parsed = Product.parse(product)
        if parsed.kind is ProductKind.LICENSE:
            names[type_key(parsed.code)] = parsed.code
    prices, own = _prices_for(company)
    for license_type in own:
        names.setdefault(type_key(license_type), license_type)
    return [
        LicenseProduct(
            license_type=name,
            now=now.get(key, 0),
            configuration=configured.get(key, ""),
            price=prices.in_force(name, company.source_id, month),
        )
        for key, name in sorted(names.items())
    ]


def _prices_for(company: Company) -> tuple[PriceBook, list[str]]:
    """Every price that can hold for the company, and the license types it has its own for."""
    rows = LicensePrice.objects.filter(Q(company=None) | Q(company=company), provider=company.provider)
    book = PriceBook.of(
        PriceSetting(
            license_type=row.license_type,
            from_month=row.from_month,
            last_month=row.last_month,
            cost=row.cost,
            price=row.price,
            company_id=company.source_id if row.company_id else "",
        )
        for row in rows
    )
    return book, [row.license_type for row in rows if row.company_id]


def configurations_of(company: Company) -> list[ConfigurationRow]:
    """The company's billing configurations: those that go on first, then those that ended, by name."""
    accounts = account_names(company)
    rows = BillingConfiguration.objects.filter(company=company).prefetch_related("products")
    return [
        ConfigurationRow(
            uid=str(row.uid),
            name=row.name,
            mode=SendMode(row.mode),
            products=tuple(
                sorted(
                    (_product_name(billed.product, accounts), billed.asset_type) for billed in row.products.all()
                )
            ),
            last_month=row.last_month,
        )
        for row in sorted(rows, key=lambda row: (row.last_month is not None, row.name.casefold()))
    ]


def account_names(company: Company) -> dict[str, str]:
    """The names of the provider's storage accounts by their ids in the source."""
    return dict(StorageAccount.objects.filter(provider=company.provider).values_list("source_id", "name"))


def bills_of(company: Company) -> QuerySet[Bill]:
    """The company's bills."""
    return Bill.objects.filter(company=company)


def history_of(company: Company) -> QuerySet[AuditEntry]:
    """What the audit log says about the company's own settings.

    The log names a company `name (id)`. Its own entries and prices are found by the id, so that a rename loses
    nothing; in what belongs to a storage account its present name must stand too, because an account has an id of
    the same form.
    """
    known = f" ({company.source_id})"
    named = f", {company.name}{known}"
    about = Q(subject__startswith="companies[", subject__contains=f"{known}]")
    about |= Q(subject__startswith="prices[", subject__contains=f"{known}]")
    about |= Q(subject__startswith="storage_", subject__contains=named)
    return AuditEntry.objects.filter(about, provider=company.provider)


def subject_of(entry: AuditEntry, company: Company) -> str:
    """What an entry of the audit log is about, as it reads on the company's page: without it and without ids."""
    own = re.escape(f"({company.source_id})")
    text = re.sub(rf"^companies\[.*? {own}\]\.", "", entry.subject)
    text = text.replace(f", {company.name} ({company.source_id})", "")
    return _AN_ID.sub("", text).replace("_", " ")


_AN_ID = re.compile(r" \([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)")


def last_seen(company: Company) -> date | None:
    """The last day on which a source vouched for any of the company's licenses."""
    seen: date | None = ActivationRow.objects.filter(company=company).aggregate(day=Max("last_seen"))["day"]
    return seen


def license_types_of(company: Company) -> list[str]:
    """Every license type the company ever held or is billed for, by name."""
    held = (
        ActivationRow.objects.filter(company=company).order_by().values_list("license_type", flat=True).distinct()
    )
    domains = Domain.objects.filter(company=company).values_list("license_type", flat=True)
    products = BilledProduct.objects.filter(company=company).values_list("product", flat=True)
    billed = (Product.parse(product) for product in products)
    names = {*held, *domains, *(product.code for product in billed if product.kind is ProductKind.LICENSE)} - {""}
    return sorted({type_key(name): name for name in names}.values(), key=str.casefold)


def endpoints_of(company: Company, most: int = 500) -> list[str]:
    """The company's endpoints by name, those with a license now first; not more than `most`."""
    rows = ActivationRow.objects.filter(company=company).order_by(F("last_day").desc(nulls_first=True), "endpoint")
    return list(dict.fromkeys(rows.values_list("endpoint", flat=True)[: most * 2]))[:most]


def _product_name(text: str, accounts: dict[str, str]) -> str:
    product = Product.parse(text)
    if product.kind is ProductKind.LICENSE:
        return product.code
    return f"storage {accounts.get(product.code, product.code)}"
