"""Generates the storage side of the world: accounts, limits, prices, who keeps data where, and the mail domains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from billbridge.simulators.world_names import FIRST_NAMES, guid, mail_domain
from billbridge.simulators.world_storage import GIB, DailyStorage, daily_growth_ppm, first_size
from billbridge.simulators.world_values import (
    AccountDestination,
    Company,
    CompanyDestination,
    CustomPrice,
    Domain,
    LicenseLife,
    Mailbox,
    Package,
    StorageAccount,
    User,
    UserDestination,
)

ACCOUNT_KINDS = (
    ("CorporateS3", "AmazonS3", "0.05", "0.10"),
    ("Wasabi EU", "Wasabi", "0.03", "0.00"),
    ("Backblaze Archive", "BackblazeB2", "0.02", "0.02"),
    ("Azure North", "Azure", "0.06", "0.09"),
)
PACKAGES = (
    Package(
        id=20988, name="10 gigs", description="10-gig limit", cost=Decimal("0.00"), storage_limit_gb=Decimal(10)
    ),
    Package(
        id=27755, name="1000 GB", description="1 TB plan", cost=Decimal("30.00"), storage_limit_gb=Decimal(1000)
    ),
    Package(
        id=27756,
        name="500 GB",
        description="Half a terabyte",
        cost=Decimal("17.50"),
        storage_limit_gb=Decimal(500),
        restore_limit_gb=Decimal(50),
    ),
    Package(
        id=27757,
        name="2000 GB",
        description="2 TB plan",
        cost=Decimal("55.00"),
        storage_limit_gb=Decimal(2000),
        restore_limit_gb=Decimal(200),
    ),
    Package(
        id=27761,
        name="250 GB starter",
        description="",
        cost=Decimal("9.90"),
        storage_limit_gb=Decimal(250),
        restore_limit_gb=Decimal(25),
    ),
)
USER_PACKAGES = (0, 0, 0, 27755, 27756, 27757, 27761)
COMPANY_PACKAGE = 27755
STORAGE_EVERY = 3
"""Every third company keeps data in the provider's storage."""

