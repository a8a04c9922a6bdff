"""What the world holds, and what of it is there on a day."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from billbridge.simulators.world_halopsa import HaloWorld
from billbridge.simulators.world_storage import DailyStorage
from billbridge.simulators.world_values import (
    Administrator,
    Company,
    CustomPrice,
    Domain,
    License,
    LicenseLife,
    Package,
    StorageAccount,
    User,
    next_first,
)

FORGOTTEN_AFTER_DAYS = 45
"""A license that nobody holds leaves the list so many days after it expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseOnDay:
    """A license as it stands at the end of a day; `life` is None when nobody holds it."""

    license: License
    life: LicenseLife | None
    expires: date


class WorldState:
    """Everything that exists in the world, and the day it is there.

    The dictionaries hold all that ever was or will be, by id (domains by name, storage by user and account id); the
    methods named `..._now` give what is there at the end of `today`. Every reader and every edit holds `lock`.
    """

    def __init__(
        self,
        *,
        seed: int,
        start: date,
        today: date,
        companies: Iterable[Company],
        users: Iterable[User],
        licenses: Iterable[License],
        lives: Iterable[LicenseLife],
        accounts: Iterable[StorageAccount],
        packages: Iterable[Package],
        prices: Iterable[CustomPrice],
        storage: dict[tuple[str, str], DailyStorage],
        domains: Iterable[Domain],
        domain_storage: dict[str, DailyStorage],
        administrators: Iterable[Administrator],
        halopsa: HaloWorld,
    ) -> None:
        self.lock = threading.RLock()
        self.seed = seed
        self.start = start
        self.companies = {company.id: company for company in companies}
        self.users = {user.id: user for user in users}
        self.licenses = {license_.id: license_ for license_ in licenses}
        self.lives: dict[str, list[LicenseLife]] = {license_id: [] for license_id in self.licenses}
        for life in lives:
            self.lives[life.license_id].append(life)
        self.accounts = {account.id: account for account in accounts}
        self.packages = {package.id: package for package in packages}
        self.prices = list(prices)
        self.storage = storage
        self.domains = {domain.name: domain for domain in domains}
        self.domain_storage = domain_storage
        self.administrators = list(administrators)
        self.halopsa = halopsa
        self._today = today

    @property
    def today(self) -> date:
        """The day everything is answered as of; it may be moved forward and back."""
        return self._today

    @today.setter
    def today(self, day: date) -> None:
        with self.lock:
            self._today = day

    def companies_now(self) -> list[Company]:
        """The companies that are listed."""
        return [company for company in self.companies.values() if company.exists_on(self.today)]

    def users_now(self) -> list[User]:
        """The users that are listed."""
        return [user for user in self.users.values() if user.exists_on(self.today)]

    def domains_now(self) -> list[Domain]:
        """The mail domains that are listed."""
        return [domain for domain in self.domains.values() if domain.exists_on(self.today)]

    def licenses_now(self) -> Iterator[LicenseOnDay]:
        """The licenses that are listed, in the order of their numbers."""
        forgotten = self.today - timedelta(days=FORGOTTEN_AFTER_DAYS)
        for license_ in self.licenses.values():
            if license_.purchased > self.today:
                continue
            found = self.license_now(license_)
            if found.life is not None or found.expires >= forgotten:
                yield found

    def license_now(self, license_: License) -> LicenseOnDay:
        """The license with its holder and the day it expires, both as of today."""
        lives = self.lives[license_.id]
        held = next((life for life in lives if life.held_on(self.today)), None)
        if license_.expires is not None:
            expires = license_.expires
        else:
            given_back = [
                life.deactivated
                for life in lives
                if life.deactivated is not None and life.deactivated <= self.today
            ]
            # A license is renewed on the first of the month, but not once somebody gave it back.
            expires = next_first(max(given_back) if held is None and given_back else self.today)
        return LicenseOnDay(license=license_, life=held, expires=expires)

    def company_of(self, user: User) -> Company | None:
        """The company a user belongs to today, None without one."""
        company_id = user.company_on(self.today)
        return None if company_id is None else self.companies[company_id]

    def company_name_of(self, user: User) -> str | None:
        """Today's name of the company a user belongs to, None without one."""
        company = self.company_of(user)
        return None if company is None else company.name_on(self.today)

    def storage_of(self, user: User) -> dict[str, DailyStorage]:
        """The daily figures of a user by account id, in the order of the user's destinations."""
        keys = dict.fromkeys(destination.account_id for destination in user.destinations)
        return {
            account_id: self.storage[user.id, account_id]
            for account_id in keys
            if (user.id, account_id) in self.storage
        }
