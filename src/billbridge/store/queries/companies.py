"""The list of companies: what each has now, what its last bill says, and which HaloPSA customer it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    Bill,
    BillingConfiguration,
    Company,
    Domain,
    DomainReading,
    HaloList,
    Provider,
)

_FEW = 500
"""Up to so many companies are asked for by their ids; beyond that all of the provider's are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillGlance:
    """A bill as one line of a list shows it."""

    pk: int
    month: Month
    kind: str
    state: str
    cost: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """One company in the list. `bill` is last month's."""

    pk: int
    name: str
    source_id: str
    in_source: bool
    is_ambiguous: bool
    customer_id: int | None
    customer: str
    """The HaloPSA customer's name as copied; empty when it is not mapped or not in the copy."""
    auto_since: date | None
    configurations: int
    licenses: int
    bill: BillGlance | None


def companies(provider: Provider, *, sort: str = "", month: Month) -> QuerySet[Company]:
    """The provider's companies; what sorting by `sort` needs is computed for all, the rest for one page only.

    `licenses_now` counts open activations and the licenses of domains, `bill_price` is the bill of `month`'s price.
    """
    rows = Company.objects.filter(provider=provider)
    if sort == "licenses":
        held = ActivationRow.objects.filter(company=OuterRef("pk"), last_day=None).order_by().values("company")
        domains = Domain.objects.filter(company=OuterRef(OuterRef("pk"))).exclude(license_type="").values("name")
        read = _newest_readings(provider).filter(domain__in=domains).order_by().values("provider")
        rows = rows.annotate(
            licenses_now=Coalesce(Subquery(held.annotate(n=Count("pk")).values("n")), 0)
            + Coalesce(Subquery(read.annotate(n=Sum("licenses")).values("n")), 0)
        )
    if sort == "bill":
        price = Bill.objects.filter(company=OuterRef("pk"), month=month).values("price")
        rows = rows.annotate(bill_price=Subquery(price))
    if sort == "configurations":
        rows = rows.annotate(configured=Count("configurations"))
    return rows


def narrow_by_mapping(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
    """Companies that are mapped to a HaloPSA customer, or not."""
    return rows.filter(client_id__isnull=value == "no")


def narrow_by_auto_billing(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
    """Companies with auto-billing on, or off."""
    return rows.filter(auto_since__isnull=value == "off")


def narrow_by_configured(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
    """Companies with a billing configuration, or without any."""
    has_one = Exists(BillingConfiguration.objects.filter(company=OuterRef("pk")))
    return rows.filter(has_one if value == "yes" else ~has_one)


def narrow_by_source(rows: QuerySet[Company], value: str) -> QuerySet[Company]:
    """Companies the last collection showed, those it did not, or those that share their name."""
    if value == "same-name":
        return rows.filter(is_ambiguous=True)
    return rows.filter(in_source=value == "there")


def company_rows(provider: Provider, chosen: Sequence[Company], month: Month) -> list[CompanyRow]:
    """The figures of some companies, in their order."""
    ids = [company.pk for company in chosen]
    which = Q(company_id__in=ids) if len(ids) <= _FEW else Q(company__provider=provider)
    licenses = Counter(_counts(ActivationRow.objects.filter(which, last_day=None)))
    licenses.update(_of_domains(provider, which))
    configurations = _counts(BillingConfiguration.objects.filter(which))
    bills = {bill.company_id: bill for bill in Bill.objects.filter(which, month=month)}
    names = customer_names(provider)
    return [
        CompanyRow(
            pk=company.pk,
            name=company.name,
            source_id=company.source_id,
            in_source=company.in_source,
            is_ambiguous=company.is_ambiguous,
            customer_id=company.client_id,
            customer=names.get(company.client_id, "") if company.client_id is not None else "",
            auto_since=company.auto_since,
            configurations=configurations.get(company.pk, 0),
            licenses=licenses[company.pk],
            bill=glance(bills[company.pk]) if company.pk in bills else None,
        )
        for company in chosen
    ]


def glance(bill: Bill) -> BillGlance:
    """A bill as one line of a list shows it."""
    return BillGlance(
        pk=bill.pk, month=bill.month, kind=bill.kind, state=bill.state, cost=bill.cost, price=bill.price
    )


def customer_names(provider: Provider) -> Mapping[int, str]:
    """The names of HaloPSA's customers by their ids, as copied."""
    return _names(provider, HaloList.Kind.CUSTOMERS)


def site_names(provider: Provider) -> Mapping[int, str]:
    """The names of HaloPSA's sites by their ids, as copied."""
    return _names(provider, HaloList.Kind.SITES)


def agreement_names(provider: Provider) -> Mapping[int, str]:
    """What HaloPSA calls its agreements, by their ids, as copied."""
    copy = HaloList.objects.filter(provider=provider, kind=HaloList.Kind.AGREEMENTS.value).first()
    return {row["id"]: str(row.get("ref") or row["id"]) for row in copy.rows} if copy else {}


def suggested_companies(provider: Provider, written: str, most: int = 20) -> QuerySet[Company]:
    """Companies whose name or id holds what was written so far, by name."""
    fits = Q(name__icontains=written) | Q(source_id__icontains=written)
    return Company.objects.filter(fits, provider=provider).order_by("name", "source_id")[:most]


def _names(provider: Provider, kind: HaloList.Kind) -> Mapping[int, str]:
    copy = HaloList.objects.filter(provider=provider, kind=kind.value).first()
    return {row["id"]: row.get("name", "") for row in copy.rows} if copy else {}


def _newest_readings(provider: Provider) -> QuerySet[DomainReading]:
    """The readings of the newest day on which domains were read."""
    every = DomainReading.objects.filter(provider=provider)
    return every.filter(day=every.aggregate(day=Max("day"))["day"])


def _of_domains(provider: Provider, which: Q) -> dict[int, int]:
    """The licenses of the domains that count for companies, by the company's row, as last read."""
    domains = Domain.objects.filter(which).exclude(license_type="").values_list("company_id", "name")
    owners = {name: company_id for company_id, name in domains if company_id is not None}
    counts: Counter[int] = Counter()
    if owners:
        for domain, licenses in _newest_readings(provider).values_list("domain", "licenses"):
            if domain in owners:
                counts[owners[domain]] += licenses
    return counts


def _counts(rows: QuerySet[ActivationRow] | QuerySet[BillingConfiguration]) -> dict[int, int]:
    return {row["company_id"]: row["n"] for row in rows.order_by().values("company_id").annotate(n=Count("pk"))}
