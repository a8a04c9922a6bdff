"""A reconciliation as plain JSON: the document of --json, and the compact form a task keeps for the page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billbridge.billing.month_lines import Billed, Counted, Figures, NotKnown, Shown
from billbridge.billing.reconciliation import Match, Reconciled
from billbridge.operations.reconcile import ReconciledMonth
from billbridge.store.models import Task

MOST_ROWS = 20_000
"""Lines that a task keeps at most: those that are not equal first. The counts and amounts are of all."""

FIELDS = (
    "company_id", "company", "configuration", "state", "reasons", "source", "bill", "base", "halopsa",
    "subscription_id", "seen_on", "ours", "theirs", "difference",
)  # fmt: skip
"""The fields of a line, in the order in which a task keeps them."""


def document(done: ReconciledMonth) -> dict[str, Any]:
    """`{"month", "coverage", "states", "money", "is_clean", "lines": [...]}`; amounts are text."""
    return {**_head(done), "lines": [_line(one, done.decimals) for one in done.reconciliation.lines]}


def compact(done: ReconciledMonth) -> dict[str, Any]:
    """The same for keeping: each line as the list of its fields, and no more than `MOST_ROWS` of them."""
    lines = sorted(done.reconciliation.lines, key=lambda one: one.match is Match.EQUAL)[:MOST_ROWS]
    rows = [[line[name] for name in FIELDS] for line in (_line(one, done.decimals) for one in lines)]
    return {**_head(done), "left_out": len(done.reconciliation.lines) - len(rows), "rows": rows}


def forget_older(task: Task) -> None:
    """Drop the lines of earlier reconciliations of the same month: the newest is the one that is looked at."""
    older = Task.objects.filter(provider=task.provider, kind=task.kind, pk__lt=task.pk)
    older.filter(inputs__month=task.inputs["month"]).exclude(result={}).update(result={})


def _head(done: ReconciledMonth) -> dict[str, Any]:
    result = done.reconciliation
    return {
        "month": str(result.month),
        "day": str(done.day),
        "read_at": done.read_at.isoformat(),
        "is_clean": result.is_clean,
        "coverage": {
            "text": result.coverage,
            "lines": len(result.lines),
            "checked": result.checked,
            "unknown": result.matches[Match.UNKNOWN],
            "because": result.because,
            "recorded": sum(one.is_recorded for one in result.lines),
            "gap": result.gap,
            "not_configured": done.not_configured,
        },
        "states": {match.value: number for match, number in result.matches.items()},
        "money": {
            "currency": done.currency,
            "ours": _money(result.ours, done.decimals),
            "theirs": _money(result.theirs, done.decimals),
            "difference": _money(result.difference, done.decimals),
        },
    }


def _line(one: Reconciled, decimals: int) -> dict[str, Any]:
    line, shown = one.line, one.line.shown
    return {
        "company_id": line.company_id,
        "company": line.company,
        "configuration": line.name,
        "state": one.match.value,
        "reasons": list(one.reasons),
        "source": _parts(line.source) if isinstance(line.source, Counted) else None,
        "bill": _figures(line.bill.sent, decimals) if isinstance(line.bill, Billed) else None,
        "base": _figures(line.base.shown, decimals) if line.base else None,
        "halopsa": None if shown is None or isinstance(shown, NotKnown) else _figures(shown.figures, decimals),
        "subscription_id": shown.subscription_id if isinstance(shown, Shown) else None,
        "seen_on": str(shown.seen_on) if isinstance(shown, Shown) and shown.seen_on else None,
        "ours": _money(one.ours, decimals),
        "theirs": _money(one.theirs, decimals),
        "difference": _money(one.difference, decimals),
    }


def _parts(counted: Counted) -> dict[str, str]:
    """The quantity of each product; a sum of licenses and gigabytes would say nothing."""
    return {name: _text(quantity) for name, quantity in counted.parts.items()}


def _figures(figures: Figures, decimals: int) -> list[str | None]:
    """Quantity, unit cost and unit price; the latter two are none where they are not ours."""
    return [_text(figures.count), _money(figures.cost, decimals), _money(figures.price, decimals)]


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _money(value: Decimal | None, decimals: int) -> str | None:
    """An amount with as many decimals as it has, at least its currency's."""
    if value is None:
        return None
    exponent = value.normalize().as_tuple().exponent
    return f"{value:.{max(decimals, -exponent if isinstance(exponent, int) else 0)}f}"
