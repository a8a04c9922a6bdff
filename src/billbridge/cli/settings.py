"""Commands for settings without a web page: setup export and apply, map suggest."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, Day, Yes, enter, read_day
from billbridge.cli.output import ask, err, out, table
from billbridge.errors import InvalidInput

if TYPE_CHECKING:
    from billbridge.operations.setup import Instance

setup = typer.Typer(help="All settings as one file.", no_args_is_help=True)
app.add_typer(setup, name="setup")
mapping = typer.Typer(help="Companies and HaloPSA customers.", no_args_is_help=True)
app.add_typer(mapping, name="map")


@setup.command(epilog="Example: `billbridge setup export > billbridge.toml`")
def export(data: Data = None) -> None:
    """Print all settings as TOML; secrets are left out."""
    enter(data)
    from billbridge.operations.provider import the_provider
    from billbridge.operations.setup import export_setup

    sys.stdout.write(export_setup(the_provider()))


@setup.command("suggest-limits", epilog="Example: `billbridge setup suggest-limits >> billbridge.toml`")
def limits(data: Data = None) -> None:
    """Print the packages the backup service keeps for users as storage limits, where none is set here yet."""
    enter(data)
    from billbridge.operations.provider import the_provider
    from billbridge.operations.suggest_limits import suggest_limits, suggestions_as_toml

    sys.stdout.write(suggestions_as_toml(suggest_limits(the_provider())))


@setup.command(epilog="Example: `billbridge setup apply billbridge.toml`")
def apply(
    file: Annotated[Path, typer.Argument(help="The settings, as `setup export` writes them.", exists=True)],
    data: Data = None,
    day: Day = None,
    new_instance: Annotated[
        bool, typer.Option("--new-instance", help="The new address is another HaloPSA: look for everything anew.")
    ] = False,
    same_instance: Annotated[
        bool, typer.Option("--same-instance", help="The new address is the same HaloPSA: everything known holds.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Show what the file would change, ask, and change it: all of it or nothing."""
    enter(data, create=True)
    from billbridge.operations.change_settings import apply_file
    from billbridge.operations.setup import compare, current_setup, read_setup

    document = read_setup(file.read_text(encoding="utf-8"), str(file))
    business_day = _day(day)
    instance = _instance(new=new_instance, same=same_instance)
    changes = compare(current_setup(), document, day=business_day, instance=instance)
    if not changes:
        out.print("Nothing changes.")
        return
    table("Changes", ["setting", "now", "then"], [(c.path, c.before, c.after) for c in changes])
    if not yes and not ask(f"Change these {len(changes)} settings?"):
        err.print("Nothing was changed.")
        raise typer.Exit(Exit.NOT_CONFIRMED)
    apply_file(document, day=business_day, instance=instance)
    out.print(f"{len(changes)} settings changed.")


def _instance(*, new: bool, same: bool) -> Instance | None:
    from billbridge.operations.setup import Instance

    if new and same:
        raise InvalidInput("It cannot be both another HaloPSA and the same one.", hint="Say one of the two.")
    if new:
        return Instance.NEW
    return Instance.SAME if same else None


def _day(text: str | None) -> date:
    """The business day, also on an installation that has no provider yet."""
    from billbridge.errors import BillbridgeError
    from billbridge.operations.provider import the_provider, today

    given = read_day(text)
    if given is not None:
        return given
    try:
        return today(the_provider())
    except BillbridgeError:
        return datetime.now(UTC).date()


@mapping.command(epilog="Example: `billbridge map suggest`")
def suggest(
    data: Data = None,
    accept: Annotated[
        bool, typer.Option("--accept-exact", help="Map the companies whose name is exactly one customer's.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Propose HaloPSA customers for companies, and items for asset types; what is ambiguous is never applied."""
    enter(data)
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.item_suggestions import item_suggestions_for
    from billbridge.operations.mapping import apply_suggestions, suggestions_for
    from billbridge.operations.provider import the_provider

    provider = the_provider()
    with halopsa_of(provider) as halo:
        suggestions = suggestions_for(provider, halo)
        items = item_suggestions_for(provider, halo)
    table(
        "Suggestions",
        ["company", "HaloPSA customer", "score", "", "why"],
        [
            (
                s.company_name,
                s.customer_name,
                s.score,
                "exact" if s.exact else "ambiguous" if s.ambiguous else "",
                s.reason,
            )
            for s in suggestions
        ],
        right=["score"],
    )
    if items:
        table(
            "Items of asset types",
            ["asset type", "item_id", "HaloPSA item", "why"],
            [(s.asset_type, s.item_id or "", s.item_name, s.reason) for s in items],
            right=["item_id"],
        )
        out.print("To take one over, write its item_id beside the asset type in the setup file, and apply it.")
    exact = [suggestion for suggestion in suggestions if suggestion.exact and not suggestion.ambiguous]
    if not accept or not exact:
        return
    if not yes and not ask(f"Map these {len(exact)} companies?"):
        raise typer.Exit(Exit.NOT_CONFIRMED)
    out.print(f"{apply_suggestions(provider, exact)} companies mapped.")
