"""Builds the two snapshots from the MBS API, each whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from billbridge.billing.months import Month
from billbridge.billing.snapshot import (
    Company,
    Domain,
    License,
    LicenseSnapshot,
    Package,
    StorageAccount,
    StorageSnapshot,
    UsageReading,
    User,
)
from billbridge.errors import PermanentError
from billbridge.sources.mbs.client import MbsClient
from billbridge.sources.mbs.computers import all_computers
from billbridge.sources.mbs.crosscheck import license_warnings, storage_warnings
from billbridge.sources.mbs.models import MbsDetails, MbsPackage
from billbridge.sources.mbs.probe import probe
from billbridge.sources.port import Finding

PARALLEL: Final = 4
"""Storage takes a call per user and month; MSP360 documents no rate limit, so this stays modest."""

_T = TypeVar("_T")


class MbsSource:
    """MSP360's Managed Backup Service as a source of usage.

    `with_domains` and `with_computers` switch off two lists that a tenant may not be entitled to: without the
    first no Microsoft 365 or Google domain is billed, without the second licenses are not cross-checked.
    """

    def __init__(self, client: MbsClient, *, with_domains: bool = True, with_computers: bool = True) -> None:
        self._client = client
        self._with_domains = with_domains
        self._with_computers = with_computers

    def licenses(self, day: date) -> LicenseSnapshot:
        """Companies, users, licenses and domains as they are now.

        Raises TransientError or PermanentError if any list cannot be read or contradicts itself.
        """
        companies = [Company(id=each.id, name=each.name) for each in self._client.companies()]
        users = [
            User(id=each.id, login=each.email, company_name=each.company, packages=each.packages)
            for each in self._client.users()
        ]
        licenses = [
            License(
                id=each.id,
                type=each.license_type,
                endpoint=each.computer_name,
                user_id=each.user_id,
                user_login=each.user,
                is_trial=each.is_trial,
                is_taken=each.is_taken,
                expires=each.date_expired,
            )
            for each in self._client.licenses()
        ]
        domains = [
            Domain(
                name=each.domain,
                activated_licenses=each.activated_licenses,
                storage_bytes=each.storage_usage.total if each.storage_usage else 0,
            )
            for each in (self._client.domains() if self._with_domains else ())
        ]
        _require_distinct("company", (each.id for each in companies))
        _require_distinct("user", (each.id for each in users))
        _require_distinct("license", (each.id for each in licenses))
        _require_distinct("domain", (each.name.casefold() for each in domains))
        warnings: tuple[str, ...] = ()
        if self._with_computers:
            warnings = license_warnings(day, users, licenses, all_computers(self._client.computer_page))
        return LicenseSnapshot(
            day=day,
            companies=tuple(companies),
            users=tuple(users),
            licenses=tuple(licenses),
            domains=tuple(domains),
            warnings=warnings,
        )

    def storage(self, day: date, users: Collection[str], closed: Collection[Month]) -> StorageSnapshot:
        """Storage of `users` in the month of `day` and in the months `closed`, by storage account.

        A user whom MBS does not know any more is left out of the snapshot's `users`, with a warning. Raises
        TransientError or PermanentError as `licenses` does, ValueError for a month that is not over.
        """
        running = Month.of(day)
        if any(month >= running for month in closed):
            raise ValueError(f"only months before {running} are closed on {day}")
        accounts = [
            StorageAccount(id=each.account_id, name=each.display_name, type=each.storage_type)
            for each in self._client.accounts()
        ]
        packages = [_package(each) for each in self._client.packages()]
        _require_distinct("storage account", (each.id for each in accounts))
        _require_distinct("storage limit", (each.id for each in packages))
        asked = sorted(set(users))
        months = [*sorted(set(closed)), running]
        details = self._details(asked, months)
        unknown = {user for user in asked if all(details[user, month] is None for month in months)}
        self._require_gone(unknown)
        readings = {
            month: tuple(
                reading
                for user in asked
                if user not in unknown and (found := details[user, month])
                for reading in _readings(user, found)
            )
            for month in months
        }
        warnings = storage_warnings(
            readings,
            {month: self._client.billing(month) for month in (months if asked else ())},
            running=running,
            users=[user for user in asked if user not in unknown],
            unknown_users=sorted(unknown),
            accounts=accounts,
        )
        return StorageSnapshot(
            day=day,
            accounts=tuple(accounts),
            packages=tuple(packages),
            users=frozenset(asked) - unknown,
            running=readings[running],
            closed={str(month): readings[month] for month in months if month != running},
            warnings=warnings,
        )

    def test(self) -> list[Finding]:
        """Try every step a collection needs and say in words what works; nothing is changed."""
        return probe(self._client, with_domains=self._with_domains, with_computers=self._with_computers)

    def _require_gone(self, users: set[str]) -> None:
        """Refuse an answer that denies the details of a user who is still listed."""
        if still_there := sorted(users & {each.id for each in self._client.users()} if users else ()):
            raise PermanentError(
                f"MBS lists user {still_there[0]}, but says it has no storage details of such a user.",
                hint="Nothing was changed here. If it lasts, the API may have changed: report this message.",
            )

    def _details(self, users: Sequence[str], months: Sequence[Month]) -> dict[tuple[str, Month], MbsDetails | None]:
        wanted = [(user, month) for user in users for month in months]
        found = _in_parallel(lambda each: self._client.details(*each), wanted)
        return dict(zip(wanted, found, strict=True))


def _in_parallel(ask: Callable[[tuple[str, Month]], _T], wanted: Sequence[tuple[str, Month]]) -> list[_T]:
    """The answers in the order of `wanted`; the first error stops what has not begun."""
    with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="mbs") as pool:
        answers = [pool.submit(ask, each) for each in wanted]
        try:
            return [answer.result() for answer in answers]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _readings(user: str, details: MbsDetails) -> list[UsageReading]:
    """Bytes per account, summed over the user's computers and destinations."""
    backup: dict[str, int] = defaultdict(int)
    restore: dict[str, int] = defaultdict(int)
    for each in details.user_detail_list:
        if not each.account_id and (each.size_backup or each.size_restore):
            raise PermanentError(
                f"MBS reports storage of user {user}, computer {each.computer!r}, without a storage account.",
                hint="Nothing was changed here. Ask MSP360: such bytes cannot be billed to any account.",
            )
        backup[each.account_id] += each.size_backup
        restore[each.account_id] += each.size_restore
    return [
        UsageReading(
            user_id=user,
            account_id=account,
            backup_bytes=backup[account],
            restore_bytes=restore[account],
        )
        for account in sorted(backup)
        if account
    ]


def _package(package: MbsPackage) -> Package:
    return Package(
        id=package.id,
        name=package.name,
        price=package.cost,
        backup_gb=_limit(package.storage_limit),
        restore_gb=None if package.use_restore_limit is False else _limit(package.restore_limit),
    )


def _limit(gigabytes: Decimal | None) -> Decimal | None:
    """A negative limit is MBS's way to say none."""
    return gigabytes if gigabytes is not None and gigabytes >= 0 else None


def _require_distinct(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise PermanentError(
                f"MBS lists the {what} {each} twice, so its answer cannot be counted.",
                hint="Nothing was changed here. Collect again; if it lasts, report it to MSP360's support.",
            )
        seen.add(each)
