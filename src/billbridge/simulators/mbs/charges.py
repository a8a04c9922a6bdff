"""What MBS charges for storage: by storage limits in full, and per GB by the prices of the account.

A price of the user beats one of its company, which beats the account's. A limit of the user beats the company's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from billbridge.simulators.mbs.answers import Context
from billbridge.simulators.world_values import Package, User

GB = 2**30
ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUsage:
    """The bytes of one user on one account in a month: mean of the days, sum of restores, figure of one day."""

    user: User
    account_id: str
    average: int
    restored: int
    current: int


@dataclass(slots=True)
class Charges:
    """The money of one user's row."""

    plan: Decimal = Decimal(0)
    storage: Decimal = Decimal(0)
    restore: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """A storage limit with the usage it covers; the owner of the first usage pays."""

    package: Package
    is_charged: bool
    usages: list[AccountUsage]


def charge(context: Context, usages: Iterable[AccountUsage]) -> dict[str, Charges]:
    """The charges by user id; every user of the usages is in it."""
    charges: dict[str, Charges] = {}
    limits: dict[tuple[str, str], _Limit] = {}
    for usage in usages:
        row = charges.setdefault(usage.user.id, Charges())
        owner, package = _limit_of(context, usage)
        if package is None:
            row.storage += _backup_money(context, usage, usage.average)
            row.restore += _restore_money(context, usage, usage.restored)
            continue
        is_charged = owner == usage.user.id or context.switches.company_package_cost != "none"
        shared_by = usage.user.id if context.switches.company_package_cost == "every_user" else owner
        limit = _Limit(package=package, is_charged=is_charged, usages=[])
        limits.setdefault((shared_by, usage.account_id), limit).usages.append(usage)
    for limit in limits.values():
        _charge_limit(context, limit, charges)
    return charges


def _limit_of(context: Context, usage: AccountUsage) -> tuple[str, Package | None]:
    packages = context.world.packages
    for place in usage.user.destinations:
        if place.account_id == usage.account_id and place.package_id:
            return usage.user.id, packages[place.package_id]
    company = context.world.company_of(usage.user)
    if company is not None:
        buckets = {bucket.id for bucket in context.world.accounts[usage.account_id].destinations}
        for given in company.destinations:
            if given.destination_id in buckets and given.package_id:
                return company.id, packages[given.package_id]
    return usage.user.id, None


def _charge_limit(context: Context, limit: _Limit, charges: dict[str, Charges]) -> None:
    package, usages, mode = limit.package, limit.usages, context.switches.package_and_per_gb
    payer = charges[usages[0].user.id]
    if limit.is_charged:
        payer.plan += package.cost
    if mode == "overage":
        beyond = _beyond(sum(usage.average for usage in usages), package.storage_limit_gb)
        payer.storage += _backup_money(context, usages[0], beyond)
        if package.restore_limit_gb is not None:
            beyond = _beyond(sum(usage.restored for usage in usages), package.restore_limit_gb)
            payer.restore += _restore_money(context, usages[0], beyond)
    for usage in usages:
        row = charges[usage.user.id]
        if mode == "both":
            row.storage += _backup_money(context, usage, usage.average)
        # A limit without a limit for restores does not cover them.
        if mode == "both" or package.restore_limit_gb is None:
            row.restore += _restore_money(context, usage, usage.restored)


def _beyond(used: int, limit_gb: Decimal) -> int:
    return max(0, used - int(limit_gb * GB))


def _backup_money(context: Context, usage: AccountUsage, used: int) -> Decimal:
    return _rounded(context, Decimal(used) / GB * _prices(context, usage)[0])


def _restore_money(context: Context, usage: AccountUsage, used: int) -> Decimal:
    return _rounded(context, Decimal(used) / GB * _prices(context, usage)[1])


def _prices(context: Context, usage: AccountUsage) -> tuple[Decimal, Decimal]:
    account = context.world.accounts[usage.account_id]
    company_id = usage.user.company_on(context.world.today)
    of_account = [price for price in context.world.prices if price.account_id == usage.account_id]
    for price in of_account:
        if price.user_id == usage.user.id:
            return price.backup_price, price.restore_price
    for price in of_account:
        if price.company_id is not None and price.company_id == company_id:
            return price.backup_price, price.restore_price
    return account.backup_price, account.restore_price


def _rounded(context: Context, money: Decimal) -> Decimal:
    places = Decimal(1).scaleb(-context.switches.money_decimals)
    return money.quantize(places, ROUNDING[context.switches.money_rounding])
