"""Commands that bill: bill, plan, sync, runs, and the test of the HaloPSA connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from billbridge.cli.app import app
from billbridge.cli.collecting import print_findings
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, Day, Json, Yes, enter, read_day, read_month
from billbridge.cli.output import ask, err, out, print_json, steps
from billbridge.errors import InvalidInput

if TYPE_CHECKING:
    from billbridge.billing.changes import ConflictPolicy
    from billbridge.operations.bill import BillRequest
    from billbridge.store.models import Provider

Companies = Annotated[list[str] | None, typer.Argument(help="Companies, by name or id.", show_default="all")]
MonthOption = Annotated[str | None, typer.Option("--month", help="One month by name, YYYY-MM, also a closed one.")]
AutoBilling = Annotated[
    bool, typer.Option("--auto-billing", help="Do what auto-billing does on this day, instead of a manual sync.")
]
EndOfDay = Annotated[
    bool, typer.Option("--end-of-day", help="No later look follows today: on day 3 send from what there is.")
]
AcceptPartial = Annotated[
    bool, typer.Option("--accept-partial", help="Bill months that were collected only from some day on.")
]
OnConflict = Annotated[
    str | None,
    typer.Option("--on-conflict", help="hold or overwrite what a person changed.", show_default="the setting"),
]

halopsa = typer.Typer(help="The connection to HaloPSA.", no_args_is_help=True)
app.add_typer(halopsa, name="halopsa")


@app.command(epilog="Example: `billbridge bill --day 2026-11-12 --json`")
def bill(
    companies: Companies = None,
    data: Data = None,
    day: Day = None,
    month: MonthOption = None,
    accept_partial: AcceptPartial = False,
    as_json: Json = False,
) -> None:
    """Make the bills of last month and of this one so far. Nothing is sent."""
    enter(data)
    from billbridge.cli import views
    from billbridge.operations import report
    from billbridge.operations.bill import make_bills
    from billbridge.operations.provider import the_provider

    provider = the_provider()
    request = _request(provider, companies, day, month, accept_partial=accept_partial)
    with steps("bills") as bar:
        results = make_bills(provider, request, progress=bar.advance)
    document = report.bills(provider, results)
    if as_json:
        print_json(document)
    else:
        views.print_bills(document)
    if any(entry["state"] == "held" for entry in document["bills"]):
        raise typer.Exit(Exit.NEEDS_A_PERSON)


@app.command(epilog="Example: `billbridge plan 'Acme Dental'`")
def plan(
    companies: Companies = None,
    data: Data = None,
    day: Day = None,
    month: MonthOption = None,
    accept_partial: AcceptPartial = False,
    on_conflict: OnConflict = None,
    as_json: Json = False,
) -> None:
    """Show what a sync would change in HaloPSA: creates, adoptions, updates, keeps and conflicts."""
    enter(data)
    from billbridge.cli import views
    from billbridge.operations import report
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.provider import the_provider
    from billbridge.operations.sync import prepare

    provider = the_provider()
    request = _request(provider, companies, day, month, accept_partial=accept_partial)
    with halopsa_of(provider) as halo, steps("planning") as bar:
        prepared = prepare(provider, halo, request, policy=_policy(on_conflict), say=bar.say)
    document = report.plan(prepared)
    if as_json:
        print_json(document)
    else:
        views.print_plan(document)
    _exit_for(document["coverage"], conflicts=bool(prepared.plan.conflicts))


@app.command(epilog="Example: `billbridge sync --yes --json`")
def sync(
    companies: Companies = None,
    data: Data = None,
    day: Day = None,
    month: MonthOption = None,
    auto_billing: AutoBilling = False,
    end_of_day: EndOfDay = False,
    accept_partial: AcceptPartial = False,
    on_conflict: OnConflict = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take over subscriptions that stand in HaloPSA already.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Show the plan, ask, send it to HaloPSA, and prove by reading back that it arrived."""
    enter(data)
    from billbridge.cli import views
    from billbridge.jobs.here import do_here, do_there
    from billbridge.operations import report
    from billbridge.operations.access import Actor
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.plans import digest, without_changes
    from billbridge.operations.provider import connection_of, the_provider
    from billbridge.operations.sync import apply, prepare
    from billbridge.operations.tasks import TaskKind
    from billbridge.operations.workers import living_workers
    from billbridge.store.lock import RunLock

    provider = the_provider()
    kind = TaskKind.AUTO_BILLING if auto_billing else TaskKind.SYNC
    request = _request(
        provider,
        companies,
        day,
        month,
        accept_partial=accept_partial,
        auto_billing=auto_billing,
        end_of_day=end_of_day,
    )
    lock = RunLock(connection_of(provider).pk)
    with lock.held(), halopsa_of(provider, before_post=lock.check) as halo:
        with steps("planning") as bar:
            prepared = prepare(provider, halo, request, policy=_policy(on_conflict), say=bar.say)
        document = report.plan(prepared)
        if not as_json:
            views.print_plan(document)
        adopt = adopt or _asks_to_adopt(document, asks=not (yes or as_json))
        if prepared.plan.writes and not yes and not _agrees(as_json=as_json):
            err.print("Nothing was sent.")
            raise typer.Exit(Exit.NOT_CONFIRMED)
        inputs = _inputs(request, digest(document), on_conflict=on_conflict, adopt=adopt)
        planned = without_changes(document)
        is_worker = not living_workers()
        if is_worker:
            with steps("syncing") as bar:
                done = do_here(
                    Actor.command_line(provider),
                    kind,
                    inputs,
                    lambda task: report.result(
                        apply(prepared, halo, adopt=adopt, task=task, progress=bar.advance), planned
                    ),
                )
    if not is_worker:
        with steps("waiting for the worker") as bar:
            done = do_there(Actor.command_line(provider), kind, inputs, bar)
    done = report.NOTHING_SENT | done | {"plan": document}
    if as_json:
        print_json(done)
    else:
        views.print_result(done)
    _exit_for(done["coverage"], conflicts=bool(done["failed"]) or bool(prepared.plan.conflicts))


