"""Slots: the places of a configuration's line in HaloPSA. One slot is one subscription, with one key.

In the rolling layout a configuration has two subscriptions whose ids never change, because the lines of
recurring invoices hang on them: `last` shows last month's bill, `current` the temporary one. In the monthly layout
every month has a subscription of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from billbridge.billing.months import Month


class Layout(StrEnum):
    ROLLING = "rolling"
    MONTHLY = "monthly"


LAST = "last"
CURRENT = "current"
CURRENT_SUFFIX = " (current month)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMonth:
    """A slot that a plan writes, and the month it shows afterwards; `None` settles it at 0."""

    slot: str
    shows: Month | None


def slots_to_write(
    layout: Layout,
    *,
    running: Month,
    bills: Iterable[Month],
    showing: Mapping[str, Month | None],
    without: Collection[Month] = (),
) -> tuple[SlotMonth, ...]:
    """Which slots of one configuration are written when the bills of the given months are sent.

    `running` is the business day's month, `showing` the month each existing slot shows now, `without` the months
    whose bill is sent without a line of this configuration, because it has ended. A slot that still shows a month
    which now goes elsewhere or nowhere is settled at 0, and so are a `current` left behind at the turn of the
    month and the rolling slots of a layout that was left, once last month's bill is written: no month ever stands
    in two slots, and none is charged on. Settling comes first, then `current` and `last`, so that a run that is
    cut short shows a month nowhere rather than twice. A month that is neither last month nor the running one gets
    a slot of its own.
    """
    written = {slot_of(layout, month, running): month for month in sorted(set(bills))}
    months = set(written.values())
    turned = running.previous in months
    settled = [
        SlotMonth(slot=slot, shows=None)
        for slot, month in sorted(showing.items())
        if month is not None
        and slot not in written
        and (
            month in months
            or month in without
            or (turned and slot in (LAST, CURRENT) and month <= running.previous)
        )
    ]
    leaving_first = sorted(written, key=lambda slot: (slot not in (LAST, CURRENT), slot))
    return (*settled, *(SlotMonth(slot=slot, shows=written[slot]) for slot in leaving_first))


def slot_of(layout: Layout, month: Month, running: Month) -> str:
    """The slot a month's line stands in while `running` is the month of the business day."""
    if layout is Layout.ROLLING:
        if month == running.previous:
            return LAST
        if month == running:
            return CURRENT
    return str(month)


def is_closed_month(month: Month, running: Month) -> bool:
    """Whether a month is older than last month, so that nothing of it changes any more."""
    return month < running.previous


def slot_key(provider_id: str, company_id: str, configuration_id: str, slot: str) -> str:
    """The key by which a subscription is recognised in HaloPSA; it stands in its `product_sku`.

    The ids never change, so neither a renamed company nor a renamed configuration loses its subscription.
    """
    identity = f"{provider_id}\x1f{company_id}\x1f{configuration_id}\x1f{slot}"
    digest = sha256(identity.encode()).hexdigest()
    return f"{KEY_PREFIX}{slot}-{digest[:16]}"


KEY_PREFIX = "billbridge-"


def slot_name(configuration_name: str, slot: str, *, layout: Layout, month: Month | None) -> str:
    """What the subscription is called: the configuration's name, with the month where it needs telling apart."""
    if layout is Layout.ROLLING and slot == LAST:
        return configuration_name
    if layout is Layout.ROLLING and slot == CURRENT:
        return configuration_name + CURRENT_SUFFIX
    return f"{configuration_name} ({month})" if month is not None else configuration_name
