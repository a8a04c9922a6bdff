"""Edits of licenses: what a test or a person may change in the world while it runs.

Every edit takes effect on `day` (today without one), so that moving the world's day back shows the state before it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from billbridge.simulators.world_lookup import WorldLookup
from billbridge.simulators.world_values import TRIAL_DAYS, License, LicenseLife


class LicenseEdits(WorldLookup):
    """The edits of licenses; licenses are given by id."""

    def add_license(
        self,
        *,
        user: str,
        license_type: str,
        endpoint: str | None,
        trial: bool = False,
        operating_system: str = "Windows 11",
        expires: date | None = None,
        day: date | None = None,
    ) -> str:
        """Activate a new license on an endpoint of a user; returns the license's id."""
        with self.lock:
            when = day or self.today
            if trial and expires is None:
                expires = when + timedelta(days=TRIAL_DAYS)
            holder = self._user(user)
            license_id = self._buy(license_type, when, trial=trial, expires=expires)
            life = LicenseLife(
                license_id=license_id,
                user_id=holder.id,
                endpoint=endpoint,
                operating_system=operating_system,
                activated=when,
            )
            self.lives[license_id].append(life)
            return license_id

    def add_pool_license(self, *, license_type: str, day: date | None = None) -> str:
        """Buy a license that nobody holds."""
        with self.lock:
            return self._buy(license_type, day or self.today)

    def release_license(self, *, license_id: str, day: date | None = None) -> str:
        """Give a held license back to the pool."""
        with self.lock:
            when = day or self.today
            life = self._held(license_id, when)
            self._replace_life(life, replace(life, deactivated=when))
            return license_id

    def release_licenses(self, *, company: str, keep: int = 0, day: date | None = None) -> int:
        """Give back all licenses of a company but the `keep` oldest, for good; returns how many were given back."""
        with self.lock:
            when = day or self.today
            company_id = self._company(company).id
            users = {user.id for user in self.users.values() if user.company_on(when) == company_id}
            return self._give_back_all(users, when, keep=keep)

    def swap_license(self, *, license_id: str, day: date | None = None) -> str:
        """Put another license of the same type on the same endpoint; returns the new license's id."""
        with self.lock:
            return self._exchange(license_id, self._license(license_id).type, day or self.today)

    def change_license_type(self, *, license_id: str, license_type: str, day: date | None = None) -> str:
        """Put a license of another type on the same endpoint; returns the new license's id."""
        with self.lock:
            return self._exchange(license_id, license_type, day or self.today)

    def expire_license(self, *, license_id: str, day: date | None = None) -> str:
        """Make the day the last one of a license, which stays on its endpoint."""
        with self.lock:
            self.licenses[license_id] = replace(self._license(license_id), expires=day or self.today)
            return license_id

    def _buy(self, type_: str, day: date, *, trial: bool = False, expires: date | None = None) -> str:
        license_ = License(
            id=self._new_id(),
            number=max((each.number for each in self.licenses.values()), default=0) + 1,
            type=type_,
            purchased=day,
            transaction=self._new_id(),
            trial=trial,
            expires=expires,
        )
        self.licenses[license_.id] = license_
        self.lives[license_.id] = []
        return license_.id

    def _exchange(self, license_id: str, type_: str, day: date) -> str:
        life = self._held(license_id, day)
        new = self._buy(type_, day)
        self._replace_life(life, replace(life, deactivated=day))
        self.lives[new].append(replace(life, license_id=new, activated=day, deactivated=None))
        return new

    def _replace_life(self, old: LicenseLife, new: LicenseLife) -> None:
        lives = self.lives[old.license_id]
        lives[lives.index(old)] = new

    def _give_back_all(self, user_ids: set[str], day: date, *, keep: int = 0) -> int:
        """End what the users hold on the day and drop what they would have got later."""
        held = []
        for license_id, lives in list(self.lives.items()):
            left = [life for life in lives if life.user_id not in user_ids or life.activated <= day]
            if lives and not left:
                # It would have been bought for an endpoint that now never comes.
                del self.licenses[license_id], self.lives[license_id]
            lives[:] = left
            held += [life for life in left if life.user_id in user_ids and life.held_on(day)]
        held.sort(key=lambda life: life.activated)
        for life in held[keep:]:
            self._replace_life(life, replace(life, deactivated=day))
        return len(held[keep:])
