"""Syncing with HaloPSA: bills, plan, apply, verify. A person can look between planning and applying."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from billbridge import logs
from billbridge.billing.bills import Action, BillState
from billbridge.billing.changes import ChangeKind, ConflictPolicy, Plan
from billbridge.billing.months import Month
from billbridge.billing.plan import plan
from billbridge.billing.products import Product
from billbridge.billing.resume import Intent, bases_after, missing_creates
from billbridge.billing.slots import Layout
from billbridge.errors import BillbridgeError, InvalidInput
from billbridge.failpoints import reach
from billbridge.halopsa.apply import Applier, Pace
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.tenant import Needs, Sizes, Tenant, read_tenant, subscription_reader
from billbridge.operations.bill import BillRequest, BillResult, companies_of, make_bills
from billbridge.operations.covering import companies_in_run, cover, not_configured, warnings_of
from billbridge.operations.destination import AssetTypeChoice
from billbridge.operations.gone import gone_companies
from billbridge.operations.journal import (
    RunJournal,
    bases_of,
    end_earlier_runs,
    failed_creates,
    learn_price_decimals,
    unsettled_intents,
)
from billbridge.operations.outcome import calls_of, record_failure, record_outcome
from billbridge.operations.provider import connection_of
from billbridge.operations.run_values import Prepared, SyncResult
from billbridge.operations.storage_usage import storage_product_names
from billbridge.operations.supplier import supplier_for_plan, with_supplier
from billbridge.operations.wanted import Sending
from billbridge.store.clock import database_now
from billbridge.store.models import Bill, Company, DefaultAssetType, HaloConnection, Provider, Run, Slot, Task

_log = logs.logger(__name__)


def prepare(
    provider: Provider,
    halo: HaloPSA,
    request: BillRequest,
    *,
    policy: ConflictPolicy | None = None,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Read HaloPSA, make the bills and plan. Nothing is written to HaloPSA.

    HaloPSA comes first: whatever keeps it from being read leaves the bills as they were.
    """
    connection = connection_of(provider)
    _refuse_earlier_day(provider, request.day)
    companies = companies_of(provider, request)
    say("reading HaloPSA")
    tenant = _read(halo, connection, companies)
    intents = unsettled_intents(provider)
    tenant = _settle_late_creates(halo, tenant, connection, intents, sleep)
    say("bills")
    results = make_bills(provider, request)
    bills = _bills_to_send(results)
    say("planning")
    sending = _sending(provider, connection, tenant, request)
    covered = [
        cover(one, tenant, sending, currency=provider.currency)
        for one in companies_in_run(companies, bills, results, running=sending.running)
    ]
    made = plan(
        [slot for one in covered for slot in one.wanted],
        tenant.found,
        bases_after([*failed_creates(provider), *intents], bases_of(provider), tenant.found),
        policy=policy or ConflictPolicy(connection.on_conflict),
        own_keys=frozenset(Slot.objects.values_list("key", flat=True)),
    )
    if not tenant.complete:
        made = _without_creates(made, tenant.reason)
    return Prepared(
        provider=provider,
        connection=connection,
        request=request,
        plan=made,
        bills=tuple(bill.pk for bill in bills),
        covers=(*(one.coverage for one in covered), *not_configured(provider)),
        companies={company.source_id: company.name for company in companies},
        found=tuple(tenant.found),
        sizes=tenant.sizes,
        warnings=(*warnings_of(covered), *_gone(provider, companies, sending.running)),
    )


def apply(
    prepared: Prepared,
    halo: HaloPSA,
    *,
    adopt: bool = False,
    started_by: str = "command line",
    task: Task | None = None,
    sleep: Callable[[float], None] = time.sleep,
    progress: Callable[[int, int], None] | None = None,
    stopped: Callable[[], str] = lambda: "",
) -> SyncResult:
    """Apply a prepared plan, read back, and bring bills and bases up to date.

    Adoptions are written only if `adopt` confirms them. A run that is cut short is resumed by the next one, be it
    the next attempt at its `task`. Once `stopped` gives a reason nothing more is sent, and the run says so.
    """
    run = Run.objects.create(
        provider=prepared.provider,
        task=task,
        trigger=prepared.request.trigger.value,
        started_by=started_by,
        day=prepared.request.day,
        began=datetime.now(UTC),
        state=Run.State.RUNNING,
    )
    with logs.bound(run=run.pk, provider=str(prepared.provider.pk)):
        return _applied(prepared, halo, run, adopt=adopt, sleep=sleep, progress=progress, stopped=stopped)


