"""Collecting: a source's licenses and storage into the ledger, each section whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q

from billbridge.billing.activations import NotBilled, NotBilledReason, endpoint_key
from billbridge.billing.ledger import (
    LedgerChange,
    Sorted,
    implausible_losses,
    observe,
    open_by_company,
    sort_licenses,
)
from billbridge.billing.months import Month
from billbridge.billing.products import Product, ProductKind
from billbridge.billing.snapshot import LicenseSnapshot, StorageSnapshot, UsageReading
from billbridge.errors import BillbridgeError, InvalidInput, TransientError
from billbridge.operations.bill import chunks
from billbridge.operations.usage import activations_of, as_json
from billbridge.sources.port import Source
from billbridge.store.models import (
    ActivationRow,
    BackupUser,
    BilledProduct,
    Collection,
    Company,
    Domain,
    DomainReading,
    MonthlyStorage,
    Provider,
    StorageAccount,
    StorageReading,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionResult:
    """What became of one section of a collection. Held and failed sections changed nothing."""

    section: str
    state: str
    reason: str = ""
    figures: dict[str, int]
    warnings: tuple[str, ...] = ()
    not_billed: tuple[NotBilled, ...] = ()
    transient: bool = False
    """Whether what failed may succeed when it is tried again."""


def collect(
    provider: Provider,
    source: Source,
    day: date,
    *,
    source_name: str = "mbs",
    accept_losses: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[SectionResult, ...]:
    """Collect licenses, then storage of the companies that bill it.

    Raises `InvalidInput` when `day` lies before the last collection: a clock that jumps back would close
    activations.
    Trouble of the source is a failed section, kept with its reason.
    """
    last = (
        Collection.objects.filter(provider=provider, source=source_name, state=Collection.State.DONE)
        .order_by("-day")
        .first()
    )
    if last is not None and day < last.day:
        raise InvalidInput(
            f"The business day {day} lies before the last collection of {last.day}; nothing was changed.",
            hint="Check the clock, or the --day you gave.",
        )
    say("licenses")
    licenses = _section(
        provider,
        source_name,
        Collection.Section.LICENSES,
        day,
        lambda: source.licenses(day),
        lambda snapshot: _keep_licenses(provider, snapshot, accept_losses=accept_losses),
    )
    say("storage")
    users = _storage_users(provider)
    closed = _closed_month_to_ask(provider, day, users)
    storage = _section(
        provider,
        source_name,
        Collection.Section.STORAGE,
        day,
        lambda: source.storage(day, list(users), closed),
        lambda snapshot: _keep_storage(provider, snapshot, users),
    )
    return licenses, storage


_Snapshot = TypeVar("_Snapshot")


class _Held(Exception):
    """The source's figures are not believed without a person."""


def _section(
    provider: Provider,
    source_name: str,
    section: Collection.Section,
    day: date,
    ask: Callable[[], _Snapshot],
    keep: Callable[[_Snapshot], SectionResult],
) -> SectionResult:
    """Ask the source outside of any transaction, then keep all of its answer or nothing."""
    began = datetime.now(UTC)
    try:
        snapshot = ask()
        with transaction.atomic():
            result = keep(snapshot)
            _record(provider, source_name, result, began, day)
            return result
    except _Held as held:
        result = SectionResult(section=section.value, state="held", reason=str(held), figures={})
    except BillbridgeError as error:
        result = SectionResult(
            section=section.value,
            state="failed",
            reason=str(error),
            figures={},
            transient=isinstance(error, TransientError),
        )
    _record(provider, source_name, result, began, day)
    return result


def _record(provider: Provider, source_name: str, result: SectionResult, began: datetime, day: date) -> None:
    Collection.objects.create(
        provider=provider,
        source=source_name,
        section=result.section,
        began=began,
        day=day,
        state=result.state,
        reason=result.reason,
        figures=result.figures,
        warnings=list(result.warnings),
        not_billed=as_json(result.not_billed),
    )


