"""Drift of our subscriptions: what a person did to them since our last sync, and what the next makes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from billbridge.billing.changes import OWNED, PRICES, ConflictPolicy, Found, Value, same_value
from billbridge.billing.drift_findings import Drift, Thing, key_of, subject_of
from billbridge.billing.drift_values import Expected, ExpectedSubscription, Life, Listed
from billbridge.billing.slots import CURRENT
from billbridge.billing.three_way import is_closed

_LABELS = {"count": "quantity", "purchase_price": "unit cost", "price": "unit price"}
_RESTORE = "Put it back in HaloPSA: Billbridge never creates a second one for the same place."


def slot_subject(slot: ExpectedSubscription) -> str:
    """The subject of findings about a slot's own subscription."""
    return subject_of(Thing.SUBSCRIPTION, slot.key)


def double_subject(slot: ExpectedSubscription) -> str:
    """The subject of findings about another subscription with a slot's key."""
    return subject_of("double", slot.key)


def of_subscriptions(expected: Expected, listed: Listed[Found]) -> Iterator[Drift]:
    """What became of the subscriptions of all slots, and the others that carry a key of theirs."""
    own = {slot.base.subscription_id for slot in expected.subscriptions}
    by_key: dict[str, list[Found]] = defaultdict(list)
    for one in sorted(listed.rows.values(), key=lambda one: one.id):
        if one.key and one.id not in own and not one.deleted and not is_closed(one):
            by_key[one.key].append(one)
    for slot in expected.subscriptions:
        if slot.is_moving:
            continue
        now = listed.rows.get(slot.base.subscription_id)
        if now is not None or not listed.gap:
            yield from _of_slot(slot, now, expected.policy)
        for double in by_key.get(slot.key, ()):
            yield _double(slot, double, is_known_there=now is not None and not now.deleted)


def _of_slot(slot: ExpectedSubscription, now: Found | None, policy: ConflictPolicy) -> Iterator[Drift]:
    if now is None or now.deleted:
        if slot.life is not Life.OVER:
            yield _gone(slot, is_deleted=now is not None)
        return
    yield from _activity(slot, now)
    yield from _place(slot, now)
    yield from _figures(slot, now, policy)
    if slot.life is Life.BILLED:
        yield from _set_once(slot, now)


def _gone(slot: ExpectedSubscription, *, is_deleted: bool) -> Drift:
    finding = "It was deleted." if is_deleted else "HaloPSA does not show it any more: it was deleted or moved."
    effects = {
        Life.BILLED: "Its line is not sent, as a conflict, and no second one is created: nothing is charged for it."
        + ("" if is_deleted else _turn(slot)),
        Life.ENDING: "None: it was to be closed, and nothing is left to close."
        if is_deleted
        else "It cannot be closed, which every sync reports as a conflict.",
        Life.LATE: "The month that was sent into it is not charged any more, and no sync creates it again.",
    }
    is_note = slot.life is Life.ENDING and is_deleted
    return _drift(
        slot,
        "deleted" if is_deleted else "gone",
        finding,
        effects[slot.life],
        "" if is_note else _RESTORE,
        harms=not is_note,
    )


def _activity(slot: ExpectedSubscription, now: Found) -> Iterator[Drift]:
    before = slot.base.watched.get("is_active")
    if before is None or before == now.is_active:
        return
    if now.is_active:
        yield from _activated(slot, now)
        return
    effects = {
        Life.BILLED: "Its line is not sent, as a conflict, whatever the connection says about conflicts: HaloPSA "
        "charges nothing that is inactive." + _turn(slot),
        Life.ENDING: "None: the next sync closes it anyway.",
        Life.LATE: "HaloPSA charges nothing that is inactive, and no sync makes it active again: the month that "
        "was sent into it is not charged.",
    }
    if slot.life in effects:
        yield _drift(
            slot,
            "inactive",
            "It was made inactive.",
            effects[slot.life],
            "Activate it in HaloPSA." if slot.life is not Life.ENDING else "",
            harms=slot.life is not Life.ENDING,
        )


