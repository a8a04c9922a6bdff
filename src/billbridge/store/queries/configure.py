"""What a company's billing can be made of: its products, with what it holds of each now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db.models import Count, Max

from billbridge.billing.products import (
    KNOWN_LICENSE_TYPES,
    LicenseType,
    Product,
    license_types_by_name,
    type_key,
)
from billbridge.store.models import (
    ActivationRow,
    AuditEntry,
    BilledProduct,
    Company,
    DefaultAssetType,
    Domain,
    DomainReading,
    KnownLicenseType,
    Provider,
    StorageAccount,
    StorageLimit,
    StorageRate,
    StorageReading,
)

_RECENT_DAYS = 62
"""Storage that was read in so many days counts as used now."""


class Held(StrEnum):
    """Whether a company holds a product; the headings under which a form offers them."""

    NOW = "held now"
    NOT_NOW = "other license types"
    OTHER_STORAGE = "other storage accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedProduct:
    """A product that a company can be billed for. `refused` says why it cannot be, and is mostly empty."""

    product: Product
    name: str
    held: Held
    count: str = ""
    """What the company holds of it now, in words."""
    asset_type: str = ""
    """The product's default asset type."""
    refused: str = ""

    @property
    def is_storage(self) -> bool:
        return self.product.key[0].value == "storage"


def offered_products(provider: Provider, company: Company) -> tuple[OfferedProduct, ...]:
    """Every license type a company can be billed for and every storage account; first what it holds now."""
    defaults = {
        Product.parse(row.product).key: row.asset_type for row in DefaultAssetType.objects.filter(provider=provider)
    }
    products = (*_licenses(provider, company), *_storage(provider, company))
    order = list(Held)
    return tuple(
        sorted(
            (_with_asset_type(one, defaults.get(one.product.key, "")) for one in products),
            key=lambda one: (order.index(one.held), one.is_storage, bool(one.refused), one.name.casefold()),
        )
    )


def last_change(provider: Provider, company: Company) -> AuditEntry | None:
    """Who last changed a setting of the company, and when."""
    subject = f"companies[{company.name} ({company.source_id})]"
    return AuditEntry.objects.filter(provider=provider, subject__startswith=subject).order_by("-at").first()


def _with_asset_type(one: OfferedProduct, asset_type: str) -> OfferedProduct:
    return OfferedProduct(
        product=one.product,
        name=one.name,
        held=one.held,
        count=one.count,
        asset_type=asset_type,
        refused=one.refused,
    )


def _licenses(provider: Provider, company: Company) -> list[OfferedProduct]:
    added = [
        LicenseType(name=row.name, unit=row.unit, billable=row.billable, count_only=row.count_only)
        for row in KnownLicenseType.objects.filter(provider=provider)
    ]
    known = license_types_by_name([*KNOWN_LICENSE_TYPES, *added])
    counts = {
        row["license_type"]: row["holders"]
        for row in ActivationRow.objects.filter(company=company, last_day=None)
        .values("license_type")
        .annotate(holders=Count("pk"))
    } | _domain_counts(provider, company)
    by_key: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for name, count in counts.items():
        by_key[type_key(name)] = by_key.get(type_key(name), 0) + count
        spelled.setdefault(type_key(name), name)
    billed = {
        product.key[1]: product.code
        for product in map(
            Product.parse,
            BilledProduct.objects.filter(company=company, product__startswith="license:").values_list(
                "product", flat=True
            ),
        )
    }
    offered: list[OfferedProduct] = []
    for key in {*known, *by_key, *billed}:
        type_ = known.get(key)
        count = by_key.get(key, 0)
        if type_ is not None and not type_.billable and key not in billed and not count:
            continue
        name = billed.get(key) or (type_.name if type_ is not None else spelled.get(key, key))
        offered.append(
            OfferedProduct(
                product=Product.license(name),
                name=name,
                held=Held.NOW if count or key in billed else Held.NOT_NOW,
                count=_counted(count, type_.unit if type_ is not None else "endpoint"),
                refused="" if key in billed else _refusal(type_),
            )
        )
    return offered


def _refusal(type_: LicenseType | None) -> str:
    if type_ is None:
        return "an unknown license type: add it under Settings > Provider"
    return "" if type_.billable else "charged to the provider, it counts for no company"


def _domain_counts(provider: Provider, company: Company) -> dict[str, int]:
    """The latest number of each domain of the company, by license type."""
    domains = dict(
        Domain.objects.filter(provider=provider, company=company)
        .exclude(license_type="")
        .values_list("name", "license_type")
    )
    if not domains:
        return {}
    latest: dict[str, int] = {}
    newest = DomainReading.objects.filter(provider=provider).aggregate(day=Max("day"))["day"]
    readings = DomainReading.objects.filter(provider=provider, domain__in=domains, day=newest)
    for name, licenses in readings.values_list("domain", "licenses"):
        latest[domains[name]] = latest.get(domains[name], 0) + licenses
    return latest


def _storage(provider: Provider, company: Company) -> list[OfferedProduct]:
    newest = StorageReading.objects.filter(company=company).aggregate(day=Max("day"))["day"]
    users: dict[str, int] = {}
    if newest is not None:
        recent = StorageReading.objects.filter(company=company, day__gte=newest - timedelta(days=_RECENT_DAYS))
        users = {
            row["account_id"]: row["users"]
            for row in recent.values("account_id").annotate(users=Count("user_id", distinct=True))
        }
    billed = {
        Product.parse(text).code
        for text in BilledProduct.objects.filter(company=company, product__startswith="storage:").values_list(
            "product", flat=True
        )
    }
    own = {
        *users,
        *billed,
        *StorageRate.objects.filter(company=company).values_list("account_id", flat=True),
        *StorageLimit.objects.filter(company=company).values_list("account_id", flat=True),
    }
    names = dict(StorageAccount.objects.filter(provider=provider).values_list("source_id", "name"))
    return [
        OfferedProduct(
            product=Product.storage(account),
            name=names.get(account) or account,
            held=Held.NOW if account in own else Held.OTHER_STORAGE,
            count=_counted(users.get(account, 0), "user"),
        )
        for account in {*names, *own}
    ]


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if count != 1 else ''}" if count else ""
