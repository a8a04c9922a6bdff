"""What the console asks of a backup service, whichever it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from billbridge.billing.months import Month
from billbridge.billing.snapshot import LicenseSnapshot, StorageSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One step of a connection test, for the person who set the connection up.

    `remedy` says what to do and is empty when there is nothing to do.
    """

    step: str
    ok: bool
    message: str
    remedy: str = ""


class Source(Protocol):
    """A backup service that says what is used of it now.

    Each section is collected whole or not at all: a method returns a complete snapshot or raises
    `TransientError` (trying again later may help) or `PermanentError` (its hint says what a person must do).
    """

    def licenses(self, day: date) -> LicenseSnapshot:
        """Companies, users, licenses and domains as they are now, stamped with the business day `day`."""
        ...

    def storage(self, day: date, users: Collection[str], closed: Collection[Month]) -> StorageSnapshot:
        """Storage of the users with the ids `users`: today's readings, and those of each month in `closed`.

        Every month in `closed` lies before the month of `day`; ValueError otherwise.
        """
        ...

    def test(self) -> list[Finding]:
        """Try every step a collection needs, change nothing, and say in words what works.

        Trouble of the source is a finding, not an exception.
        """
        ...
