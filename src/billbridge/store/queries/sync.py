"""Reading what a sync would be about: the configured companies, their customers and their bills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from billbridge.billing.months import Month
from billbridge.store.models import Bill, BillingConfiguration, Company, HaloList, PlannedEntry, Provider, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyToSync:
    """A configured company with its bills of last month and of the running one, if they were made."""

    company: Company
    customer: str
    """The HaloPSA customer's name as our copy of the list has it; empty when it is not known."""
    last: Bill | None
    current: Bill | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """How many of the source's companies a sync would bill, and how many it cannot."""

    ready: int
    """Configured and mapped."""
    not_mapped: int
    """Configured, but mapped to no HaloPSA customer."""
    not_configured: int


def readiness(provider: Provider) -> Readiness:
    """What a sync of all companies would be about."""
    rows = Company.objects.filter(provider=provider).annotate(configured=Exists(_configurations()))
    counted = rows.aggregate(
        ready=Count("pk", filter=Q(configured=True, client_id__isnull=False)),
        not_mapped=Count("pk", filter=Q(configured=True, client_id=None)),
        not_configured=Count("pk", filter=Q(configured=False, in_source=True)),
    )
    return Readiness(**counted)


def _configurations() -> QuerySet[BillingConfiguration]:
    return BillingConfiguration.objects.filter(company=OuterRef("pk"))


def configured_companies(provider: Provider) -> QuerySet[Company]:
    """The companies that have a billing configuration."""
    return Company.objects.filter(Exists(_configurations()), provider=provider)


def with_bills(provider: Provider, companies: Iterable[Company], running: Month) -> list[CompanyToSync]:
    """The companies of a page with their customers' names and their bills of both months."""
    companies = list(companies)
    months = (running.previous, running)
    bills = {
        (bill.company_id, bill.month): bill
        for bill in Bill.objects.filter(company__in=companies, month__in=months).defer("not_billed")
    }
    customers = customer_names(provider)
    return [
        CompanyToSync(
            company=company,
            customer=customers.get(company.client_id, "") if company.client_id else "",
            last=bills.get((company.pk, running.previous)),
            current=bills.get((company.pk, running)),
        )
        for company in companies
    ]


def customer_names(provider: Provider) -> dict[int, str]:
    """The names of HaloPSA's customers by their id, as our copy of the list has them."""
    copy = HaloList.objects.filter(provider=provider, kind=HaloList.Kind.CUSTOMERS.value).first()
    return {row["id"]: row.get("name", "") for row in copy.rows} if copy else {}


def entries_of(task: Task) -> QuerySet[PlannedEntry]:
    """A plan's changes: what a person should see first comes first."""
    return PlannedEntry.objects.filter(task=task).order_by("rank", "position")


def names_of(provider: Provider, companies: Iterable[int]) -> list[str]:
    """The names of companies by their row ids, in order."""
    rows = Company.objects.filter(provider=provider, pk__in=list(companies))
    return list(rows.order_by("name").values_list("name", flat=True))
