"""The evidence of a bill's line as it is kept, read back into the core's values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billbridge.billing.counting import CountedDomain, CountedEndpoint
from billbridge.billing.months import Month
from billbridge.billing.storage import FixedCharge, GbRates, StorageCharge, UserCharge
from billbridge.billing.usage import Adjustment

Kept = Mapping[str, Any]


def number(kept: str | int) -> Decimal:
    """A quantity or amount."""
    return Decimal(kept)


def endpoint(kept: Kept) -> CountedEndpoint:
    """An endpoint with its days."""
    return CountedEndpoint(
        user=kept["user"],
        endpoint=kept["endpoint"],
        first_day=date.fromisoformat(kept["first_day"]),
        last_day=date.fromisoformat(kept["last_day"]),
        days=kept["days"],
        counted=kept["counted"],
        changed_type=kept.get("changed_type", False),
    )


def domain(kept: Kept) -> CountedDomain:
    """A domain with its number."""
    return CountedDomain(
        domain=kept["domain"], quantity=number(kept["quantity"]), repeated_days=kept["repeated_days"]
    )


def adjustment(kept: Kept) -> Adjustment:
    """Units that were added or taken away, and why."""
    last = kept.get("last_month")
    return Adjustment(
        license_type=kept["license_type"],
        units=number(kept["units"]),
        reason=kept["reason"],
        first_month=Month.parse(kept["first_month"]),
        last_month=Month.parse(last) if last else None,
    )


def storage(kept: Kept | None) -> StorageCharge | None:
    """What was charged for a storage account, user by user; nothing for a license product."""
    if kept is None:
        return None
    return StorageCharge(
        account_id=kept["account_id"],
        gb=Fraction(kept["gb"]),
        cost=Fraction(kept["cost"]),
        price=Fraction(kept["price"]),
        users=tuple(_user(user) for user in kept["users"]),
        limits=tuple(
            FixedCharge(
                limit=each["limit"],
                paid_by=each["paid_by"],
                cost=number(each["cost"]),
                price=number(each["price"]),
            )
            for each in kept["limits"]
        ),
        never_set=kept["never_set"],
    )


def unit(kept: Kept, name: str, charge: StorageCharge | None) -> Decimal | None:
    """Cost or price of a unit: the license's own, or that of a GB if it is one for all of a storage account."""
    if charge is None:
        own = kept.get(name)
        return None if own is None else number(own)
    if charge.limits or not charge.users:
        return None
    rates: set[Decimal] = set()
    for user in charge.users:
        if user.per_gb is None:
            return None
        backup, restore = (
            (user.per_gb.backup_cost, user.per_gb.restore_cost)
            if name == "unit_cost"
            else (user.per_gb.backup_price, user.per_gb.restore_price)
        )
        if user.charged_restore_gb and restore:
            return None
        rates.add(backup)
    return rates.pop() if len(rates) == 1 else None


def _user(kept: Kept) -> UserCharge:
    rates = kept.get("per_gb")
    return UserCharge(
        user=kept["user"],
        backup_bytes=Fraction(kept["backup_bytes"]),
        figure=kept["figure"],
        repeated_days=kept["repeated_days"],
        restored=kept["restored"],
        charged_backup_gb=Fraction(kept["charged_backup_gb"]),
        charged_restore_gb=Fraction(kept["charged_restore_gb"]),
        rates=kept["rates"],
        limit=kept["limit"],
        cost=Fraction(kept["cost"]),
        price=Fraction(kept["price"]),
        per_gb=GbRates(**{name: number(value) for name, value in rates.items()}) if rates else None,
    )
