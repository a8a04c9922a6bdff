"""Commands that run the simulators: a HaloPSA and an MBS to try everything on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from billbridge.cli.app import app
from billbridge.cli.installation import read_day
from billbridge.cli.output import out

simulate = typer.Typer(help="Run a simulated HaloPSA or MBS over real HTTP.", no_args_is_help=True)
app.add_typer(simulate, name="simulate")

Port = Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")]
CompanyCount = Annotated[int, typer.Option("--companies", help="Companies in the world.")]
LicenseCount = Annotated[int, typer.Option("--licenses", help="Licenses held on a day, about.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed makes the same world.")]
Today = Annotated[str | None, typer.Option("--day", help="The world's day, YYYY-MM-DD.")]

DEMO_DAY = date(2026, 11, 12)


@simulate.command(epilog="Example: `billbridge simulate mbs --port 8901`")
def mbs(
    port: Port = 8901, companies: CompanyCount = 40, licenses: LicenseCount = 600, seed: Seed = 7, day: Today = None
) -> None:
    """Run a simulated MBS. Its world is moved on by POST /_sim/day."""
    from billbridge.simulators.mbs import LOGIN, PASSWORD, MBSSimulator
    from billbridge.simulators.server import SimulatorServer
    from billbridge.simulators.world import World

    world = World.generate(companies=companies, licenses=licenses, seed=seed, today=read_day(day) or DEMO_DAY)
    server = SimulatorServer(MBSSimulator(world).handle, port=port)
    out.print(f"MBS at {server.url}, login {LOGIN}, password {PASSWORD}. Ctrl-C ends it.")
    server.serve_forever()


@simulate.command(epilog="Example: `billbridge simulate halopsa --port 8902`")
def halopsa(
    port: Port = 8902,
    companies: CompanyCount = 40,
    licenses: LicenseCount = 600,
    seed: Seed = 7,
    state: Annotated[Path | None, typer.Option(help="Keep what is written in this file.")] = None,
) -> None:
    """Run a simulated HaloPSA. Its customers' subscriptions are shown at /customers."""
    from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator
    from billbridge.simulators.server import SimulatorServer
    from billbridge.simulators.world import World

    world = World.generate(companies=companies, licenses=licenses, seed=seed)
    server = SimulatorServer(HaloPSASimulator(world.halopsa, state_file=state).handle, port=port)
    out.print(
        f"HaloPSA at {server.url} (customers at {server.url}/customers), tenant {TENANT}, "
        f"client id {CLIENT_ID}, client secret {CLIENT_SECRET}. Ctrl-C ends it."
    )
    server.serve_forever()
