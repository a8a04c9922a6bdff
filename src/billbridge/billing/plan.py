"""The plan: what the bills want, against what HaloPSA holds now, against what we last read back.

A plan is data. The preview on the screen, the expectation of a test and what is applied are this same value.
It changes nothing, and planning again after it was applied finds nothing to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

Value = str | int | Decimal | bool | None
"""A field's value, in HaloPSA's own terms."""

Fields = Mapping[str, Value]

SUBSCRIPTION_TYPE = 1
"""HaloPSA's type number of a subscription; 0 is a software licence."""

PRICES = ("purchase_price", "price")
OWNED = ("count", *PRICES)
"""Fields we own: compared three ways, so that a person's edit is never overwritten unseen."""

WATCHED = ("is_active", "client_id", "site_id")
"""Fields never repaired by themselves: a difference is a conflict."""


class ConflictPolicy(StrEnum):
    """What happens to an owned field that a person changed in HaloPSA."""

    HOLD = "hold"
    OVERWRITE = "overwrite"


class ChangeKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    CLOSE = "close"
    KEEP = "keep"
    CONFLICT = "conflict"
    SKIP = "skip"
    """No subscription is created for a first line of quantity 0."""

    @property
    def writes(self) -> bool:
        return self in _WRITING


_WRITING = frozenset({ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.ADOPT, ChangeKind.CLOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A subscription as HaloPSA shows it now. `fields` hold its values by HaloPSA's names."""

    id: int
    key: str
    name: str
    deleted: bool
    fields: Fields

    @property
    def count(self) -> Decimal:
        return _number(self.fields.get("count"))

    @property
    def is_active(self) -> bool:
        return self.fields.get("is_active") is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What we know of a slot's subscription since our last verified write.

    `owned` are the values that were read back and accepted, `asked` what we had asked for then (HaloPSA may round),
    `sent` the values of the month and those set once as we last sent them, `watched` what they were then.
    """

    subscription_id: int
    owned: Fields = field(default_factory=dict)
    asked: Fields = field(default_factory=dict)
    sent: Fields = field(default_factory=dict)
    watched: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one slot should show.

    `owned` may lack the prices (HaloPSA's own stay). `of_month` is written with every bill, `set_once` at creation
    and when it was changed in the console. A slot that `closes` ends with count 0 and inactive.
    """

    key: str
    company_id: str
    configuration_id: str
    slot: str
    shows: str
    """The month, written YYYY-MM; empty when the slot is settled at 0 or closed."""
    showed: str = ""
    """The month the slot showed until now; empty when none."""
    name: str
    client_id: int
    site_id: int
    owned: Fields
    of_month: Fields
    set_once: Fields
    closes: bool = False
    settles: bool = False
    """The slot is emptied because its month moved elsewhere: without a subscription there is nothing to do."""
    total_price: Decimal = Decimal(0)
    total_cost: Decimal = Decimal(0)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field before and after, with what we last knew of it."""

    field: str
    before: Value
    after: Value
    base: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one slot's subscription, and why."""

    kind: ChangeKind
    wanted: Wanted
    subscription_id: int | None = None
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()
    accepts: Fields = field(default_factory=dict)
    """For `keep`: owned values to record as the new base, because HaloPSA already shows what is wanted."""

    @property
    def values(self) -> dict[str, Value]:
        """The fields to write, by HaloPSA's names."""
        return {change.field: change.after for change in self.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every change of a run, in the order in which they are applied."""

    changes: tuple[Change, ...]

    @property
    def writes(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind.writes)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return self.of(ChangeKind.CONFLICT)

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind is kind)


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
    doubles = [double for double in same_key if double.id != first.id and not _is_closed(double)]
    return [_compare(wanted, first, base, policy), *(_close_double(wanted, d, first.id) for d in doubles)]


def _gone(wanted: Wanted, subscription_id: int, deleted: Found | None) -> Change:
    """A subscription that was deleted stays so; one that is merely not shown may stand where nobody looked."""
    if deleted is None:
        return _conflict(
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
    return _conflict(wanted, subscription_id, "it was deleted in HaloPSA")


def _adopt_or_create(wanted: Wanted, index: _Index) -> Change:
    candidates = index.by_place.get((wanted.client_id, wanted.site_id, wanted.name.strip()), [])
    if wanted.closes or wanted.settles:
        return Change(kind=ChangeKind.SKIP, wanted=wanted, reason="it has no subscription to settle")
    if len(candidates) > 1:
        ids = ", ".join(str(candidate.id) for candidate in candidates)
        return _conflict(
            wanted, None, f"several subscriptions could be it ({ids}): rename or deactivate all but one in HaloPSA"
        )
    if candidates:
        return _adopt(wanted, candidates[0])
    if _is_nothing(wanted):
        return Change(kind=ChangeKind.SKIP, wanted=wanted, reason="a first line of quantity 0 creates nothing")
    values = {**wanted.owned, **wanted.of_month, **wanted.set_once, "is_active": _active_after(wanted)}
    return Change(
        kind=ChangeKind.CREATE,
        wanted=wanted,
        fields=tuple(FieldChange(field=name, before=None, after=value) for name, value in values.items()),
        warnings=(*wanted.warnings, *_no_price_warning(wanted, None)),
    )


def _adopt(wanted: Wanted, candidate: Found) -> Change:
    if not candidate.is_active:
        return _conflict(
            wanted, candidate.id, "a subscription of this name stands there inactive: activate or rename it"
        )
    values = {**wanted.owned, **wanted.of_month, **wanted.set_once}
    return Change(
        kind=ChangeKind.ADOPT,
        wanted=wanted,
        subscription_id=candidate.id,
        fields=_differences(values, candidate.fields),
        reason="one subscription of this customer, site and name stands there already",
        warnings=(*wanted.warnings, *_no_price_warning(wanted, candidate)),
    )


def _compare(wanted: Wanted, now: Found, base: Base | None, policy: ConflictPolicy) -> Change:
    """Three-way: what is wanted, what stands there, and what we last knew.

    Without a base the figures were not edited, and it must stand at the customer and site where it belongs.
    """
    known = base or Base(
        subscription_id=now.id,
        owned={name: now.fields.get(name) for name in OWNED},
        watched={"client_id": wanted.client_id, "site_id": wanted.site_id},
    )
    if wanted.closes:
        return _close(wanted, now, known, policy)
    watched = _watched_differences(wanted, now, known)
    if watched:
        return Change(
            kind=ChangeKind.CONFLICT,
            wanted=wanted,
            subscription_id=now.id,
            fields=watched,
            reason=_changed_there(watched),
        )
    if not now.is_active and _active_after(wanted) and not _is_nothing(wanted):
        return _conflict(wanted, now.id, "it is inactive, so nothing would be charged: activate it in HaloPSA")
    owned: list[FieldChange] = []
    edited: list[FieldChange] = []
    for name, value in wanted.owned.items():
        there, before = now.fields.get(name), known.owned.get(name)
        if same_value(there, value) or _was_rounded(name, value, there, known):
            continue
        change = FieldChange(field=name, before=there, after=value, base=before)
        owned.append(change)
        if name in known.owned and not same_value(there, before):
            edited.append(change)
    if edited and policy is ConflictPolicy.HOLD:
        return Change(
            kind=ChangeKind.CONFLICT,
            wanted=wanted,
            subscription_id=now.id,
            fields=tuple(edited),
            reason=_changed_there(edited),
        )
    rest = _unsent(wanted, now, known)
    if not owned and not rest:
        return Change(
            kind=ChangeKind.KEEP,
            wanted=wanted,
            subscription_id=now.id,
            reason="HaloPSA already shows this",
            accepts={name: now.fields.get(name) for name in wanted.owned},
        )
    return Change(
        kind=ChangeKind.UPDATE,
        wanted=wanted,
        subscription_id=now.id,
        fields=(*owned, *rest),
        reason="a person's edit is overwritten" if edited else "",
        warnings=(*wanted.warnings, *_no_price_warning(wanted, now)),
    )


def _was_rounded(name: str, value: Value, there: Value, known: Base) -> bool:
    """Whether HaloPSA made `there` of this very value when we last sent it, so that sending it again is idle."""
    return name in known.asked and same_value(known.asked[name], value) and same_value(there, known.owned.get(name))


def _unsent(wanted: Wanted, now: Found, known: Base) -> tuple[FieldChange, ...]:
    """The values of the month, if the bill's differ from those last sent, and what the console changed since.

    HaloPSA's own values are not looked at: a note a person added stays until the next bill is written.
    """
    of_month = wanted.of_month
    if all(same_value(known.sent.get(name), value) for name, value in of_month.items() if value is not None):
        of_month = {}
    set_once = {
        name: value
        for name, value in wanted.set_once.items()
        if value is not None and not same_value(known.sent.get(name), value)
    }
    return tuple(
        FieldChange(field=name, before=now.fields.get(name), after=value, base=known.sent.get(name))
        for name, value in {**of_month, **set_once}.items()
    )


def _watched_differences(wanted: Wanted, now: Found, known: Base) -> tuple[FieldChange, ...]:
    """Watched fields a person changed: neither as we left them nor as the console now wants them."""
    now_wanted = {**wanted.of_month, **wanted.set_once}
    return tuple(
        FieldChange(
            field=name, before=now.fields.get(name), after=known.watched.get(name), base=known.watched.get(name)
        )
        for name in WATCHED
        if name in known.watched
        and not same_value(now.fields.get(name), known.watched[name])
        and not (name in now_wanted and same_value(now.fields.get(name), now_wanted[name]))
    )


def _close(wanted: Wanted, now: Found, known: Base, policy: ConflictPolicy) -> Change:
    if _is_closed(now):
        return Change(kind=ChangeKind.KEEP, wanted=wanted, subscription_id=now.id, reason="it is closed")
    edited = "count" in known.owned and not same_value(now.fields.get("count"), known.owned["count"]) and now.count
    if edited and policy is ConflictPolicy.HOLD:
        edit = FieldChange(
            field="count", before=now.fields.get("count"), after=Decimal(0), base=known.owned.get("count")
        )
        return Change(
            kind=ChangeKind.CONFLICT,
            wanted=wanted,
            subscription_id=now.id,
            fields=(edit,),
            reason=_changed_there((edit,)),
        )
    return Change(
        kind=ChangeKind.CLOSE,
        wanted=wanted,
        subscription_id=now.id,
        fields=_differences({"count": Decimal(0), "is_active": False}, now.fields),
        reason="its configuration has ended",
    )


def _close_double(wanted: Wanted, double: Found, kept: int) -> Change:
    return Change(
        kind=ChangeKind.CLOSE,
        wanted=wanted,
        subscription_id=double.id,
        fields=_differences({"count": Decimal(0), "is_active": False}, double.fields),
        reason=f"it carries the same key as subscription {kept}, which is kept",
    )


def _hold_double_adoptions(changes: Sequence[Change]) -> list[Change]:
    """A subscription that two slots could adopt is adopted by neither."""
    adopted = Counter(change.subscription_id for change in changes if change.kind is ChangeKind.ADOPT)
    return [
        _conflict(
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
    return _conflict(
        change.wanted,
        change.subscription_id,
        f"its month still stands in the subscription of slot {slot!r}, which has a conflict",
    )


def _conflict(wanted: Wanted, subscription_id: int | None, reason: str) -> Change:
    return Change(kind=ChangeKind.CONFLICT, wanted=wanted, subscription_id=subscription_id, reason=reason)


def _changed_there(fields: Sequence[FieldChange]) -> str:
    return "changed in HaloPSA since our last sync: " + ", ".join(
        f"{change.field} is {_shown(change.before)}, was {_shown(change.base)}" for change in fields
    )


def _differences(values: Fields, now: Fields) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=name, before=now.get(name), after=value)
        for name, value in values.items()
        if value is not None and not same_value(now.get(name), value)
    )


def _no_price_warning(wanted: Wanted, now: Found | None) -> tuple[str, ...]:
    """Quantity alone is sent, and HaloPSA has no price of its own: nothing would be charged."""
    if "price" in wanted.owned or not _number(wanted.owned.get("count")):
        return ()
    if now is not None and _number(now.fields.get("price")):
        return ()
    return ("HaloPSA has no price for it, so nothing would be charged: set one there",)


def _active_after(wanted: Wanted) -> bool:
    return wanted.of_month.get("is_active") is not False


def _is_nothing(wanted: Wanted) -> bool:
    return not any(_number(wanted.owned.get(name)) for name in OWNED)


def _is_closed(found: Found) -> bool:
    return not found.is_active and not found.count


def same_value(one: Value, other: Value) -> bool:
    """Whether two values are equal as HaloPSA means them: 12 and 12.0 are, and no value is the empty one."""
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    return (one or "") == (other or "")


def _number(value: Value) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def _shown(value: Value) -> str:
    return "unset" if value is None else str(value)
