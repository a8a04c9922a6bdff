"""Licenses as of today, and the mail domains with their count of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from billbridge.simulators.mbs.answers import Context, written
from billbridge.simulators.world_state import LicenseOnDay
from billbridge.simulators.world_values import MAILBOX, Domain, next_first

STORAGE_UNITS = {"bytes": 1, "kilobytes": 2**10, "gigabytes": 2**30}
NO_LIMIT = {"TotalLimit": -1, "CommandDriveLimit": -1, "OtherServicesLimit": -1}


def licenses(context: Context, *, available_only: bool) -> list[dict[str, Any]]:
    """All licenses, or only those that could be given to somebody: neither taken nor expired."""
    rows = [
        license_(context, each)
        for each in context.world.licenses_now()
        if _shown(context, each, available_only=available_only)
    ]
    if context.switches.domain_licenses and not available_only:
        rows += _mailbox_licenses(context, first_number=len(context.world.licenses) + 1)
    return rows


def license_(context: Context, each: LicenseOnDay) -> dict[str, Any]:
    """One license; neither company nor the day of activation is shown."""
    life = each.life
    user = None if life is None or life.user_id is None else context.world.users[life.user_id]
    holder = life.holder if life is not None and life.holder else None
    return {
        "ID": each.license.id,
        "Number": each.license.number,
        "ComputerName": None if life is None else life.endpoint,
        "OperatingSystem": None if life is None else life.operating_system,
        "IsTrial": each.license.trial,
        "IsTaken": life is not None,
        "LicenseType": _type_shown(context, each.license.type),
        "DateExpired": written(each.expires, each.license.id, context.switches),
        "Transaction": each.license.transaction,
        "User": holder if user is None else user.login,
        "UserID": None if user is None else user.id,
    }


def _shown(context: Context, each: LicenseOnDay, *, available_only: bool) -> bool:
    if available_only:
        return each.life is None and each.expires >= context.world.today
    return context.switches.administrator_licenses or each.life is None or not each.life.holder


def _mailbox_licenses(context: Context, *, first_number: int) -> Iterator[dict[str, Any]]:
    today, number = context.world.today, first_number
    for domain in context.world.domains_now():
        for mailbox in domain.mailboxes:
            if not mailbox.held_on(today):
                continue
            yield {
                "ID": str(uuid5(NAMESPACE_DNS, mailbox.address)),
                "Number": number,
                "ComputerName": mailbox.address,
                "OperatingSystem": None,
                "IsTrial": False,
                "IsTaken": True,
                "LicenseType": _type_shown(context, MAILBOX),
                "DateExpired": written(next_first(today), mailbox.address, context.switches),
                "Transaction": str(uuid5(NAMESPACE_DNS, domain.purchase_id)),
                "User": None,
                "UserID": None,
            }
            number += 1


def _type_shown(context: Context, type_: str) -> str:
    return context.switches.license_type_names.get(type_, type_)


def domains(context: Context) -> list[dict[str, Any]]:
    """The Microsoft 365 and Google domains; no company is shown."""
    return [_domain(context, each) for each in context.world.domains_now()]


def _domain(context: Context, each: Domain) -> dict[str, Any]:
    world, switches = context.world, context.switches
    kept = world.domain_storage[each.name].backup_on(world.today)
    counts_sharepoint = switches.sharepoint_in_domain_count and each.sharepoint
    return {
        "Domain": each.name,
        "Storage": world.accounts[each.account_id].name,
        "StorageLimit": dict(NO_LIMIT),
        "StorageUsage": {"Total": kept // STORAGE_UNITS[switches.domain_storage_unit]},
        "ActivatedLicenses": each.licenses_on(world.today) + (1 if counts_sharepoint else 0),
    }
