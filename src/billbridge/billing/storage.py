"""Storage: the month's figure of a user and account, storage limits, and what is charged per GB.

GB means 2^30 bytes. Money comes from exact bytes; only the quantity shown and sent is in whole GB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billbridge.billing.money import Exact
from billbridge.billing.months import Month

GB = 2**30
"""Bytes in a GB."""


class StorageBasis(StrEnum):
    """Which figure of the month is charged; a setting of the provider."""

    MEAN = "mean"
    PEAK = "peak"
    P95 = "p95"
    """The lowest daily figure that at least 95 % of the days do not exceed."""
    LAST_DAY = "last day"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageUse:
    """What is known of one user on one account in one month.

    `readings` are the backup bytes of the days collected, `before` the last figure known before the month,
    `monthly_average` the source's own average of the closed month where it gives one, `restored` the restore bytes
    of the month to date.
    """

    account_id: str
    user_id: str
    user_login: str
    readings: Mapping[date, int]
    before: int | None = None
    monthly_average: int | None = None
    restored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFigure:
    """The backup bytes that are charged for a user, account and month, and where they come from."""

    backup_bytes: Fraction
    origin: str
    repeated_days: int = 0
    """Days without a collection, which repeat the day before."""


def backup_figure(use: StorageUse, *, month: Month, through: date, basis: StorageBasis) -> StorageFigure:
    """The month's backup figure of one user and account, over the days known up to `through`.

    Days before the first figure are not known and are left out, never taken as zero.
    """
    if basis is StorageBasis.MEAN and use.monthly_average is not None:
        return StorageFigure(backup_bytes=Fraction(use.monthly_average), origin="the source's monthly average")
    values: list[int] = []
    repeated = 0
    latest = use.before
    for day in month:
        if day > through:
            break
        if day in use.readings:
            latest = use.readings[day]
        elif latest is not None:
            repeated += 1
        if latest is not None:
            values.append(latest)
    if not values:
        average = use.monthly_average or 0
        origin = "the source's monthly average" if use.monthly_average is not None else "no figures"
        return StorageFigure(backup_bytes=Fraction(average), origin=origin)
    match basis:
        case StorageBasis.MEAN:
            figure = Fraction(sum(values), len(values))
        case StorageBasis.PEAK:
            figure = Fraction(max(values))
        case StorageBasis.P95:
            figure = Fraction(sorted(values)[-(-95 * len(values) // 100) - 1])
        case StorageBasis.LAST_DAY:
            figure = Fraction(values[-1])
    return StorageFigure(
        backup_bytes=figure, origin=f"{basis} of {len(values)} daily figures", repeated_days=repeated
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GbRates:
    """Cost and price per GB and month, for backup kept and for data restored."""

    backup_cost: Decimal = Decimal(0)
    backup_price: Decimal = Decimal(0)
    restore_cost: Decimal = Decimal(0)
    restore_price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A storage limit: so many GB for a fixed monthly cost and price, paid once and in full.

    A limit without `backup_gb` or `restore_gb` includes none of that kind, and all of it is charged per GB.
    """

    name: str
    backup_gb: Decimal | None
    restore_gb: Decimal | None = None
    cost: Decimal = Decimal(0)
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTerms:
    """How one storage account is charged to one company, for one month.

    The most particular rates win: a user's, else the company's, else the account's. A user's limit beats the
    company's, which all users without a limit of their own share. `rates` is `None` when nobody ever set them.
    """

    rates: GbRates | None = None
    company_rates: GbRates | None = None
    user_rates: Mapping[str, GbRates] | None = None
    company_limit: Limit | None = None
    user_limits: Mapping[str, Limit] | None = None

    def rates_for(self, user_id: str) -> tuple[GbRates, str]:
        """The rates of a user and whose they are; all zero and "never set" when nobody set any."""
        if self.user_rates and user_id in self.user_rates:
            return self.user_rates[user_id], "custom price by user"
        if self.company_rates is not None:
            return self.company_rates, "custom price by company"
        if self.rates is not None:
            return self.rates, "storage account"
        return GbRates(), NEVER_SET

    def limit_for(self, user_id: str) -> Limit | None:
        """The user's own limit, if there is one."""
        return self.user_limits.get(user_id) if self.user_limits else None


