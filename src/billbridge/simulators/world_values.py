"""The values the world is made of: what exists, from which day, until which day.

Days are days of the provider's time zone. Whatever happens on a day has happened by the end of it: a license
activated on a day is held on that day, a license given back on a day is no longer held on it, though the day counts
as a (partial) day of use. Bytes are plain ints, money is `Decimal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

TRIAL_DAYS = 15
"""A trial lasts 15 days per edition and computer."""

SERVER = "Server"
ULTIMATE = "Ultimate"
FILE_BACKUP = "File Backup"
DESKTOP = "Desktop"
SQL_SERVER = "MS SQL Server"
EXCHANGE = "MS Exchange"
SQL_AND_EXCHANGE = "MS SQL Server + MS Exchange"
VM_SERVER = "VM Server"
VM_SOCKET = "VM Server Socket"
MAILBOX = "Microsoft 365 / Google Workspace"
SHAREPOINT = "SharePoint / Teams / Shared Drives"
RMM_CONNECT = "RMM + Connect"
CONNECT = "Connect"
REBRANDING = "Advanced Rebranding & Custom SSL"
PREMIUM_SUPPORT = "Premium Support"
UNKNOWN_TYPE = "Hyper-V Replica Guard"
"""A license type that stands in no price list: the source may invent one on any day."""

ENDPOINT_TYPES = (
    SERVER,
    ULTIMATE,
    FILE_BACKUP,
    DESKTOP,
    SQL_SERVER,
    EXCHANGE,
    SQL_AND_EXCHANGE,
    VM_SERVER,
    VM_SOCKET,
)
DOMAIN_TYPES = (MAILBOX, SHAREPOINT)
ADMINISTRATOR_TYPES = (RMM_CONNECT, CONNECT, REBRANDING, PREMIUM_SUPPORT)
LICENSE_TYPES = ENDPOINT_TYPES + DOMAIN_TYPES + ADMINISTRATOR_TYPES

MONTHLY_COSTS: dict[str, Decimal] = {
    SERVER: Decimal("5.00"),
    ULTIMATE: Decimal("9.00"),
    FILE_BACKUP: Decimal("1.80"),
    DESKTOP: Decimal("2.50"),
    SQL_SERVER: Decimal("6.20"),
    EXCHANGE: Decimal("6.20"),
    SQL_AND_EXCHANGE: Decimal("8.40"),
    VM_SERVER: Decimal("11.00"),
    VM_SOCKET: Decimal("4.60"),
    MAILBOX: Decimal("1.50"),
    SHAREPOINT: Decimal("2.00"),
    RMM_CONNECT: Decimal("39.00"),
    CONNECT: Decimal("19.00"),
    REBRANDING: Decimal("15.00"),
    PREMIUM_SUPPORT: Decimal("99.00"),
    UNKNOWN_TYPE: Decimal("7.00"),
}
"""What the provider pays per license and month; it appears in the *Cost* column of the Usage History alone."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Since(Generic[T]):
    """A value that holds from a day on, until the next one of the same series."""

    day: date
    value: T


