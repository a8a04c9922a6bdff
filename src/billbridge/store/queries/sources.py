"""What is known of the sources: the connection, the last collections, domains, imported files."""

from __future__ import annotations

from django.db.models import F, OuterRef, QuerySet, Subquery

from billbridge.billing.products import DOMAIN_TYPES
from billbridge.store.models import (
    Collection,
    Company,
    Domain,
    DomainReading,
    KnownLicenseType,
    Provider,
    SourceConnection,
    Task,
    UsageHistoryImport,
)

OFFERED = 20
"""Companies offered while a person types a name."""


def source_connection(provider: Provider, kind: str = "mbs") -> SourceConnection | None:
    """The provider's connection to a backup service, if it is set up."""
    return SourceConnection.objects.filter(provider=provider, kind=kind).first()


def collections(provider: Provider) -> QuerySet[Collection]:
    """Every collection of a section, without the long lists it left."""
    return Collection.objects.filter(provider=provider).defer("not_billed", "warnings")


def latest_collections(provider: Provider) -> tuple[Collection, ...]:
    """The latest collection of each section, whatever became of it."""
    found = (
        Collection.objects.filter(provider=provider, section=section.value).order_by("-began", "-pk").first()
        for section in Collection.Section
    )
    return tuple(one for one in found if one is not None)


def latest_collecting(provider: Provider) -> Task | None:
    """The newest task that collects, without the long lists of its result."""
    return Task.objects.filter(provider=provider, kind="collect").defer("result").order_by("-pk").first()


def collection_of(provider: Provider, collection_id: int) -> Collection | None:
    """One collection with everything it left."""
    return Collection.objects.filter(provider=provider, pk=collection_id).first()


def domains(provider: Provider) -> QuerySet[Domain]:
    """The domains with their latest number of licenses, its day, and the company's name."""
    latest = DomainReading.objects.filter(provider=provider, domain=OuterRef("name")).order_by("-day")
    return (
        Domain.objects.filter(provider=provider)
        .annotate(
            company_name=F("company__name"),
            licenses=Subquery(latest.values("licenses")[:1]),
            read_on=Subquery(latest.values("day")[:1]),
        )
        .order_by("name")
    )


def domain_types(provider: Provider) -> tuple[str, ...]:
    """The license types that come as a number per domain."""
    added = KnownLicenseType.objects.filter(provider=provider, count_only=True, billable=True)
    known = [one.name for one in DOMAIN_TYPES]
    return (*known, *(name for name in added.order_by("name").values_list("name", flat=True) if name not in known))


def companies_like(provider: Provider, text: str) -> list[Company]:
    """The first companies whose name holds some text, for choosing from while typing."""
    rows = Company.objects.filter(provider=provider)
    if text:
        rows = rows.filter(name__icontains=text)
    return list(rows.order_by("name", "pk")[:OFFERED])


def imports(provider: Provider) -> QuerySet[UsageHistoryImport]:
    """The imported Usage History files, newest first."""
    return UsageHistoryImport.objects.filter(provider=provider).order_by("-imported", "-pk")
