"""Everything that was collected and is on no line of a bill, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from billbridge.billing.activations import NotBilledReason
from billbridge.billing.months import Month
from billbridge.billing.products import Product, type_key
from billbridge.store.models import (
    ActivationRow,
    Bill,
    BilledProduct,
    Collection,
    Company,
    Domain,
    DomainReading,
    Provider,
    StorageAccount,
)
from billbridge.store.queries.licenses import LICENSE, LicenseTypes, is_configured

_FEW = 500
"""Up to so many companies are asked for by their ids."""

NO_BILL = "no bill was made for the company"
"""Why nothing of a product says more about its endpoints: the company has no bill of the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBilledRow:
    """One thing on no line. `reason` is that of the core where it is known, else its text as it was kept."""

    reason: str
    subject: str
    license_type: str
    company_pk: int | None
    company: str
    user: str
    count: int
    detail: str
    seen_in: str
    """Where it was seen: the collection of a day, the bill of a month, or the ledger."""


def not_billed(provider: Provider, month: Month, license_types: LicenseTypes) -> list[NotBilledRow]:
    """What the month's bills and its latest collection left out, and what no configuration bills.

    Companies with a bill of the month speak for themselves by it; for the others the ledger is asked.
    """
    companies = {
        source_id: (pk, name)
        for pk, source_id, name in Company.objects.filter(provider=provider).values_list("pk", "source_id", "name")
    }
    rows = [
        *_of_bills(provider, month, companies),
        *_of_collection(provider, month, companies),
        *_unconfigured(provider, month, license_types),
        *_unconfigured_domains(provider, month),
    ]
    return sorted(rows, key=_order)


NOTHING_TO_DO = frozenset({
    NotBilledReason.TRIAL,
    NotBilledReason.IN_POOL,
    NotBilledReason.PROVIDER_TYPE,
    NotBilledReason.EXCLUDED,
    NotBilledReason.CHANGED_TYPE,
    NotBilledReason.IN_USAGE_HISTORY,
})  # fmt: skip
"""Reasons that are as they should be; every other one is something a person can solve."""


def _order(row: NotBilledRow) -> tuple[object, ...]:
    """What a person can solve stands first."""
    is_fine = row.reason in NOTHING_TO_DO
    return is_fine, row.company.casefold(), row.reason, row.license_type, row.subject.casefold()


_Companies = Mapping[str, tuple[int, str]]


def _of_bills(provider: Provider, month: Month, companies: _Companies) -> Iterator[NotBilledRow]:
    accounts: dict[str, str] | None = None
    bills = Bill.objects.filter(provider=provider, month=month).exclude(not_billed=[])
    for entries in bills.values_list("not_billed", flat=True):
        for entry in entries:
            if accounts is None and not entry.get("license_type"):
                accounts = _account_names(provider)
            yield _row(entry, companies, f"bill of {month.title}", accounts or {})


def _of_collection(provider: Provider, month: Month, companies: _Companies) -> Iterator[NotBilledRow]:
    """The latest collection of licenses within the month: what it could not even give to a company.

    Licenses in a pool have no name that means anything to a person: they are one row per license type.
    """
    latest = (
        Collection.objects.filter(
            provider=provider,
            section=Collection.Section.LICENSES,
            state=Collection.State.DONE,
            day__gte=month.first,
            day__lte=month.last,
        )
        .order_by("-day", "-pk")
        .first()
    )
    if latest is None:
        return
    seen_in = f"collection of {latest.day}"
    pooled: Counter[str] = Counter()
    for entry in latest.not_billed:
        if entry.get("reason") == NotBilledReason.IN_POOL:
            pooled[entry.get("license_type", "")] += int(entry.get("count", 1))
        else:
            yield _row(entry, companies, seen_in, {})
    for license_type, count in pooled.items():
        subject = f"{count} {'license' if count == 1 else 'licenses'}"
        reason = {"reason": NotBilledReason.IN_POOL.value, "subject": subject}
        yield _row({**reason, "license_type": license_type, "count": count}, companies, seen_in, {})


def _unconfigured(provider: Provider, month: Month, license_types: LicenseTypes) -> Iterator[NotBilledRow]:
    """License types that companies without a bill of the month hold, and that no configuration bills."""
    billed = Bill.objects.filter(provider=provider, month=month).values("company_id")
    others = list(Company.objects.filter(provider=provider).exclude(pk__in=billed).values_list("pk", flat=True))
    which = Q(company_id__in=others) if len(others) <= _FEW else ~Q(company_id__in=billed)
    groups = (
        ActivationRow.objects.filter(
            Q(last_day=None) | Q(last_day__gte=month.first), which, provider=provider, first_day__lte=month.last
        )
        .filter(~is_configured(provider, month, license_types))
        .order_by()
        .values_list("company_id", "company__name", "license_type")
        .annotate(n=Count("endpoint_key", distinct=True))
    )
    for company_pk, name, license_type, count in groups:
        yield NotBilledRow(
            reason=NotBilledReason.NOT_CONFIGURED.value,
            subject=f"{count} endpoints" if count != 1 else "1 endpoint",
            license_type=license_type,
            company_pk=company_pk,
            company=name,
            user="",
            count=count,
            detail=NO_BILL,
            seen_in="ledger",
        )


def _unconfigured_domains(provider: Provider, month: Month) -> Iterator[NotBilledRow]:
    """Domains that count for a company without a bill of the month, whose license type no configuration bills."""
    billed = set(Bill.objects.filter(provider=provider, month=month).values_list("company_id", flat=True))
    domains = [
        domain
        for domain in Domain.objects.filter(provider=provider, company__isnull=False).select_related("company")
        if domain.license_type and domain.company_id not in billed
    ]
    if not domains:
        return
    configured = {
        (company_id, type_key(Product.parse(product).code))
        for company_id, product in BilledProduct.objects.filter(
            Q(configuration__last_month=None) | Q(configuration__last_month__gte=month),
            company_id__in={domain.company_id for domain in domains},
            product__startswith=LICENSE,
        ).values_list("company_id", "product")
    }
    latest = dict(
        DomainReading.objects.filter(
            provider=provider,
            domain__in=[domain.name for domain in domains],
            day__gte=month.first,
            day__lte=month.last,
        )
        .order_by("day")
        .values_list("domain", "licenses")
    )
    for domain in domains:
        count = latest.get(domain.name, 0)
        if count and (domain.company_id, type_key(domain.license_type)) not in configured:
            yield NotBilledRow(
                reason=NotBilledReason.NOT_CONFIGURED.value,
                subject=domain.name,
                license_type=domain.license_type,
                company_pk=domain.company_id,
                company=domain.company.name if domain.company else "",
                user="",
                count=count,
                detail=NO_BILL,
                seen_in="ledger",
            )


def _row(
    entry: Mapping[str, Any], companies: _Companies, seen_in: str, accounts: Mapping[str, str]
) -> NotBilledRow:
    company_pk, company = companies.get(entry.get("company_id", ""), (None, entry.get("company_id", "")))
    subject = entry.get("subject", "")
    return NotBilledRow(
        reason=entry.get("reason", ""),
        subject=accounts.get(subject, subject) if not entry.get("license_type") else subject,
        license_type=entry.get("license_type", ""),
        company_pk=company_pk,
        company=company,
        user=entry.get("user", ""),
        count=int(entry.get("count", 1)),
        detail=entry.get("detail", ""),
        seen_in=seen_in,
    )


def _account_names(provider: Provider) -> dict[str, str]:
    accounts = StorageAccount.objects.filter(provider=provider)
    return {account.source_id: f"storage account {account.name}" for account in accounts}