DOMAIN_COMPANIES = (0, 4, 8, 13)
DOMAIN_SIZES = (14, 38, 9, 120)
MAILBOX_HORIZON_DAYS = 540


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The storage side: `companies` and `users` are those given, with their destinations filled in."""

    accounts: list[StorageAccount]
    packages: list[Package]
    prices: list[CustomPrice]
    companies: list[Company]
    users: list[User]
    series: dict[tuple[str, str], DailyStorage]
    """The daily figures by (user id, account id)."""


def generate_storage(
    *,
    companies: list[Company],
    users: list[User],
    lives: list[LicenseLife],
    accounts: int,
    seed: int,
    start: date,
) -> Storage:
    """A third of the companies keep data; some users on two accounts, some under a limit, one company under one."""
    account_list = [_account(number, seed, start) for number in range(accounts)]
    storing = list(companies[::STORAGE_EVERY]) if account_list else []
    storing_ids = {company.id for company in storing}
    endpoints = _endpoints_by_user(lives)
    random = Random(f"{seed}/storage")
    series: dict[tuple[str, str], DailyStorage] = {}
    new_users = []
    for user in users:
        if user.companies[0].value not in storing_ids:
            new_users.append(user)
            continue
        storing_user = _with_destinations(user, account_list, random)
        new_users.append(storing_user)
        for destination in storing_user.destinations:
            computers = endpoints.get(user.id, [])[:3] or [f"{user.login.split('@')[0].upper()}-PC"]
            key = (user.id, destination.account_id)
            series[key] = _series(f"{seed}/storage/{user.id}/{destination.account_id}", user, computers, start)
    return Storage(
        accounts=account_list,
        packages=list(PACKAGES),
        prices=_custom_prices(storing, new_users),
        companies=_with_company_limit(companies, storing, account_list),
        users=new_users,
        series=series,
    )


def _account(number: int, seed: int, start: date) -> StorageAccount:
    name, type_, backup, restore = ACCOUNT_KINDS[number % len(ACCOUNT_KINDS)]
    again = number // len(ACCOUNT_KINDS)
    random = Random(f"{seed}/account/{number}")
    buckets = ("primary", "archive")[: random.choice((1, 2))]
    slug = name.lower().replace(" ", "-")
    opened = datetime.combine(start - timedelta(days=900 + number), time(14, 34, 23, 427_000))
    return StorageAccount(
        id=guid(random),
        reseller_id=guid(random),
        created=opened,
        name=name if not again else f"{name} {again + 1}",
        type=type_,
        destinations=tuple(
            AccountDestination(id=guid(random), name=f"{slug}-{bucket}", display_name=f"{name} ({bucket})")
            for bucket in buckets
        ),
        backup_price=Decimal(backup),
        restore_price=Decimal(restore),
    )


def _with_destinations(user: User, accounts: list[StorageAccount], random: Random) -> User:
    number = min(random.choice((1, 1, 1, 2)), len(accounts))
    destinations = tuple(
        UserDestination(
            id=guid(random),
            account_id=account.id,
            destination_id=random.choice(account.destinations).id,
            package_id=random.choice(USER_PACKAGES),
        )
        for account in random.sample(accounts, number)
    )
    return replace(user, destinations=destinations)


def _series(seed: str, user: User, computers: list[str], start: date) -> DailyStorage:
    random = Random(f"{seed}/shape")
    series = DailyStorage(
        seed=seed,
        begins=max(start, user.created),
        first_bytes=first_size(random),
        growth_ppm=daily_growth_ppm(random),
        computers=tuple((name, random.randrange(1, 9)) for name in computers),
    )
    series.ends = user.deleted
    return series


def _endpoints_by_user(lives: list[LicenseLife]) -> dict[str, list[str]]:
    endpoints: dict[str, list[str]] = {}
    for life in lives:
        if life.user_id is not None and life.endpoint is not None:
            known = endpoints.setdefault(life.user_id, [])
            if life.endpoint not in known:
                known.append(life.endpoint)
    return endpoints


def _custom_prices(storing: list[Company], users: list[User]) -> list[CustomPrice]:
    """One price for a company and one for a user of another company."""
    prices = []
    for company, whole in zip(storing[1:3], (True, False), strict=False):
        user = next(user for user in users if user.companies[0].value == company.id)
        prices.append(
            CustomPrice(
                account_id=user.destinations[0].account_id,
                backup_price=Decimal("0.045") if whole else Decimal("0.04"),
                restore_price=Decimal("0.08"),
                company_id=company.id if whole else None,
                user_id=None if whole else user.id,
            )
        )
    return prices


def _with_company_limit(
    companies: list[Company], storing: list[Company], accounts: list[StorageAccount]
) -> list[Company]:
    limited = storing[3].id if len(storing) > 3 else None
    result = []
    for company in companies:
        if company in storing:
            destination = accounts[0].destinations[0].id
            package = COMPANY_PACKAGE if company.id == limited else 0
            place = CompanyDestination(destination_id=destination, package_id=package)
            result.append(replace(company, destinations=(place,)))
        else:
            result.append(company)
    return result


def generate_domains(
    *, companies: list[Company], accounts: list[StorageAccount], seed: int, start: date
) -> tuple[list[Domain], dict[str, DailyStorage]]:
    """Four domains with their mailboxes, and the daily storage of each; none without storage accounts."""
    domains, series = [], {}
    for number, (position, size) in enumerate(zip(DOMAIN_COMPANIES, DOMAIN_SIZES, strict=True)):
        if position >= len(companies) or not accounts:
            break
        company = companies[position]
        name = mail_domain(company.names[0].value)
        random = Random(f"{seed}/domain/{name}")
        created = max(company.created, start - timedelta(days=400))
        domains.append(
            Domain(
                name=name,
                company_id=company.id,
                account_id=accounts[number % len(accounts)].id,
                created=created,
                purchase_id=f"P-{1001 + number}",
                mailboxes=_mailboxes(random, name, size, created, start),
                sharepoint=number % 2 == 0,
                removed=company.ended,
            )
        )
        series[name] = DailyStorage(
            seed=f"{seed}/domain-storage/{name}",
            begins=start,
            first_bytes=size * 11 * GIB + random.randrange(GIB),
            growth_ppm=daily_growth_ppm(random),
            restores_every=0,
        )
    return domains, series


def _mailboxes(random: Random, domain: str, size: int, created: date, start: date) -> tuple[Mailbox, ...]:
    mailboxes = []
    for number in range(size + size // 2):
        # The last third of the mailboxes comes during the history; one in six goes.
        begins = created if number < size else start + timedelta(days=random.randrange(MAILBOX_HORIZON_DAYS))
        leaves = random.randrange(6) == 0
        ends = max(begins, start) + timedelta(days=random.randrange(5, MAILBOX_HORIZON_DAYS))
        person = FIRST_NAMES[number % len(FIRST_NAMES)].lower()
        again = number // len(FIRST_NAMES)
        mailboxes.append(
            Mailbox(
                address=f"{person}{again + 1 if again else ''}@{domain}",
                activated=begins,
                deactivated=ends if leaves else None,
            )
        )
    return tuple(mailboxes)
