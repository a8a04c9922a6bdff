"""Reconciliation: of one month, what the source counts, what our bill says, and what HaloPSA shows, line by line.

A month is compared with that month's figures, never with today's, and what is not known is never taken for equal.
The order of the lines never matters, every line has exactly one match, and the totals are the sums of the lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from billbridge.billing.money import ZERO, round_half_up
from billbridge.billing.month_lines import Billed, Counted, Figures, MonthLine, NotKnown, ReadBack, Shown
from billbridge.billing.months import Month


class Match(StrEnum):
    """How a line's figures compare."""

    EQUAL = "equal"
    OURS_HIGHER = "ours higher"
    HALOPSA_HIGHER = "HaloPSA higher"
    MISSING_THERE = "missing there"
    """HaloPSA does not show what is ours to charge."""
    MISSING_HERE = "missing here"
    """HaloPSA charges something of ours that no bill or configuration knows."""
    UNKNOWN = "unknown"
    """One of the figures is not known, with the reason: never a match, and never a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A line with its match and every reason for it; both amounts are unset where it is unknown."""

    line: MonthLine
    match: Match
    reasons: tuple[str, ...] = ()
    ours: Decimal | None = None
    """What we charge for it."""
    theirs: Decimal | None = None
    """What HaloPSA charges for it."""

    @property
    def difference(self) -> Decimal | None:
        """HaloPSA's charge less ours."""
        return None if self.ours is None or self.theirs is None else self.theirs - self.ours

    @property
    def is_recorded(self) -> bool:
        """Whether it was checked against what HaloPSA showed then: its slot shows another month by now."""
        shown = self.line.shown
        return self.match is not Match.UNKNOWN and isinstance(shown, Shown) and shown.seen_on is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """All lines of a month. `gap` says why HaloPSA's list was not read whole; empty when it was."""

    month: Month
    lines: tuple[Reconciled, ...]
    gap: str = ""

    @property
    def matches(self) -> dict[Match, int]:
        """How many lines have each match; every match is named."""
        counted = Counter(line.match for line in self.lines)
        return {match: counted[match] for match in Match}

    @property
    def checked(self) -> int:
        return len(self.lines) - self.matches[Match.UNKNOWN]

    @property
    def because(self) -> dict[str, int]:
        """Why lines are unknown, and how many each: most first. A line with two reasons counts under its first."""
        reasons = Counter(line.reasons[0] for line in self.lines if line.match is Match.UNKNOWN)
        return dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))

    @property
    def is_clean(self) -> bool:
        """Whether something was compared, all of it, and all of it is equal: nothing looked at is never clean."""
        return bool(self.lines) and not self.gap and self.matches[Match.EQUAL] == len(self.lines)

    @property
    def ours(self) -> Decimal:
        """What we charge for the lines that were checked."""
        return sum((line.ours for line in self.lines if line.ours is not None), ZERO)

    @property
    def theirs(self) -> Decimal:
        """What HaloPSA charges for the lines that were checked."""
        return sum((line.theirs for line in self.lines if line.theirs is not None), ZERO)

    @property
    def difference(self) -> Decimal:
        return self.theirs - self.ours

    @property
    def coverage(self) -> str:
        """In words, how much was checked, and why the rest was not."""
        if not self.lines:
            return f"checked 0 of 0: nothing was compared{f', because {self.gap}' if self.gap else ''}"
        unknown = self.matches[Match.UNKNOWN]
        said = f"checked {self.checked} of {len(self.lines)}, {unknown} unknown"
        if unknown:
            said += " because " + "; ".join(f"{reason} ({number})" for reason, number in self.because.items())
        return said


