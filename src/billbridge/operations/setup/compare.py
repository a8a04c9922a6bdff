"""What applying a setup file would change, in words: every setting before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from billbridge.operations.setup.describe import Identity, Labels, described
from billbridge.operations.setup.describe_notifications import changed_secrets
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.instance import Instance, is_moved
from billbridge.operations.setup.settle import settle

_ENDS_INSTEAD = "bills hang on it, so it ends instead of being removed"

_PARTS = (
    "provider", "halopsa", "mbs", "notifications", "license_types", "default_asset_types",
    "prices", "storage_costs", "storage_limits", "domains", "companies",
)  # fmt: skip


_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One setting that changes, in words; an empty text is a setting that is not there. Secrets are never told."""

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}: {self.before or 'not set'} -> {self.after or 'not set'}"


def compare(
    current: Installed, wanted: SetupDocument, *, day: date, instance: Instance | None = None
) -> tuple[SettingChange, ...]:
    """Every setting that applying the file `wanted` on the business day `day` would change; empty if none.

    Raises SetupError with every name of the file that is not known.
    """
    settled = settle(wanted, current, day=day, instance=instance)
    return (*differences(current.document, settled), *forgotten(current, settled, instance))


def forgotten(current: Installed, wanted: SetupDocument, instance: Instance | None) -> tuple[SettingChange, ...]:
    """The subscriptions known by their ids, if another HaloPSA takes the place of the one that gave these ids."""
    moved = is_moved(current.document.halopsa, wanted.halopsa)
    if instance is not Instance.NEW or not moved or not current.subscriptions:
        return ()
    before = f"{current.subscriptions} known by their ids"
    return (SettingChange(path="halopsa.subscriptions", before=before, after="looked for anew by their keys"),)


def differences(current: SetupDocument, wanted: SetupDocument) -> tuple[SettingChange, ...]:
    """Every setting that differs, in the order of the file's parts; both documents name everything by its id.

    Parts, companies and lists of companies that `wanted` does not have are left alone and never differ.
    """
    labels = _labels(current, wanted)
    before = described(_without(_within(current, wanted), wanted), labels)
    after = described(_without(wanted, current), labels)
    position = {company.id: number for number, company in enumerate(wanted.companies or ())}

    def order(identity: Identity) -> tuple[int, int]:
        return _PARTS.index(identity[0]), position.get(identity[1], 0) if identity[0] == "companies" else 0

    changes = [*_additions(current, wanted, labels)]
    for identity in sorted(dict.fromkeys([*before, *after]), key=order):
        was = before[identity].text if identity in before else ""
        becomes = after[identity].text if identity in after else ""
        if was != becomes:
            path = (after.get(identity) or before[identity]).path
            if identity[-1] == "last_month" and identity[-2] in wanted.ending:
                becomes = f"{becomes} ({_ENDS_INSTEAD})"
            changes.append(SettingChange(path=path, before=was, after=becomes))
    return (*changes, *_secrets(current, wanted))


def _without(document: SetupDocument, other: SetupDocument) -> SetupDocument:
    """A document without those entries of its longest lists that stand in the other as they are."""
    return replace(
        document,
        prices=_rest(document.prices, other.prices),
        storage_costs=_rest(document.storage_costs, other.storage_costs),
        storage_limits=_rest(document.storage_limits, other.storage_limits),
        domains=_rest(document.domains, other.domains),
    )


def _rest(entries: tuple[_Entry, ...] | None, others: tuple[_Entry, ...] | None) -> tuple[_Entry, ...] | None:
    if entries is None:
        return None
    same = set(others or ())
    return tuple(entry for entry in entries if entry not in same)


def _within(current: SetupDocument, wanted: SetupDocument) -> SetupDocument:
    """The part of the settings in force that `wanted` speaks of."""
    now = {company.id: company for company in current.companies or ()}

    def company_within(entry: CompanySetup) -> CompanySetup:
        company = now.get(entry.id, CompanySetup(id=entry.id))
        return replace(
            company,
            configurations=None if entry.configurations is None else company.configurations,
            exclusions=None if entry.exclusions is None else company.exclusions,
            adjustments=None if entry.adjustments is None else company.adjustments,
        )

    return SetupDocument(
        provider=None if wanted.provider is None else current.provider,
        halopsa=None if wanted.halopsa is None else current.halopsa,
        supplier_name=None if wanted.supplier_name is None else current.supplier_name,
        mbs=None if wanted.mbs is None else current.mbs,
        notifications=None if wanted.notifications is None else current.notifications,
        license_types=None if wanted.license_types is None else current.license_types,
        default_asset_types=None if wanted.default_asset_types is None else current.default_asset_types,
        prices=None if wanted.prices is None else current.prices,
        storage_costs=None if wanted.storage_costs is None else current.storage_costs,
        storage_limits=None if wanted.storage_limits is None else current.storage_limits,
        domains=None if wanted.domains is None else current.domains,
        companies=tuple(company_within(entry) for entry in wanted.companies or ()),
    )


def _additions(current: SetupDocument, wanted: SetupDocument, labels: Labels) -> Iterator[SettingChange]:
    """Storage accounts, companies and users that become known by the file, before any collection showed them."""
    accounts = {account.id for account in current.storage_accounts}
    companies = {company.id for company in current.companies or ()}
    users = {user.id for user in current.users}
    new = [
        f"storage_accounts[{labels.account(one.id)}]" for one in wanted.storage_accounts if one.id not in accounts
    ]
    new += [f"companies[{labels.company(one.id)}]" for one in wanted.companies or () if one.id not in companies]
    new += [f"users[{labels.user(one.id)}]" for one in wanted.users if one.id not in users]
    for path in new:
        yield SettingChange(path=path, before="", after="added")


def _secrets(current: SetupDocument, wanted: SetupDocument) -> Iterator[SettingChange]:
    halopsa = current.halopsa.client_secret if current.halopsa else None
    mbs = current.mbs.password if current.mbs else None
    pairs = (
        ("halopsa.client_secret", halopsa, wanted.halopsa.client_secret if wanted.halopsa else None),
        ("sources.mbs.password", mbs, wanted.mbs.password if wanted.mbs else None),
    )
    for path, was, becomes in pairs:
        if becomes is not None and becomes.differs_from(was):
            yield SettingChange(path=path, before="set" if was else "", after="changed" if was else "set")
    for path, before, after in changed_secrets(current.notifications or (), wanted.notifications or ()):
        yield SettingChange(path=path, before=before, after=after)


def _labels(current: SetupDocument, wanted: SetupDocument) -> Labels:
    """Names by id, as the installation knows them; the file's own for what is new in it."""
    both = (wanted, current)
    return Labels(
        companies={one.id: one.name for document in both for one in document.companies or () if one.name},
        accounts={one.id: one.name for document in both for one in document.storage_accounts},
        logins={one.id: one.login for document in both for one in document.users},
        configurations={
            one.id: one.name
            for document in both
            for company in document.companies or ()
            for one in company.configurations or ()
            if one.id  # a new one has no id yet: it is called what the file calls it
        },
    )
