"""Choosing the installation and the business day: what every command shares."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated

import typer

from billbridge.billing.months import Month
from billbridge.errors import InvalidInput

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", help="The installation's folder.", envvar="BILLBRIDGE_DATA", show_default="./billbridge-data"
    ),
]
Day = Annotated[str | None, typer.Option("--day", help="The business day, YYYY-MM-DD.", show_default="today")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def enter(data: Path | None, *, create: bool = False) -> None:
    """Open the installation: its database must be of this program's version, or is made with `create`."""
    from billbridge import logs
    from billbridge.store import start

    logs.configure()
    start.start(data)
    settings = start.installation()
    if create or (not settings.uses_postgresql and not settings.sqlite_file.exists()):
        start.migrate()
    else:
        start.check_version()


def read_day(text: str | None) -> date | None:
    """The day given, or none."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is not a day.", hint="Write it as YYYY-MM-DD, for example 2026-11-12."
        ) from None


def read_time(text: str | None) -> time | None:
    """The time of day given, or none."""
    if text is None:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no time of a day.", hint="Write it as HH:MM, for example 23:30.") from None


def read_month(text: str | None) -> Month | None:
    """The month given, or none."""
    if text is None:
        return None
    try:
        return Month.parse(text)
    except ValueError as error:
        raise InvalidInput(f"{error}.") from None
