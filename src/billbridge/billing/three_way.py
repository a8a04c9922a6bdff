"""One slot's subscription compared three ways: what is wanted, what HaloPSA shows, and what we last knew of it.

A value that is neither as we left it nor as we want it was changed by a person, and is never overwritten unseen.
"""

from __future__ import annotations

from collections.abc import Sequence

from billbridge.billing.changes import (
    OWNED,
    WATCHED,
    Base,
    Change,
    ChangeKind,
    ConflictPolicy,
    FieldChange,
    Fields,
    Found,
    Value,
    Wanted,
    number,
    same_value,
)


def compare(wanted: Wanted, now: Found, base: Base | None, policy: ConflictPolicy) -> Change:
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
    if not now.is_active and not is_nothing(wanted):
        return conflict(wanted, now.id, "it is inactive, so nothing would be charged: activate it in HaloPSA")
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
        warnings=(*wanted.warnings, *no_price_warning(wanted, now)),
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
    """Make it inactive, with the quantity that is wanted of it; without one the figures stay as they are."""
    ends = "count" in wanted.owned
    if not now.is_active and not (ends and now.count):
        return Change(kind=ChangeKind.KEEP, wanted=wanted, subscription_id=now.id, reason="it is closed")
    edited = ends and "count" in known.owned and not same_value(now.fields.get("count"), known.owned["count"])
    if edited and now.count and policy is ConflictPolicy.HOLD:
        edit = FieldChange(
            field="count",
            before=now.fields.get("count"),
            after=wanted.owned["count"],
            base=known.owned.get("count"),
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
        fields=fields_to_write({**wanted.owned, "is_active": False}, now.fields),
        reason="its configuration has ended" if ends else "its month was sent by name, and is over",
    )


def conflict(wanted: Wanted, subscription_id: int | None, reason: str) -> Change:
    """A change that writes nothing until a person did what `reason` says."""
    return Change(kind=ChangeKind.CONFLICT, wanted=wanted, subscription_id=subscription_id, reason=reason)


def _changed_there(fields: Sequence[FieldChange]) -> str:
    return "changed in HaloPSA since our last sync: " + ", ".join(
        f"{change.field} is {_shown(change.before)}, was {_shown(change.base)}" for change in fields
    )


def fields_to_write(values: Fields, now: Fields) -> tuple[FieldChange, ...]:
    """The values that HaloPSA does not show yet; `None` is never written."""
    return tuple(
        FieldChange(field=name, before=now.get(name), after=value)
        for name, value in values.items()
        if value is not None and not same_value(now.get(name), value)
    )


def no_price_warning(wanted: Wanted, now: Found | None) -> tuple[str, ...]:
    """Quantity alone is sent, and HaloPSA has no price of its own: nothing would be charged."""
    if "price" in wanted.owned or not number(wanted.owned.get("count")):
        return ()
    if now is not None and number(now.fields.get("price")):
        return ()
    return ("HaloPSA has no price for it, so nothing would be charged: set one there",)


def is_nothing(wanted: Wanted) -> bool:
    """Whether there is nothing to charge."""
    return not any(number(wanted.owned.get(name)) for name in OWNED)


def is_closed(found: Found) -> bool:
    """Whether it is inactive and has no quantity, as a closed subscription."""
    return not found.is_active and not found.count


def _shown(value: Value) -> str:
    return "unset" if value is None else str(value)
