"""Reading what the drift check found: what is open, and when it last looked."""

from __future__ import annotations

from django.db.models import QuerySet

from billbridge.store.models import Company, DriftCheck, DriftFinding, Provider


def open_findings(provider: Provider) -> QuerySet[DriftFinding]:
    """Everything that is open, what the next bill suffers from first."""
    rows = DriftFinding.objects.filter(provider=provider, over_on=None)
    return rows.select_related("company").order_by("-harms", "kind", "thing", "name", "pk")


def open_findings_of(company: Company) -> QuerySet[DriftFinding]:
    """What is open of one company."""
    return open_findings(company.provider).filter(company=company)


def last_check(provider: Provider) -> DriftCheck | None:
    """The last check; `None` when there never was one."""
    return DriftCheck.objects.filter(provider=provider).first()


def companies_with_findings(provider: Provider) -> list[tuple[int, str]]:
    """The companies of open findings, by name: row id and name."""
    rows = Company.objects.filter(provider=provider, driftfinding__over_on=None, driftfinding__isnull=False)
    return list(rows.order_by("name", "pk").distinct().values_list("pk", "name"))
