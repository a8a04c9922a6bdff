"""Commands about notifications: what was announced, and trying a channel out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from billbridge.cli.app import app
from billbridge.cli.installation import Data, Json, enter
from billbridge.cli.output import out, print_json, table

notices = typer.Typer(help="What was announced, and whom it reached.", invoke_without_command=True)
app.add_typer(notices, name="notices")


@notices.callback(epilog="Example: `billbridge notices --json`, `billbridge notices test Ops`")
def newest(
    context: typer.Context,
    data: Data = None,
    number: Annotated[int, typer.Option("--number", help="How many of the newest.", min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Show the newest notices, and what became of each delivery."""
    if context.invoked_subcommand is not None:
        sources = map(context.get_parameter_source, context.params)
        if any(source is not None and source.name == "COMMANDLINE" for source in sources):
            raise typer.BadParameter(f"Write options behind {context.invoked_subcommand!r}, not in front of it.")
        return
    enter(data)
    from billbridge.operations.notice_report import newest_notices
    from billbridge.operations.provider import the_provider

    document = newest_notices(the_provider(), number)
    if as_json:
        print_json(document)
    else:
        _print(document)


@notices.command("test", epilog="Example: `billbridge notices test Ops`")
def try_out(
    name: Annotated[str, typer.Argument(help="The channel's name.")],
    data: Data = None,
) -> None:
    """Send a test through one channel now, on or off, and say whether it arrived."""
    enter(data)
    from billbridge.operations.access import Actor
    from billbridge.operations.notices import try_now
    from billbridge.operations.provider import the_provider

    delivery = try_now(Actor.command_line(the_provider()), name)
    out.print(f"The test was taken over by {delivery.channel_name}: see whether it can be read there.")


def _print(document: dict[str, Any]) -> None:
    """One row a notice, with the state of each delivery."""
    rows = [
        (one["at"][:16].replace("T", " "), one["event"], one["subject"], _deliveries(one["deliveries"]))
        for one in document["notices"]
    ]
    if rows:
        table("Notices (UTC)", ["when", "about", "notice", "told through"], rows)
    else:
        out.print("Nothing was announced yet.")


def _deliveries(deliveries: list[dict[str, Any]]) -> str:
    told = (f"{one['channel']}: {one['state']}. {one['reason']}".strip(". ") for one in deliveries)
    return "\n".join(told) or "nobody"
