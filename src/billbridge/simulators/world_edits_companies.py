"""Edits of companies and users: what a test or a person may change in the world while it runs.

Every edit takes effect on `day` (today without one), so that moving the world's day back shows the state before it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from billbridge.simulators.world_edits_licenses import LicenseEdits
from billbridge.simulators.world_lookup import EditError
from billbridge.simulators.world_values import Company, Since, User


class CompanyEdits(LicenseEdits):
    """The edits of companies and users; each returns the id of what it made or changed."""

    def add_company(self, *, name: str, day: date | None = None) -> str:
        """Add a company without users; its name may already be another one's."""
        with self.lock:
            when = day or self.today
            company = Company(id=self._new_id(), names=(Since(day=when, value=name),), created=when)
            self.companies[company.id] = company
            return company.id

    def rename_company(self, *, company: str, name: str, day: date | None = None) -> str:
        """Rename a company; its users show the new name at once."""
        with self.lock:
            found = self._company(company)
            names = (*found.names, Since(day=day or self.today, value=name))
            self.companies[found.id] = replace(found, names=names)
            return found.id

    def duplicate_company_name(self, *, company: str, day: date | None = None) -> str:
        """Add another company of the same name, with a user of its own; returns the new company's id."""
        with self.lock:
            found = self._company(company)
            twin = self.add_company(name=found.name_on(self.today), day=day)
            self.add_user(login=f"twin.{twin[:8]}", company=twin, day=day)
            return twin

    def remove_company(self, *, company: str, day: date | None = None) -> str:
        """Remove a company with its users, their licenses and their storage."""
        with self.lock:
            found = self._company(company)
            when = day or self.today
            for user in list(self.users.values()):
                if user.company_on(when) == found.id and user.exists_on(when):
                    self.remove_user(user=user.id, day=when)
            self.companies[found.id] = replace(found, ended=when)
            return found.id

    def add_user(self, *, login: str, company: str | None = None, day: date | None = None) -> str:
        """Add a user, in a company or in none."""
        with self.lock:
            if any(user.login == login and user.deleted is None for user in self.users.values()):
                raise EditError(f"There is a user {login!r} already; choose another login.")
            when = day or self.today
            company_id = None if company is None else self._company(company).id
            user = User(
                id=self._new_id(),
                login=login,
                first_name="",
                last_name="",
                notification_emails=(),
                companies=(Since(day=when, value=company_id),),
                created=when,
            )
            self.users[user.id] = user
            return user.id

    def move_user(self, *, user: str, company: str | None = None, day: date | None = None) -> str:
        """Move a user to another company, or to none."""
        with self.lock:
            found = self._user(user)
            company_id = None if company is None else self._company(company).id
            companies = (*found.companies, Since(day=day or self.today, value=company_id))
            self.users[found.id] = replace(found, companies=companies)
            return found.id

    def remove_user(self, *, user: str, day: date | None = None) -> str:
        """Remove a user; licenses go back to the pool, the data is gone."""
        with self.lock:
            found = self._user(user)
            when = day or self.today
            self._give_back_all({found.id}, when)
            for (user_id, _), series in self.storage.items():
                if user_id == found.id:
                    series.ends = when
            self.users[found.id] = replace(found, deleted=when)
            return found.id