def reconcile(month: Month, lines: Iterable[MonthLine], *, decimals: int, gap: str = "") -> Reconciliation:
    """Compare a month's lines. Amounts are rounded to the currency's `decimals`, line by line."""
    compared = [_compare(line, decimals) for line in lines]
    return Reconciliation(month=month, lines=tuple(sorted(compared, key=lambda one: one.line.place)), gap=gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """A match, the reasons for it, and what we charge."""

    match: Match
    reasons: tuple[str, ...] = ()
    ours: Decimal = ZERO


def _compare(line: MonthLine, decimals: int) -> Reconciled:
    verdict = _verdict(line)
    reasons = (*verdict.reasons, *line.remarks)
    if verdict.match is Match.UNKNOWN:
        return Reconciled(line=line, match=verdict.match, reasons=reasons)
    theirs = line.shown.charge if isinstance(line.shown, Shown) else ZERO
    return Reconciled(
        line=line,
        match=verdict.match,
        reasons=reasons,
        ours=round_half_up(verdict.ours, decimals),
        theirs=round_half_up(theirs, decimals),
    )


def _verdict(line: MonthLine) -> _Verdict:
    """The bill against HaloPSA first, then the source against the bill: no difference that is known is hidden."""
    for figure in (line.shown, line.bill):
        if isinstance(figure, NotKnown):
            return _Verdict(match=Match.UNKNOWN, reasons=(figure.reason,))
    if isinstance(line.shown, NotKnown) or not isinstance(line.bill, Billed):
        return _without_bill(line.source, line.shown if isinstance(line.shown, Shown) else None)
    verdict = _against_halopsa(line.bill, line.base, line.shown)
    if not isinstance(line.source, Counted):
        unknown = line.source.reason if line.source else "the source knows nothing of it"
        if verdict.match is Match.EQUAL:
            return _Verdict(match=Match.UNKNOWN, reasons=(unknown,))
        return replace(verdict, reasons=(*verdict.reasons, f"not counted anew: {unknown}"))
    recounted = _against_source(line.source, line.bill, line.shown)
    if verdict.match is Match.EQUAL and recounted.match is not Match.EQUAL:
        return recounted
    return replace(verdict, reasons=(*verdict.reasons, *recounted.reasons))


def _without_bill(source: Counted | NotKnown | None, shown: Shown | None) -> _Verdict:
    if shown is not None and shown.is_charged and shown.figures.count:
        return _Verdict(match=Match.MISSING_HERE, reasons=("HaloPSA charges it, and there is no bill of it here",))
    if isinstance(source, NotKnown):
        return _Verdict(match=Match.UNKNOWN, reasons=(source.reason,))
    if source is None or source.is_nothing:
        return _Verdict(match=Match.EQUAL)
    reason = f"the source counts {_number(source.quantity)}, and there is no bill of it"
    return _Verdict(match=Match.MISSING_THERE, reasons=(reason,), ours=source.price)


def _against_halopsa(bill: Billed, base: ReadBack | None, shown: Shown | None) -> _Verdict:
    sent = bill.sent
    if shown is None:
        if not (sent.count or sent.price or sent.cost):
            return _Verdict(match=Match.EQUAL)  # a line of 0 needs no subscription
        ours = bill.counted.price if sent.price is None else sent.charge
        return _Verdict(match=Match.MISSING_THERE, reasons=("HaloPSA does not show it",), ours=ours)
    ours = sent.charge if sent.price is not None else replace(sent, price=shown.figures.price).charge
    if not shown.is_charged and sent.count:
        reason = f"subscription {shown.subscription_id} is inactive, so nothing is charged"
        return _Verdict(match=Match.OURS_HIGHER, reasons=(reason,), ours=ours)
    mine = {name: _expected(name, sent, shown.figures, base) for name in _NAMES}
    there = {name: getattr(shown.figures, name) or ZERO for name in _NAMES}
    different = tuple(
        f"{words}: ours is {_number(mine[name])}, HaloPSA's {_number(there[name])}"
        for name, words in _NAMES.items()
        if mine[name] != there[name]
    )
    if not different:
        return _Verdict(match=Match.EQUAL, ours=ours)
    is_more = (mine["count"] * mine["price"], *mine.values()) > (there["count"] * there["price"], *there.values())
    return _Verdict(match=_higher(ours=is_more), reasons=different, ours=ours)


_NAMES = {"count": "quantity", "price": "unit price", "cost": "unit cost"}


def _expected(name: str, sent: Figures, there: Figures, base: ReadBack | None) -> Decimal:
    """What HaloPSA should show: what is sent, its rounding of that once accepted, its own where nothing is sent."""
    mine, shown = getattr(sent, name), getattr(there, name)
    was_rounded = base is not None and getattr(base.asked, name) == mine and getattr(base.shown, name) == shown
    return (shown if mine is None or was_rounded else mine) or ZERO


def _against_source(source: Counted, bill: Billed, shown: Shown | None) -> _Verdict:
    """Whether the source, counted anew, still says of each product what the bill was made from."""
    billed = bill.counted
    changed = tuple(
        f"{name}: the source counts {_number(now)}, our bill has {_number(then)}"
        for name in sorted({*source.parts, *billed.parts})
        if (now := source.parts.get(name, ZERO)) != (then := billed.parts.get(name, ZERO))
    )
    if not changed:
        return _Verdict(match=Match.EQUAL)
    ours = source.price
    if bill.sent.price is None and shown is not None:  # the quantity alone is sent: HaloPSA's own price holds
        ours = source.quantity * (shown.figures.price or ZERO)
    return _Verdict(match=_higher(ours=_weight(source) > _weight(billed)), reasons=changed, ours=ours)


def _weight(counted: Counted) -> tuple[Decimal, Decimal, Decimal, list[tuple[str, Decimal]]]:
    """By what two counts are called higher and lower: units, then money, and where both are alike, products."""
    return counted.quantity, counted.price, counted.cost, sorted((n, q) for n, q in counted.parts.items() if q)


def _higher(*, ours: bool) -> Match:
    return Match.OURS_HIGHER if ours else Match.HALOPSA_HIGHER


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
