"""The `billbridge` command and what its errors look like."""

from __future__ import annotations

import sys

import typer

from billbridge import __version__
from billbridge.cli.exits import Exit
from billbridge.cli.output import err, out
from billbridge.errors import BillbridgeError, TransientError

app = typer.Typer(
    name="billbridge",
    help="Bills managed backup in HaloPSA: collect usage, make bills, see the plan, sync, verify.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 2 usage, 3 something is wrong and needs you, 4 try again later, "
    "5 done but something was held or failed, 6 not confirmed, 1 a defect.",
)


@app.callback(invoke_without_command=True)
def billbridge(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """Read the option every call may have."""
    if version:
        out.print(__version__)
        raise typer.Exit(Exit.DONE)


def main() -> None:
    """Run a command; an error becomes one message with its remedy, and an exit code."""
    from billbridge.cli import (  # noqa: F401
        backup,
        billing,
        collecting,
        demo,
        drifting,
        notices,
        reconciling,
        running,
        serving,
        settings,
        simulate,
    )

    try:
        app()
    except TransientError as error:
        _say(error)
        sys.exit(Exit.TRY_AGAIN)
    except BillbridgeError as error:
        _say(error)
        sys.exit(Exit.WRONG)
    except Exception as error:
        from billbridge.store.failures import explained

        known = explained(error)
        if known is None:
            raise
        _say(known)
        sys.exit(Exit.TRY_AGAIN if isinstance(known, TransientError) else Exit.WRONG)


def _say(error: BillbridgeError) -> None:
    err.print(error.message, style="red")
    if error.hint:
        err.print(error.hint)