def _activated(slot: ExpectedSubscription, now: Found) -> Iterator[Drift]:
    finding = f"It was made active again, with quantity {_shown(now.fields.get('count'))}."
    remedy = "Make it inactive again in HaloPSA."
    if slot.life is Life.BILLED:
        yield _drift(slot, "active", finding, "Its line is not sent, as a conflict." + _turn(slot), remedy)
    elif slot.life is not Life.ENDING:
        charges = (
            "HaloPSA charges it, and no sync closes it again." if now.count else "None while its quantity is 0."
        )
        yield _drift(slot, "active", finding, charges, remedy, harms=bool(now.count))


def _place(slot: ExpectedSubscription, now: Found) -> Iterator[Drift]:
    """Where it stands, unless that is where the settings want it by now."""
    wanted: Mapping[str, Value] = {"client_id": slot.customer_id, "site_id": slot.site_id}
    moved = [
        name
        for name in ("client_id", "site_id")
        if name in slot.base.watched
        and not same_value(now.fields.get(name), slot.base.watched[name])
        and not same_value(now.fields.get(name), wanted[name])
    ]
    if not moved or slot.life is Life.OVER:
        return
    words = {"client_id": "customer", "site_id": "site"}
    there = ", ".join(f"{words[name]} {_place_shown(now.fields.get(name))}" for name in moved)
    before = ", ".join(f"{words[name]} {_place_shown(slot.base.watched[name])}" for name in moved)
    charged = "that customer is charged with what it shows" if "client_id" in moved else "it is charged there"
    effects = {
        Life.BILLED: "Its line is not sent, as a conflict, whatever the connection says about conflicts; meanwhile "
        f"{charged}." + _turn(slot),
        Life.ENDING: f"Until the next sync closes it where it stands, {charged}.",
        Life.LATE: f"Until its month is over, {charged}.",
    }
    remedy = "Move it back in HaloPSA, or change customer and site of the company in the settings."
    yield _drift(slot, "moved", f"It stands at {there} now, and no more at {before}.", effects[slot.life], remedy)


def _figures(slot: ExpectedSubscription, now: Found, policy: ConflictPolicy) -> Iterator[Drift]:
    """Quantity, cost and price: what is neither as it was read back, nor HaloPSA's own."""
    for name in OWNED:
        if name not in slot.base.owned or (name in PRICES and not slot.sends_prices):
            continue
        before, there = slot.base.owned[name], now.fields.get(name)
        if same_value(there, before):
            continue
        outcome = _edited(slot, name, now, policy)
        if outcome is None:
            continue
        effect, harms = outcome
        yield _drift(
            slot,
            _LABELS[name].replace(" ", "-"),
            f"Its {_LABELS[name]} is {_shown(there)}, and was {_shown(before)} when it was last read back.",
            effect,
            "Put the old value back in HaloPSA, send ours over it, or change the setting it comes from."
            if harms
            else "",
            harms=harms,
        )


def _edited(slot: ExpectedSubscription, name: str, now: Found, policy: ConflictPolicy) -> tuple[str, bool] | None:
    """What an edited figure leads to, and whether that harms; `None` where it means nothing to anybody."""
    label = _LABELS[name]
    holds = policy is ConflictPolicy.HOLD
    match slot.life:
        case Life.BILLED if holds:
            line = "The next line" if name == "count" else f"The next line that sends a {label}"
            return (
                f"{line} is not sent, as a conflict, unless it wants just this {label}; HaloPSA charges what "
                f"stands there.{_turn(slot)}",
                True,
            )
        case Life.BILLED:
            return (
                f"The next line that sends a {label} overwrites it; until then HaloPSA charges what stands there.",
                True,
            )
        case Life.ENDING if name == "count" and holds and now.count:
            return "It is not closed, as a conflict, and HaloPSA charges what stands there.", True
        case Life.ENDING:
            return "None: the next sync closes it anyway.", False
        case Life.LATE | Life.OVER if now.is_active:
            return (
                "HaloPSA charges this instead of what the bill of its month says, and no sync puts it right.",
                True,
            )
        case _:
            return None


