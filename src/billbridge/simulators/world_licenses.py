"""Generates who held which license from which day to which day.

First come the lives alone (an endpoint held a license of a type), then every life gets a license: a new one, or one
that somebody gave back to the pool before. What happens late in the history never changes what came before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from billbridge.simulators import world_values as values
from billbridge.simulators.world_names import endpoint_prefix, guid
from billbridge.simulators.world_values import Company, License, LicenseLife, User

HORIZON_DAYS = 540
"""Licenses are activated and given back of their own accord until so many days after the start of the history."""

TYPE_WEIGHTS = {
    values.DESKTOP: 38,
    values.SERVER: 24,
    values.FILE_BACKUP: 12,
    values.ULTIMATE: 8,
    values.SQL_SERVER: 6,
    values.VM_SERVER: 6,
    values.VM_SOCKET: 3,
    values.EXCHANGE: 2,
    values.SQL_AND_EXCHANGE: 1,
}
ENDPOINT_ROLES = {
    values.DESKTOP: ("PC", "LT", "WS", "FRONT"),
    values.SERVER: ("FS", "APP", "TS", "WEB"),
    values.FILE_BACKUP: ("NAS", "PC", "LT"),
    values.ULTIMATE: ("DC", "APP"),
    values.SQL_SERVER: ("SQL",),
    values.VM_SERVER: ("HV", "ESX"),
    values.EXCHANGE: ("EX",),
    values.SQL_AND_EXCHANGE: ("SBS",),
}
DESKTOP_SYSTEMS = ("Windows 11", "Windows 11", "Windows 10", "macOS 15")
SERVER_SYSTEMS = ("Windows Server 2022", "Windows Server 2019", "Windows Server 2025", "Ubuntu 24.04")
POOL_TYPES = (values.SERVER, values.DESKTOP, values.FILE_BACKUP, values.ULTIMATE)
POOL_SIZE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A life that has no license yet; `own` means that it needs a new one, never one out of the pool."""

    type: str
    user_id: str | None
    endpoint: str | None
    system: str | None
    activated: date
    deactivated: date | None = None
    trial: bool = False
    expires: date | None = None
    holder: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Licenses:
    """All licenses in the order of their numbers and all lives in the order of activation."""

    licenses: list[License]
    lives: list[LicenseLife]


class CompanyEndpoints:
    """Invents the endpoints of one company; no name comes twice."""

    def __init__(self, company: str) -> None:
        self._prefix = endpoint_prefix(company)
        self._numbers: Counter[str] = Counter()

    def new(self, role: str) -> str:
        """The next endpoint of a role: ACME-DC01, ACME-DC02, ..."""
        self._numbers[role] += 1
        return f"{self._prefix}-{role}{self._numbers[role]:02d}"


def generate_licenses(
    *,
    companies: list[Company],
    users: list[User],
    administrators: list[str],
    count: int,
    seed: int,
    start: date,
) -> Licenses:
    """About `count` lives: the special cases first, the rest spread over the companies, few of them large."""
    users_of = {
        company.id: [user for user in users if user.companies[0].value == company.id] for company in companies
    }
    endpoints = {company.id: CompanyEndpoints(company.names[0].value) for company in companies}
    specials = [
        *_special_drafts(companies, users_of, endpoints, start),
        *_drafts_without_company(users, start),
        *_administrator_drafts(administrators, start),
    ]
    drafts = list(specials)
    shares = _shares(len(companies), max(count - len(specials), 0), Random(f"{seed}/license-shares"))
    for number, (company, share) in enumerate(zip(companies, shares, strict=True)):
        random = Random(f"{seed}/licenses/{number}")
        drafts += _company_drafts(
            random=random,
            company=company,
            users=users_of[company.id],
            endpoints=endpoints[company.id],
            share=share,
            start=start,
        )
    return _with_licenses(drafts, Random(f"{seed}/license-ids"), start)