def _applied(
    prepared: Prepared,
    halo: HaloPSA,
    run: Run,
    *,
    adopt: bool,
    sleep: Callable[[float], None],
    progress: Callable[[int, int], None] | None,
    stopped: Callable[[], str],
) -> SyncResult:
    end_earlier_runs(run)
    made = prepared.plan if adopt else _without_adoptions(prepared.plan)
    Bill.objects.filter(pk__in=prepared.bills, state=BillState.READY.value).update(state=BillState.SENDING.value)
    _log.info("run begun", trigger=run.trigger, day=str(run.day), writes=len(made.writes))
    connection = prepared.connection
    journal = RunJournal(run, database_now)
    applier = Applier(
        halo,
        journal,
        subscription_reader(halo, lambda: prepared.sizes),
        pace=Pace(full=connection.batch_size, proven=connection.proven_batch, settle=connection.settle_seconds),
        sleep=sleep,
        progress=progress,
        stopped=stopped,
    )
    try:
        made = with_supplier(made, halo, connection.supplier_name)
        outcome = applier.apply(made.writes)
    except BillbridgeError as error:
        record_failure(prepared, run, str(error), halo)
        _log.warning("run failed", reason=str(error))
        raise
    reach("before-bills")
    coverage = record_outcome(prepared, made, outcome, run, halo, stopped=stopped() if outcome.failed else "")
    if journal.learned_decimals is not None:
        learn_price_decimals(connection, journal.learned_decimals)
    _log.info("run ended", state=run.state, written=len(outcome.verified), failed=len(outcome.failed))
    stop = run.reason if run.state == Run.State.STOPPED else ""
    return SyncResult(
        run_id=run.pk, state=run.state, stopped=stop, outcome=outcome, coverage=coverage, calls=calls_of(halo)
    )


def _gone(provider: Provider, companies: Sequence[Company], running: Month) -> list[str]:
    """What a person is asked about companies of the run that are gone from the source."""
    names = {company.name for company in companies}
    gone = [one for one in gone_companies(provider, running) if one.asks and one.name in names]
    return [f"{one.question} {one.remedy}" for one in gone]


def _refuse_earlier_day(provider: Provider, day: date) -> None:
    last = Run.objects.filter(provider=provider).order_by("-day").first()
    if last is not None and day < last.day:
        raise InvalidInput(
            f"The business day {day} lies before that of the last run, {last.day}; nothing was changed.",
            hint="Check the clock, or the day that was given.",
        )


def _bills_to_send(results: Iterable[BillResult]) -> list[Bill]:
    ids = [r.bill_id for r in results if r.bill_id and r.step.action in (Action.MAKE, Action.SEND_AGAIN)]
    bills = Bill.objects.filter(pk__in=ids).exclude(state=BillState.HELD.value)
    return list(bills.prefetch_related("lines__configuration").order_by("company_id", "month"))


def _sending(provider: Provider, connection: HaloConnection, tenant: Tenant, request: BillRequest) -> Sending:
    return Sending(
        provider_id=str(provider.pk),
        layout=Layout(connection.layout),
        running=Month.of(request.day),
        supplier_id=supplier_for_plan(connection.supplier_name, tenant.suppliers),
        asset_types={
            Product.parse(row.product): AssetTypeChoice(asset_type=row.asset_type, item_id=row.item_id)
            for row in DefaultAssetType.objects.filter(provider=provider)
        },
        product_names=storage_product_names(provider),
    )


def _read(halo: HaloPSA, connection: HaloConnection, companies: Sequence[Company]) -> Tenant:
    needs = Needs(
        client_ids=frozenset(c.client_id for c in companies if c.client_id is not None),
        contract_ids=frozenset(c.agreement_id for c in companies if c.agreement_id is not None),
        suppliers=bool(connection.supplier_name),
    )
    return read_tenant(halo, needs, Sizes(**connection.known_sizes))


def _settle_late_creates(
    halo: HaloPSA,
    tenant: Tenant,
    connection: HaloConnection,
    intents: Sequence[Intent],
    sleep: Callable[[float], None],
) -> Tenant:
    """Wait for creates of a run that was cut short: HaloPSA may commit them late, so they are read again, twice."""
    missing = missing_creates(intents, tenant.found)
    if not missing:
        return tenant
    latest = max(intent.sent_at or 0.0 for intent in missing)
    # Never longer than it takes to settle: a clock that was set back would make the wait endless.
    sleep(min(max(0.0, latest + connection.settle_seconds - database_now()), connection.settle_seconds))
    read = subscription_reader(halo, lambda: tenant.sizes)
    found = {subscription.id: subscription for subscription in tenant.found}
    for pause in (min(connection.settle_seconds, 1.0), 0.0):
        again = read(frozenset(intent.client_id for intent in missing))
        found.update({subscription.id: subscription for subscription in again})
        if not missing_creates(missing, found.values()):
            break
        sleep(pause)
    return replace(tenant, found=tuple(found.values()))


def _without_creates(made: Plan, reason: str) -> Plan:
    """Nothing is created on the ground of a list that could not be read whole."""
    return Plan(
        changes=tuple(
            replace(c, kind=ChangeKind.CONFLICT, reason=f"HaloPSA's list could not be read whole: {reason}")
            if c.kind is ChangeKind.CREATE
            else c
            for c in made.changes
        )
    )


def _without_adoptions(made: Plan) -> Plan:
    return Plan(
        changes=tuple(
            replace(
                c,
                kind=ChangeKind.CONFLICT,
                reason=f"{c.reason}: confirm that it is to be taken over (on the command line with --adopt)",
            )
            if c.kind is ChangeKind.ADOPT
            else c
            for c in made.changes
        )
    )
