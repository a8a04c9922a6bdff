"""Writing the lists that nothing else points at: one that differs is replaced as a whole, prices one by one."""

from __future__ import annotations

from collections.abc import Mapping

from billbridge.billing.prices import PriceSetting
from billbridge.operations.setup.document import SetupDocument
from billbridge.store.models import (
    Company,
    DefaultAssetType,
    KnownLicenseType,
    LicensePrice,
    Provider,
    StorageLimit,
    StorageRate,
)


def store_lists(
    provider: Provider, wanted: SetupDocument, current: SetupDocument, companies: Mapping[str, Company]
) -> None:
    """Write license types, default asset types, prices, storage costs and storage limits.

    `companies` are the provider's companies by their id in the source.
    """
    if wanted.license_types is not None and wanted.license_types != current.license_types:
        KnownLicenseType.objects.filter(provider=provider).delete()
        KnownLicenseType.objects.bulk_create(
            KnownLicenseType(
                provider=provider,
                name=one.name,
                unit=one.unit,
                billable=one.billable,
                count_only=one.count_only,
            )
            for one in wanted.license_types
        )
    if wanted.default_asset_types is not None and wanted.default_asset_types != current.default_asset_types:
        DefaultAssetType.objects.filter(provider=provider).delete()
        DefaultAssetType.objects.bulk_create(
            DefaultAssetType(
                provider=provider, product=str(one.product), asset_type=one.asset_type, item_id=one.item_id
            )
            for one in wanted.default_asset_types
        )
    if wanted.prices is not None and wanted.prices != current.prices:
        _store_prices(provider, set(current.prices or ()), set(wanted.prices), companies)
    if wanted.storage_costs is not None and wanted.storage_costs != current.storage_costs:
        StorageRate.objects.filter(provider=provider).delete()
        StorageRate.objects.bulk_create(
            StorageRate(
                provider=provider,
                account_id=one.account_id,
                company=companies.get(one.company_id),
                user_id=one.user_id,
                from_month=one.from_month,
                backup_cost=one.rates.backup_cost,
                backup_price=one.rates.backup_price,
                restore_cost=one.rates.restore_cost,
                restore_price=one.rates.restore_price,
            )
            for one in wanted.storage_costs
        )
    if wanted.storage_limits is not None and wanted.storage_limits != current.storage_limits:
        StorageLimit.objects.filter(provider=provider).delete()
        StorageLimit.objects.bulk_create(
            StorageLimit(
                provider=provider,
                account_id=one.account_id,
                company=companies[one.company_id],
                user_id=one.user_id,
                name=one.limit.name,
                backup_gb=one.limit.backup_gb,
                restore_gb=one.limit.restore_gb,
                cost=one.limit.cost,
                price=one.limit.price,
            )
            for one in wanted.storage_limits
        )


def _store_prices(
    provider: Provider, now: set[PriceSetting], wanted: set[PriceSetting], companies: Mapping[str, Company]
) -> None:
    """Take away the prices that go and add the new ones: of thousands a person mostly changes one."""
    going = {(one.license_type, one.from_month, one.company_id) for one in now - wanted}
    rows = LicensePrice.objects.filter(
        provider=provider,
        license_type__in={license_type for license_type, _, _ in going},
        from_month__in={from_month for _, from_month, _ in going},
    )
    keys = rows.values_list("pk", "license_type", "from_month", "company__source_id")
    gone = [pk for pk, license_type, month, company in keys if (license_type, month, company or "") in going]
    LicensePrice.objects.filter(pk__in=gone).delete()
    LicensePrice.objects.bulk_create(
        LicensePrice(
            provider=provider,
            company=companies.get(one.company_id),
            license_type=one.license_type,
            from_month=one.from_month,
            last_month=one.last_month,
            cost=one.cost,
            price=one.price,
        )
        for one in sorted(wanted - now, key=lambda one: (one.license_type, one.company_id, one.from_month))
    )
