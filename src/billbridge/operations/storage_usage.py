"""Loading storage: what companies kept and restored in a month, and the terms on which each account is charged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.billing.storage import AccountTerms, GbRates, Limit, StorageUse
from billbridge.store.models import (
    MonthlyStorage,
    Provider,
    StorageAccount,
    StorageLimit,
    StorageRate,
    StorageReading,
)


def storage_product_names(provider: Provider) -> dict[Product, str]:
    """Storage products by name, for messages: a storage account's id means nothing to a person."""
    return {
        Product.storage(account.source_id): account.name
        for account in StorageAccount.objects.filter(provider=provider)
    }


def storage_of(company_ids: Sequence[int], month: Month, through: date) -> dict[int, list[StorageUse]]:
    """Readings of the month, the last one before it, and the source's own average once the month is over."""
    readings: dict[tuple[int, str, str], list[StorageReading]] = defaultdict(list)
    rows = StorageReading.objects.filter(
        company_id__in=company_ids, day__gte=month.previous.first, day__lte=month.last
    ).order_by("day")
    for reading in rows:
        readings[reading.company_id, reading.account_id, reading.user_id].append(reading)
    averages = {
        (monthly.company_id, monthly.account_id, monthly.user_id): monthly
        for monthly in MonthlyStorage.objects.filter(company_id__in=company_ids, month=month)
        if through >= month.last
    }
    loaded: dict[int, list[StorageUse]] = defaultdict(list)
    for identity in sorted({*readings, *averages}):
        company_id, account_id, user_id = identity
        own = [reading for reading in readings[identity] if reading.day in month]
        earlier = [reading for reading in readings[identity] if reading.day < month.first]
        average = averages.get(identity)
        if not own and average is None:
            continue
        latest = own[-1] if own else None
        restored = average.restore_bytes if average else latest.restore_bytes if latest else 0
        loaded[company_id].append(
            StorageUse(
                account_id=account_id,
                user_id=user_id,
                user_login=average.user_login if average else latest.user_login if latest else "",
                readings={reading.day: reading.backup_bytes for reading in own},
                before=earlier[-1].backup_bytes if earlier else None,
                monthly_average=average.backup_bytes if average else None,
                restored=restored,
            )
        )
    return loaded


def storage_terms(
    provider: Provider, company_ids: Sequence[int], month: Month
) -> dict[int, dict[str, AccountTerms]]:
    """Each company's terms per storage account, of the rates that hold in the month."""
    general: dict[str, GbRates] = {}
    by_company: dict[tuple[int, str], GbRates] = {}
    by_user: dict[tuple[str, str], GbRates] = {}
    rates = StorageRate.objects.filter(provider=provider).order_by("from_month")
    accounts: set[str] = set()
    for rate in rates:
        if rate.from_month > month:
            continue
        accounts.add(rate.account_id)
        values = _rates(rate)
        if rate.user_id:
            by_user[rate.account_id, rate.user_id] = values
        elif rate.company_id is not None:
            by_company[rate.company_id, rate.account_id] = values
        else:
            general[rate.account_id] = values
    company_limits: dict[tuple[int, str], Limit] = {}
    user_limits: dict[tuple[int, str], dict[str, Limit]] = defaultdict(dict)
    for row in StorageLimit.objects.filter(company_id__in=company_ids):
        accounts.add(row.account_id)
        if row.user_id:
            user_limits[row.company_id, row.account_id][row.user_id] = _limit(row)
        else:
            company_limits[row.company_id, row.account_id] = _limit(row)
    return {
        pk: {
            account: AccountTerms(
                rates=general.get(account),
                company_rates=by_company.get((pk, account)),
                user_rates={user: values for (of, user), values in by_user.items() if of == account},
                company_limit=company_limits.get((pk, account)),
                user_limits=user_limits.get((pk, account)),
            )
            for account in accounts
        }
        for pk in company_ids
    }


def _rates(row: StorageRate) -> GbRates:
    return GbRates(
        backup_cost=row.backup_cost,
        backup_price=row.backup_price,
        restore_cost=row.restore_cost,
        restore_price=row.restore_price,
    )


def _limit(row: StorageLimit) -> Limit:
    return Limit(name=row.name, backup_gb=row.backup_gb, restore_gb=row.restore_gb, cost=row.cost, price=row.price)
