"""What operations did or would do, as plain JSON documents: the shapes of --json, which the pages use too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from billbridge.billing.changes import Change
from billbridge.errors import InvalidInput
from billbridge.operations.bill import BillResult
from billbridge.operations.run_values import Prepared, SyncResult
from billbridge.store.models import Bill, Company, Provider, Run

MONEY = ("count", "purchase_price", "price")
"""The fields of a subscription that are figures."""

LIMITED = "limited"
"""Among a run's calls by kind: how many of them HaloPSA answered with 429."""


def bills(provider: Provider, results: Iterable[BillResult]) -> dict[str, Any]:
    """`{"bills": [...], "left": [...]}`: every bill with its lines, and every month left alone with the reason."""
    results = list(results)
    names = dict(Company.objects.filter(provider=provider).values_list("pk", "name"))
    ids = [result.bill_id for result in results if result.bill_id]
    rows = Bill.objects.filter(pk__in=ids).prefetch_related("lines").order_by("company__name", "month")
    return {
        "bills": [
            {
                "company": names[bill.company_id],
                "month": str(bill.month),
                "kind": bill.kind,
                "state": bill.state,
                "counting_rule": bill.counting_rule,
                "currency": bill.currency,
                "cost": str(bill.cost),
                "price": str(bill.price),
                "collected_from": str(bill.collected_from) if bill.collected_from else None,
                "before_month_end": bill.before_month_end,
                "late": bill.late,
                "reasons": bill.reasons,
                "lines": [
                    {
                        "name": line.name,
                        "mode": line.mode,
                        "quantity": _figure(line.quantity),
                        "cost": str(line.cost),
                        "price": str(line.price),
                        "sent_quantity": _figure(line.sent_quantity),
                        "sent_cost": None if line.sent_cost is None else str(line.sent_cost),
                        "sent_price": None if line.sent_price is None else str(line.sent_price),
                        "cost_remainder": str(line.cost_remainder),
                        "price_remainder": str(line.price_remainder),
                        "marks": line.marks,
                        "products": line.products,
                    }
                    for line in bill.lines.all()
                ],
                "not_billed": bill.not_billed,
            }
            for bill in rows
        ],
        "left": [
            {
                "company": names[r.company_id],
                "month": str(r.step.month),
                "action": str(r.step.action),
                "reason": r.step.reason,
            }
            for r in results
            if r.step.action != "make"
        ],
    }


def plan(prepared: Prepared) -> dict[str, Any]:
    """`{"changes", "money", "warnings", "coverage"}`: each change with every field before and after."""
    changes = [_change(change, prepared.companies) for change in prepared.plan.changes]
    return {
        "day": str(prepared.request.day),
        "changes": changes,
        "counts": dict(Counter(change["kind"] for change in changes)),
        "money": _money(prepared),
        "warnings": list(prepared.warnings),
        "coverage": _coverage(prepared.coverage),
    }


def _change(change: Change, companies: dict[str, str]) -> dict[str, Any]:
    wanted = change.wanted
    return {
        "kind": str(change.kind),
        "company": companies.get(wanted.company_id, wanted.company_id),
        "slot": wanted.slot,
        "month": wanted.shows or None,
        "name": wanted.name,
        "key": wanted.key,
        "subscription_id": change.subscription_id,
        "client_id": wanted.client_id,
        "reason": change.reason,
        "warnings": list(change.warnings),
        "fields": [
            {"field": f.field, "before": _text(f.before), "after": _text(f.after), "base": _text(f.base)}
            for f in change.fields
        ],
    }


def _money(prepared: Prepared) -> dict[str, str]:
    """Quantity times price of all subscriptions concerned, before and after."""
    found = {subscription.id: subscription for subscription in prepared.found}
    before = after = Decimal(0)
    for change in prepared.plan.changes:
        now = found.get(change.subscription_id) if change.subscription_id else None
        fields = {name: now.fields.get(name) if now else None for name in MONEY}
        before += _product(fields)
        after += _product({**fields, **(change.values if change.kind.writes else {})})
    return {"price_before": f"{before:.2f}", "price_after": f"{after:.2f}"}


def _product(fields: dict[str, Any]) -> Decimal:
    return Decimal(str(fields.get("count") or 0)) * Decimal(str(fields.get("price") or 0))


def _coverage(entries: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"company": e.company, "state": e.state, "reasons": list(e.reasons)} for e in entries]


NOTHING_SENT: dict[str, Any] = {
    "run": None,
    "state": "done",
    "written": 0,
    "failed": [],
    "calls": {"reads": 0, "writes": 0, "tokens": 0},
}
"""What `result` gives of a sync that began no run, because there was nothing to send."""


def result(done: SyncResult, planned: dict[str, Any]) -> dict[str, Any]:
    """`{"run", "state", "written", "failed", "calls", "coverage", "plan"}`, and "stopped", why, if it was."""
    return {
        "run": done.run_id,
        "state": done.state,
        "written": len(done.outcome.verified),
        "failed": [
            {"key": change.wanted.key, "name": change.wanted.name, "reason": reason}
            for change, reason in done.outcome.failed
        ],
        "calls": done.calls,
        "coverage": _coverage(done.coverage),
        "plan": planned,
        **({"stopped": done.stopped} if done.stopped else {}),
    }


def calls_made(calls: Mapping[str, int]) -> int:
    """How many calls to HaloPSA a run made, of every kind; those it refused for now are among them."""
    return sum(number for kind, number in calls.items() if kind != LIMITED)


def runs(provider: Provider, number: int | None) -> dict[str, Any]:
    """`{"runs": [...]}`, newest first; of one run also its changes."""
    rows = Run.objects.filter(provider=provider).order_by("-pk")
    if number is not None:
        rows = rows.filter(pk=number)
        if not rows.exists():
            raise InvalidInput(f"There is no run {number}.", hint="See `billbridge runs`.")
    return {
        "runs": [
            {
                "run": run.pk,
                "trigger": run.trigger,
                "started_by": run.started_by,
                "day": str(run.day),
                "began": run.began.isoformat(),
                "ended": run.ended.isoformat() if run.ended else None,
                "state": run.state,
                "reason": run.reason,
                "calls": run.calls,
                "coverage": run.coverage,
                "written": run.changes.filter(state="verified").count(),
                **({"changes": _changes(run)} if number is not None else {}),
            }
            for run in rows[:100]
        ]
    }


def _changes(run: Any) -> list[dict[str, Any]]:
    return [
        {
            "kind": change.kind,
            "key": change.key,
            "subscription_id": change.subscription_id,
            "state": change.state,
            "error": change.error,
            "fields": change.fields,
        }
        for change in run.changes.order_by("position")
    ]


def _figure(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
