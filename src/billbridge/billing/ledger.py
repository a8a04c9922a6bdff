"""The ledger of activations: how points in time become activations from a day to a day.

Sorting comes first: each license of a snapshot is either an activation seen today or not billed, for a
reason. Observing then opens, keeps and closes activations. Importing a Usage History replaces what was
observed by exact dates for the endpoints and days the file covers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from billbridge.billing.activations import Activation, Holder, NotBilled, NotBilledReason
from billbridge.billing.months import Month
from billbridge.billing.snapshot import Company, License, LicenseSnapshot, User

MANY_LICENSES_LOST = 5
"""A company that loses at least this many licenses, and more than half, is looked at by a person first."""

_A_DAY = timedelta(days=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerChange:
    """What one observation does to the ledger. The three sides name disjoint activations."""

    opened: tuple[Activation, ...] = ()
    kept: tuple[Activation, ...] = ()
    """Open activations seen again, with their new `last_seen`."""
    closed: tuple[Activation, ...] = ()
    """Activations seen no more, with their `last_day` set to the last day on which they were seen."""


def observe(
    ledger: Iterable[Activation],
    seen: Iterable[Activation],
    *,
    untouched_companies: frozenset[str] = frozenset(),
) -> LedgerChange:
    """Bring the ledger up to date with what a source shows today.

    `ledger` holds the provider's activations that are open or ended in the running month. Activations of
    `untouched_companies` (two of one name) are left as they are, because the source says nothing about them.
    """
    recent: dict[Holder, list[Activation]] = defaultdict(list)
    for activation in ledger:
        recent[activation.holder].append(activation)
    latest: dict[Holder, Activation] = {}
    for activation in seen:
        known = latest.get(activation.holder)
        latest[activation.holder] = activation if known is None else _longer(known, activation)
    opened: list[Activation] = []
    kept: list[Activation] = []
    closed: list[Activation] = []
    for holder, activation in latest.items():
        open_one = next((a for a in recent[holder] if a.is_open), None)
        if open_one is None:
            if activation.is_open or not any(_covers(a, activation.first_day) for a in recent[holder]):
                opened.append(activation)
        elif activation.is_open:
            last_seen = max(open_one.last_seen, activation.last_seen)
            kept.append(replace(open_one, last_seen=last_seen, user_login=activation.user_login))
        else:
            closed.append(_closed(open_one, activation.last_seen))
    for holder, activations in recent.items():
        if holder in latest or holder.company_id in untouched_companies:
            continue
        closed.extend(_closed(a, a.last_seen) for a in activations if a.is_open)
    return LedgerChange(opened=tuple(opened), kept=tuple(kept), closed=tuple(closed))


def _longer(one: Activation, other: Activation) -> Activation:
    """Two licenses on one endpoint: the one that still runs, else the one that ran longer."""
    return one if one.is_open or (not other.is_open and one.last_seen >= other.last_seen) else other


def _covers(activation: Activation, day: date) -> bool:
    return activation.touches(day, day)


def _closed(activation: Activation, last_day: date) -> Activation:
    return replace(activation, last_day=max(last_day, activation.first_day))


def implausible_losses(
    before: Mapping[str, int], after: Mapping[str, int], *, untouched: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The ids of companies whose loss a person should look at before it is believed.

    `before` and `after` count open activations per company. When a source that knew licenses suddenly knows
    none at all, every company that had some is returned; otherwise those that lost more than half and at
    least five.
    """
    had = {company: count for company, count in before.items() if count and company not in untouched}
    if had and not any(after.values()):
        return tuple(sorted(had))
    return tuple(
        sorted(
            company
            for company, count in had.items()
            if count - after.get(company, 0) >= MANY_LICENSES_LOST and 2 * after.get(company, 0) < count
        )
    )


def open_by_company(activations: Iterable[Activation]) -> Counter[str]:
    """How many open activations each company has, by distinct holder."""
    holders = {activation.holder for activation in activations if activation.is_open}
    return Counter(holder.company_id for holder in holders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The days a Usage History speaks for: inside them it wins over what was observed."""

    first: date
    last: date


def merge_history(
    existing: Iterable[Activation], history: Iterable[Activation], *, covered: Covered
) -> tuple[Activation, ...]:
    """One holder's activations after importing its rows of a Usage History.

    Whatever was known inside the covered days is replaced by the file's exact dates; what lies outside stays.
    Importing the same rows again changes nothing.
    """
    outside = [piece for activation in existing for piece in _outside(activation, covered)]
    inside = [clipped for activation in history if (clipped := _inside(activation, covered))]
    return tuple(sorted(_joined(outside + inside), key=_order))


def _outside(activation: Activation, covered: Covered) -> list[Activation]:
    pieces: list[Activation] = []
    if activation.first_day < covered.first:
        ends_before = activation.last_day is not None and activation.last_day < covered.first
        pieces.append(activation if ends_before else _cut_at(activation, covered.first - _A_DAY))
    if (activation.last_day is not None and activation.last_day > covered.last) or (
        activation.is_open and activation.last_seen > covered.last
    ):
        pieces.append(replace(activation, first_day=max(activation.first_day, covered.last + _A_DAY)))
    return pieces


def _cut_at(activation: Activation, last: date) -> Activation:
    return replace(activation, last_day=last, given_back=False, last_seen=min(activation.last_seen, last))


def _inside(activation: Activation, covered: Covered) -> Activation | None:
    if not activation.touches(covered.first, covered.last):
        return None
    clipped = replace(activation, first_day=max(activation.first_day, covered.first))
    if clipped.last_day is None or clipped.last_day <= covered.last:
        return replace(clipped, last_seen=min(clipped.last_day or covered.last, covered.last))
    return _cut_at(clipped, covered.last)


def _joined(pieces: list[Activation]) -> list[Activation]:
    """Join pieces of one origin that touch or overlap, and let an open piece swallow what follows it.

    A piece that begins after an open one was last seen says how it went on; of two others the longer one holds.
    """
    joined: list[Activation] = []
    for piece in sorted(pieces, key=_order):
        before = joined[-1] if joined else None
        if before is None or not _continues(before, piece):
            joined.append(piece)
        else:
            went_on = before.is_open and piece.first_day > before.last_seen
            end = piece if went_on else max(before, piece, key=_end)
            joined[-1] = replace(
                before,
                last_day=end.last_day,
                given_back=end.given_back,
                last_seen=max(before.last_seen, piece.last_seen),
            )
    return joined


def _order(activation: Activation) -> tuple[date, date, bool, str, str, str]:
    last_day = activation.last_day or date.max
    spelling = activation.origin, activation.endpoint, activation.user_login
    return activation.first_day, last_day, activation.given_back, *spelling


def _end(activation: Activation) -> tuple[date, bool]:
    """How far it reaches; on the day of giving back it reaches less far than one that is still held."""
    return activation.last_day or date.max, not activation.given_back


def _continues(before: Activation, piece: Activation) -> bool:
    if before.last_day is None:
        return True
    touching = piece.first_day <= before.last_day + _A_DAY
    return touching and before.origin == piece.origin and not before.given_back
