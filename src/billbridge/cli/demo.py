"""`billbridge demo`: the whole main job against the simulators, over real HTTP, then the console to look at it."""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import enter
from billbridge.cli.output import out, steps, table
from billbridge.cli.ports import check_free
from billbridge.errors import InvalidInput

FIRST_DAY = date(2026, 9, 28)
AUTO_BILLING_DAY = date(2026, 11, 2)
LAST_DAY = date(2026, 11, 12)
_MARKER = "made-by-billbridge-demo"


@app.command(epilog="Example: `billbridge demo --companies 40`")
def demo(
    data: Annotated[Path, typer.Option("--data", help="The demo's own folder; it is made anew.")] = Path(
        "demo-data"
    ),
    companies: Annotated[int, typer.Option(help="Companies in the demo's world.")] = 40,
    licenses: Annotated[int, typer.Option(help="Licenses held on a day in the demo's world, about.")] = 600,
    seed: Annotated[int, typer.Option(help="The same seed makes the same world.")] = 7,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the console.")] = 8080,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the console afterwards, or end.")] = True,
) -> None:
    """Collect six weeks of usage, make the bills, show the plan, sync, read back, and sync again: nothing to do.

    Then the console runs on the demo's world until it is stopped; its address and sign-in are printed.
    """
    from billbridge.cli.demo_world import demo_setup
    from billbridge.logs import LEVEL_VARIABLE
    from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator
    from billbridge.simulators.mbs import LOGIN, PASSWORD, MBSSimulator
    from billbridge.simulators.world import World

    os.environ.setdefault(LEVEL_VARIABLE, "warning")  # its story is told without a line per page
    if serve:
        check_free("127.0.0.1", port)
    _fresh(data)
    world = World.generate(companies=companies, licenses=licenses, seed=seed, today=FIRST_DAY)
    halopsa = HaloPSASimulator(world.halopsa, today=lambda: world.today)
    mbs = MBSSimulator(world)
    credentials = {
        "tenant": TENANT,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "login": LOGIN,
        "password": PASSWORD,
    }
    with halopsa.start() as halopsa_server, mbs.start() as mbs_server:
        enter(data, create=True)
        text = demo_setup(world, halopsa=halopsa_server.url, mbs=mbs_server.url, secrets=credentials)
        (data / "setup.toml").write_text(text, encoding="utf-8")
        out.rule("Settings, as an MSP would have entered them in September")
        _apply_setup(text, data)
        out.rule(f"Collecting every day from {FIRST_DAY} to {LAST_DAY}; auto-billing on {AUTO_BILLING_DAY}")
        _collect_days(mbs_server.url)
        out.rule(f"Bills on {LAST_DAY}: October closed, November running")
        _bills()
        out.rule("Sync")
        first = _sync(LAST_DAY)
        out.rule("What HaloPSA lists now")
        _subscriptions()
        out.rule("Sync again")
        second = _sync(LAST_DAY)
        out.print(
            f"First run: {first['written']} changes written and read back. "
            f"Second run: {second['calls']['writes']} writes, {second['calls']['reads']} reads."
        )
        if second["calls"]["writes"] or first["failed"] or not first["written"]:
            out.print("The demo did not end as it should.", style="red")
            raise typer.Exit(Exit.UNEXPECTED)
        if serve:
            _console(port, halopsa=halopsa_server.url, mbs=mbs_server.url)
    halopsa.close()
    mbs.close()


def _console(port: int, *, halopsa: str, mbs: str) -> None:
    """Run the console on the demo's world, on the demo's last day, with an owner to sign in as."""
    from billbridge.cli.serving import listen, worker
    from billbridge.operations.access import Actor
    from billbridge.operations.administrators import add_administrator
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.halopsa_lists import refresh_lists
    from billbridge.operations.provider import move_day, the_provider
    from billbridge.store.roles import Role

    provider = the_provider()
    actor = Actor.command_line(provider)
    with halopsa_of(provider) as halo:
        refresh_lists(provider, halo)
    move_day(provider, LAST_DAY)
    password = secrets.token_urlsafe(12)
    add_administrator(actor, name="Olivia Owner", email="owner@example.com", role=Role.OWNER, password=password)
    out.rule("The console")
    out.print(f"Billbridge: http://localhost:{port}  (sign in as owner@example.com with {password})")
    out.print(f"The simulated HaloPSA: {halopsa}/customers")
    out.print(f"The simulated MBS: {mbs}. Everything stops with Ctrl-C.")
    with worker():
        listen("127.0.0.1", port)


