"""Finding the company a person means, among their own provider's only."""

from __future__ import annotations

from billbridge.operations.access import NotThere
from billbridge.store.models import BackupUser, Company, Provider


def company_of(provider: Provider, company_id: int) -> Company:
    """A provider's company by its row; raises `NotThere` for any other."""
    company = Company.objects.filter(provider=provider, pk=company_id).first()
    if company is None:
        raise NotThere("There is no such company.", hint="Look for it in the list of companies.")
    return company


def companies_called(provider: Provider, written: str) -> list[Company]:
    """The companies a person may mean by a name or an id of the source; an id that fits wins."""
    of_provider = Company.objects.filter(provider=provider)
    by_id = list(of_provider.filter(source_id=written)[:1])
    return by_id or list(of_provider.filter(name__iexact=written).order_by("source_id")[:5])


def user_called(company: Company, written: str) -> BackupUser | None:
    """The company's user by login, without regard to case, or by the id of the source."""
    users = BackupUser.objects.filter(company=company)
    return users.filter(source_id=written).first() or users.filter(login__iexact=written).order_by("pk").first()
