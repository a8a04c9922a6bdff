"""What HaloPSA shows of a month's lines: now, or, where a slot went on to another month, what it showed then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from django.db.models import QuerySet

from billbridge.billing.changes import Found
from billbridge.billing.month_lines import Figures, NotKnown, ReadBack, Shown
from billbridge.billing.months import Month
from billbridge.billing.slots import CURRENT, LAST, slot_key
from billbridge.billing.strays import shown_month
from billbridge.errors import BillbridgeError
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.resources import subscriptions
from billbridge.halopsa.subscriptions import found_of
from billbridge.operations.halopsa_values import loaded
from billbridge.operations.shown_then import figures_of, records_of
from billbridge.store.models import BillingConfiguration, Provider, Slot

Connect = Callable[[Provider], AbstractContextManager[HaloPSA]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """HaloPSA's subscriptions as they were read; `gap` says why they are not all, and is empty when they are."""

    found: tuple[Found, ...] = ()
    is_read: bool = True
    gap: str = ""


def read_subscriptions(provider: Provider, connect: Connect) -> Reading:
    """Read every subscription; whatever keeps HaloPSA from being read is the gap, and no error."""
    try:
        with connect(provider) as halo:
            listing = subscriptions(halo)
    except BillbridgeError as error:
        return Reading(is_read=False, gap=f"HaloPSA could not be read: {error}")
    gap = "" if listing.complete else f"HaloPSA's list could not be read whole: {listing.reason}"
    return Reading(found=tuple(found_of(row) for row in listing), gap=gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What HaloPSA shows of one line, the base it is compared with, and what a person should know of it."""

    shown: Shown | NotKnown | None
    base: ReadBack | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InHaloPSA:
    """HaloPSA and our slots at one moment, for looking up the lines of one month.

    `slots` are by configuration row. `moved` are keys of slots that a sync changed while HaloPSA was read.
    """

    provider: Provider
    month: Month
    reading: Reading
    slots: Mapping[int, Sequence[Slot]]
    moved: frozenset[str]
    by_id: Mapping[int, Found] = field(repr=False)
    by_key: Mapping[str, Sequence[Found]] = field(repr=False)
    known: set[int] = field(repr=False)
    """The ids of all subscriptions that configurations know; those that lines are found to be by key are added."""


def look_at_halopsa(provider: Provider, month: Month, connect: Connect) -> InHaloPSA:
    """Read HaloPSA and our slots; the slots twice, so that a sync in between is noticed."""
    before = {slot.key: (slot.shows, slot.owned, slot.closed) for slot in _slots(provider)}
    reading = read_subscriptions(provider, connect)
    slots: dict[int, list[Slot]] = defaultdict(list)
    moved: set[str] = set()
    for slot in _slots(provider).select_related("configuration__company"):
        slots[slot.configuration_id].append(slot)
        if before.get(slot.key) != (slot.shows, slot.owned, slot.closed):
            moved.add(slot.key)
    by_key: dict[str, list[Found]] = defaultdict(list)
    for one in sorted(reading.found, key=lambda one: one.id):
        if one.key and not one.deleted:
            by_key[one.key].append(one)
    return InHaloPSA(
        provider=provider,
        month=month,
        reading=reading,
        slots=slots,
        moved=frozenset(moved),
        by_id={one.id: one for one in reading.found},
        by_key=by_key,
        known={slot.subscription_id for some in slots.values() for slot in some},
    )


def standings(
    halo: InHaloPSA, configurations: Iterable[BillingConfiguration], sent: Mapping[int, Figures]
) -> dict[int, Standing]:
    """What HaloPSA shows of each configuration's line of the month, by the configuration's row id.

    `configurations` carry their company; `sent` is what our bills sent of them.
    """
    standing: dict[int, Standing] = {}
    elsewhere: list[BillingConfiguration] = []
    for one in configurations:
        found = _now(halo, one)
        if found is None:
            elsewhere.append(one)
        else:
            standing[one.pk] = found
    records = records_of(halo.provider, halo.month, {one.pk: _keys(halo, one) for one in elsewhere})
    for one in elsewhere:
        record = records.get(one.pk)
        if record is None or one.pk not in sent:
            missing = NotKnown(reason=halo.reading.gap) if halo.reading.gap else None
            standing[one.pk] = Standing(shown=missing)
            continue
        shown, base = record.standing_as(sent[one.pk])
        remark = f"compared with what HaloPSA showed on {record.day}: its slot has gone on since"
        standing[one.pk] = Standing(shown=shown, base=base, remarks=(remark,) if isinstance(shown, Shown) else ())
    return standing


def _slots(provider: Provider) -> QuerySet[Slot]:
    return Slot.objects.filter(configuration__company__provider=provider).order_by("pk")


def _now(halo: InHaloPSA, configuration: BillingConfiguration) -> Standing | None:
    """The line as HaloPSA shows it now; `None` if none of its slots shows the month."""
    if not halo.reading.is_read:
        return Standing(shown=NotKnown(reason=halo.reading.gap))
    slots = halo.slots.get(configuration.pk, ())
    if any(slot.key in halo.moved for slot in slots):
        return Standing(shown=NotKnown(reason="a sync changed it while HaloPSA was read: reconcile again"))
    showing = [slot for slot in slots if slot.shows == halo.month]
    if showing:
        return _of_slot(halo, min(showing, key=lambda slot: (slot.closed, slot.pk)))
    return _by_key(halo, configuration)


def _of_slot(halo: InHaloPSA, slot: Slot) -> Standing:
    base = ReadBack(shown=figures_of(loaded(slot.owned)), asked=figures_of(loaded(slot.asked)))
    found = halo.by_id.get(slot.subscription_id)
    name = f"subscription {slot.subscription_id}"
    if found is None and halo.reading.gap:
        return Standing(shown=NotKnown(reason=halo.reading.gap), base=base)
    if found is None:
        return Standing(shown=None, base=base, remarks=(f"{name} is not shown any more",))
    if found.deleted:
        return Standing(shown=None, base=base, remarks=(f"{name} was deleted in HaloPSA",))
    customer = loaded(slot.watched).get("client_id")
    there = found.fields.get("client_id")
    if customer is not None and there not in (customer, slot.configuration.company.client_id):
        remark = f"{name} stands at HaloPSA customer {there}, and no more at {customer}"
        return Standing(shown=None, base=base, remarks=(remark,))
    month = shown_month(found)
    if month not in (None, halo.month):
        reason = "its subscription shows another month than the one last read back: sync, and reconcile again"
        return Standing(shown=NotKnown(reason=reason), base=base, remarks=(f"{name} shows {month}",))
    # One that was closed because its month is over keeps what it showed; a person's closing charges nothing.
    shown = Shown(
        subscription_id=found.id, figures=figures_of(found.fields), is_charged=found.is_active or slot.closed
    )
    return Standing(shown=shown, base=base)


def _by_key(halo: InHaloPSA, configuration: BillingConfiguration) -> Standing | None:
    """A subscription that carries the line's key and was never read back: HaloPSA made it late."""
    for key in _keys(halo, configuration):
        for found in halo.by_key.get(key, ()):
            if found.id not in halo.known and shown_month(found) == halo.month:
                halo.known.add(found.id)
                figures = figures_of(found.fields)
                shown = Shown(subscription_id=found.id, figures=figures, is_charged=found.is_active)
                remark = f"subscription {found.id} was found by its key: no sync has read it back yet"
                return Standing(shown=shown, remarks=(remark,))
    return None


def _keys(halo: InHaloPSA, configuration: BillingConfiguration) -> list[str]:
    company, uid = configuration.company.source_id, str(configuration.uid)
    return [slot_key(str(halo.provider.pk), company, uid, slot) for slot in (LAST, CURRENT, str(halo.month))]