def _fresh(data: Path) -> None:
    """Start from nothing, but never remove a folder the demo did not make."""
    if data.exists():
        if any(data.iterdir()) and not (data / _MARKER).exists():
            raise InvalidInput(f"{data} was not made by the demo.", hint="Choose another folder with --data.")
        shutil.rmtree(data)
    data.mkdir(parents=True, mode=0o700)
    (data / _MARKER).touch()


def _apply_setup(text: str, data: Path) -> None:
    from billbridge.operations.change_settings import apply_file
    from billbridge.operations.setup import read_setup

    changes = apply_file(read_setup(text, str(data / "setup.toml")), day=FIRST_DAY)
    out.print(f"{len(changes)} settings, from {data / 'setup.toml'}")


def _collect_days(mbs: str) -> None:
    """Move the world on day by day, collecting, and let auto-billing run on its day."""
    import httpx2

    from billbridge.operations.collect import collect
    from billbridge.operations.connect import source_of
    from billbridge.operations.provider import the_provider

    provider = the_provider()
    days = (LAST_DAY - FIRST_DAY).days + 1
    with source_of(provider) as source, steps("collecting") as bar:
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            httpx2.post(f"{mbs}/_sim/day", json={"day": str(day)}, trust_env=False).raise_for_status()
            sections = collect(provider, source, day, accept_losses=True)
            for section in sections:
                if section.state != "done":
                    raise InvalidInput(f"{day}: {section.section} {section.state}: {section.reason}")
            if day == AUTO_BILLING_DAY:
                done = _sync(day, auto_billing=True, quiet=True)
                out.print(
                    f"{day}: auto-billing sent October of {_billed(done)} companies, {done['written']} changes"
                )
            bar.advance(number + 1, days)
    figures = "; ".join(f"{s.section}: " + ", ".join(f"{v} {n}" for n, v in s.figures.items()) for s in sections)
    out.print(f"{days} collections; the last: {figures}")


def _bills() -> None:
    from billbridge.cli import views
    from billbridge.operations import report
    from billbridge.operations.bill import BillRequest, make_bills
    from billbridge.operations.provider import the_provider

    provider = the_provider()
    views.print_bills(report.bills(provider, make_bills(provider, BillRequest(day=LAST_DAY))))


def _sync(day: date, *, auto_billing: bool = False, quiet: bool = False) -> dict[str, Any]:
    from billbridge.billing.bills import Trigger
    from billbridge.cli import views
    from billbridge.operations import report
    from billbridge.operations.bill import BillRequest
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.provider import connection_of, the_provider
    from billbridge.operations.sync import apply, prepare
    from billbridge.store.lock import RunLock

    provider = the_provider()
    request = BillRequest(day=day, trigger=Trigger.AUTO_BILLING if auto_billing else Trigger.MANUAL_SYNC)
    lock = RunLock(connection_of(provider).pk)
    with lock.held(), halopsa_of(provider, before_post=lock.check) as halo, steps("syncing") as bar:
        prepared = prepare(provider, halo, request, say=bar.say)
        planned = report.plan(prepared)
        if not quiet:
            views.print_plan(planned, with_coverage=False)
        done = report.result(apply(prepared, halo, adopt=True, progress=bar.advance), planned)
    if not quiet:
        views.print_result(done)
    return done


def _billed(done: dict[str, Any]) -> int:
    return sum(1 for entry in done["coverage"] if entry["state"] == "billed")


def _subscriptions() -> None:
    """Read the subscriptions once more, through the client, as a person would look."""
    from billbridge.halopsa import resources
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.provider import the_provider

    with halopsa_of(the_provider()) as halo:
        listed = [s for s in resources.subscriptions(halo) if s.product_sku.startswith("billbridge-")]
    rows = [
        (s.client_name, s.name, s.count or 0, s.purchase_price or "", s.price or "", s.start_date, s.status)
        for s in sorted(listed, key=lambda s: (s.client_name, s.name))
    ]
    columns = ["customer", "subscription", "quantity", "unit cost", "unit price", "month from", "status"]
    table(f"{len(listed)} subscriptions", columns, rows, right=["quantity", "unit cost", "unit price"])