NEVER_SET = "never set"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCharge:
    """The evidence for one user on a storage account: bytes, what a limit includes, and exact money."""

    user: str
    backup_bytes: Fraction
    figure: str
    repeated_days: int
    restored: int
    charged_backup_gb: Fraction
    charged_restore_gb: Fraction
    rates: str
    limit: str
    cost: Fraction
    price: Fraction
    per_gb: GbRates | None = None
    """What a GB cost and was priced; unset on bills that were made before this was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCharge:
    """The evidence for a storage limit: paid once, by a user or by the company for its other users."""

    limit: str
    paid_by: str
    cost: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageCharge:
    """What one company owes for one storage account and month. `cost` and `price` are exact, not yet rounded."""

    account_id: str
    gb: Fraction
    cost: Fraction
    price: Fraction
    users: tuple[UserCharge, ...]
    limits: tuple[FixedCharge, ...]
    never_set: bool


def charge_account(
    account_id: str,
    uses: Iterable[StorageUse],
    terms: AccountTerms,
    *,
    month: Month,
    through: date,
    basis: StorageBasis,
) -> StorageCharge:
    """Charge one company's use of one storage account.

    Usage beyond a company's limit is shared out among the users it covers in proportion to their usage, so that
    each is charged at the rates that hold for that user.
    """
    ordered = sorted(uses, key=lambda use: (use.user_login.casefold(), use.user_id))
    figures = {use.user_id: backup_figure(use, month=month, through=through, basis=basis) for use in ordered}
    pooled = [use for use in ordered if terms.limit_for(use.user_id) is None]
    beyond_backup = _share_beyond(
        {use.user_id: figures[use.user_id].backup_bytes for use in pooled},
        terms.company_limit.backup_gb if terms.company_limit else None,
    )
    beyond_restore = _share_beyond(
        {use.user_id: Fraction(use.restored) for use in pooled},
        terms.company_limit.restore_gb if terms.company_limit else None,
    )
    limits: list[FixedCharge] = []
    charges: list[UserCharge] = []
    never_set = False
    for use in ordered:
        figure = figures[use.user_id]
        limit = terms.limit_for(use.user_id)
        if limit is not None:
            backup = _share_beyond({"": figure.backup_bytes}, limit.backup_gb)[""]
            restore = _share_beyond({"": Fraction(use.restored)}, limit.restore_gb)[""]
            limits.append(_fixed(limit, use.user_login))
        else:
            backup, restore = beyond_backup[use.user_id], beyond_restore[use.user_id]
        rates, origin = terms.rates_for(use.user_id)
        never_set = never_set or (origin == NEVER_SET and (backup > 0 or restore > 0))
        charges.append(
            UserCharge(
                user=use.user_login,
                backup_bytes=figure.backup_bytes,
                figure=figure.origin,
                repeated_days=figure.repeated_days,
                restored=use.restored,
                charged_backup_gb=backup,
                charged_restore_gb=restore,
                rates=origin,
                limit=limit.name if limit else terms.company_limit.name if terms.company_limit else "",
                cost=_money(backup, rates.backup_cost) + _money(restore, rates.restore_cost),
                price=_money(backup, rates.backup_price) + _money(restore, rates.restore_price),
                per_gb=rates,
            )
        )
    if terms.company_limit is not None:
        limits.append(_fixed(terms.company_limit, "the company"))
    return StorageCharge(
        account_id=account_id,
        gb=sum((figure.backup_bytes for figure in figures.values()), Fraction(0)) / GB,
        cost=sum((c.cost for c in charges), Fraction(0)) + sum((Fraction(f.cost) for f in limits), Fraction(0)),
        price=sum((c.price for c in charges), Fraction(0)) + sum((Fraction(f.price) for f in limits), Fraction(0)),
        users=tuple(charges),
        limits=tuple(limits),
        never_set=never_set,
    )


def _share_beyond(byte_counts: Mapping[str, Fraction], limit_gb: Decimal | None) -> dict[str, Fraction]:
    """The GB beyond a limit, shared in proportion to usage; all of it when nothing is included."""
    total = sum(byte_counts.values(), Fraction(0)) / GB
    included = Fraction(limit_gb) if limit_gb is not None else Fraction(0)
    if total <= included:
        return dict.fromkeys(byte_counts, Fraction(0))
    share = (total - included) / total
    return {user: count / GB * share for user, count in byte_counts.items()}


def _fixed(limit: Limit, paid_by: str) -> FixedCharge:
    return FixedCharge(limit=limit.name, paid_by=paid_by, cost=limit.cost, price=limit.price)


def _money(gb: Exact, rate: Decimal) -> Fraction:
    return Fraction(gb) * Fraction(rate)
