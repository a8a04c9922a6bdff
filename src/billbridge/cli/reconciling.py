"""The command that compares a month with HaloPSA: reconcile."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, Day, Json, enter, read_day, read_month
from billbridge.cli.output import out, print_json, steps, table


@app.command(epilog="Example: `billbridge reconcile --month 2026-10`")
def reconcile(
    data: Data = None,
    day: Day = None,
    month: Annotated[
        str | None, typer.Option("--month", help="The month, YYYY-MM.", show_default="last month")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare a month line by line: the source counted anew, our bill, what was read back, and HaloPSA now."""
    enter(data)
    from billbridge.billing.months import Month
    from billbridge.operations.provider import the_provider, today
    from billbridge.operations.reconcile import reconcile as run
    from billbridge.operations.reconciliation_document import document

    provider = the_provider()
    business_day = today(provider, read_day(day))
    with steps("reconciling") as bar:
        chosen = read_month(month) or Month.of(business_day).previous
        done = run(provider, chosen, business_day, say=bar.say, progress=bar.advance)
    result = document(done)
    if as_json:
        print_json(result)
    else:
        _print(result)
    if not result["is_clean"]:
        raise typer.Exit(Exit.NEEDS_A_PERSON)


def _print(result: dict[str, Any]) -> None:
    """One row a line, the totals, and how much was checked."""
    columns = ["company", "line", "source", "our bill", "base", "HaloPSA", "difference", "state", "why"]
    rows = [
        (
            line["company"],
            line["configuration"],
            _parts(line["source"]),
            *(_figures(line[name]) for name in ("bill", "base", "halopsa")),
            line["difference"] or "-",
            line["state"],
            "; ".join(line["reasons"]),
        )
        for line in result["lines"]
    ]
    table(f"Reconciliation of {result['month']}", columns, rows, right=columns[2:7])
    money = result["money"]
    table(
        "Totals",
        ["", "lines", f"ours {money['currency']}", "HaloPSA", "difference"],
        [("checked", result["coverage"]["checked"], money["ours"], money["theirs"], money["difference"])],
        right=["lines", f"ours {money['currency']}", "HaloPSA", "difference"],
    )
    states = ", ".join(f"{number} {state}" for state, number in result["states"].items() if number)
    out.print(f"{result['coverage']['text']}{f': {states}' if states else ''}")
    if result["coverage"]["gap"]:
        out.print(f"Not complete: {result['coverage']['gap']}")
    if result["coverage"]["not_configured"]:
        out.print(f"Companies without a billing configuration, of which there is no line: "
                  f"{result['coverage']['not_configured']}")  # fmt: skip


def _parts(parts: dict[str, str] | None) -> str:
    """What the source counts: a number, or that of each product, but for those of which there is nothing."""
    if parts is None:
        return "-"
    used = {name: quantity for name, quantity in parts.items() if quantity != "0"}
    if len(used) > 1:
        return ", ".join(f"{quantity} {name}" for name, quantity in used.items())
    return next(iter(used.values()), "0")


def _figures(figures: list[str | None] | None) -> str:
    """Quantity, and the unit price where there is one."""
    if figures is None:
        return "-"
    count, _, price = figures
    return f"{count} x {price}" if price is not None else str(count)
