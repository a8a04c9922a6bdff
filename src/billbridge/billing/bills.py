"""Which bills a trigger makes, updates, sends again or leaves alone.

A company has at most one bill per month. Its kind says how it came to be, its state how far it has come; the
two are independent, and `sent` means that HaloPSA's figures were read back and agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from billbridge.billing.months import Month, in_auto_billing_window, is_last_day_of_window
from billbridge.errors import InvalidInput


class BillKind(StrEnum):
    TEMPORARY = "temporary"
    """The running month so far; made anew by each manual sync."""
    MANUAL = "manual"
    """Last month's, made by a manual sync; made anew by each until the month is closed."""
    AUTOMATIC = "automatic"
    """Last month's, made by auto-billing: its figures are frozen and never change."""


class BillState(StrEnum):
    DRAFT = "draft"
    HELD = "held"
    READY = "ready"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    PARTLY_SENT = "partly sent"
    FAILED = "failed"


class Trigger(StrEnum):
    AUTO_BILLING = "auto-billing"
    MANUAL_SYNC = "manual sync"


class Action(StrEnum):
    MAKE = "make"
    """Compute the figures from usage, replacing those of an earlier bill of the month."""
    SEND_AGAIN = "send again"
    """Send the figures that are stored; they are frozen."""
    LEAVE = "leave"
    WAIT = "wait"
    """Nothing now; the next trigger looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingBill:
    """The bill a company already has for a month."""

    month: Month
    kind: BillKind
    state: BillState

    @property
    def is_sent(self) -> bool:
        return self.state is BillState.SENT

    @property
    def is_unsent(self) -> bool:
        """Whether nothing of it can have reached HaloPSA."""
        return self.state in (BillState.DRAFT, BillState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a month was collected or imported.

    `first_day` is the first day of the month known, `None` when nothing is. `after_end` says whether a collection
    was begun after the month's end, so that the whole month is known.
    """

    first_day: date | None = None
    after_end: bool = False

    @property
    def is_empty(self) -> bool:
        return self.first_day is None

    def together_with(self, other: Coverage) -> Coverage:
        """What is known of two kinds of usage at once: no more than of the one known less."""
        if self.first_day is None or other.first_day is None:
            return Coverage()
        return Coverage(
            first_day=max(self.first_day, other.first_day), after_end=self.after_end and other.after_end
        )

    def is_partial(self, month: Month) -> bool:
        return self.first_day is not None and self.first_day > month.first


@dataclass(frozen=True, slots=True, kw_only=True)
class BillStep:
    """What a trigger does with one month's bill, and why."""

    month: Month
    action: Action
    reason: str
    kind: BillKind | None = None
    """The kind the bill has after `make`; unset for other actions."""
    late: bool = False
    collected_from: date | None = None
    """Set when the month was collected only from this day on; the first bill of such a month is asked about."""
    before_month_end: bool = False
    """Made although no collection was begun after the month's end: from what there is, and marked."""
    asks: bool = False


def steps_for(
    trigger: Trigger,
    day: date,
    *,
    previous: ExistingBill | None,
    current: ExistingBill | None,
    previous_usage: Coverage,
    current_usage: Coverage,
    auto_since: date | None = None,
    day_is_ending: bool = False,
    wants_current: bool = True,
) -> tuple[BillStep, ...]:
    """The steps for one company on business day `day`: last month first, then the running month.

    `auto_since` is the day on which auto-billing was switched on, `None` when it is off. `day_is_ending` says that
    no later look will happen on this day. `wants_current` is the setting for temporary bills.
    """
    month = Month.of(day).previous
    if trigger is Trigger.AUTO_BILLING:
        step = _auto_step(month, day, previous, previous_usage, auto_since=auto_since, day_is_ending=day_is_ending)
        return (step,)
    steps = [_manual_step(month, previous, previous_usage)]
    if wants_current:
        steps.append(_temporary_step(month.next, current, current_usage))
    else:
        steps.append(BillStep(month=month.next, action=Action.LEAVE, reason="temporary bills are switched off"))
    return tuple(steps)


