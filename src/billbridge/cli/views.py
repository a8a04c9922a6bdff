"""What commands print: the documents of --json, whose shapes are stable, and the same as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from billbridge.cli.output import out, table

if TYPE_CHECKING:
    from billbridge.billing.plan import Change
    from billbridge.operations.bill import BillResult
    from billbridge.operations.run_values import Prepared, SyncResult
    from billbridge.store.models import Provider

_MONEY = ("count", "purchase_price", "price")


def bills(provider: Provider, results: Iterable[BillResult]) -> dict[str, Any]:
    """`{"bills": [...], "left": [...]}`: every bill with its lines, and every month left alone with the reason."""
    from billbridge.store.models import Bill, Company

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


def print_bills(document: dict[str, Any]) -> None:
    """One row a line, and what is not billed."""
    rows = [
        (
            bill["company"],
            bill["month"],
            f"{bill['kind']}, {bill['state']}",
            f"{line['name']} ({line['mode']})",
            line["quantity"],
            line["cost"],
            line["price"],
        )
        for bill in document["bills"]
        for line in bill["lines"]
    ]
    columns = ["company", "month", "bill", "line", "quantity", "cost", "price"]
    table("Bills", columns, rows, right=["month", "quantity", "cost", "price"])
    marks = [
        (bill["company"], bill["month"], line["name"], mark)
        for bill in document["bills"]
        for line in bill["lines"]
        for mark in line["marks"]
    ]
    if marks:
        table("Marked", ["company", "month", "line", "mark"], marks, right=["month"])
    _print_totals(document["bills"])
    held = [(b["company"], b["month"], "; ".join(b["reasons"])) for b in document["bills"] if b["state"] == "held"]
    if held:
        table("Held", ["company", "month", "why"], held, right=["month"])
    reasons = Counter(entry["reason"] for bill in document["bills"] for entry in bill["not_billed"])
    if reasons:
        table("Not billed, because", ["reason", "how many"], reasons.most_common(), right=["how many"])
    left = Counter((entry["month"], entry["reason"]) for entry in document["left"])
    if left:
        table(
            "Left alone",
            ["month", "why", "companies"],
            [(m, r, n) for (m, r), n in left.items()],
            right=["companies"],
        )


def _print_totals(entries: list[dict[str, Any]]) -> None:
    totals: dict[str, tuple[int, Decimal, Decimal]] = {}
    for bill in entries:
        count, cost, price = totals.get(bill["month"], (0, Decimal(0), Decimal(0)))
        totals[bill["month"]] = (count + 1, cost + Decimal(bill["cost"]), price + Decimal(bill["price"]))
    currency = entries[0]["currency"] if entries else ""
    rows = [
        (month, count, f"{cost:,.2f}", f"{price:,.2f}", f"{price - cost:,.2f}")
        for month, (count, cost, price) in sorted(totals.items())
    ]
    columns = ["month", "bills", f"cost {currency}", f"price {currency}", f"margin {currency}"]
    table("Totals", columns, rows, right=columns)


def plan(prepared: Prepared) -> dict[str, Any]:
    """`{"changes": [...], "money": {...}, "coverage": [...]}`: each change with every field before and after."""
    changes = [_change(change, prepared.companies) for change in prepared.plan.changes]
    return {
        "day": str(prepared.request.day),
        "changes": changes,
        "counts": dict(Counter(change["kind"] for change in changes)),
        "money": _money(prepared),
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
        fields = {name: now.fields.get(name) if now else None for name in _MONEY}
        before += _product(fields)
        after += _product({**fields, **(change.values if change.kind.writes else {})})
    return {"price_before": f"{before:.2f}", "price_after": f"{after:.2f}"}


def _product(fields: dict[str, Any]) -> Decimal:
    return Decimal(str(fields.get("count") or 0)) * Decimal(str(fields.get("price") or 0))


def _coverage(entries: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"company": e.company, "state": e.state, "reasons": list(e.reasons)} for e in entries]


def print_plan(document: dict[str, Any], *, with_coverage: bool = True) -> None:
    """What would change; what is kept is only counted."""
    rows = [
        (
            change["kind"],
            change["company"],
            change["name"],
            change["month"] or "",
            _shown_fields(change),
            "; ".join([change["reason"], *change["warnings"]]).strip("; "),
        )
        for change in document["changes"]
        if change["kind"] not in ("keep", "skip")
    ]
    if rows:
        columns = ["change", "company", "subscription", "month", "figures", "remarks"]
        table("Plan", columns, rows, right=["month"])
    counts = ", ".join(f"{n} {kind}" for kind, n in sorted(document["counts"].items())) or "nothing"
    money = document["money"]
    out.print(f"Plan: {counts}. Money in HaloPSA: {money['price_before']} now, {money['price_after']} after.")
    if with_coverage:
        print_coverage(document["coverage"])


def _shown_fields(change: dict[str, Any]) -> str:
    shown = [f for f in change["fields"] if f["field"] in (*_MONEY, "is_active", "client_id", "site_id")]
    if change["kind"] == "create":
        return ", ".join(f"{f['field']} {f['after']}" for f in shown if f["field"] in _MONEY)
    return ", ".join(f"{f['field']} {f['before']} -> {f['after']}" for f in shown)


def print_coverage(entries: list[dict[str, Any]]) -> None:
    """How many companies are billed, and every other one with its reason."""
    states = Counter(entry["state"] for entry in entries)
    out.print("Coverage: " + (", ".join(f"{n} {state}" for state, n in states.items()) or "no companies") + ".")
    rest = [(e["company"], e["state"], "; ".join(e["reasons"])) for e in entries if e["state"] != "billed"]
    if rest:
        table("Not wholly billed", ["company", "state", "why"], rest)


def result(done: SyncResult, planned: dict[str, Any]) -> dict[str, Any]:
    """`{"run", "state", "written", "failed", "calls", "coverage", "plan"}`."""
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
    }


def print_result(document: dict[str, Any]) -> None:
    """What was written and read back."""
    calls = document["calls"]
    out.print(
        f"Run {document['run']}: {document['state']}. {document['written']} changes written and read back, "
        f"{len(document['failed'])} failed; {calls['reads']} reads, {calls['writes']} writes."
    )
    if document["failed"]:
        table("Failed", ["subscription", "why"], [(f["name"], f["reason"]) for f in document["failed"]])
    print_coverage(document["coverage"])


def runs(provider: Provider, number: int | None) -> dict[str, Any]:
    """`{"runs": [...]}`, newest first; of one run also its changes."""
    from billbridge.errors import InvalidInput
    from billbridge.store.models import Run

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


def print_runs(document: dict[str, Any]) -> None:
    """One row a run; of a single run one row a change."""
    table(
        "Runs",
        ["run", "day", "trigger", "state", "written", "calls", "reason"],
        [
            (r["run"], r["day"], r["trigger"], r["state"], r["written"], sum(r["calls"].values()), r["reason"])
            for r in document["runs"]
        ],
        right=["run", "written", "calls"],
    )
    for run in document["runs"]:
        if "changes" in run:
            rows = [
                (
                    c["kind"],
                    c["subscription_id"] or "",
                    c["state"],
                    ", ".join(f"{n} {f['before']} -> {f['after']}" for n, f in c["fields"].items() if n in _MONEY),
                    c["error"],
                )
                for c in run["changes"]
            ]
            table("Changes", ["change", "subscription", "state", "figures", "error"], rows)


def _figure(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