_SET_ONCE = {
    "name": (
        "name",
        "None: it is known by its id. No sync writes the name again unless it is changed in the console.",
        False,
    ),
    "item_id": (
        "item",
        "Its line is sent, but invoices take account and tax from the item, and no sync writes the item again "
        "unless it is changed in the console.",
        True,
    ),
    "supplier_id": (
        "supplier",
        "None on the figures. No sync writes the supplier again unless it is changed in the console.",
        False,
    ),
    "billing_cycle": (
        "billing cycle",
        "Its line is sent, but HaloPSA takes its price as one of that cycle instead of a month, and no sync writes "
        "the cycle again.",
        True,
    ),
    "product_sku": (
        "key",
        "Its line is sent as long as Billbridge knows it by its id. Without the key it would not be found after a "
        "restored backup, and could be created a second time.",
        True,
    ),
}


def _set_once(slot: ExpectedSubscription, now: Found) -> Iterator[Drift]:
    """What is written at the beginning alone: HaloPSA's own values are not looked at by a sync."""
    for name, (label, effect, harms) in _SET_ONCE.items():
        if name not in slot.base.sent or _same_text(now.fields.get(name), slot.base.sent[name]):
            continue
        before, there = _shown(slot.base.sent[name]), _shown(now.fields.get(name))
        yield _drift(
            slot,
            label.replace(" ", "-"),
            f"Its {label} is {there}, and was {before} when it was last sent.",
            effect,
            f"Put {before} back in HaloPSA." if harms else "",
            harms=harms,
        )


def _double(slot: ExpectedSubscription, double: Found, *, is_known_there: bool) -> Drift:
    known = slot.base.subscription_id
    charges = "HaloPSA charges both" if is_known_there else "HaloPSA charges it"
    if not double.is_active or not double.count:
        charges = "nothing is charged for it now"
    if not is_known_there:
        effect = f"No sync touches it while subscription {known} is not there; {charges}."
    elif slot.life is Life.OVER:
        effect = f"No sync closes it; {charges}."
    else:
        effect = (
            f"The next sync that writes subscription {known} keeps that one and closes this; until then {charges}."
        )
    return Drift(
        key=key_of(double_subject(slot), str(double.id)),
        harms=charges.startswith("HaloPSA"),
        thing=Thing.SUBSCRIPTION,
        name=f"{double.name} #{double.id}",
        company_id=slot.company.id,
        finding=f"It carries the same key as subscription {known}, which is the known one.",
        effect=effect,
        remedy="Clear its product SKU in HaloPSA if it is none of ours; make it inactive if it is a copy.",
    )


def _drift(
    slot: ExpectedSubscription, became: str, finding: str, effect: str, remedy: str, *, harms: bool = True
) -> Drift:
    return Drift(
        key=key_of(slot_subject(slot), became),
        harms=harms,
        thing=Thing.SUBSCRIPTION,
        name=f"{slot.name} #{slot.base.subscription_id}",
        company_id=slot.company.id,
        finding=finding,
        effect=effect,
        remedy=remedy,
    )


def _turn(slot: ExpectedSubscription) -> str:
    """A month that cannot leave `current` keeps the bill of last month from going into `last`."""
    if slot.slot != CURRENT:
        return ""
    return " At the turn of the month last month's bill waits with it, because its month still stands here."


def _same_text(one: Value, other: Value) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return _folded(one) == _folded(other)
    return same_value(one, other)


def _folded(value: Value) -> str:
    return " ".join(str(value or "").split())


def _place_shown(value: Value) -> str:
    return str(value) if value else "none"


def _shown(value: Value) -> str:
    if value is None or value == "":
        return "unset"
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return f"{int(value)}"
    return repr(value) if isinstance(value, str) else str(value)
