"""What one company owes for storage in a month: the core's own figures, shown before any bill is made."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billbridge.billing.money import round_half_up
from billbridge.billing.months import Month
from billbridge.billing.storage import AccountTerms, FixedCharge, StorageCharge, UserCharge, charge_account
from billbridge.operations.provider import billing_rules, today
from billbridge.operations.usage import load_usage
from billbridge.store.models import Company, Provider, StorageAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStorage:
    """One user on a storage account in a month; sizes in bytes, charged GB with two decimals, money rounded."""

    user: str
    backup_bytes: int
    figure: str
    repeated_days: int
    restored: int
    charged_gb: Decimal
    rates: str
    limit: str
    cost: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStorage:
    """One storage account of a company in a month, with everyone who uses it."""

    account_pk: int | None
    account_id: str
    name: str
    backup_bytes: int
    cost: Decimal
    price: Decimal
    never_set: bool
    users: tuple[UserStorage, ...]
    limits: tuple[FixedCharge, ...]


def storage_of_company(provider: Provider, company: Company, month: Month) -> list[AccountStorage]:
    """The company's storage of a month, charged as a bill would charge it, by the storage account's name."""
    rules = billing_rules(provider)
    through = min(month.last, today(provider))
    usage = load_usage(provider, [company], month, through)[company.pk]
    accounts = {row.source_id: row for row in StorageAccount.objects.filter(provider=provider)}
    used = {use.account_id for use in usage.storage}
    limited = {account for account, terms in usage.terms.items() if terms.company_limit is not None}
    charged: list[AccountStorage] = []
    for account_id in used | limited:
        charge = charge_account(
            account_id,
            [use for use in usage.storage if use.account_id == account_id],
            usage.terms.get(account_id, AccountTerms()),
            month=month,
            through=through,
            basis=rules.storage,
        )
        row = accounts.get(account_id)
        charged.append(_account(charge, row, rules.currency.decimals))
    return sorted(charged, key=lambda one: (one.name.casefold(), one.account_id))


def _account(charge: StorageCharge, row: StorageAccount | None, decimals: int) -> AccountStorage:
    return AccountStorage(
        account_pk=row.pk if row else None,
        account_id=charge.account_id,
        name=row.name if row else charge.account_id,
        backup_bytes=int(sum((user.backup_bytes for user in charge.users), Fraction(0))),
        cost=round_half_up(charge.cost, decimals),
        price=round_half_up(charge.price, decimals),
        never_set=charge.never_set,
        users=tuple(_user(user, decimals) for user in charge.users),
        limits=charge.limits,
    )


def _user(user: UserCharge, decimals: int) -> UserStorage:
    return UserStorage(
        user=user.user,
        backup_bytes=int(user.backup_bytes),
        figure=user.figure,
        repeated_days=user.repeated_days,
        restored=user.restored,
        charged_gb=round_half_up(user.charged_backup_gb + user.charged_restore_gb, 2),
        rates=user.rates,
        limit=user.limit,
        cost=round_half_up(user.cost, decimals),
        price=round_half_up(user.price, decimals),
    )
