"""Edits of storage and mail domains: what a test or a person may change in the world while it runs.

Every edit takes effect on `day` (today without one), so that moving the world's day back shows the state before it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from billbridge.simulators.world_lookup import EditError, WorldLookup
from billbridge.simulators.world_storage import DailyStorage
from billbridge.simulators.world_values import Domain, Mailbox, UserDestination


class StorageEdits(WorldLookup):
    """The edits of storage, limits and mail domains; each returns the id of the user or the name of the domain."""

    def set_storage(self, *, user: str, account: str, byte_count: int, day: date | None = None) -> str:
        """Hold the bytes a user keeps on an account from the day on; a new destination is made if need be."""
        with self.lock:
            self._series(user, account, day or self.today).fix_backup(day or self.today, byte_count)
            return self._user(user).id

    def set_restore(self, *, user: str, account: str, byte_count: int, day: date | None = None) -> str:
        """Set the bytes a user restored from an account on one day."""
        with self.lock:
            self._series(user, account, day or self.today).fix_restore(day or self.today, byte_count)
            return self._user(user).id

    def set_package(self, *, user: str, account: str, package: int) -> str:
        """Put a user's data on an account under a storage limit; package 0 takes the limit away."""
        with self.lock:
            if package and package not in self.packages:
                raise EditError(f"There is no package {package}; there are {sorted(self.packages)} and 0 for none.")
            account_id = self._account(account).id
            self._series(user, account, self.today)
            found = self._user(user)
            destinations = tuple(
                replace(place, package_id=package) if place.account_id == account_id else place
                for place in found.destinations
            )
            self.users[found.id] = replace(found, destinations=destinations)
            return found.id

    def add_domain(
        self,
        *,
        name: str,
        account: str,
        licenses: int = 0,
        company: str | None = None,
        day: date | None = None,
    ) -> str:
        """Add a Microsoft 365 or Google domain with so many activated licenses."""
        with self.lock:
            if name in self.domains:
                raise EditError(f"There is a domain {name!r} already.")
            when = day or self.today
            self.domains[name] = Domain(
                name=name,
                company_id=None if company is None else self._company(company).id,
                account_id=self._account(account).id,
                created=when,
                purchase_id=f"P-{1001 + len(self.domains)}",
                mailboxes=(),
            )
            self.domain_storage[name] = DailyStorage(
                seed=f"{self.seed}/domain-storage/{name}",
                begins=when,
                first_bytes=2**30,
                growth_ppm=0,
                restores_every=0,
            )
            return self.set_domain_licenses(domain=name, licenses=licenses, day=when)

    def set_domain_licenses(self, *, domain: str, licenses: int, day: date | None = None) -> str:
        """Activate or give back mailboxes of a domain until so many licenses are active, from the day on."""
        with self.lock:
            if licenses < 0:
                raise EditError(f"A domain cannot have {licenses} licenses.")
            when = day or self.today
            found = self._domain(domain)
            # What the history had in store after the day is dropped: from now on the number stands as set.
            past = [mailbox for mailbox in found.mailboxes if mailbox.activated <= when]
            held = [mailbox for mailbox in past if mailbox.held_on(when)]
            rest = [mailbox for mailbox in past if not mailbox.held_on(when)]
            kept = [replace(mailbox, deactivated=None) for mailbox in held[:licenses]]
            gone = [replace(mailbox, deactivated=when) for mailbox in held[licenses:]]
            new = [
                Mailbox(address=f"box{len(past) + number}@{domain}", activated=when)
                for number in range(licenses - len(held))
            ]
            self.domains[domain] = replace(found, mailboxes=(*rest, *gone, *kept, *new))
            return domain

    def remove_domain(self, *, domain: str, day: date | None = None) -> str:
        """Remove a domain."""
        with self.lock:
            self.domains[domain] = replace(self._domain(domain), removed=day or self.today)
            return domain

    def _series(self, user: str, account: str, day: date) -> DailyStorage:
        found, place = self._user(user), self._account(account)
        key = (found.id, place.id)
        if key not in self.storage:
            computer = f"{found.login.split('@')[0].upper()}-PC"
            self.storage[key] = DailyStorage(
                seed=f"{self.seed}/storage/{found.id}/{place.id}",
                begins=day,
                first_bytes=0,
                growth_ppm=0,
                restores_every=0,
                computers=((computer, 1),),
            )
            destination = UserDestination(
                id=self._new_id(), account_id=place.id, destination_id=place.destinations[0].id
            )
            self.users[found.id] = replace(found, destinations=(*found.destinations, destination))
        series = self.storage[key]
        if day < series.begins:
            raise EditError(
                f"The figures of {found.login!r} on {place.name!r} begin on {series.begins}, not before."
            )
        return series
