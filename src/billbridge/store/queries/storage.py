"""Storage accounts: how much lies on them, and who is charged what for it.

Figures of a whole account come from sums per day, so that they stay quick for thousands of companies. A bill's own
figure is per user and can differ a little when users came or went within the month.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Sum

from billbridge.billing.months import Month
from billbridge.billing.storage import GbRates
from billbridge.store.models import (
    BackupUser,
    Company,
    MonthlyStorage,
    Provider,
    StorageAccount,
    StorageLimit,
    StoragePackage,
    StorageRate,
    StorageReading,
)

_NEVER = date.min
"""A day of which nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesInForce:
    """Cost and price per GB that hold for everyone in a month, and since when."""

    rates: GbRates
    from_month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One storage account in the list; sizes in bytes, `None` where nothing was read."""

    pk: int
    source_id: str
    name: str
    type: str
    companies: int
    now: int | None
    this_month: int | None
    last_month: int | None
    rates: RatesInForce | None
    custom: int
    """How many custom prices, by company and by user, hold on it."""
    limits: int


def newest_reading(provider: Provider) -> date | None:
    """The newest day of which storage is known."""
    day: date | None = StorageReading.objects.filter(provider=provider).aggregate(day=Max("day"))["day"]
    return day


def accounts(provider: Provider, month: Month) -> list[AccountRow]:
    """Every storage account with its usage of `month` so far and of the month before, by name."""
    newest = newest_reading(provider)
    now = {
        row["account_id"]: row
        for row in StorageReading.objects.filter(provider=provider, day=newest or _NEVER)
        .order_by()
        .values("account_id")
        .annotate(bytes=Sum("backup_bytes"), companies=Count("company", distinct=True))
    }
    this_month, last_month = _mean(provider, month), _closed(provider, month.previous)
    rates = rates_in_force(provider, month)
    custom = dict(
        StorageRate.objects.filter(provider=provider, company__isnull=False)
        .order_by()
        .values_list("account_id")
        .annotate(n=Count("pk"))
    )
    limits = dict(
        StorageLimit.objects.filter(provider=provider).order_by().values_list("account_id").annotate(n=Count("pk"))
    )
    return [
        AccountRow(
            pk=account.pk,
            source_id=account.source_id,
            name=account.name,
            type=account.type,
            companies=now[account.source_id]["companies"] if account.source_id in now else 0,
            now=now[account.source_id]["bytes"] if account.source_id in now else None,
            this_month=this_month.get(account.source_id),
            last_month=last_month.get(account.source_id),
            rates=rates.get(account.source_id),
            custom=custom.get(account.source_id, 0),
            limits=limits.get(account.source_id, 0),
        )
        for account in StorageAccount.objects.filter(provider=provider).order_by("name", "source_id")
    ]


def rates_in_force(provider: Provider, month: Month, account_id: str = "") -> dict[str, RatesInForce]:
    """What holds for everyone in a month, by storage account; of one account, or of all."""
    rows = StorageRate.objects.filter(provider=provider, company=None, from_month__lte=month)
    if account_id:
        rows = rows.filter(account_id=account_id)
    return {
        row.account_id: RatesInForce(rates=rates_of(row), from_month=row.from_month)
        for row in rows.order_by("from_month")
    }


def rates_of(row: StorageRate) -> GbRates:
    """A row's cost and price per GB."""
    return GbRates(
        backup_cost=row.backup_cost,
        backup_price=row.backup_price,
        restore_cost=row.restore_cost,
        restore_price=row.restore_price,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCompany:
    """One company on a storage account; sizes in bytes."""

    pk: int
    name: str
    users: int
    now: int | None
    last_month: int | None
    custom: bool
    """Whether a custom price holds for it or one of its users."""
    limits: int


def account_companies(provider: Provider, account: StorageAccount, month: Month) -> list[AccountCompany]:
    """Every company that uses an account or has terms of its own on it, by name."""
    on_account = {"provider": provider, "account_id": account.source_id}
    newest = newest_reading(provider)
    now = {
        row["company_id"]: row
        for row in StorageReading.objects.filter(**on_account, day=newest or _NEVER)
        .order_by()
        .values("company_id")
        .annotate(bytes=Sum("backup_bytes"), users=Count("user_id", distinct=True))
    }
    last_month = _closed_by_company(provider, account, month.previous)
    custom = set(
        StorageRate.objects.filter(**on_account, company__isnull=False, from_month__lte=month).values_list(
            "company_id", flat=True
        )
    )
    limits = dict(
        StorageLimit.objects.filter(**on_account).order_by().values_list("company_id").annotate(n=Count("pk"))
    )
    names = Company.objects.filter(provider=provider, pk__in={*now, *last_month, *custom, *limits})
    return [
        AccountCompany(
            pk=pk,
            name=name,
            users=now[pk]["users"] if pk in now else 0,
            now=now[pk]["bytes"] if pk in now else None,
            last_month=last_month.get(pk),
            custom=pk in custom,
            limits=limits.get(pk, 0),
        )
        for pk, name in names.order_by("name", "source_id").values_list("pk", "name")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Companies and users of the terms of a storage account, by their ids in the source."""

    companies: dict[str, tuple[int, str]]
    """Row id and name."""
    logins: dict[str, str]


def owners(provider: Provider, company_ids: set[str], user_ids: set[str]) -> Owners:
    """The names behind some ids of the source."""
    companies = Company.objects.filter(provider=provider)
    users = BackupUser.objects.filter(provider=provider)
    return Owners(
        companies={
            source_id: (pk, name)
            for pk, source_id, name in companies.values_list("pk", "source_id", "name")
            if source_id in company_ids
        }
        if company_ids
        else {},
        logins={
            source_id: login
            for source_id, login in users.values_list("source_id", "login")
            if source_id in user_ids
        }
        if user_ids
        else {},
    )


def packages(provider: Provider) -> list[StoragePackage]:
    """The storage limits the source keeps, as last collected, by name."""
    return list(StoragePackage.objects.filter(provider=provider).order_by("name", "source_id"))


def package_of(provider: Provider, package_id: int) -> StoragePackage | None:
    """A package as last collected, if it is the provider's."""
    return StoragePackage.objects.filter(provider=provider, pk=package_id).first()


def users_of(company: Company) -> list[BackupUser]:
    """The company's backup users, by login."""
    return list(BackupUser.objects.filter(company=company).order_by("login")[:500])


def _mean(provider: Provider, month: Month) -> dict[str, int]:
    """The mean of the days' sums, by storage account."""
    days: dict[str, list[int]] = defaultdict(list)
    readings = (
        StorageReading.objects.filter(provider=provider, day__gte=month.first, day__lte=month.last)
        .order_by()
        .values_list("account_id", "day")
        .annotate(bytes=Sum("backup_bytes"))
    )
    for account_id, _, size in readings:
        days[account_id].append(int(size))
    return {account_id: sum(sizes) // len(sizes) for account_id, sizes in days.items()}


def _closed(provider: Provider, month: Month) -> dict[str, int]:
    """A closed month's figures: the source's own averages where it gave them, else the mean of the days."""
    own = MonthlyStorage.objects.filter(provider=provider, month=month).order_by().values_list("account_id")
    found = {account_id: int(size) for account_id, size in own.annotate(n=Sum("backup_bytes"))}
    return found or _mean(provider, month)


def _closed_by_company(provider: Provider, account: StorageAccount, month: Month) -> dict[int, int]:
    """A closed month's figures of an account, by company's row: the source's own, else the mean of the days."""
    on_account = {"provider": provider, "account_id": account.source_id}
    own = MonthlyStorage.objects.filter(**on_account, month=month).order_by().values_list("company_id")
    found = {company_id: int(size) for company_id, size in own.annotate(n=Sum("backup_bytes"))}
    if found:
        return found
    readings = StorageReading.objects.filter(**on_account, day__gte=month.first, day__lte=month.last).order_by()
    sums = readings.values_list("company_id").annotate(n=Sum("backup_bytes"), days=Count("day", distinct=True))
    return {company_id: int(size) // days for company_id, size, days in sums}