def _keep_licenses(provider: Provider, snapshot: LicenseSnapshot, *, accept_losses: bool) -> SectionResult:
    sorted_ = sort_licenses(snapshot)
    companies = _keep_companies(provider, snapshot, sorted_.ambiguous_companies)
    change = _observe(provider, companies, sorted_, snapshot.day, accept_losses=accept_losses)
    _keep_users(provider, snapshot, companies, sorted_.ambiguous_companies)
    unmapped = _keep_domains(provider, snapshot)
    return SectionResult(
        section=Collection.Section.LICENSES.value,
        state="done",
        figures={
            "companies": len(snapshot.companies),
            "users": len(snapshot.users),
            "licenses": len(snapshot.licenses),
            "active": len(sorted_.seen),
            "domains": len(snapshot.domains),
            "opened": len(change.opened),
            "kept": len(change.kept),
            "closed": len(change.closed),
        },
        warnings=snapshot.warnings,
        not_billed=(*sorted_.not_billed, *unmapped),
    )


def _keep_companies(provider: Provider, snapshot: LicenseSnapshot, ambiguous: frozenset[str]) -> dict[str, Company]:
    """Companies by their id in the source. A new name is taken over, a missing company stays, marked as gone."""
    known = {company.source_id: company for company in Company.objects.filter(provider=provider)}
    seen = {company.id: company for company in snapshot.companies}
    fresh = [
        Company(provider=provider, source_id=company.id, name=company.name, is_ambiguous=company.id in ambiguous)
        for company in seen.values()
        if company.id not in known
    ]
    changed: list[Company] = []
    for row in known.values():
        now = seen.get(row.source_id)
        wanted = (now.name if now else row.name, now is not None, row.source_id in ambiguous)
        if wanted != (row.name, row.in_source, row.is_ambiguous):
            row.name, row.in_source, row.is_ambiguous = wanted
            changed.append(row)
    Company.objects.bulk_create(fresh)
    Company.objects.bulk_update(changed, ["name", "in_source", "is_ambiguous"])
    return {row.source_id: row for row in (*known.values(), *fresh)}


def _observe(
    provider: Provider,
    companies: dict[str, Company],
    sorted_: Sorted,
    day: date,
    *,
    accept_losses: bool,
) -> LedgerChange:
    rows = list(
        ActivationRow.objects.filter(
            Q(last_day=None) | Q(last_day__gte=Month.of(day).first), provider=provider
        ).select_for_update()
    )
    source_ids = {company.pk: company.source_id for company in companies.values()}
    ledger = activations_of(rows, source_ids)
    if not accept_losses:
        _hold_implausible(ledger, sorted_, companies)
    change = observe(ledger, sorted_.seen, untouched_companies=sorted_.ambiguous_companies)
    open_rows = {
        (source_ids[row.company_id], row.user_id, row.endpoint_key, row.license_type): row
        for row in rows
        if row.last_day is None
    }
    seen_again: dict[date, list[int]] = defaultdict(list)
    updated: list[ActivationRow] = []
    for activation in (*change.kept, *change.closed):
        holder = activation.holder
        row = open_rows[holder.company_id, holder.user_id, holder.endpoint_key, holder.license_type]
        if activation.is_open and row.user_login == activation.user_login:
            seen_again[activation.last_seen].append(row.pk)
            continue
        row.last_day, row.last_seen = activation.last_day, activation.last_seen
        row.given_back, row.user_login = activation.given_back, activation.user_login
        updated.append(row)
    for last_seen, ids in seen_again.items():
        for chunk in chunks(ids, 500):
            ActivationRow.objects.filter(pk__in=chunk).update(last_seen=last_seen)
    ActivationRow.objects.bulk_update(
        updated, ["last_day", "last_seen", "given_back", "user_login"], batch_size=500
    )
    ActivationRow.objects.bulk_create(
        [
            ActivationRow(
                provider=provider,
                company=companies[a.company_id],
                user_id=a.user_id,
                user_login=a.user_login,
                endpoint=a.endpoint,
                endpoint_key=endpoint_key(a.endpoint),
                license_type=a.license_type,
                first_day=a.first_day,
                last_day=a.last_day,
                given_back=a.given_back,
                last_seen=a.last_seen,
                origin=a.origin.value,
            )
            for a in change.opened
        ],
        batch_size=500,
    )
    return change