def step_for_month(month: Month, day: date, *, existing: ExistingBill | None, usage: Coverage) -> BillStep:
    """The step for a month asked for by name; raises `InvalidInput` for one that cannot be billed.

    A month older than last month is closed: its bill is made if it has none and sent until it is sent, and never
    changed after that.
    """
    running = Month.of(day)
    if month > running:
        raise InvalidInput(f"{month} has not begun: today is {day}.", hint="Name a month that has usage.")
    if month == running:
        return _temporary_step(month, existing, usage)
    if month == running.previous:
        return _manual_step(month, existing, usage)
    if existing is not None and existing.kind is not BillKind.TEMPORARY:
        if existing.is_sent:
            return BillStep(month=month, action=Action.LEAVE, reason="the month is closed and its bill is sent")
        if not existing.is_unsent:
            return BillStep(month=month, action=Action.SEND_AGAIN, reason="the month is closed and not wholly sent")
    if usage.is_empty:
        return BillStep(month=month, action=Action.LEAVE, reason=_NOTHING_COLLECTED)
    return _make(month, _kind_of(existing), existing, usage, "a closed month never sent, asked for by name")


_NOTHING_COLLECTED = "nothing was collected or imported for the month"


def _temporary_step(month: Month, existing: ExistingBill | None, usage: Coverage) -> BillStep:
    frozen = _frozen(month, existing)
    if frozen is not None:
        return frozen
    if usage.is_empty:
        return BillStep(month=month, action=Action.LEAVE, reason=_NOTHING_COLLECTED)
    return _make(month, BillKind.TEMPORARY, existing, usage, "the running month so far")


def _manual_step(month: Month, existing: ExistingBill | None, usage: Coverage) -> BillStep:
    frozen = _frozen(month, existing)
    if frozen is not None:
        return frozen
    if usage.is_empty:
        return BillStep(month=month, action=Action.LEAVE, reason=_NOTHING_COLLECTED)
    return _make(month, _kind_of(existing), existing, usage, "last month, from the whole month")


def _kind_of(existing: ExistingBill | None) -> BillKind:
    """A bill that auto-billing began stays automatic, also when a person mends what held it and syncs."""
    return BillKind.AUTOMATIC if existing is not None and existing.kind is BillKind.AUTOMATIC else BillKind.MANUAL


def _auto_step(
    month: Month,
    day: date,
    existing: ExistingBill | None,
    usage: Coverage,
    *,
    auto_since: date | None,
    day_is_ending: bool,
) -> BillStep:
    frozen = _frozen(month, existing)
    if frozen is not None:
        return frozen
    reason = _reason_not_automatic(month, usage, auto_since)
    if reason:
        return BillStep(month=month, action=Action.LEAVE, reason=reason)
    in_window = in_auto_billing_window(day)
    last_call = is_last_day_of_window(day) and day_is_ending
    if in_window and not usage.after_end and not last_call:
        return BillStep(
            month=month, action=Action.WAIT, reason="it needs a collection begun after the end of the month"
        )
    reason = "auto-billing, from the whole month" if in_window else "auto-billing, late: the window was missed"
    return replace(_make(month, BillKind.AUTOMATIC, existing, usage, reason), late=not in_window)


def _reason_not_automatic(month: Month, usage: Coverage, auto_since: date | None) -> str:
    if auto_since is None:
        return "auto-billing is off"
    if month < first_automatic_month(auto_since):
        return f"auto-billing was switched on on {auto_since}, after the window for this month"
    return _NOTHING_COLLECTED if usage.is_empty else ""


def first_automatic_month(auto_since: date) -> Month:
    """The first month auto-billing bills.

    It is the month before `auto_since` if that day lies in the window, else the month it was switched on in.
    """
    month = Month.of(auto_since)
    return month.previous if in_auto_billing_window(auto_since) else month


def _frozen(month: Month, existing: ExistingBill | None) -> BillStep | None:
    """An automatic bill never changes: once sent it is left alone, until then the same figures are sent.

    One that is held was never sent: when what holds it is mended, its figures are made anew.
    """
    if existing is None or existing.kind is not BillKind.AUTOMATIC or existing.is_unsent:
        return None
    if existing.is_sent:
        return BillStep(month=month, action=Action.LEAVE, reason="its bill is automatic and sent")
    return BillStep(month=month, action=Action.SEND_AGAIN, reason="its automatic bill is not wholly sent yet")


def _make(month: Month, kind: BillKind, existing: ExistingBill | None, usage: Coverage, reason: str) -> BillStep:
    partial = usage.first_day if usage.is_partial(month) else None
    first = existing is None or existing.kind is BillKind.TEMPORARY or existing.is_unsent
    return BillStep(
        month=month,
        action=Action.MAKE,
        kind=kind,
        reason=reason,
        collected_from=partial,
        asks=partial is not None and first and kind is not BillKind.TEMPORARY,
        before_month_end=kind is not BillKind.TEMPORARY and not usage.after_end,
    )
