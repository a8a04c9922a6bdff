"""The plan: what the bills want, against what HaloPSA holds now, against what we last read back.

A plan is data. The preview on the screen, the expectation of a test and what is applied are this same value.
It changes nothing, and planning again after it was applied finds nothing to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal

from billbridge.billing.changes import (
    SUBSCRIPTION_TYPE,
    Base,
    Change,
    ChangeKind,
    ConflictPolicy,
    FieldChange,
    Found,
    Plan,
    Value,
    Wanted,
)
from billbridge.billing.three_way import (
    compare,
    conflict,
    fields_to_write,
    is_closed,
    is_nothing,
    no_price_warning,
)


def plan(
    wanted: Iterable[Wanted],
    found: Iterable[Found],
    bases: Mapping[str, Base],
    *,
    policy: ConflictPolicy = ConflictPolicy.HOLD,
    own_keys: frozenset[str] = frozenset(),
) -> Plan:
    """Compare every wanted slot with HaloPSA. `bases` are by key; `own_keys` are keys of other slots of ours.

    A subscription is found by its stored id, else by its key, else adopted: exactly one of the same customer, site,
    type and name. Several are a conflict, and so are one that is inactive and one that two slots could adopt.
    """
    wanted = tuple(wanted)
    own_keys = own_keys | {slot.key for slot in wanted} | set(bases)
    index = _Index(found, own_keys, {base.subscription_id: key for key, base in bases.items()})
    changes: list[Change] = []
    for slot in wanted:
        changes.extend(_plan_slot(slot, index, bases.get(slot.key), policy))
    return Plan(changes=tuple(_hold_months_in_two_slots(_hold_double_adoptions(changes), index)))


class _Index:
    """HaloPSA's subscriptions, by what they are looked up by.

    One that a slot knows by its id is that slot's alone, whatever key it carries. `by_place` holds what may be
    adopted: no subscription of ours.
    """

    def __init__(self, found: Iterable[Found], own_keys: AbstractSet[str], slots: Mapping[int, str]) -> None:
        self.by_id: dict[int, Found] = {}
        self.by_key: dict[str, list[Found]] = defaultdict(list)
        self.by_place: dict[tuple[Value, Value, str], list[Found]] = defaultdict(list)
        for subscription in sorted(found, key=lambda s: s.id):
            self.by_id[subscription.id] = subscription
            if subscription.deleted:
                continue
            slot = slots.get(subscription.id)
            if subscription.key and slot in (None, subscription.key):
                self.by_key[subscription.key].append(subscription)
            if slot is not None or subscription.key in own_keys:
                continue
            if subscription.fields.get("type") == SUBSCRIPTION_TYPE:
                place = (
                    subscription.fields.get("client_id"),
                    subscription.fields.get("site_id"),
                    subscription.name.strip(),
                )
                self.by_place[place].append(subscription)

    def is_deleted(self, subscription_id: int | None) -> bool:
        return subscription_id in self.by_id and self.by_id[subscription_id].deleted


def _plan_slot(wanted: Wanted, index: _Index, base: Base | None, policy: ConflictPolicy) -> list[Change]:
    same_key = index.by_key.get(wanted.key, [])
    if base is not None:
        subscription = index.by_id.get(base.subscription_id)
        if subscription is None or subscription.deleted:
            return [_gone(wanted, base.subscription_id, subscription)]
        first = subscription
    elif same_key:
        first = same_key[0]
    else:
        return [_adopt_or_create(wanted, index)]
    doubles = [double for double in same_key if double.id != first.id and not is_closed(double)]
    return [compare(wanted, first, base, policy), *(_close_double(wanted, d, first.id) for d in doubles)]


def _gone(wanted: Wanted, subscription_id: int, deleted: Found | None) -> Change:
    """A subscription that was deleted stays so; one that is merely not shown may stand where nobody looked."""
    if deleted is None:
        return conflict(
            wanted,
            subscription_id,
            "HaloPSA does not show it any more: it was deleted or moved to another customer",
        )
    if wanted.closes or wanted.settles:
        return Change(
            kind=ChangeKind.SKIP,
            wanted=wanted,
            subscription_id=subscription_id,
            reason="it was deleted in HaloPSA, so nothing is left to settle",
        )
    return conflict(wanted, subscription_id, "it was deleted in HaloPSA")


def _adopt_or_create(wanted: Wanted, index: _Index) -> Change:
    candidates = index.by_place.get((wanted.client_id, wanted.site_id, wanted.name.strip()), [])
    if wanted.closes or wanted.settles:
        return Change(kind=ChangeKind.SKIP, wanted=wanted, reason="it has no subscription to settle")
    if len(candidates) > 1:
        ids = ", ".join(str(candidate.id) for candidate in candidates)
        return conflict(
            wanted, None, f"several subscriptions could be it ({ids}): rename or deactivate all but one in HaloPSA"
        )
    if candidates:
        return _adopt(wanted, candidates[0])
    if is_nothing(wanted):
        return Change(kind=ChangeKind.SKIP, wanted=wanted, reason="a first line of quantity 0 creates nothing")
    values = {**wanted.owned, **wanted.of_month, **wanted.set_once, "is_active": True}
    return Change(
        kind=ChangeKind.CREATE,
        wanted=wanted,
        fields=tuple(FieldChange(field=name, before=None, after=value) for name, value in values.items()),
        warnings=(*wanted.warnings, *no_price_warning(wanted, None)),
    )


def _adopt(wanted: Wanted, candidate: Found) -> Change:
    if not candidate.is_active:
        return conflict(
            wanted, candidate.id, "a subscription of this name stands there inactive: activate or rename it"
        )
    values = {**wanted.owned, **wanted.of_month, **wanted.set_once}
    return Change(
        kind=ChangeKind.ADOPT,
        wanted=wanted,
        subscription_id=candidate.id,
        fields=fields_to_write(values, candidate.fields),
        reason="one subscription of this customer, site and name stands there already",
        warnings=(*wanted.warnings, *no_price_warning(wanted, candidate)),
    )


def _close_double(wanted: Wanted, double: Found, kept: int) -> Change:
    return Change(
        kind=ChangeKind.CLOSE,
        wanted=wanted,
        subscription_id=double.id,
        fields=fields_to_write({"count": Decimal(0), "is_active": False}, double.fields),
        reason=f"it carries the same key as subscription {kept}, which is kept",
    )


def _hold_double_adoptions(changes: Sequence[Change]) -> list[Change]:
    """A subscription that two slots could adopt is adopted by neither."""
    adopted = Counter(change.subscription_id for change in changes if change.kind is ChangeKind.ADOPT)
    return [
        conflict(
            change.wanted,
            change.subscription_id,
            f"subscription {change.subscription_id} fits {adopted[change.subscription_id]} configurations: "
            "rename all but one of them",
        )
        if change.kind is ChangeKind.ADOPT and adopted[change.subscription_id] > 1
        else change
        for change in changes
    ]


def _hold_months_in_two_slots(changes: list[Change], index: _Index) -> list[Change]:
    """A slot that cannot be changed keeps its month, so the slot that month should move to is held with it.

    A slot that is held so keeps its own month in turn. A deleted subscription shows no month.
    """
    while True:
        stuck = {
            (change.wanted.configuration_id, change.wanted.showed): change.wanted.slot
            for change in changes
            if change.kind is ChangeKind.CONFLICT
            and change.wanted.showed
            and not index.is_deleted(change.subscription_id)
        }
        held = [_held_for(change, stuck) or change for change in changes]
        if held == changes:
            return held
        changes = held


def _held_for(change: Change, stuck: Mapping[tuple[str, str], str]) -> Change | None:
    """The conflict that holds a change because its month still stands in another slot."""
    slot = stuck.get((change.wanted.configuration_id, change.wanted.shows))
    if not change.kind.writes or change.kind is ChangeKind.CLOSE or slot in (None, change.wanted.slot):
        return None
    return conflict(
        change.wanted,
        change.subscription_id,
        f"its month still stands in the subscription of slot {slot!r}, which has a conflict",
    )
