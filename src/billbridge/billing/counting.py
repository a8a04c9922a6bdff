"""Counting a company's activated licenses for a month, under one of four counting rules.

An endpoint's days of a month are the bits of an integer, the first day the lowest bit. Licenses that
replaced each other on one endpoint are joined by `|`, so a swap can never count twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billbridge.billing.activations import Activation, Holder, NotBilled, NotBilledReason
from billbridge.billing.money import round_half_up
from billbridge.billing.months import Month

DAYS_DECIMALS = 4
"""A quantity counted by days keeps this many decimals."""


class CountingRule(StrEnum):
    """How many licenses a month has. The rule is a setting of the provider and is stored on each bill."""

    ACTIVE_IN_MONTH = "active_in_month"
    """Distinct endpoints that were active on any day of the month."""
    ACTIVE_AT_END = "active_at_end"
    """Distinct endpoints active at the end of the month (so far, for the running one)."""
    PEAK = "peak"
    """The highest number active on one day; a license counts no more on the day it is given back."""
    DAYS = "days"
    """The sum of active days over the days of the month; partial days count whole."""


class ChangeOfType(StrEnum):
    """What counts when an endpoint gives one product back and takes another within a month."""

    BOTH = "both"
    LAST_ONLY = "last only"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEndpoint:
    """The evidence for one endpoint on a line: its active days of the month and whether it counts.

    Under `peak` and `active_at_end` an endpoint can be active in the month without counting; it stays here, so
    that a person sees that it was not forgotten.
    """

    user: str
    endpoint: str
    first_day: date
    last_day: date
    days: int
    counted: bool
    changed_type: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSeries:
    """The daily number of activated licenses of a domain, mapped to one company and license type.

    `readings` holds the days of the month on which it was collected; `before` is the last number known before the
    month, which holds until the first reading.
    """

    domain: str
    license_type: str
    readings: Mapping[date, int]
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDomain:
    """The evidence for one domain on a line: the number that counts, and days that repeat the day before."""

    domain: str
    quantity: Decimal
    repeated_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many licenses of one type a company had in a month, with the evidence for it."""

    license_type: str
    quantity: Decimal
    endpoints: tuple[CountedEndpoint, ...] = ()
    domains: tuple[CountedDomain, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """One holder's days of the month: `active` with the day of giving back, `held` without it.

    `activation` is its latest one, and `ended` says whether all of them have ended by now.
    """

    activation: Activation
    active: int
    held: int
    ended: bool


def count_licenses(
    activations: Iterable[Activation],
    domains: Iterable[DomainSeries],
    *,
    month: Month,
    through: date,
    rule: CountingRule,
    change_of_type: ChangeOfType = ChangeOfType.BOTH,
) -> tuple[dict[str, Count], tuple[NotBilled, ...]]:
    """Count one company's licenses by license type, and say what was left out.

    `through` is the last day that is known: the month's last, or the business day in the running month.
    """
    through = min(through, month.last)
    holders = _days_by_holder(activations, month, through)
    holders, changed, superseded = _apply_change_of_type(holders, change_of_type)
    listed = _listed_domains(holders)
    by_type: dict[str, list[tuple[Holder, _Days]]] = defaultdict(list)
    for holder, days in holders.items():
        by_type[holder.license_type].append((holder, days))
    series_by_type: dict[str, list[DomainSeries]] = defaultdict(list)
    not_billed = list(superseded)
    for series in sorted(domains, key=lambda s: s.domain):
        if (series.license_type, series.domain.casefold()) in listed:
            not_billed.append(
                NotBilled(
                    reason=NotBilledReason.IN_USAGE_HISTORY,
                    subject=series.domain,
                    license_type=series.license_type,
                    count=max(series.readings.values(), default=series.before or 0),
                )
            )
        else:
            series_by_type[series.license_type].append(series)
    counts = {
        license_type: _count_type(
            license_type,
            by_type.get(license_type, []),
            series_by_type.get(license_type, []),
            changed,
            month=month,
            through=through,
            rule=rule,
        )
        for license_type in sorted({*by_type, *series_by_type})
    }
    return counts, tuple(not_billed)


def days_mask(first: date, last: date, month: Month) -> int:
    """The days from `first` to `last` that lie in `month`, as bits; nothing when they are none."""
    start = max(first, month.first)
    end = min(last, month.last)
    if start > end:
        return 0
    return ((1 << (end.day - start.day + 1)) - 1) << (start.day - 1)


def _days_by_holder(activations: Iterable[Activation], month: Month, through: date) -> dict[Holder, _Days]:
    holders: dict[Holder, _Days] = {}
    for each in activations:
        last = min(each.last_day or through, through)
        active = days_mask(each.first_day, last, month)
        if not active:
            continue
        until = last - timedelta(days=1) if each.given_back and last == each.last_day else last
        held = days_mask(each.first_day, until, month)
        ended = each.last_day is not None and each.last_day <= through
        activation = each
        known = holders.get(activation.holder)
        if known is not None:
            active, held, ended = known.active | active, known.held | held, known.ended and ended
            activation = max(known.activation, activation, key=_latest)
        holders[activation.holder] = _Days(activation=activation, active=active, held=held, ended=ended)
    return holders


def _latest(activation: Activation) -> tuple[date, date, str, str]:
    return activation.first_day, activation.last_day or date.max, activation.endpoint, activation.user_login


def _apply_change_of_type(
    holders: dict[Holder, _Days], setting: ChangeOfType
) -> tuple[dict[Holder, _Days], frozenset[Holder], tuple[NotBilled, ...]]:
    """Find endpoints that went from one product to another; drop the earlier ones if only the last counts.

    Two products held on the same day are two products, not a change.
    """
    endpoints: dict[tuple[str, str], list[Holder]] = defaultdict(list)
    for holder in holders:
        endpoints[holder.user_id, holder.endpoint_key].append(holder)
    changed: set[Holder] = set()
    dropped: list[Holder] = []
    for same in endpoints.values():
        if len(same) < 2:
            continue
        for holder in same:
            mine = holders[holder]
            after = [o for o in same if o != holder and _follows(holders[o], mine)]
            if after:
                changed.update((holder, *after))
                dropped.append(holder)
    if setting is ChangeOfType.BOTH:
        return holders, frozenset(changed), ()
    kept = {holder: days for holder, days in holders.items() if holder not in dropped}
    not_billed = tuple(
        NotBilled(
            reason=NotBilledReason.CHANGED_TYPE,
            subject=holders[holder].activation.endpoint,
            license_type=holder.license_type,
            company_id=holder.company_id,
            user=holders[holder].activation.user_login,
        )
        for holder in dropped
    )
    return kept, frozenset(changed), not_billed


def _follows(later: _Days, earlier: _Days) -> bool:
    """Whether one product was taken after, or on the day on which, the other ended."""
    return (
        earlier.ended
        and _highest(earlier.active) <= _lowest(later.active)
        and (_lowest(later.active), _highest(later.active)) > (_lowest(earlier.active), _highest(earlier.active))
    )


def _lowest(mask: int) -> int:
    """The position of the lowest set bit, counted from 0."""
    return (mask & -mask).bit_length() - 1


def _highest(mask: int) -> int:
    """The position of the highest set bit, counted from 0."""
    return mask.bit_length() - 1


def _listed_domains(holders: Mapping[Holder, _Days]) -> set[tuple[str, str]]:
    """Domains whose mailboxes (or which themselves) stand in the ledger one by one, by license type."""
    return {(holder.license_type, holder.endpoint_key.rpartition("@")[2]) for holder in holders}


def _count_type(
    license_type: str,
    holders: Sequence[tuple[Holder, _Days]],
    domains: Sequence[DomainSeries],
    changed: frozenset[Holder],
    *,
    month: Month,
    through: date,
    rule: CountingRule,
) -> Count:
    quantity, counting = _quantity([days for _, days in holders], month, through, rule)
    endpoints = tuple(
        sorted(
            (
                CountedEndpoint(
                    user=days.activation.user_login,
                    endpoint=days.activation.endpoint,
                    first_day=month.first + timedelta(days=_lowest(days.active)),
                    last_day=month.first + timedelta(days=days.active.bit_length() - 1),
                    days=days.active.bit_count(),
                    counted=bool((days.held if rule in _BY_HELD_DAYS else days.active) & counting),
                    changed_type=holder in changed,
                )
                for holder, days in holders
            ),
            key=lambda e: (e.user.casefold(), e.endpoint.casefold(), e.first_day, e.user, e.endpoint),
        )
    )
    counted_domains = tuple(_count_domain(series, month, through, rule) for series in domains)
    return Count(
        license_type=license_type,
        quantity=quantity + sum((d.quantity for d in counted_domains), Decimal(0)),
        endpoints=endpoints,
        domains=counted_domains,
    )


_BY_HELD_DAYS = frozenset({CountingRule.PEAK, CountingRule.ACTIVE_AT_END})


def _quantity(holders: Sequence[_Days], month: Month, through: date, rule: CountingRule) -> tuple[Decimal, int]:
    """The quantity, and the days (as bits) on which an endpoint must be active to count."""
    every_day = days_mask(month.first, month.last, month)
    match rule:
        case CountingRule.ACTIVE_IN_MONTH:
            return Decimal(len(holders)), every_day
        case CountingRule.DAYS:
            days = sum(holder.active.bit_count() for holder in holders)
            return round_half_up(Fraction(days, month.days), DAYS_DECIMALS), every_day
        case CountingRule.ACTIVE_AT_END:
            counting = days_mask(through, through, month)
        case CountingRule.PEAK:
            counting = _peak_day(holders, month)
    return Decimal(sum(1 for holder in holders if holder.held & counting)), counting


def _peak_day(holders: Sequence[_Days], month: Month) -> int:
    """The first day with the highest number of licenses, as a bit."""
    bits = [1 << day for day in range(month.days)]
    return max(bits, key=lambda bit: sum(1 for holder in holders if holder.held & bit))


def _count_domain(series: DomainSeries, month: Month, through: date, rule: CountingRule) -> CountedDomain:
    """A domain's number under a rule; a day without a collection repeats the day before."""
    values: list[int] = []
    repeated = 0
    latest = series.before
    for day in month:
        if day > through:
            break
        if day in series.readings:
            latest = series.readings[day]
        elif latest is not None:
            repeated += 1
        if latest is not None:
            values.append(latest)
    if not values:
        return CountedDomain(domain=series.domain, quantity=Decimal(0), repeated_days=0)
    match rule:
        case CountingRule.ACTIVE_IN_MONTH | CountingRule.PEAK:
            quantity = Decimal(max(values))
        case CountingRule.ACTIVE_AT_END:
            quantity = Decimal(values[-1])
        case CountingRule.DAYS:
            quantity = round_half_up(Fraction(sum(values), len(values)), DAYS_DECIMALS)
    return CountedDomain(domain=series.domain, quantity=quantity, repeated_days=repeated)
