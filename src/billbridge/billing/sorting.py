"""Sorting a snapshot: each license is either an activation seen today or not billed, for a reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from billbridge.billing.activations import Activation, NotBilled, NotBilledReason
from billbridge.billing.months import Month
from billbridge.billing.snapshot import Company, License, LicenseSnapshot, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A snapshot's licenses, each on exactly one side, and the companies that cannot be told apart."""

    seen: tuple[Activation, ...]
    not_billed: tuple[NotBilled, ...]
    ambiguous_companies: frozenset[str] = frozenset()
    """Ids of companies that share their name with another: their activations are neither kept nor closed."""


def sort_licenses(snapshot: LicenseSnapshot) -> Sorted:
    """Tell activated licenses from the rest: paid, held by an endpoint of a company's user, not expired.

    A license that expired earlier in the month of the snapshot was valid on its last day and counts up to it.
    License types are not judged here: the ledger keeps unknown ones too, so that naming them later loses nothing.
    """
    seen: list[Activation] = []
    not_billed: list[NotBilled] = []
    users = {user.id: user for user in snapshot.users}
    companies: dict[str, list[Company]] = defaultdict(list)
    for company in snapshot.companies:
        companies[company.name].append(company)
    for license_ in snapshot.licenses:
        reason = _reason_not_active(license_, snapshot.day)
        user = users.get(license_.user_id)
        found = companies.get(user.company_name, []) if user and user.company_name else []
        reason = reason or _reason_without_company(license_, user, found)
        if reason is not None:
            not_billed.append(
                NotBilled(
                    reason=reason,
                    subject=license_.endpoint or license_.id,
                    license_type=license_.type,
                    company_id=found[0].id if len(found) == 1 else "",
                    user=user.login if user else license_.user_login,
                    detail=user.company_name if user else "",
                )
            )
            continue
        assert user is not None
        seen.append(_seen(license_, user, found[0].id, snapshot.day))
    return Sorted(
        seen=tuple(seen),
        not_billed=tuple(not_billed),
        ambiguous_companies=frozenset(c.id for same in companies.values() if len(same) > 1 for c in same),
    )


def _reason_not_active(license_: License, day: date) -> NotBilledReason | None:
    if license_.is_trial:
        return NotBilledReason.TRIAL
    if not license_.is_taken or not license_.endpoint:
        return NotBilledReason.IN_POOL
    if license_.expires is not None and license_.expires < Month.of(day).first:
        return NotBilledReason.EXPIRED
    return None


def _reason_without_company(license_: License, user: User | None, found: list[Company]) -> NotBilledReason | None:
    if user is None:
        return NotBilledReason.UNKNOWN_USER if license_.user_id else NotBilledReason.NO_USER
    if not user.company_name:
        return NotBilledReason.NO_COMPANY
    if len(found) > 1:
        return NotBilledReason.AMBIGUOUS_COMPANY
    return None if found else NotBilledReason.UNKNOWN_COMPANY


def _seen(license_: License, user: User, company_id: str, day: date) -> Activation:
    expired = license_.expires is not None and license_.expires < day
    last = license_.expires if expired and license_.expires is not None else day
    return Activation(
        company_id=company_id,
        user_id=user.id,
        user_login=user.login,
        endpoint=license_.endpoint,
        license_type=license_.type,
        first_day=last,
        last_day=last if expired else None,
        last_seen=last,
    )
