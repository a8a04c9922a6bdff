"""Months older than last month: those that stood in HaloPSA before, and those that HaloPSA goes on showing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from billbridge.billing.bills import Action
from billbridge.billing.months import Month
from billbridge.billing.slots import LAST, is_closed_month
from billbridge.operations.bill import BillResult
from billbridge.operations.halopsa_values import loaded
from billbridge.store.models import Bill, BillLine, PlannedChange, Slot

Stood = Collection[tuple[str, Month]]
"""Configurations, by their own id, with the months that stood in their slot `last`."""

STOOD_BEFORE = (
    "it stood in HaloPSA before with other figures, and would be charged twice: compare them, and charge a "
    "difference by an adjustment"
)
"""Why a line of a closed month is not sent."""


def stood_in_last(slots: Iterable[Slot], months: Iterable[Month]) -> frozenset[tuple[str, Month]]:
    """Which of the months were written to the slots `last` and read back."""
    by_text = {str(month): month for month in months}
    if not by_text:
        return frozenset()
    keys = {slot.key: str(slot.configuration.uid) for slot in slots if slot.slot == LAST}
    verified = PlannedChange.objects.filter(
        key__in=list(keys), month__in=list(by_text), state=PlannedChange.State.VERIFIED
    )
    return frozenset((keys[key], by_text[month]) for key, month in verified.values_list("key", "month"))


def lines_sent_before(bills: Iterable[Bill], slots: Iterable[Slot], stood: Stood, running: Month) -> list[BillLine]:
    """The lines of closed months that HaloPSA charged in their time and that must not be sent by name again.

    A line that has a slot of its own month is sent by name already, and is compared there as ever.
    """
    own = {(str(slot.configuration.uid), slot.shows) for slot in slots if slot.slot == str(slot.shows)}
    return [
        line
        for bill in bills
        if is_closed_month(bill.month, running)
        for line in bill.lines.all()
        if (key := (str(line.configuration.uid), bill.month)) not in own and (line.is_sent or key in stood)
    ]


def still_shown(slots: Iterable[Slot], results: Sequence[BillResult], running: Month) -> tuple[str, ...]:
    """What a person should know when HaloPSA goes on showing an older month as last month, which has no bill."""
    reason = next(
        (r.step.reason for r in results if r.step.month == running.previous and r.step.action is Action.LEAVE), ""
    )
    if not reason or any(r.bill_id for r in results if r.step.month == running.previous):
        return ()
    shown = {
        slot.shows
        for slot in slots
        if slot.slot == LAST
        and not slot.closed
        and slot.shows is not None
        and is_closed_month(slot.shows, running)
        and loaded(slot.owned).get("count")
    }
    return tuple(
        f"HaloPSA still shows {month} as last month and may charge it again, because {running.previous} has no "
        f"bill ({reason})"
        for month in sorted(shown)
    )
