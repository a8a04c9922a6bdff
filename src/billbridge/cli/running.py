"""Commands that look after an installation: migrate, rotate-keys, doctor, day, tick."""

from __future__ import annotations

from typing import Annotated

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, Json, enter, read_day, read_time
from billbridge.cli.output import out, print_json, table


@app.command(epilog="Example: `billbridge migrate --data /var/lib/billbridge`")
def migrate(data: Data = None) -> None:
    """Bring the installation's database to this program's version; makes it when there is none."""
    enter(data, create=True)
    out.print("The database is up to date.")


@app.command("rotate-keys", epilog="Example: `billbridge rotate-keys`")
def rotate_keys(data: Data = None) -> None:
    """Make a new key for the secrets, encrypt them with it, and drop the old keys."""
    enter(data)
    from billbridge.operations.rotate_keys import rotate_keys as run

    out.print(f"{run()} secrets are encrypted with a new key; the old keys are gone.")


@app.command(epilog="Example: `billbridge doctor`")
def doctor(data: Data = None) -> None:
    """Look over the installation: what is missing, stale, unmapped, held or never priced."""
    enter(data)
    from billbridge.operations.doctor import examine

    findings = examine()
    table(
        "Doctor",
        ["", "what", "finding", "what to do"],
        [("ok" if f.ok else "!", f.step, f.message, f.remedy) for f in findings],
    )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(Exit.NEEDS_A_PERSON)


@app.command(epilog="Example: `billbridge day 2026-11-02`, and back: `billbridge day --calendar`")
def day(
    move_to: Annotated[str | None, typer.Argument(help="The business day from now on, YYYY-MM-DD.")] = None,
    data: Data = None,
    calendar: Annotated[bool, typer.Option("--calendar", help="Go back to the calendar's day.")] = False,
) -> None:
    """Show the business day, or move it by hand for a trial; it stays where it is until it is moved again."""
    enter(data)
    from billbridge.operations.provider import move_day, the_provider, today

    provider = the_provider()
    if move_to is not None or calendar:
        move_day(provider, None if calendar else read_day(move_to))
    by_hand = " (moved by hand)" if provider.moved_day else ""
    out.print(f"The business day of {provider.name} is {today(provider)}{by_hand}.")


@app.command(epilog="Example: `billbridge tick --at 23:30`")
def tick(
    data: Data = None,
    at: Annotated[
        str | None, typer.Option("--at", help="A time of the business day, HH:MM.", show_default="now")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask for what is due: the daily collection, auto-billing, the drift check. Workers do so by themselves.

    What was asked for already is not asked for again; a worker does it (`billbridge serve` or `billbridge worker`).
    """
    enter(data)
    from billbridge.operations.due import ask_for_what_is_due
    from billbridge.operations.provider import moment_of, the_provider

    provider = the_provider()
    asked = ask_for_what_is_due(provider, moment_of(provider, read_time(at)))
    if as_json:
        print_json({"asked": [{"task": task.pk, "kind": task.kind, "due": task.due} for task in asked]})
    else:
        for task in asked:
            out.print(f"Asked for: {task.due} (task {task.pk}).")
        if not asked:
            out.print("Nothing is due that was not asked for already.")
