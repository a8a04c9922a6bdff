"""Commands that keep an installation safe: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from billbridge.cli.app import app
from billbridge.cli.installation import Data
from billbridge.cli.output import out

NewFile = Annotated[Path, typer.Argument(help="The file to write; it must not exist.", metavar="FILE")]
BackupFile = Annotated[Path, typer.Argument(help="A file that `billbridge backup` wrote.", metavar="FILE")]


@app.command(epilog="Example: `billbridge backup /backups/billbridge-2026-11-12.tar`")
def backup(file: NewFile, data: Data = None) -> None:
    """Write database and keys into one file, also while the console runs; PostgreSQL has tools of its own."""
    _choose(data)
    from billbridge.operations.backup import make_backup

    made = make_backup(file.absolute())
    out.print(f"{made.file}: {made.size / 1e6:,.1f} MB with {', '.join(made.names)}.")
    out.print("It opens the secrets it holds: keep it where nobody else can read it.")


@app.command(epilog="Example: `billbridge restore /backups/billbridge-2026-11-12.tar --data /var/lib/billbridge`")
def restore(file: BackupFile, data: Data = None) -> None:
    """Make an installation from a backup, in a folder that holds none."""
    _choose(data)
    from billbridge.operations.restore import restore as run

    manifest = run(file.absolute())
    out.print(f"Restored the backup of {manifest.made}, made by Billbridge {manifest.program}.")
    out.print("Before anything is billed: collect, then look at `billbridge plan`. What was sent after the backup")
    out.print("was made is found in HaloPSA by its key, and asks where it differs.")


def _choose(data: Data) -> None:
    """Choose the installation without opening it: an older database is backed up before it is migrated."""
    from billbridge import logs
    from billbridge.store import start

    logs.configure()
    start.start(data)
