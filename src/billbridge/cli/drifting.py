"""The command that looks for what was changed in HaloPSA: drift."""

from __future__ import annotations

from typing import Any

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, Day, Json, enter, read_day
from billbridge.cli.output import out, print_json, steps, table


@app.command(epilog="Example: `billbridge drift`")
def drift(data: Data = None, day: Day = None, as_json: Json = False) -> None:
    """Look for what was changed in HaloPSA since our last sync, and what that does to the next bill."""
    enter(data)
    from billbridge.operations.drift import check_drift
    from billbridge.operations.drift_document import document
    from billbridge.operations.provider import the_provider, today

    provider = the_provider()
    with steps("checking") as bar:
        done = check_drift(provider, today(provider, read_day(day)), say=bar.say, progress=bar.advance)
    result = document(done)
    if as_json:
        print_json(result)
    else:
        _print(result)
    if not result["is_clean"]:
        raise typer.Exit(Exit.NEEDS_A_PERSON)


def _print(result: dict[str, Any]) -> None:
    """One row a finding, and how much was checked."""
    if result["open"]:
        rows = sorted(result["open"], key=lambda one: not one["harms"])
        table(
            "Drift",
            ["", "what", "company", "since", "what became of it, what that does to the next bill, and what to do"],
            [
                (
                    "?" if one["kind"] == "unknown" else "!" if one["harms"] else "",
                    f"{one['thing']} {one['name']}",
                    one["company"] or "-",
                    one["first_seen"],
                    "\n".join(text for text in (one["finding"], one["effect"], one["remedy"]) if text),
                )
                for one in rows
            ],
        )
    harmful = sum(one["harms"] and one["kind"] == "change" for one in result["open"])
    out.print(
        f"{result['coverage']['text']}: {len(result['open'])} open, {harmful} of them harmful, "
        f"{len(result['new'])} new, {len(result['closed'])} over"
    )
