"""Finds what an edit of the world names, and says clearly what it did not find."""

from __future__ import annotations

from datetime import date
from random import Random

from billbridge.simulators.world_names import guid
from billbridge.simulators.world_state import WorldState
from billbridge.simulators.world_values import Company, Domain, License, LicenseLife, StorageAccount, User


class EditError(ValueError):
    """The edit cannot be made; the message names the thing and what would be possible."""


class WorldLookup(WorldState):
    """The world with its look-ups: companies and accounts by id or name, users by id or login, as of today."""

    _ids_made = 0

    def _new_id(self) -> str:
        self._ids_made += 1
        return guid(Random(f"{self.seed}/edit/{self._ids_made}"))

    def _company(self, company: str) -> Company:
        if company in self.companies:
            return self.companies[company]
        found = [one for one in self.companies_now() if one.name_on(self.today) == company]
        if len(found) != 1:
            problem = "There is no company" if not found else f"There are {len(found)} companies"
            raise EditError(f"{problem} {company!r} on {self.today}; give its id.")
        return found[0]

    def _user(self, user: str) -> User:
        if user in self.users:
            return self.users[user]
        for found in self.users_now():
            if found.login == user:
                return found
        raise EditError(f"There is no user {user!r} on {self.today}; give an id or a login.")

    def _account(self, account: str) -> StorageAccount:
        for found in self.accounts.values():
            if account in (found.id, found.name):
                return found
        names = ", ".join(found.name for found in self.accounts.values())
        raise EditError(f"There is no storage account {account!r}; there are {names}.")

    def _license(self, license_id: str) -> License:
        if license_id not in self.licenses:
            raise EditError(f"There is no license {license_id!r}; give its id.")
        return self.licenses[license_id]

    def _held(self, license_id: str, day: date) -> LicenseLife:
        self._license(license_id)
        for life in self.lives[license_id]:
            if life.held_on(day):
                return life
        raise EditError(f"Nobody holds the license {license_id} on {day}.")

    def _domain(self, domain: str) -> Domain:
        if domain not in self.domains:
            raise EditError(f"There is no domain {domain!r}; there are {', '.join(sorted(self.domains))}.")
        return self.domains[domain]