@app.command(epilog="Example: `billbridge runs --json`")
def runs(
    data: Data = None,
    number: Annotated[int | None, typer.Argument(help="One run, with each of its changes.")] = None,
    as_json: Json = False,
) -> None:
    """The history of all runs: when, what, result, and each change with before and after."""
    enter(data)
    from billbridge.cli import views
    from billbridge.operations import report
    from billbridge.operations.provider import the_provider

    document = report.runs(the_provider(), number)
    if as_json:
        print_json(document)
    else:
        views.print_runs(document)


@halopsa.command("test", epilog="Example: `billbridge halopsa test`")
def halopsa_test(data: Data = None) -> None:
    """Diagnose the connection in words: address, tenant, secret, scopes and access levels, module by module."""
    enter(data)
    from billbridge.halopsa.diagnosis import diagnose
    from billbridge.operations.connect import halopsa_of
    from billbridge.operations.provider import the_provider

    with halopsa_of(the_provider()) as halo:
        findings = diagnose(halo)
    print_findings("HaloPSA", findings)


def _request(
    provider: Provider,
    companies: list[str] | None,
    day: str | None,
    month: str | None,
    *,
    accept_partial: bool,
    auto_billing: bool = False,
    end_of_day: bool = False,
) -> BillRequest:
    from billbridge.billing.bills import Trigger
    from billbridge.operations.bill import BillRequest, find_companies
    from billbridge.operations.provider import today

    if auto_billing and month:
        raise InvalidInput("Auto-billing always bills last month.", hint="Leave --month or --auto-billing out.")
    return BillRequest(
        day=today(provider, read_day(day)),
        trigger=Trigger.AUTO_BILLING if auto_billing else Trigger.MANUAL_SYNC,
        month=read_month(month),
        company_ids=find_companies(provider, companies) if companies else None,
        day_is_ending=end_of_day,
        accept_partial=accept_partial,
    )


def _inputs(request: BillRequest, digest: str, *, on_conflict: str | None, adopt: bool) -> dict[str, Any]:
    """The inputs of the task that sends what was shown."""
    inputs: dict[str, Any] = {
        "day": str(request.day),
        "companies": sorted(request.company_ids or ()),
        "month": str(request.month) if request.month else "",
        "accept_partial": request.accept_partial,
        "end_of_day": request.day_is_ending,
        "on_conflict": on_conflict or "",
        "adopt": adopt,
        "digest": digest,
    }
    return {name: value for name, value in inputs.items() if value}


def _policy(text: str | None) -> ConflictPolicy | None:
    from billbridge.billing.changes import ConflictPolicy

    if text is None:
        return None
    try:
        return ConflictPolicy(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no way to treat conflicts.", hint="Say hold or overwrite.") from None


def _asks_to_adopt(document: dict[str, Any], *, asks: bool) -> bool:
    count = sum(1 for change in document["changes"] if change["kind"] == "adopt")
    return bool(count) and asks and ask(f"Take over {count} subscriptions that stand there already?")


def _agrees(*, as_json: bool) -> bool:
    if as_json:
        raise InvalidInput("With --json nobody can be asked.", hint="Add --yes to send, or use `billbridge plan`.")
    return ask("Send this to HaloPSA?")


def _exit_for(coverage: list[dict[str, object]], *, conflicts: bool) -> None:
    """A company that was held, a conflict or a failure needs a person; one that has nothing to bill does not."""
    if conflicts or any(entry["state"] in ("held", "partly billed", "conflict", "failed") for entry in coverage):
        out.print("", end="")
        raise typer.Exit(Exit.NEEDS_A_PERSON)
