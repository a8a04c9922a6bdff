"""Commands that bring usage in: collect, import, and the test of the source."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, Day, Json, enter, read_day, read_month
from billbridge.cli.output import out, print_json, steps, table
from billbridge.errors import InvalidInput

imports = typer.Typer(help="Import files.", no_args_is_help=True)
app.add_typer(imports, name="import")
mbs = typer.Typer(help="The connection to MSP360 Managed Backup Service.", no_args_is_help=True)
app.add_typer(mbs, name="mbs")


@app.command(epilog="Example: `billbridge collect --data /var/lib/billbridge`")
def collect(
    data: Data = None,
    day: Day = None,
    as_json: Json = False,
    accept_losses: Annotated[
        bool, typer.Option("--accept-losses", help="Believe a source that suddenly shows far fewer licenses.")
    ] = False,
) -> None:
    """Collect licenses and storage from the backup service. A section comes in whole, or changes nothing."""
    enter(data)
    from billbridge.operations.collect import collect as run
    from billbridge.operations.connect import source_of
    from billbridge.operations.provider import the_provider, today

    provider = the_provider()
    with source_of(provider) as source, steps("collecting") as bar:
        sections = run(provider, source, today(provider, read_day(day)), accept_losses=accept_losses, say=bar.say)
    if as_json:
        from billbridge.operations.usage import as_json as plain

        print_json({"sections": plain(sections)})
    else:
        table(
            "Collected",
            ["section", "state", "figures"],
            [
                (s.section, s.state, s.reason or ", ".join(f"{n} {v}" for n, v in s.figures.items()))
                for s in sections
            ],
        )
        for section in sections:
            _print_left_out(section.not_billed)
            for warning in section.warnings:
                out.print(f"! {warning}")
    if all(section.state == "failed" for section in sections):
        raise typer.Exit(Exit.TRY_AGAIN if all(section.transient for section in sections) else Exit.WRONG)
    if any(section.state != "done" for section in sections):
        raise typer.Exit(Exit.NEEDS_A_PERSON)


def _print_left_out(not_billed: tuple[Any, ...]) -> None:
    reasons = Counter(entry.reason for entry in not_billed)
    if reasons:
        table("Not billed, because", ["reason", "how many"], reasons.most_common(), right=["how many"])


@imports.command("usage-history", epilog="Example: `billbridge import usage-history october.csv --month 2026-10`")
def usage_history(
    file: Annotated[Path, typer.Argument(help="The exported CSV file.", exists=True, dir_okay=False)],
    data: Data = None,
    day: Day = None,
    dates: Annotated[str, typer.Option(help="How the file writes dates: iso, us or eu.")] = "iso",
    month: Annotated[
        str | None, typer.Option(help="The month the file speaks for, YYYY-MM.", show_default="of its newest date")
    ] = None,
    good_rows: Annotated[
        bool, typer.Option("--good-rows", help="Take the good rows even if others cannot be used.")
    ] = False,
) -> None:
    """Import a Usage History export: exact dates win over observed ones; importing twice changes nothing."""
    enter(data)
    from billbridge.operations.import_usage_history import import_usage_history
    from billbridge.operations.provider import the_provider, today

    if dates not in ("iso", "us", "eu"):
        raise InvalidInput(f"{dates!r} is no way to write dates.", hint="Say iso, us or eu.")
    provider = the_provider()
    result = import_usage_history(
        provider,
        file.name,
        file.read_bytes(),
        today(provider, read_day(day)),
        dates=dates,
        month=read_month(month),
        all_or_nothing=not good_rows,
    )
    for problem in result.problems:
        shown = f" {problem.value!r}" if problem.value else ""
        out.print(f"{file.name}:{problem.line}: {problem.column}{shown}: {problem.reason}")
    if not result.imported:
        out.print("Nothing was imported. Correct the file, or take the good rows with --good-rows.")
        raise typer.Exit(Exit.WRONG)
    known = f" The days from {result.known.first} to {result.known.last} count as known." if result.known else ""
    out.print(f"{result.rows} rows imported, {result.changed} endpoints changed.{known}")
    if result.problems:
        raise typer.Exit(Exit.NEEDS_A_PERSON)


@mbs.command("test", epilog="Example: `billbridge mbs test`")
def mbs_test(data: Data = None) -> None:
    """Try every step a collection needs, and say in words what works."""
    enter(data)
    from billbridge.operations.connect import source_of
    from billbridge.operations.provider import the_provider

    with source_of(the_provider()) as source:
        print_findings("MBS", source.test())


def print_findings(title: str, findings: list[Any]) -> None:
    """A connection test's findings; ends with exit code 3 when one failed."""
    table(
        title,
        ["", "step", "finding", "what to do"],
        [("ok" if f.ok else "FAILED", f.step, f.message, f.remedy) for f in findings],
    )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(Exit.WRONG)