def value_on(series: tuple[Since[T], ...], day: date) -> T:
    """Return the value that holds on the day; before the first one, the first one.

    Of two values that begin on the same day the later one in the series holds.
    """
    if len(series) == 1:
        return series[0].value
    ordered = sorted(series, key=lambda since: since.day)
    return next((since.value for since in reversed(ordered) if since.day <= day), ordered[0].value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDestination:
    """A storage destination given to a company, with the company's storage limit on it (`package_id`, 0: none)."""

    destination_id: str
    package_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company, with the names it had; it is there from `created` until the day before `ended`."""

    id: str
    names: tuple[Since[str], ...]
    created: date
    ended: date | None = None
    storage_limit: int = -1
    license_settings: int = 1
    destinations: tuple[CompanyDestination, ...] = ()

    def exists_on(self, day: date) -> bool:
        """Whether the company is listed on the day."""
        return self.created <= day and (self.ended is None or day < self.ended)

    def name_on(self, day: date) -> str:
        """The name as of the day."""
        return value_on(self.names, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDestination:
    """A place a user backs up to, with the user's own storage limit there (`package_id`, 0: none)."""

    id: str
    account_id: str
    destination_id: str
    package_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A backup user; `login` is not always an e-mail address, `companies` are the companies it belonged to."""

    id: str
    login: str
    first_name: str
    last_name: str
    notification_emails: tuple[str, ...]
    companies: tuple[Since[str | None], ...]
    created: date
    deleted: date | None = None
    enabled: bool = True
    license_mode: int = 2
    destinations: tuple[UserDestination, ...] = ()

    def exists_on(self, day: date) -> bool:
        """Whether the user is listed on the day."""
        return self.created <= day and (self.deleted is None or day < self.deleted)

    def company_on(self, day: date) -> str | None:
        """The id of the company the user belongs to on the day, None without one."""
        return value_on(self.companies, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """A license that was bought or tried; who holds it when stands in its `LicenseLife` values.

    `expires` is the last day of a trial or of a license that is not renewed; None means that it is renewed on the
    first of every month for as long as it is held or kept in the pool.
    """

    id: str
    number: int
    type: str
    purchased: date
    transaction: str
    trial: bool = False
    expires: date | None = None

    def expired_on(self, day: date) -> bool:
        """Whether the license is dead on the day; its last day still counts."""
        return self.expires is not None and self.expires < day


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseLife:
    """One license held by one endpoint of one user, from a day to a day.

    A license of an administrator has neither user nor endpoint, but the login of its `holder`.
    """

    license_id: str
    user_id: str | None
    endpoint: str | None
    operating_system: str | None
    activated: date
    deactivated: date | None = None
    holder: str = ""

    def held_on(self, day: date) -> bool:
        """Whether the license is held at the end of the day; on the day it is given back it is not."""
        return self.activated <= day and (self.deactivated is None or day < self.deactivated)

    def used_on(self, day: date) -> bool:
        """Whether the day is one of use: partial days count, the one of giving back included."""
        return self.activated <= day and (self.deactivated is None or day <= self.deactivated)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDestination:
    """A bucket of a storage account."""

    id: str
    name: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccount:
    """A storage account with the provider's default charges per GB (2^30 bytes) and month."""

    id: str
    reseller_id: str
    created: datetime
    name: str
    type: str
    destinations: tuple[AccountDestination, ...]
    backup_price: Decimal
    restore_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPrice:
    """Charges per GB on one account for one company or one user; a user's beat a company's beat the account's."""

    account_id: str
    backup_price: Decimal
    restore_price: Decimal
    company_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A storage limit: a fixed charge per month for so many GB; `restore_limit_gb` is None without one."""

    id: int
    name: str
    description: str
    cost: Decimal
    storage_limit_gb: Decimal
    restore_limit_gb: Decimal | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A mailbox of a domain that holds a license from a day to a day."""

    address: str
    activated: date
    deactivated: date | None = None

    def held_on(self, day: date) -> bool:
        """Whether the mailbox holds its license at the end of the day."""
        return self.activated <= day and (self.deactivated is None or day < self.deactivated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A Microsoft 365 or Google domain.

    The API knows no company of it: `company_id` is the world's knowledge, shown in the Usage History alone.
    `sharepoint` says that the domain holds the one license that covers its SharePoint and Teams.
    """

    name: str
    company_id: str | None
    account_id: str
    created: date
    purchase_id: str
    mailboxes: tuple[Mailbox, ...]
    sharepoint: bool = False
    removed: date | None = None

    def exists_on(self, day: date) -> bool:
        """Whether the domain is listed on the day."""
        return self.created <= day and (self.removed is None or day < self.removed)

    def licenses_on(self, day: date) -> int:
        """The number of activated licenses at the end of the day."""
        if not self.exists_on(day):
            return 0
        return sum(mailbox.held_on(day) for mailbox in self.mailboxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """A person who works in the provider's console."""

    id: str
    login: str
    first_name: str
    last_name: str
    created: datetime
    permissions: tuple[str, ...]


def day_written(text: object) -> date:
    """The day written as YYYY-MM-DD; ValueError for anything else, other ISO 8601 forms included."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError(f"{text!r} is no day; write it as YYYY-MM-DD.")
    return day


def next_first(day: date) -> date:
    """The first day of the month after the day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_days(month: str) -> list[date]:
    """All days of a month given as YYYY-MM; ValueError if it is none."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise ValueError(f"{month!r} is no month; write it as YYYY-MM.") from error
    return [first + timedelta(days=number) for number in range((next_first(first) - first).days)]
