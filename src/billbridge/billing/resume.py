"""Resuming: what an interrupted run may have written, seen from what HaloPSA shows now.

A killed run leaves intents whose outcome nobody recorded, and a create that HaloPSA never showed may be committed
after everybody gave it up. Where HaloPSA shows what an intent meant to write, be it as a price it rounded, it was
written by us and not by a person, and becomes the base; everything else is planned anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from billbridge.billing.changes import OWNED, PRICES, WATCHED, Base, Fields, Found, Value, same_value
from billbridge.billing.money import STORED_DECIMALS, round_half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A write that was stored before it was sent, and whose outcome is not known."""

    key: str
    subscription_id: int | None
    client_id: int
    values: Fields
    sent_at: float | None = None
    """When it was last sent, in seconds of the database's clock; `None` when it never was."""

    @property
    def is_create(self) -> bool:
        return self.subscription_id is None


def bases_after(intents: Iterable[Intent], bases: Mapping[str, Base], found: Iterable[Found]) -> dict[str, Base]:
    """The bases to plan with: those recorded, brought up to date with intents that did arrive.

    Of a subscription that is known by its key alone the base is what its create sent: whatever else it shows was
    changed by a person.
    """
    known = dict(bases)
    by_id: dict[int, Found] = {}
    by_key: dict[str, Found] = {}
    for subscription in sorted(found, key=lambda s: s.id):
        by_id[subscription.id] = subscription
        if subscription.key and not subscription.deleted:
            by_key.setdefault(subscription.key, subscription)
    for intent in intents:
        base = known.get(intent.key)
        now = by_key.get(intent.key) if base is None else by_id.get(base.subscription_id)
        if now is None:
            continue
        if base is None:
            watched = {name: intent.values.get(name, now.fields.get(name)) for name in WATCHED}
            base = Base(subscription_id=now.id, owned=_owned(intent.values), watched=watched)
        known[intent.key] = _arrived(intent, base, now)
    return known


def missing_creates(intents: Iterable[Intent], found: Iterable[Found]) -> tuple[Intent, ...]:
    """Creates that were sent and are not to be seen: HaloPSA may still commit them late."""
    keys = {subscription.key for subscription in found}
    return tuple(i for i in intents if i.is_create and i.sent_at is not None and i.key not in keys)


def _arrived(intent: Intent, base: Base, now: Found) -> Base:
    written = {name: value for name, value in intent.values.items() if _shows(now, name, value)}
    asked = {**base.asked, **_owned(written)}
    owned = {**base.owned, **{name: now.fields.get(name) for name in _owned(written)}}
    if len(written) < len(intent.values):
        return replace(base, owned=owned, asked=asked)
    sent = {**base.sent, **{name: value for name, value in written.items() if name not in OWNED}}
    watched = {**base.watched, **{name: value for name, value in written.items() if name in WATCHED}}
    return replace(base, owned=owned, asked=asked, sent=sent, watched=watched)


def _shows(now: Found, name: str, value: Value) -> bool:
    there = now.fields.get(name)
    return same_value(there, value) or (name in PRICES and _is_rounded(value, there))


def _is_rounded(price: Value, there: Value) -> bool:
    """Whether HaloPSA shows the price to fewer decimals, but not to fewer than cents."""
    if not isinstance(price, Decimal) or not isinstance(there, int | Decimal):
        return False
    return any(round_half_up(price, places) == there for places in range(2, STORED_DECIMALS))


def _owned(values: Fields) -> dict[str, Value]:
    return {name: value for name, value in values.items() if name in OWNED}
