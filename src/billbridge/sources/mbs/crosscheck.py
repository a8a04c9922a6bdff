"""What two lists of the MBS API say about the same thing, compared; differences become warnings in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from billbridge.billing.months import Month
from billbridge.billing.snapshot import License, StorageAccount, UsageReading, User
from billbridge.sources.mbs.models import MbsBilling, MbsComputer

MOST_OF_A_KIND: Final = 20
"""A tenant that disagrees throughout fills no page with it."""

TOLERANCE_PERCENT: Final = 1


def license_warnings(
    day: date, users: Sequence[User], licenses: Sequence[License], computers: Sequence[MbsComputer]
) -> tuple[str, ...]:
    """Paid licenses that only one of the two lists knows, and computers whose company is not their user's.

    A computer shows one license, whichever that is when it has several, so any license of the other list will do.
    """
    logins = {each.id: each.login for each in users if each.login}
    held = {_of_license(each, logins) for each in licenses if each.is_taken}
    granted = {_of_computer(each, logins) for each in computers if each.has_license}
    return (
        *_capped(
            f"Computer {each.computer_name} of user {_login(each, logins)} has a paid license according to "
            "the list of computers, but no taken license names it: it is not counted."
            for each in computers
            if each.has_paid_license and _of_computer(each, logins) not in held
        ),
        *_capped(
            f"The {each.type} license of computer {each.endpoint} of user "
            f"{logins.get(each.user_id) or each.user_login} is taken, but the list of computers shows no "
            "license there: it is counted all the same."
            for each in licenses
            if _is_counted(each, day) and _of_license(each, logins) not in granted
        ),
        *_capped(_companies_that_differ(users, computers)),
    )


Endpoint = tuple[str, str]
"""A user, by login if known and else by id, and a computer name; without case, as Windows names are."""


def _of_license(held: License, logins: Mapping[str, str]) -> Endpoint:
    who = logins.get(held.user_id) or held.user_login or held.user_id
    return who.casefold(), held.endpoint.casefold()


def _of_computer(computer: MbsComputer, logins: Mapping[str, str]) -> Endpoint:
    return _login(computer, logins).casefold(), computer.computer_name.casefold()


def _login(computer: MbsComputer, logins: Mapping[str, str]) -> str:
    return logins.get(computer.user_id) or computer.user_email or computer.user_id


def _is_counted(held: License, day: date) -> bool:
    valid = held.expires is None or held.expires >= day
    # A license without a user (an administrator's, a mailbox's) is on no computer of the list.
    return held.is_taken and not held.is_trial and valid and bool(held.endpoint and held.user_id)


def _companies_that_differ(users: Sequence[User], computers: Iterable[MbsComputer]) -> Iterator[str]:
    by_id = {each.id: each for each in users}
    by_login = {each.login.casefold(): each for each in users if each.login}
    for each in computers:
        user = by_id.get(each.user_id) or by_login.get(each.user_email.casefold())
        if user is not None and each.company_name and each.company_name != user.company_name:
            home = f"to company {user.company_name!r}" if user.company_name else "to no company"
            yield (
                f"Computer {each.computer_name} belongs to company {each.company_name!r}, but its user "
                f"{user.login} {home}: the user's company is what counts."
            )


def storage_warnings(
    readings: Mapping[Month, Sequence[UsageReading]],
    billing: Mapping[Month, MbsBilling],
    *,
    running: Month,
    users: Sequence[str],
    unknown_users: Sequence[str],
    accounts: Sequence[StorageAccount],
) -> tuple[str, ...]:
    """Users MBS no longer knows, accounts it does not list, and totals that its billing contradicts.

    The bytes kept are compared for closed months only: in the running one the details are today's level, and
    the billing is the average so far.
    """
    return (
        *_capped(
            f"MBS does not know user {user} any more: no storage of this user was collected."
            for user in unknown_users
        ),
        *_capped(_unlisted_accounts(readings, accounts)),
        *_capped(
            warning
            for month in sorted(billing)
            for warning in _totals_that_differ(
                month, readings[month], billing[month], users, with_backup=month != running
            )
        ),
    )


def _unlisted_accounts(
    readings: Mapping[Month, Sequence[UsageReading]], accounts: Sequence[StorageAccount]
) -> Iterator[str]:
    listed = {each.id for each in accounts}
    used = {each.account_id for rows in readings.values() for each in rows}
    for account in sorted(used - listed):
        yield f"Storage account {account} is used, but MBS does not list it among the storage accounts."


def _totals_that_differ(
    month: Month,
    readings: Sequence[UsageReading],
    billing: MbsBilling,
    users: Sequence[str],
    *,
    with_backup: bool,
) -> Iterator[str]:
    kept: Counter[str] = Counter()
    restored: Counter[str] = Counter()
    for each in readings:
        kept[each.user_id] += each.backup_bytes
        restored[each.user_id] += each.restore_bytes
    billed = {each.user_id: each for each in billing.statistic_billing}
    for user in users:
        row = billed.get(user)
        who = row.email if row and row.email else user
        pairs = [("restored", restored[user], row.total_volume_restore if row else 0)]
        if with_backup:
            pairs.insert(0, ("kept", kept[user], row.average_space if row else 0))
        for what, by_details, by_billing in pairs:
            if _differ(by_details, by_billing):
                yield (
                    f"In {month}, user {who} {what} {by_details} bytes by computer, but {by_billing} bytes "
                    "according to MBS's own billing: the former is billed."
                )


def _differ(one: int, other: int) -> bool:
    return abs(one - other) * 100 > max(one, other) * TOLERANCE_PERCENT


def _capped(warnings: Iterable[str]) -> Iterator[str]:
    rest = 0
    for number, warning in enumerate(warnings):
        if number < MOST_OF_A_KIND:
            yield warning
        else:
            rest += 1
    if rest:
        yield f"... and {rest} more of this kind."
