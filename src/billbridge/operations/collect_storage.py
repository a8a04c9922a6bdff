"""Keeping a snapshot of storage: accounts, storage limits, today's readings, and a closed month's own figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Max

from billbridge.billing.losses import implausible_storage_losses
from billbridge.billing.money import LARGEST, STORED_DECIMALS, ZERO, round_half_up
from billbridge.billing.months import Month
from billbridge.billing.products import ProductKind
from billbridge.billing.snapshot import StorageSnapshot, UsageReading
from billbridge.billing.storage import GB
from billbridge.operations.collection import SectionResult, implausible
from billbridge.store.models import (
    BackupUser,
    BilledProduct,
    Collection,
    Company,
    MonthlyStorage,
    Provider,
    StorageAccount,
    StoragePackage,
    StorageReading,
)


def storage_users(provider: Provider) -> dict[str, BackupUser]:
    """The users whose company bills storage, by their id in the source: only they are asked for."""
    billing = BilledProduct.objects.filter(
        company__provider=provider, product__startswith=f"{ProductKind.STORAGE}:"
    ).values_list("company_id", flat=True)
    users = BackupUser.objects.filter(provider=provider, company_id__in=set(billing)).select_related("company")
    return {user.source_id: user for user in users}


def closed_month_to_ask(provider: Provider, day: date, users: dict[str, BackupUser]) -> list[Month]:
    """Last month, once after its end, and again when more users have to be asked for than were then."""
    month = Month.of(day).previous
    asked = (
        Collection.objects.filter(
            provider=provider,
            section=Collection.Section.STORAGE,
            state=Collection.State.DONE,
            day__gt=month.last,
        )
        .order_by("-pk")
        .first()
    )
    return [] if asked is not None and asked.figures.get("users", 0) >= len(users) else [month]


def keep_storage(
    provider: Provider, snapshot: StorageSnapshot, users: dict[str, BackupUser], *, accept_losses: bool
) -> SectionResult:
    """Keep today's readings, and a closed month's own figures; raises `Held` for a loss nobody accepted."""
    if not accept_losses:
        _hold_implausible(provider, snapshot, users)
    _keep_storage_accounts(provider, snapshot)
    left_out = _keep_packages(provider, snapshot)
    StorageReading.objects.bulk_create(
        [
            StorageReading(
                provider=provider,
                company=users[reading.user_id].company,
                account_id=reading.account_id,
                user_id=reading.user_id,
                user_login=users[reading.user_id].login,
                day=snapshot.day,
                backup_bytes=reading.backup_bytes,
                restore_bytes=reading.restore_bytes,
            )
            for reading in snapshot.running
        ],
        update_conflicts=True,
        unique_fields=["provider", "account_id", "user_id", "day"],
        update_fields=["backup_bytes", "restore_bytes", "company", "user_login"],
    )
    for month, readings in snapshot.closed.items():
        _keep_month(provider, users, Month.parse(month), readings)
    return SectionResult(
        section=Collection.Section.STORAGE.value,
        state="done",
        figures={
            "accounts": len(snapshot.accounts),
            "packages": len(snapshot.packages),
            "users": len(users),
            "readings": len(snapshot.running),
        },
        warnings=(*snapshot.warnings, *left_out),
    )


def _hold_implausible(provider: Provider, snapshot: StorageSnapshot, users: dict[str, BackupUser]) -> None:
    """Compare today with the last collection, and a closed month's own figures with the last one of that month.

    Only users whom the source still knows are compared: one who was deleted there is no loss.
    """
    asked = {user_id: user.company for user_id, user in users.items() if user_id in snapshot.users and user.company}
    compared = [(_bytes_collected(provider, asked, until=snapshot.day), snapshot.running)]
    for text, readings in snapshot.closed.items():
        month = Month.parse(text)
        compared.append((_bytes_collected(provider, asked, since=month.first, until=month.last), readings))
    names = {company.source_id: company.name for company in asked.values()}
    for before, readings in compared:
        after: Counter[str] = Counter()
        for reading in readings:
            if reading.user_id in asked:
                after[asked[reading.user_id].source_id] += reading.backup_bytes
        if lost := implausible_storage_losses(before, after):
            raise implausible(
                "no storage where there was some", [f"{names[c]} {-(-before[c] // GB)} GB -> 0" for c in lost]
            )


def _bytes_collected(
    provider: Provider, asked: Mapping[str, Company], *, until: date, since: date = date.min
) -> Counter[str]:
    """Backup bytes of the users asked for, by company, on the last of some days on which storage came in."""
    day = Collection.objects.filter(
        provider=provider,
        section=Collection.Section.STORAGE,
        state=Collection.State.DONE,
        day__gte=since,
        day__lte=until,
    ).aggregate(last=Max("day"))["last"]
    sizes: Counter[str] = Counter()
    if day is not None:
        for reading in StorageReading.objects.filter(provider=provider, day=day):
            if reading.user_id in asked:
                sizes[asked[reading.user_id].source_id] += reading.backup_bytes
    return sizes


def _keep_storage_accounts(provider: Provider, snapshot: StorageSnapshot) -> None:
    StorageAccount.objects.bulk_create(
        [StorageAccount(provider=provider, source_id=a.id, name=a.name, type=a.type) for a in snapshot.accounts],
        update_conflicts=True,
        unique_fields=["provider", "source_id"],
        update_fields=["name", "type"],
    )


def _keep_packages(provider: Provider, snapshot: StorageSnapshot) -> list[str]:
    """Keep the source's storage limits as they are now; what cannot be kept is left out, and said."""
    rows: list[StoragePackage] = []
    left_out: list[str] = []
    for package in snapshot.packages:
        figures = [each for each in (package.price, package.backup_gb, package.restore_gb) if each is not None]
        if any(not figure.is_finite() or not ZERO <= figure < LARGEST for figure in figures):
            left_out.append(f"The storage limit {package.name!r} has a figure that cannot be; it is left out.")
            continue
        rows.append(
            StoragePackage(
                provider=provider,
                source_id=package.id,
                name=package.name,
                price=round_half_up(package.price, STORED_DECIMALS),
                backup_gb=package.backup_gb,
                restore_gb=package.restore_gb,
            )
        )
    kept = [row.source_id for row in rows]
    StoragePackage.objects.filter(provider=provider).exclude(source_id__in=kept).delete()
    StoragePackage.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["provider", "source_id"],
        update_fields=["name", "price", "backup_gb", "restore_gb"],
    )
    return left_out


def _keep_month(
    provider: Provider, users: dict[str, BackupUser], month: Month, readings: Iterable[UsageReading]
) -> None:
    MonthlyStorage.objects.bulk_create(
        [
            MonthlyStorage(
                provider=provider,
                company=users[reading.user_id].company,
                account_id=reading.account_id,
                user_id=reading.user_id,
                user_login=users[reading.user_id].login,
                month=month,
                backup_bytes=reading.backup_bytes,
                restore_bytes=reading.restore_bytes,
            )
            for reading in readings
        ],
        ignore_conflicts=True,
    )