def _hold_implausible(ledger: Iterable[Any], sorted_: Sorted, companies: dict[str, Company]) -> None:
    before = open_by_company(ledger)
    after = open_by_company(sorted_.seen)
    lost = implausible_losses(before, after, untouched=sorted_.ambiguous_companies)
    if lost:
        shown = ", ".join(f"{companies[c].name} {before[c]} -> {after.get(c, 0)}" for c in lost[:5])
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        raise _Held(
            f"the source suddenly shows far fewer licenses ({shown}{more}): look there, and if it is true "
            "collect again with --accept-losses"
        )


def _keep_users(
    provider: Provider, snapshot: LicenseSnapshot, companies: dict[str, Company], ambiguous: frozenset[str]
) -> None:
    by_name = {c.name: companies[c.id] for c in snapshot.companies if c.id not in ambiguous}
    known = {user.source_id: user for user in BackupUser.objects.filter(provider=provider)}
    fresh: list[BackupUser] = []
    changed: list[BackupUser] = []
    for user in snapshot.users:
        company = by_name.get(user.company_name)
        row = known.get(user.id)
        if row is None:
            fresh.append(BackupUser(provider=provider, source_id=user.id, login=user.login, company=company))
        elif (row.login, row.company_id) != (user.login, company.pk if company else None):
            row.login, row.company = user.login, company
            changed.append(row)
    BackupUser.objects.bulk_create(fresh, batch_size=500)
    BackupUser.objects.bulk_update(changed, ["login", "company"], batch_size=500)


def _keep_domains(provider: Provider, snapshot: LicenseSnapshot) -> list[NotBilled]:
    known = {domain.name: domain for domain in Domain.objects.filter(provider=provider)}
    Domain.objects.bulk_create(
        [Domain(provider=provider, name=d.name) for d in snapshot.domains if d.name not in known]
    )
    DomainReading.objects.bulk_create(
        [
            DomainReading(provider=provider, domain=d.name, day=snapshot.day, licenses=d.activated_licenses)
            for d in snapshot.domains
        ],
        update_conflicts=True,
        unique_fields=["provider", "domain", "day"],
        update_fields=["licenses"],
    )
    gone = set(known) - {d.name for d in snapshot.domains}
    DomainReading.objects.bulk_create(
        [DomainReading(provider=provider, domain=name, day=snapshot.day, licenses=0) for name in sorted(gone)],
        update_conflicts=True,
        unique_fields=["provider", "domain", "day"],
        update_fields=["licenses"],
    )
    mapped = {name for name, domain in known.items() if domain.company_id is not None and domain.license_type}
    return [
        NotBilled(reason=NotBilledReason.UNMAPPED_DOMAIN, subject=d.name, count=d.activated_licenses)
        for d in snapshot.domains
        if d.name not in mapped and d.activated_licenses
    ]


def _storage_users(provider: Provider) -> dict[str, BackupUser]:
    """The users whose company bills storage, by their id in the source: only they are asked for."""
    billing = BilledProduct.objects.filter(
        company__provider=provider, product__startswith=f"{ProductKind.STORAGE}:"
    ).values_list("company_id", flat=True)
    users = BackupUser.objects.filter(provider=provider, company_id__in=set(billing)).select_related("company")
    return {user.source_id: user for user in users}


def _closed_month_to_ask(provider: Provider, day: date, users: dict[str, BackupUser]) -> list[Month]:
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


def _keep_storage(provider: Provider, snapshot: StorageSnapshot, users: dict[str, BackupUser]) -> SectionResult:
    """Today's readings, and a closed month's own figures."""
    _keep_storage_accounts(provider, snapshot)
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
        warnings=snapshot.warnings,
    )


def _keep_storage_accounts(provider: Provider, snapshot: StorageSnapshot) -> None:
    StorageAccount.objects.bulk_create(
        [StorageAccount(provider=provider, source_id=a.id, name=a.name, type=a.type) for a in snapshot.accounts],
        update_conflicts=True,
        unique_fields=["provider", "source_id"],
        update_fields=["name", "type"],
    )


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


def storage_product_names(provider: Provider) -> dict[Product, str]:
    """Storage products by name, for messages: a storage account's id means nothing to a person."""
    return {
        Product.storage(account.source_id): account.name
        for account in StorageAccount.objects.filter(provider=provider)
    }
