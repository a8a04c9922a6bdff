"""Saying which company and license type a Microsoft 365 or Google domain's number of licenses counts for."""

from __future__ import annotations

from dataclasses import replace

from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.change_settings import Part, change_settings, settings_version
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import DomainSetting, SetupDocument
from billbridge.store.models import Company, Domain, Provider

_PART = Part(name="domains")


def domains_version(provider: Provider) -> str:
    """A digest of all domains' settings now."""
    return settings_version(provider, _PART)


def map_domain(
    actor: Actor, domain_id: int, *, company: Company | None, license_type: str, version: str = ""
) -> tuple[SettingChange, ...]:
    """Let a domain count for a company and license type, or for none; see `change_settings` for what it raises."""
    row = Domain.objects.filter(provider=actor.provider, pk=domain_id).first()
    if row is None or (company is not None and company.provider_id != actor.provider.pk):
        raise NotThere("There is no such domain or company.")
    now = current_part(actor.provider, "domains")
    assert isinstance(now, tuple)
    company_id = company.source_id if company is not None else ""
    wanted: tuple[DomainSetting, ...] = tuple(
        replace(one, company_id=company_id, license_type=license_type) if one.name == row.name else one
        for one in now
    )
    return change_settings(actor, SetupDocument(domains=wanted), version=version, parts=(_PART,))


def company_named(provider: Provider, written: str) -> Company | None:
    """The company a person wrote by its name or id, `None` for nothing written.

    Raises `InvalidInput` when it fits none, or several.
    """
    written = written.strip()
    if not written:
        return None
    companies = Company.objects.filter(provider=provider)
    by_id = companies.filter(source_id=written).first()
    if by_id is not None:
        return by_id
    same = list(companies.filter(name__iexact=written)[:2])
    if len(same) == 1:
        return same[0]
    if same:
        raise InvalidInput(f"Several companies are called {written!r}.", hint="Enter the id of the one you mean.")
    raise InvalidInput(f"There is no company {written!r}.", hint="Choose one from the list.")
