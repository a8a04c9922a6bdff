"""The two billing reads: storage money per user of a month, and the bytes of one user by computer and account.

Both are PUT requests that change nothing; the body is a filter. The running month gives figures to date, a month
that is over its averages, a month to come nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billbridge.simulators.mbs.answers import Context, Refusal, company_shown, invalid
from billbridge.simulators.mbs.charges import AccountUsage, Charges, charge
from billbridge.simulators.server import Request
from billbridge.simulators.world_values import User, month_days

YEARS = range(1753, 9999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the body asks for: `company` by name (None: all), a month by any day in it, for Details a user."""

    company: str | None = None
    day: date | None = None
    user_id: str | None = None


def read_filter(request: Request) -> Filter:
    """The filter in a body; names of properties in any case, an empty body asks for everything."""
    if not request.body.strip():
        return Filter()
    try:
        given = json.loads(request.body)
    except ValueError as error:
        raise Refusal(invalid("filter", "Unexpected character encountered while parsing value.")) from error
    if given is None:
        return Filter()
    if not isinstance(given, dict):
        raise Refusal(invalid("filter", "The filter must be an object."))
    values = {str(name).lower(): value for name, value in given.items()}
    return Filter(
        company=_text(values, "CompanyName"), day=_day(values.get("date")), user_id=_text(values, "UserID")
    )


def _text(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name.lower())
    if value is not None and not isinstance(value, str):
        raise Refusal(invalid(f"filter.{name}", f"{value!r} is no text."))
    return value or None


def _day(value: object) -> date | None:
    if value is None or value == "":
        return None
    refused = Refusal(invalid("filter.Date", f"Could not convert string to DateTime: {value}."))
    try:
        day = datetime.fromisoformat(str(value)).date()
    except ValueError as error:
        raise refused from error
    if day.year not in YEARS:
        raise refused
    return day


def billing(context: Context, asked: Filter) -> dict[str, Any]:
    """Storage money by user, with the totals in bytes."""
    world, switches = context.world, context.switches
    days = _days(context, asked.day)
    everybody = _users(context, days)
    users = [user for user in everybody if asked.company in (None, world.company_name_of(user))]
    usages = {user.id: _usages(context, user, days) for user in everybody}
    charges = charge(context, [usage for user in users for usage in usages[user.id]])
    licenses = _licenses_by_user(context) if switches.licenses_used_in_billing else None
    rows = [_row(context, user, usages[user.id], charges.get(user.id, Charges()), licenses) for user in users]
    if not switches.billing_zero_rows:
        rows = [row for row in rows if row["AverageSpace"] or row["TotalVolumeRestore"] or row["TotalCost"]]
    in_total = everybody if switches.billing_totals == "provider" else users
    counted = [usage for user in in_total for usage in usages[user.id]]
    return {
        "CurrentSpaceUsed": sum(usage.current for usage in counted),
        "AverageSpaceUsed": sum(usage.average for usage in counted),
        "TotalRestore": sum(usage.restored for usage in counted),
        "StatisticBilling": rows,
    }


def _row(
    context: Context, user: User, usages: list[AccountUsage], charges: Charges, licenses: Counter[str] | None
) -> dict[str, Any]:
    name = context.world.company_name_of(user)
    row = {
        "UserId": user.id,
        "Email": user.login,
        "FirstName": user.first_name,
        "LastName": user.last_name,
        "CompanyName": company_shown(name, where_documented=None, switches=context.switches),
        "AverageSpace": sum(usage.average for usage in usages),
        "TotalVolumeRestore": sum(usage.restored for usage in usages),
        "PlanCost": float(charges.plan),
        "StorageCost": float(charges.storage),
        "RestoreCost": float(charges.restore),
        "TotalCost": float(charges.plan + charges.storage + charges.restore),
    }
    return row if licenses is None else {**row, "LicensesUsed": licenses[user.id]}


def details(context: Context, user: User, day: date | None) -> dict[str, Any]:
    """The bytes of one user in a month, by computer and account; the only bridge from usage to an account."""
    world = context.world
    days = _days(context, day)
    is_running = bool(days) and days[-1] == world.today
    takes_current = is_running and context.switches.details_running_month == "current"
    rows = []
    for usage in _usages(context, user, days):
        series = world.storage[user.id, usage.account_id]
        bucket_id = next(
            place.destination_id for place in user.destinations if place.account_id == usage.account_id
        )
        buckets = {bucket.id: bucket.name for bucket in world.accounts[usage.account_id].destinations}
        kept = series.shares(usage.current if takes_current else usage.average)
        restored = dict(series.shares(usage.restored))
        rows += [
            {
                "Computer": computer,
                "SizeBackup": size,
                "SizeRestore": restored[computer],
                "Prefix": computer,
                "AccountID": usage.account_id,
                "Destination": buckets[bucket_id],
            }
            for computer, size in kept
        ]
    return {
        "TotalBackupBytes": sum(row["SizeBackup"] for row in rows),
        "TotalRestoreBytes": sum(row["SizeRestore"] for row in rows),
        "UserID": user.id,
        "UserDetailList": rows,
    }


def billable_user(context: Context, user_id: str) -> User | None:
    """The user of a Details request, None if there is none."""
    user = context.world.users.get(user_id.lower())
    if user is None or not (user.exists_on(context.world.today) or context.switches.billing_keeps_deleted_users):
        return None
    return user


def _days(context: Context, day: date | None) -> list[date]:
    """The days of the asked month until today; none of a month to come."""
    today = context.world.today
    return [each for each in month_days(f"{day or today:%Y-%m}") if each <= today]


def _users(context: Context, days: list[date]) -> list[User]:
    users = context.world.users_now()
    if context.switches.billing_keeps_deleted_users and days:
        listed = {user.id for user in users}
        users += [
            user
            for user in context.world.users.values()
            if user.id not in listed and user.created <= days[-1] and user.deleted and user.deleted > days[0]
        ]
    return users


def _usages(context: Context, user: User, days: list[date]) -> list[AccountUsage]:
    if not days:
        return []
    today = context.world.today
    shown = today if context.switches.current_space_of_closed_month == "today" else days[-1]
    return [
        AccountUsage(
            user=user,
            account_id=account_id,
            average=sum(series.backup_on(day) for day in days) // len(days),
            restored=sum(series.restore_on(day) for day in days),
            current=series.backup_on(shown),
        )
        for account_id, series in context.world.storage_of(user).items()
    ]


def _licenses_by_user(context: Context) -> Counter[str]:
    held = (each.life for each in context.world.licenses_now())
    return Counter(life.user_id for life in held if life is not None and life.user_id is not None)
