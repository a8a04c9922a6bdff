"""What a backup service says at one moment: the values every source hands to the billing core.

A snapshot is a point in time. It has no activation dates and no history; the ledger gives it both.
Names are joined inside one snapshot and never between two, because a company may be renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer of the provider, as the backup service knows it; `id` never changes, `name` may."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A backup user. `company_name` is the source's only link to a company; empty when there is none.

    `packages` are the storage limits that the source keeps for the user: ids of a storage account and a package.
    """

    id: str
    login: str
    company_name: str = ""
    packages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """One license as the source shows it now.

    `type` is the source's free text ("Server"); `endpoint` is the computer that holds it, empty when it
    lies in a pool; `expires` is the last day on which it is valid, by the source's calendar.
    """

    id: str
    type: str
    endpoint: str = ""
    user_id: str = ""
    user_login: str = ""
    is_trial: bool = False
    is_taken: bool = False
    expires: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A Microsoft 365 or Google domain: a number of activated licenses without endpoints."""

    name: str
    activated_licenses: int
    storage_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseSnapshot:
    """Everything license counting needs, collected whole or not at all; `day` is the business day."""

    day: date
    companies: tuple[Company, ...]
    users: tuple[User, ...]
    licenses: tuple[License, ...]
    domains: tuple[Domain, ...] = ()
    warnings: tuple[str, ...] = ()
    """Oddities a person should see: computers that the cross-check knows and the licenses do not, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccount:
    """A storage account of the provider: a storage product."""

    id: str
    name: str
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A storage limit as the source keeps it. What the source calls the package's cost is our price."""

    id: str
    name: str
    price: Decimal
    backup_gb: Decimal | None
    restore_gb: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReading:
    """Bytes of one user on one storage account: backup kept (a level), restore (a running sum)."""

    user_id: str
    account_id: str
    backup_bytes: int
    restore_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSnapshot:
    """Storage of the users whose company bills storage, collected whole or not at all.

    `running` holds today's readings of the running month. `closed` holds, per month already over, the
    source's own monthly average (`backup_bytes`) and the month's restore sum. `users` are the users that
    were asked for, so that "no reading" and "not asked" stay different.
    """

    day: date
    accounts: tuple[StorageAccount, ...]
    packages: tuple[Package, ...] = ()
    users: frozenset[str] = frozenset()
    running: tuple[UsageReading, ...] = ()
    closed: Mapping[str, tuple[UsageReading, ...]] = field(default_factory=dict)
    """Readings by month, written YYYY-MM."""
    warnings: tuple[str, ...] = ()
