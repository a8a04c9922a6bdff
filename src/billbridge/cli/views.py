"""What commands print: the documents of --json as tables."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from billbridge.cli.output import out, table

_MONEY = ("count", "purchase_price", "price")


def _quantity(line: dict[str, Any]) -> str:
    """A line's quantity; licenses and gigabytes together make none."""
    kinds = {product["product"].partition(":")[0] for product in line["products"]}
    return "mixed" if len(kinds) > 1 else str(line["quantity"])


def print_bills(document: dict[str, Any]) -> None:
    """One row a line, and what is not billed."""
    rows = [
        (
            bill["company"],
            bill["month"],
            f"{bill['kind']}, {bill['state']}",
            f"{line['name']} ({line['mode']})",
            _quantity(line),
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
    for warning in document["warnings"]:
        out.print(f"Warning: {warning.rstrip('.')}.")
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


def print_result(document: dict[str, Any]) -> None:
    """What was written and read back."""
    calls = document["calls"]
    limited = f", {calls['limited']} calls answered with 429" if calls["limited"] else ""
    out.print(
        f"Run {document['run']}: {document['state']}. {document['written']} changes written and read back, "
        f"{len(document['failed'])} failed; {calls['reads']} reads, {calls['writes']} writes{limited}."
    )
    if document["failed"]:
        table("Failed", ["subscription", "why"], [(f["name"], f["reason"]) for f in document["failed"]])
    print_coverage(document["coverage"])


def print_runs(document: dict[str, Any]) -> None:
    """One row a run; of a single run one row a change."""
    from billbridge.operations.report import calls_made

    table(
        "Runs",
        ["run", "day", "trigger", "state", "written", "calls", "reason"],
        [
            (r["run"], r["day"], r["trigger"], r["state"], r["written"], calls_made(r["calls"]), r["reason"])
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
