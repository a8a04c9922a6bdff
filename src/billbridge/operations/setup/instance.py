"""Another address or tenant: it may be another HaloPSA, in which no id of the one before means anything.

Ids of customers, sites, agreements, items and subscriptions are numbers that every HaloPSA gives anew. Believed in
another one they would bill the wrong customers, so a person must say which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from billbridge.billing.configuration import Configuration
from billbridge.halopsa.address import Address
from billbridge.operations.setup.document import CompanySetup, HaloSettings, SetupDocument
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.problems import Problems

_IDS = ("customer_id", "site_id", "agreement_id")
"""What of a company is an id of HaloPSA's."""


class Instance(StrEnum):
    """What a person says of a HaloPSA whose address or tenant changes."""

    NEW = "another HaloPSA: everything is looked for anew"
    SAME = "the same HaloPSA by another address: everything known of it holds"


def is_moved(before: HaloSettings | None, after: HaloSettings | None) -> bool:
    """Whether the settings lead to another place: another host, port or path, or another tenant."""
    if before is None or after is None:
        return False
    if _place(before.address) != _place(after.address):
        return True
    tenants = {before.tenant.strip().casefold(), after.tenant.strip().casefold()} - {""}
    return len(tenants) > 1


def settle_instance(
    settled: SetupDocument, installed: Installed, problems: Problems, instance: Instance | None
) -> SetupDocument:
    """What a move to another address leads to.

    While something of the HaloPSA before is known, nobody having said which it is, is a problem. In another HaloPSA
    every id is forgotten that the file does not give anew, and one it repeats from before is a problem.
    """
    now = installed.document
    if not is_moved(now.halopsa, settled.halopsa):
        return settled
    if instance is Instance.NEW:
        for path, what in _repeated(settled, now):
            problems.add(path, f"{what} is that of the HaloPSA before.", "Remove it, or write the new one.")
        return _without_old_ids(settled, now)
    known = _known(installed)
    if known and instance is None:
        problems.add(
            ("halopsa", "address"),
            f"The address or tenant of HaloPSA changes, and {known} known of the one before.",
            "Say --new-instance if it is another HaloPSA, --same-instance if it is the same one.",
        )
    return settled


def _place(address: str) -> str:
    return Address.parse(address).root.partition("://")[2].casefold()


def _known(installed: Installed) -> str:
    """What is known of a HaloPSA, in words; empty if nothing is."""
    document = installed.document
    companies = document.companies or ()
    items = [setting.item_id for setting in document.default_asset_types or ()]
    items += [one.item_id for company in companies for one in company.configurations or ()]
    counted = (
        (installed.subscriptions, "subscriptions"),
        (sum(company.customer_id is not None for company in companies), "customers"),
        (sum(item_id is not None for item_id in items), "items"),
    )
    words = [f"{count} {what}" for count, what in counted if count]
    return f"{' and '.join(words)} are" if words else ""


def _repeated(settled: SetupDocument, now: SetupDocument) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every id of the file that is the one kept, with its place in the file."""
    before = {company.id: company for company in now.companies or ()}
    for position, entry in enumerate(settled.companies or ()):
        was = before.get(entry.id, CompanySetup(id=entry.id))
        for name in _IDS:
            if getattr(entry, name) is not None and getattr(entry, name) == getattr(was, name):
                yield ("companies", position, name), f"{name} {getattr(entry, name)} of {entry.name or entry.id!r}"
        items = {one.id: one.item_id for one in was.configurations or ()}
        for number, one in enumerate(entry.configurations or ()):
            if one.id not in settled.ending and one.item_id is not None and one.item_id == items.get(one.id):
                yield (
                    ("companies", position, "configurations", number, "item_id"),
                    f"item_id {one.item_id} of {one.name!r}",
                )
    defaults = {setting.product: setting.item_id for setting in now.default_asset_types or ()}
    for position, setting in enumerate(settled.default_asset_types or ()):
        if setting.item_id is not None and setting.item_id == defaults.get(setting.product):
            yield (
                ("default_asset_types", position, "item_id"),
                f"item_id {setting.item_id} of {setting.product.code}",
            )


def _without_old_ids(settled: SetupDocument, now: SetupDocument) -> SetupDocument:
    """The settings with every id cleared that the file leaves as it is."""
    listed = {entry.id for entry in settled.companies or ()}
    rest = [_cleared(company) for company in now.companies or () if company.id not in listed]
    changed = [company for company in rest if company is not None]
    entries = [
        replace(
            entry,
            configurations=tuple(
                replace(one, item_id=None) if one.id in settled.ending else one for one in entry.configurations
            ),
        )
        if entry.configurations is not None
        else _with_old_configurations_cleared(entry, now)
        for entry in settled.companies or ()
    ]
    defaults = settled.default_asset_types
    if defaults is None and any(setting.item_id is not None for setting in now.default_asset_types or ()):
        defaults = tuple(replace(setting, item_id=None) for setting in now.default_asset_types or ())
    companies = (*entries, *changed) if settled.companies is not None or changed else None
    return replace(settled, companies=companies, default_asset_types=defaults)


def _with_old_configurations_cleared(entry: CompanySetup, now: SetupDocument) -> CompanySetup:
    """A company whose configurations the file leaves as they are, without the items of these."""
    before = next((company for company in now.companies or () if company.id == entry.id), None)
    cleared = _cleared(before) if before is not None else None
    return replace(entry, configurations=cleared.configurations) if cleared is not None else entry


def _cleared(company: CompanySetup) -> CompanySetup | None:
    """A company that the file does not list without its ids, else as it is; `None` if it has none."""
    has_items = any(one.item_id is not None for one in company.configurations or ())
    if not has_items and all(getattr(company, name) is None for name in _IDS):
        return None
    return replace(
        company,
        customer_id=None,
        site_id=None,
        agreement_id=None,
        configurations=_without_items(company.configurations) if has_items else None,
        exclusions=None,
        adjustments=None,
    )


def _without_items(configurations: tuple[Configuration, ...] | None) -> tuple[Configuration, ...]:
    return tuple(replace(one, item_id=None) for one in configurations or ())
