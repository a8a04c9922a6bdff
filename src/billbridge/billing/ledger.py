"""The ledger of activations: how points in time become activations from a day to a day.

Observing what a source shows opens, keeps and closes activations. How an imported Usage History replaces observed
dates by exact ones stands in `history`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from billbridge.billing.activations import Activation, Holder


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


def open_by_company(activations: Iterable[Activation]) -> Counter[str]:
    """How many open activations each company has, by distinct holder."""
    holders = {activation.holder for activation in activations if activation.is_open}
    return Counter(holder.company_id for holder in holders)
