"""Changing settings in a person's name: a setup file's rules, a role, no silent overwriting, an audit log.

A form of the console says what it wants as a part of a setup document. Everything a setup file is refused for,
it is refused for too, in the same words.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor
from billbridge.operations.audit import record_settings
from billbridge.operations.provider import the_provider, today
from billbridge.operations.setup.apply import apply_setup
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import CompanySetup, HaloSettings, MbsSettings, SetupDocument
from billbridge.operations.setup.instance import Instance
from billbridge.operations.setup.problems import SetupError
from billbridge.store.models import Provider
from billbridge.store.roles import Role


class SettingsRefused(InvalidInput):
    """Settings that contradict a rule; `problems` says each in words, with what it is about. Nothing changed."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ChangedMeanwhile(InvalidInput):
    """Somebody changed these settings since the form was opened; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of the settings a form shows: a field of the setup document, or one company by its source id."""

    name: str
    company_id: str = ""


def settings_version(provider: Provider, *parts: Part) -> str:
    """A digest of some parts of the settings now: a form carries it, so that saving notices another's change."""
    return version_of(*((part, current_part(provider, part.name, part.company_id)) for part in parts))


def version_of(*loaded: tuple[Part, object]) -> str:
    """The same digest of parts that are loaded already, each with its value."""
    digest = hashlib.sha256()
    for part, value in loaded:
        shown = value
        if isinstance(value, HaloSettings):
            shown = replace(value, client_secret=None)
        if isinstance(value, MbsSettings):
            shown = replace(value, password=None)
        digest.update(repr((part, shown)).encode())
    return digest.hexdigest()


def change_settings(
    actor: Actor,
    wanted: SetupDocument,
    *,
    version: str = "",
    parts: tuple[Part, ...] = (),
    instance: Instance | None = None,
) -> tuple[SettingChange, ...]:
    """Make a part of the settings what `wanted` says, and give what changed; parts it lacks stay as they are.

    `version` is that of `parts` when the form was opened; without it nobody else's change is looked for. `instance`
    says what a HaloPSA is whose address or tenant changes. Raises `NotAllowed`, `ChangedMeanwhile`, or
    `SettingsRefused` with every problem.
    """
    actor.require(_role_for(wanted))
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        if version and version != settings_version(actor.provider, *parts):
            raise ChangedMeanwhile(
                "These settings were changed since you opened the form; nothing was saved.",
                hint="Load the page again to see them, then make your change.",
            )
        try:
            changes = apply_setup(wanted, day=today(actor.provider), provider=actor.provider, instance=instance)
        except SetupError as error:
            raise SettingsRefused(error.texts) from error
        record_settings(actor, changes)
    return changes


def apply_file(
    document: SetupDocument, *, day: date, instance: Instance | None = None
) -> tuple[SettingChange, ...]:
    """Make the settings what a setup file says, in the name of the command line, and give what changed.

    On an empty installation the file makes the provider. Raises `SetupError` with every problem.
    """
    with transaction.atomic():
        changes = apply_setup(document, day=day, instance=instance)
        if changes:
            record_settings(Actor.command_line(the_provider()), changes)
    return changes


def company_settings(provider: Provider, company_id: str) -> CompanySetup:
    """One company's mapping, auto-billing and configurations now, by its id in the source."""
    company = current_part(provider, "companies", company_id) if company_id else None
    if isinstance(company, CompanySetup):
        return company
    raise InvalidInput(f"There is no company {company_id!r}.")


def _role_for(wanted: SetupDocument) -> Role:
    """Connections, notifications and the provider's own settings belong to the owner, all else to billing."""
    owners = (wanted.provider, wanted.halopsa, wanted.mbs, wanted.notifications, wanted.license_types)
    return Role.OWNER if any(part is not None for part in owners) else Role.BILLING