def _shares(companies: int, count: int, random: Random) -> list[int]:
    weights = [random.choice((2, 3, 3, 4, 5, 6, 8, 10, 14, 26)) for _ in range(companies)]
    total = sum(weights)
    shares = [count * weight // total for weight in weights]
    for number in range(count - sum(shares)):
        shares[number % companies] += 1
    return shares


def _company_drafts(
    *,
    random: Random,
    company: Company,
    users: list[User],
    endpoints: CompanyEndpoints,
    share: int,
    start: date,
) -> Iterable[Draft]:
    hosts: list[tuple[str, str]] = []
    drafts: list[Draft] = []
    for number in range(share):
        draft = _draft(random, users, endpoints, hosts, first=number == 0)
        activated, deactivated = _days(random, company, start)
        draft = replace(draft, activated=activated, deactivated=deactivated)
        if random.randrange(25) == 0 and activated > start and len(drafts) + 2 <= share:
            drafts.append(_as_trial(draft, converted=draft.deactivated))
            draft = replace(draft, activated=activated + timedelta(days=values.TRIAL_DAYS))
            if draft.deactivated is not None and draft.deactivated <= draft.activated:
                continue
        drafts.append(draft)
    return drafts[:share]


def _draft(
    random: Random,
    users: list[User],
    endpoints: CompanyEndpoints,
    hosts: list[tuple[str, str]],
    *,
    first: bool,
) -> Draft:
    type_ = random.choices(list(TYPE_WEIGHTS), weights=list(TYPE_WEIGHTS.values()))[0]
    user_id = random.choice(users).id
    if first:
        type_, endpoint = values.SERVER, endpoints.new("DC")
    elif type_ == values.VM_SOCKET and hosts:
        # Each socket beyond two of a host needs a license of its own, on the endpoint that has the host's license.
        user_id, endpoint = hosts.pop()
    else:
        type_ = values.VM_SERVER if type_ == values.VM_SOCKET else type_
        endpoint = endpoints.new(random.choice(ENDPOINT_ROLES[type_]))
        if type_ == values.VM_SERVER:
            hosts.append((user_id, endpoint))
    desktop = type_ in (values.DESKTOP, values.FILE_BACKUP)
    system = random.choice(DESKTOP_SYSTEMS if desktop else SERVER_SYSTEMS)
    return Draft(type=type_, user_id=user_id, endpoint=endpoint, system=system, activated=date.min)


def _days(random: Random, company: Company, start: date) -> tuple[date, date | None]:
    before = start - timedelta(days=random.randrange(1, 700))
    after = start + timedelta(days=random.randrange(HORIZON_DAYS))
    given_back = timedelta(days=random.randrange(3, HORIZON_DAYS))
    is_old, is_given_back = random.randrange(100) < 72, random.randrange(100) < 30
    activated = max(before if is_old else after, company.created)
    if company.ended is not None and activated >= company.ended:
        activated = max(before, company.created)
    deactivated = max(activated, start) + given_back if is_given_back else None
    if company.ended is not None:
        deactivated = company.ended if deactivated is None else min(deactivated, company.ended)
    return activated, deactivated


def _as_trial(draft: Draft, *, converted: date | None) -> Draft:
    """The trial with which a life began; at its end a paid license of the same type takes over."""
    end = draft.activated + timedelta(days=values.TRIAL_DAYS)
    return replace(
        draft,
        deactivated=end if converted is None else min(end, converted),
        trial=True,
        expires=end,
        own=True,
    )


def _special_drafts(
    companies: list[Company],
    users_of: dict[str, list[User]],
    endpoints: dict[str, CompanyEndpoints],
    start: date,
) -> Iterable[Draft]:
    """The cases that billing stumbles over, each on a day of its own; with few companies they share companies."""
    lasting = [company for company in companies if company.ended is None and company.created < start]

    def at(number: int, role: str, type_: str, activated: int, deactivated: int | None = None) -> Draft:
        company = lasting[number % len(lasting)]
        return Draft(
            type=type_,
            user_id=users_of[company.id][0].id,
            endpoint=endpoints[company.id].new(role),
            system="Windows 11" if type_ == values.DESKTOP else "Windows Server 2022",
            activated=start + timedelta(days=activated),
            deactivated=None if deactivated is None else start + timedelta(days=deactivated),
            own=True,
        )

    # Another license on the same computer.
    swapped = at(0, "RX", values.DESKTOP, -200, 20)
    yield swapped
    yield replace(swapped, activated=start + timedelta(days=20), deactivated=None)
    # Another type on the same computer, within one month.
    changed = at(1, "MIX", values.DESKTOP, -150, 40)
    yield changed
    yield replace(changed, type=values.ULTIMATE, activated=start + timedelta(days=40), deactivated=None)
    # A trial that is followed by a paid license, one that runs long and one that ended with nobody caring.
    paid = at(2, "NEW", values.ULTIMATE, 30)
    yield _as_trial(paid, converted=None)
    yield replace(paid, activated=start + timedelta(days=30 + values.TRIAL_DAYS))
    for number, activated in ((3, 65), (4, 10)):
        trial = at(number, "TRY", values.SERVER, activated)
        yield replace(_as_trial(trial, converted=None), deactivated=None)
    # A paid license that was not renewed: still on its computer, where the agent has stopped.
    yield replace(at(5, "OLD", values.SQL_SERVER, -300), expires=start + timedelta(days=50))
    # A type that is in nobody's price list.
    yield at(6, "HVR", values.UNKNOWN_TYPE, -40)
    # Given back on the first and on the last day of a month, and taken for a few days within one.
    first = values.next_first(start)
    turn = (first - start).days
    yield at(7, "TMP", values.DESKTOP, -90, turn)
    yield at(8, "TMP", values.DESKTOP, -90, turn - 1)
    yield at(9, "TMP", values.DESKTOP, turn + 9, turn + 19)


def _drafts_without_company(users: list[User], start: date) -> Iterable[Draft]:
    alone = next(user for user in users if user.companies[0].value is None)
    for endpoint, days in (("BENCH-PC01", 120), ("BENCH-PC02", 15)):
        activated = start - timedelta(days=days)
        yield Draft(
            type=values.DESKTOP,
            user_id=alone.id,
            endpoint=endpoint,
            system="Windows 11",
            activated=activated,
            own=True,
        )


def _administrator_drafts(administrators: list[str], start: date) -> Iterable[Draft]:
    held = ((0, values.RMM_CONNECT, 400), (2, values.RMM_CONNECT, 250), (1, values.CONNECT, 90))
    for number, type_, days in held:
        yield Draft(
            type=type_,
            user_id=None,
            endpoint=None,
            system=None,
            activated=start - timedelta(days=days),
            holder=administrators[number],
            own=True,
        )


def _with_licenses(drafts: list[Draft], random: Random, start: date) -> Licenses:
    drafts = sorted(
        drafts, key=lambda draft: (draft.activated, draft.user_id or draft.holder, draft.endpoint or "")
    )
    licenses: list[License] = []
    lives: list[LicenseLife] = []
    given_back: dict[str, list[tuple[date, str]]] = {}

    def buy(draft: Draft) -> str:
        license_ = License(
            id=guid(random),
            number=len(licenses) + 1,
            type=draft.type,
            purchased=draft.activated,
            transaction=guid(random),
            trial=draft.trial,
            expires=draft.expires,
        )
        licenses.append(license_)
        return license_.id

    for number in range(POOL_SIZE):
        purchased = start - timedelta(days=1_000 - number)
        type_ = POOL_TYPES[number % len(POOL_TYPES)]
        buy(Draft(type=type_, user_id=None, endpoint=None, system=None, activated=purchased))
    for draft in drafts:
        pool = given_back.setdefault(draft.type, [])
        free = [entry for entry in pool if entry[0] < draft.activated]
        reuse = random.randrange(3) == 0
        if free and reuse and not draft.own:
            pool.remove(free[0])
            license_id = free[0][1]
        else:
            license_id = buy(draft)
        if draft.deactivated is not None and not draft.own:
            pool.append((draft.deactivated, license_id))
        lives.append(_life(draft, license_id))
    return Licenses(licenses=licenses, lives=lives)


def _life(draft: Draft, license_id: str) -> LicenseLife:
    return LicenseLife(
        license_id=license_id,
        user_id=draft.user_id,
        endpoint=draft.endpoint,
        operating_system=draft.system,
        activated=draft.activated,
        deactivated=draft.deactivated,
        holder=draft.holder,
    )
