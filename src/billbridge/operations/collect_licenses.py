"""Keeping a snapshot of licenses: companies, users and domains as they are now, and what follows for the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import Max, Q

from billbridge.billing.activations import Activation, NotBilled, NotBilledReason
from billbridge.billing.ledger import LedgerChange, observe, open_by_company
from billbridge.billing.losses import implausible_losses
from billbridge.billing.months import Month
from billbridge.billing.snapshot import LicenseSnapshot
from billbridge.billing.sorting import Sorted, sort_licenses
from billbridge.operations.chunks import chunks
from billbridge.operations.collection import SectionResult, implausible
from billbridge.operations.usage import activation_row, activations_of
from billbridge.store.models import (
    ActivationRow,
    BackupUser,
    Collection,
    Company,
    Domain,
    DomainReading,
    Provider,
)


def keep_licenses(provider: Provider, snapshot: LicenseSnapshot, *, accept_losses: bool) -> SectionResult:
    """Bring companies, ledger, users and domains up to date; raises `Held` for a loss nobody accepted."""
    sorted_ = sort_licenses(snapshot)
    companies = _keep_companies(provider, snapshot, sorted_.ambiguous_companies)
    if not accept_losses:
        _hold_lost_domains(provider, snapshot)
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
        gone = None if now else row.gone_since or snapshot.day
        wanted = (now.name if now else row.name, now is not None, gone, row.source_id in ambiguous)
        if wanted != (row.name, row.in_source, row.gone_since, row.is_ambiguous):
            row.name, row.in_source, row.gone_since, row.is_ambiguous = wanted
            changed.append(row)
    Company.objects.bulk_create(fresh)
    Company.objects.bulk_update(changed, ["name", "in_source", "gone_since", "is_ambiguous"])
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
        [activation_row(provider, companies[a.company_id], a) for a in change.opened],
        batch_size=500,
    )
    return change


def _hold_implausible(ledger: Iterable[Activation], sorted_: Sorted, companies: dict[str, Company]) -> None:
    before = open_by_company(ledger)
    after = open_by_company(sorted_.seen)
    lost = implausible_losses(before, after, untouched=sorted_.ambiguous_companies)
    if lost:
        shown = [f"{companies[c].name} {before[c]} -> {after.get(c, 0)}" for c in lost]
        raise implausible("far fewer licenses", shown)


def _hold_lost_domains(provider: Provider, snapshot: LicenseSnapshot) -> None:
    """A domain's number is compared with that of the last collection, as a company's licenses are."""
    readings = DomainReading.objects.filter(provider=provider)
    latest = readings.aggregate(last=Max("day"))["last"]
    before = dict(readings.filter(day=latest).values_list("domain", "licenses"))
    after = {domain.name: domain.activated_licenses for domain in snapshot.domains}
    if lost := implausible_losses(before, after):
        raise implausible(
            "far fewer licenses of domains", [f"{name} {before[name]} -> {after.get(name, 0)}" for name in lost]
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
        packages = [list(package) for package in user.packages]
        row = known.get(user.id)
        if row is None:
            fresh.append(
                BackupUser(
                    provider=provider, source_id=user.id, login=user.login, company=company, packages=packages
                )
            )
        elif (row.login, row.company_id, row.packages) != (user.login, company.pk if company else None, packages):
            row.login, row.company, row.packages = user.login, company, packages
            changed.append(row)
    BackupUser.objects.bulk_create(fresh, batch_size=500)
    BackupUser.objects.bulk_update(changed, ["login", "company", "packages"], batch_size=500)


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
