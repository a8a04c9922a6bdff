"""A source that shows what it was given, and short ways to see what became of it."""

from __future__ import annotations

from collections.abc import Collection as Some
from dataclasses import dataclass, field
from datetime import date

from billbridge.billing import snapshot as now
from billbridge.billing.months import Month
from billbridge.operations.collection import SectionResult
from billbridge.sources.port import Finding
from billbridge.store.models import ActivationRow

NOV_2, NOV_3, NOV_4 = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
ACCOUNT = now.StorageAccount(id="s3", name="CorporateS3")


@dataclass
class FrozenSource:
    """A source that shows what it was given, or the trouble it was given instead.

    `computers` are the endpoints that hold a Server license, by company name; each company has one user.
    """

    companies: dict[str, str] = field(default_factory=lambda: {"acme": "Acme", "birch": "Birch"})
    computers: dict[str, list[str]] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)
    backup: dict[str, int] = field(default_factory=dict)
    """Bytes today by user."""
    packages: list[now.Package] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    """Packages of users, all on the one account."""
    averages: dict[str, int] = field(default_factory=dict)
    """Bytes on the average of a closed month by user."""
    licenses_fail: Exception | None = None
    storage_fails: Exception | None = None
    unknown: set[str] = field(default_factory=set)
    """Users it has deleted."""
    asked: list[tuple[set[str], list[Month]]] = field(default_factory=list)
    """The users and closed months storage was asked for, call by call."""

    def licenses(self, day: date) -> now.LicenseSnapshot:
        if self.licenses_fail:
            raise self.licenses_fail
        return now.LicenseSnapshot(
            day=day,
            companies=tuple(now.Company(id=id_, name=name) for id_, name in self.companies.items()),
            users=tuple(
                now.User(
                    id=f"u-{id_}",
                    login=f"{id_}.front",
                    company_name=name,
                    packages=((ACCOUNT.id, self.given[f"u-{id_}"]),) if f"u-{id_}" in self.given else (),
                )
                for id_, name in self.companies.items()
            ),
            licenses=tuple(
                now.License(id=f"{id_} {name}", type="Server", endpoint=name, user_id=f"u-{id_}", is_taken=True)
                for id_, names in self.computers.items()
                for name in names
            ),
            domains=tuple(now.Domain(name=name, activated_licenses=n) for name, n in self.domains.items()),
        )

    def storage(self, day: date, users: Some[str], closed: Some[Month]) -> now.StorageSnapshot:
        self.asked.append((set(users), list(closed)))
        if self.storage_fails:
            raise self.storage_fails
        return now.StorageSnapshot(
            day=day,
            accounts=(ACCOUNT,),
            packages=tuple(self.packages),
            users=frozenset(users) - self.unknown,
            running=_readings(self.backup, users),
            closed={str(month): _readings(self.averages, users) for month in closed},
        )

    def test(self) -> list[Finding]:
        return []


def _readings(by_user: dict[str, int], users: Some[str]) -> tuple[now.UsageReading, ...]:
    return tuple(
        now.UsageReading(user_id=user, account_id=ACCOUNT.id, backup_bytes=amount, restore_bytes=0)
        for user, amount in by_user.items()
        if user in users
    )


def states(sections: tuple[SectionResult, ...]) -> list[str]:
    return [section.state for section in sections]


def ledger() -> list[tuple[str, str, date, date | None, date]]:
    """Company, endpoint, first day, last day, last seen."""
    rows = ActivationRow.objects.order_by("company__source_id", "endpoint", "first_day")
    return list(rows.values_list("company__source_id", "endpoint", "first_day", "last_day", "last_seen"))


def held_by(company: str) -> list[str]:
    """The endpoints of a company whose activation is open."""
    rows = ActivationRow.objects.filter(company__source_id=company, last_day=None)
    return sorted(rows.values_list("endpoint", flat=True))
