"""What is not counted as it was collected: a company's exclusions and adjustments, set by a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from billbridge.billing.usage import Adjustment, Exclusion
from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor
from billbridge.operations.change_settings import Part, change_settings, company_settings, settings_version
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.store.models import Company
from billbridge.store.roles import Role


def exceptions_version(company: Company) -> str:
    """What a form carries, so that saving notices another's change of the same company."""
    return settings_version(company.provider, _part(company))


def add_exclusion(actor: Actor, company: Company, exclusion: Exclusion, *, version: str = "") -> None:
    """Bill an endpoint no longer. Raises `NotAllowed`, `ChangedMeanwhile` or `SettingsRefused`."""

    def change(now: CompanySetup) -> CompanySetup:
        if exclusion in (now.exclusions or ()):
            raise InvalidInput(f"{exclusion.endpoint} is excluded already for this reason.")
        return replace(now, exclusions=(*(now.exclusions or ()), exclusion))

    _change(actor, company, change, version)


def remove_exclusion(actor: Actor, company: Company, position: int, *, version: str) -> tuple[SettingChange, ...]:
    """Bill an endpoint again. `position` counts from 0 in the list that `version` belongs to."""

    def change(now: CompanySetup) -> CompanySetup:
        return replace(now, exclusions=_without(now.exclusions or (), position))

    return _change(actor, company, change, version)


def add_adjustment(actor: Actor, company: Company, adjustment: Adjustment, *, version: str = "") -> None:
    """Add units to a license product's quantity, or take some. Raises as `add_exclusion` does."""

    def change(now: CompanySetup) -> CompanySetup:
        if adjustment in (now.adjustments or ()):
            raise InvalidInput(
                "The very same adjustment is there already.", hint="Change its reason or its months."
            )
        return replace(now, adjustments=(*(now.adjustments or ()), adjustment))

    _change(actor, company, change, version)


def remove_adjustment(actor: Actor, company: Company, position: int, *, version: str) -> tuple[SettingChange, ...]:
    """Count as collected again. `position` counts from 0 in the list that `version` belongs to."""

    def change(now: CompanySetup) -> CompanySetup:
        return replace(now, adjustments=_without(now.adjustments or (), position))

    return _change(actor, company, change, version)


def _change(
    actor: Actor, company: Company, change: Callable[[CompanySetup], CompanySetup], version: str
) -> tuple[SettingChange, ...]:
    actor.require(Role.BILLING)
    version = version or exceptions_version(company)
    wanted = change(company_settings(actor.provider, company.source_id))
    return change_settings(actor, SetupDocument(companies=(wanted,)), version=version, parts=(_part(company),))


_Entry = TypeVar("_Entry")


def _without(entries: tuple[_Entry, ...], position: int) -> tuple[_Entry, ...]:
    if not 0 <= position < len(entries):
        raise InvalidInput("This entry is not there any more.", hint="Load the page again.")
    return (*entries[:position], *entries[position + 1 :])


def _part(company: Company) -> Part:
    return Part(name="companies", company_id=company.source_id)
