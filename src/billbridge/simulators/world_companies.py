"""Generates the companies of the world, their users, and the provider's administrators."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from billbridge.simulators.world_names import (
    FIRST_NAMES,
    LAST_NAMES,
    company_name,
    guid,
    letters,
    mail_domain,
    short_login,
)
from billbridge.simulators.world_values import Administrator, Company, Since, User

GIB = 2**30
OLDEST_DAYS = 800
"""Companies that were there before the history are at most this old."""

BEGINNINGS = {17: 35, 29: 60, 37: 95}
"""Companies (by number) that come during the history: days after its start."""

ENDINGS = {11: 45, 23: 110}
"""Companies (by number) that go during the history: days after its start."""

USER_ROLES = ("front", "office", "servers", "labs", "branch2")


def generate_companies(count: int, seed: int, start: date) -> list[Company]:
    """The companies, with invented names; some come and some go during the history."""
    companies = []
    for number in range(count):
        random = Random(f"{seed}/company/{number}")
        created = start - timedelta(days=random.randrange(720, OLDEST_DAYS))
        if number in BEGINNINGS:
            created = start + timedelta(days=BEGINNINGS[number])
        ended = start + timedelta(days=ENDINGS[number]) if number in ENDINGS else None
        companies.append(
            Company(
                id=guid(random),
                names=(Since(day=created, value=company_name(number)),),
                created=created,
                ended=ended,
                storage_limit=random.choice((-1, -1, -1, 500 * GIB, 2_048 * GIB)),
                license_settings=random.choice((1, 1, 2, 0)),
            )
        )
    return companies


def generate_users(companies: list[Company], seed: int, start: date) -> list[User]:
    """One to five users for each company, then one that holds licenses and one that does not, without a company."""
    taken: set[str] = set()
    users = []
    for number, company in enumerate(companies):
        random = Random(f"{seed}/users/{number}")
        size = random.choice((1, 1, 2, 2, 3, 4, 5))
        users += [_user(random, company, position, taken) for position in range(size)]
    created = start - timedelta(days=OLDEST_DAYS)
    for login, enabled in (("lab.bench", True), ("orphan", False)):
        users.append(
            User(
                id=guid(Random(f"{seed}/user/{login}")),
                login=login,
                first_name="",
                last_name="",
                notification_emails=(),
                companies=(Since(day=created, value=None),),
                created=created,
                enabled=enabled,
                license_mode=0,
            )
        )
    return users


def _user(random: Random, company: Company, position: int, taken: set[str]) -> User:
    name = company.names[0].value
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    person = f"{first}.{last}".lower()
    login = random.choice(
        (
            f"{short_login(name)}.{USER_ROLES[position]}",
            f"{person}@{mail_domain(name)}",
            f"backup{position or ''}@{mail_domain(name)}",
            letters(name).replace(" ", "_").lower(),
        )
    )
    unique, again = login, 1
    while unique in taken:
        again += 1
        head, at, domain = login.partition("@")
        unique = f"{head}{again}{at}{domain}"
    taken.add(unique)
    return User(
        id=guid(random),
        login=unique,
        first_name=first,
        last_name=last,
        notification_emails=(f"{person}@{mail_domain(name)}",) if random.randrange(3) else (),
        companies=(Since(day=company.created, value=company.id),),
        created=company.created,
        deleted=company.ended,
        license_mode=random.choice((0, 1, 2, 2)),
    )


def generate_administrators(seed: int, start: date) -> list[Administrator]:
    """Three people of the provider: the owner, one for billing, one technician."""
    people = (
        ("owner@msp.example", "Robin", "Vale", ("Users", "Licenses", "Billing", "PSA", "Administrators")),
        ("billing@msp.example", "Alex", "Stone", ("Billing", "PSA", "LicenseUsageHistory", "StorageUsage")),
        ("tech@msp.example", "Sam", "Hart", ("Users", "Licenses", "Monitiring", "RemoteManagment")),
    )
    created = datetime.combine(start - timedelta(days=OLDEST_DAYS), time(9, 30))
    return [
        Administrator(
            id=guid(Random(f"{seed}/administrator/{login}")),
            login=login,
            first_name=first,
            last_name=last,
            created=created,
            permissions=permissions,
        )
        for login, first, last, permissions in people
    ]
