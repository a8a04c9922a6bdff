"""What really was used in a month: the judge's figures, computed day by day from the lives and the daily bytes.

Nothing here knows how anybody bills. The rules are those of the source: an endpoint (user and endpoint name) counts
once per type however many licenses it went through; trials never count; an expired license counts until its last
day; partial days count whole, the day of giving back included, though at its end nothing is held any more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from billbridge.simulators.world_state import WorldState
from billbridge.simulators.world_values import License, LicenseLife, month_days


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTruth:
    """The activated licenses of one company and type in a month.

    `active_in_month` counts endpoints active on any day, `active_at_end` those active at the end of the last day,
    `peak` the highest number active at the end of one day, `endpoint_days` the days of use of all endpoints.
    """

    active_in_month: int
    active_at_end: int
    peak: int
    endpoint_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageTruth:
    """The bytes of one user on one account: the exact mean is `sum_of_days` / `days`."""

    user_id: str
    account_id: str
    sum_of_days: int
    days: int
    last_day: int
    peak: int
    restored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyTruth:
    """What one company used; the users without a company, and the administrators, stand under the id None."""

    company_id: str | None
    name: str
    licenses: dict[str, LicenseTruth]
    storage: tuple[StorageTruth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainTruth:
    """The activated licenses of one domain: of its daily numbers the highest, the last and the sum."""

    domain: str
    company_id: str | None
    highest: int
    last: int
    sum_of_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTruth:
    """What was used in a month until `through`, its last day or today; None if the month is still to come."""

    month: str
    through: date | None
    companies: dict[str | None, CompanyTruth]
    domains: tuple[DomainTruth, ...]

    def licenses(self) -> dict[str | None, dict[str, int]]:
        """The endpoints active on any day of the month, by company id and type."""
        return {
            company_id: {type_: truth.active_in_month for type_, truth in company.licenses.items()}
            for company_id, company in self.companies.items()
            if company.licenses
        }


@dataclass(slots=True)
class _Endpoint:
    used: set[date] = field(default_factory=set)
    held: set[date] = field(default_factory=set)


def days_so_far(world: WorldState, month: str) -> list[date]:
    """The days of a month until today."""
    return [day for day in month_days(month) if day <= world.today]


def last_use(license_: License, life: LicenseLife) -> date | None:
    """The last day on which a life is used, None if it goes on: given back or expired, whatever is first."""
    ends = [day for day in (life.deactivated, license_.expires) if day is not None]
    return min(ends, default=None)


def days_of_use(license_: License, life: LicenseLife, days: list[date]) -> list[date]:
    """Those of the days on which the license was used; partial days count whole."""
    end = last_use(license_, life)
    if not days or life.activated > days[-1] or (end is not None and end < days[0]):
        return []
    return [day for day in days if life.used_on(day) and not license_.expired_on(day)]


def month_truth(world: WorldState, month: str) -> MonthTruth:
    """Everything that was used in a month until today; ValueError if the month is not written as YYYY-MM."""
    with world.lock:
        days = days_so_far(world, month)
        licenses = _licenses(world, days)
        storage = _storage(world, days)
        companies = {
            company_id: CompanyTruth(
                company_id=company_id,
                name="" if company_id is None else world.companies[company_id].name_on(world.today),
                licenses=licenses.get(company_id, {}),
                storage=tuple(storage.get(company_id, ())),
            )
            for company_id in sorted({*licenses, *storage}, key=lambda company_id: company_id or "")
        }
        return MonthTruth(
            month=month,
            through=days[-1] if days else None,
            companies=companies,
            domains=tuple(_domains(world, days)),
        )


def _licenses(world: WorldState, days: list[date]) -> dict[str | None, dict[str, LicenseTruth]]:
    endpoints: dict[tuple[str | None, str], dict[tuple[str, str], _Endpoint]] = defaultdict(
        lambda: defaultdict(_Endpoint)
    )
    for license_ in world.licenses.values():
        if license_.trial:
            continue
        for life in world.lives[license_.id]:
            identity = (life.user_id or life.holder, life.endpoint or "")
            for day in days_of_use(license_, life, days):
                endpoint = endpoints[_company_id(world, life, day), license_.type][identity]
                endpoint.used.add(day)
                if life.held_on(day):
                    endpoint.held.add(day)
    found: dict[str | None, dict[str, LicenseTruth]] = {}
    for (company_id, type_), of_type in sorted(
        endpoints.items(), key=lambda entry: (entry[0][0] or "", entry[0][1])
    ):
        held = Counter(day for endpoint in of_type.values() for day in endpoint.held)
        found.setdefault(company_id, {})[type_] = LicenseTruth(
            active_in_month=len(of_type),
            active_at_end=held[days[-1]],
            peak=max(held.values(), default=0),
            endpoint_days=sum(len(endpoint.used) for endpoint in of_type.values()),
        )
    return found


def _company_id(world: WorldState, life: LicenseLife, day: date) -> str | None:
    if life.user_id is None:
        return None
    user = world.users[life.user_id]
    return user.companies[0].value if len(user.companies) == 1 else user.company_on(day)


def _storage(world: WorldState, days: list[date]) -> dict[str | None, list[StorageTruth]]:
    found: dict[str | None, list[StorageTruth]] = {}
    for (user_id, account_id), series in world.storage.items():
        backups = [series.backup_on(day) for day in days]
        restored = sum(series.restore_on(day) for day in days)
        if not any(backups) and not restored:
            continue
        truth = StorageTruth(
            user_id=user_id,
            account_id=account_id,
            sum_of_days=sum(backups),
            days=len(days),
            last_day=backups[-1],
            peak=max(backups),
            restored=restored,
        )
        found.setdefault(world.users[user_id].company_on(days[-1]), []).append(truth)
    return found


def _domains(world: WorldState, days: list[date]) -> Iterator[DomainTruth]:
    for domain in world.domains.values():
        numbers = [domain.licenses_on(day) for day in days]
        if any(numbers):
            yield DomainTruth(
                domain=domain.name,
                company_id=domain.company_id,
                highest=max(numbers),
                last=numbers[-1],
                sum_of_days=sum(numbers),
            )
