"""Syncing with HaloPSA: bills, plan, apply, verify. A person can look between planning and applying."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from billbridge.billing.bills import Action, BillState
from billbridge.billing.configuration import Configuration
from billbridge.billing.months import Month
from billbridge.billing.plan import Change, ChangeKind, ConflictPolicy, Plan, Wanted, plan
from billbridge.billing.products import Product
from billbridge.billing.resume import bases_after, missing_creates
from billbridge.billing.slots import Layout, is_closed_month
from billbridge.errors import BillbridgeError, InvalidInput, PermanentError
from billbridge.failpoints import reach
from billbridge.halopsa import resources
from billbridge.halopsa.apply import Applier, Pace
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.tenant import Needs, Sizes, Tenant, read_tenant, subscription_reader
from billbridge.halopsa.values import Supplier
from billbridge.operations.bill import BillRequest, BillResult, companies_of, make_bills
from billbridge.operations.collect import storage_product_names
from billbridge.operations.destination import AssetTypeChoice, destination_of
from billbridge.operations.journal import (
    RunJournal,
    bases_of,
    end_earlier_runs,
    learn_price_decimals,
    unsettled_intents,
)
from billbridge.operations.outcome import calls_of, record_failure, record_outcome
from billbridge.operations.provider import connection_of
from billbridge.operations.run_values import CompanyCoverage, Prepared, SyncResult
from billbridge.operations.usage import configuration_of
from billbridge.operations.wanted import Sending, closing_of, wanted_of
from billbridge.store.clock import database_now
from billbridge.store.models import (
    Bill,
    BillingConfiguration,
    Company,
    DefaultAssetType,
    HaloConnection,
    Provider,
    Run,
    Slot,
)


def prepare(
    provider: Provider,
    halo: HaloPSA,
    request: BillRequest,
    *,
    policy: ConflictPolicy | None = None,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Make the bills, read HaloPSA and plan. Nothing is written to HaloPSA."""
    connection = connection_of(provider)
    _refuse_earlier_day(provider, request.day)
    say("bills")
    results = make_bills(provider, request)
    bills = _bills_to_send(results)
    companies = companies_of(provider, request)
    say("reading HaloPSA")
    configurations = _configurations(companies)
    tenant = _read(halo, connection, companies)
    intents = unsettled_intents(provider)
    tenant = _settle_late_creates(halo, tenant, connection, intents, sleep)
    asset_types = {
        Product.parse(row.product): AssetTypeChoice(asset_type=row.asset_type, item_id=row.item_id)
        for row in DefaultAssetType.objects.filter(provider=provider)
    }
    sending = Sending(
        provider_id=str(provider.pk),
        layout=Layout(connection.layout),
        running=Month.of(request.day),
        supplier_id=_supplier(connection, tenant.suppliers),
        asset_types=asset_types,
        product_names=storage_product_names(provider),
    )
    say("planning")
    wanted, coverage = _wanted(provider, companies, configurations, tenant, bills, results, sending)
    bases = bases_after(intents, bases_of(provider), tenant.found)
    made = plan(
        wanted,
        tenant.found,
        bases,
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
        coverage=tuple(coverage),
        companies={company.source_id: company.name for company in companies},
        found=tuple(tenant.found),
        sizes=tenant.sizes,
    )


def apply(
    prepared: Prepared,
    halo: HaloPSA,
    *,
    adopt: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    progress: Callable[[int, int], None] | None = None,
) -> SyncResult:
    """Apply a prepared plan, read back, and bring bills and bases up to date.

    Adoptions are written only if `adopt` confirms them. A run that is cut short is resumed by the next one.
    """
    run = Run.objects.create(
        provider=prepared.provider,
        trigger=prepared.request.trigger.value,
        day=prepared.request.day,
        began=datetime.now(UTC),
        state=Run.State.RUNNING,
    )
    end_earlier_runs(run)
    made = prepared.plan if adopt else _without_adoptions(prepared.plan)
    Bill.objects.filter(pk__in=prepared.bills, state=BillState.READY.value).update(state=BillState.SENDING.value)
    connection = prepared.connection
    journal = RunJournal(run, database_now)
    applier = Applier(
        halo,
        journal,
        subscription_reader(halo, lambda: prepared.sizes),
        pace=Pace(full=connection.batch_size, proven=connection.proven_batch, settle=connection.settle_seconds),
        sleep=sleep,
        progress=progress,
    )
    try:
        made = _with_supplier(made, halo, connection.supplier_name.strip())
        outcome = applier.apply(made.writes)
    except BillbridgeError as error:
        record_failure(prepared, run, str(error), halo)
        raise
    reach("before-bills")
    coverage = record_outcome(prepared, made, outcome, run, halo)
    if journal.learned_decimals is not None:
        learn_price_decimals(connection, journal.learned_decimals)
    return SyncResult(run_id=run.pk, state=run.state, outcome=outcome, coverage=coverage, calls=calls_of(halo))


def _refuse_earlier_day(provider: Provider, day: date) -> None:
    last = Run.objects.filter(provider=provider).order_by("-day").first()
    if last is not None and day < last.day:
        raise InvalidInput(
            f"The business day {day} lies before that of the last run, {last.day}; nothing was changed.",
            hint="Check the clock, or the --day you gave.",
        )


def _bills_to_send(results: Iterable[BillResult]) -> list[Bill]:
    ids = [r.bill_id for r in results if r.bill_id and r.step.action in (Action.MAKE, Action.SEND_AGAIN)]
    bills = Bill.objects.filter(pk__in=ids).exclude(state=BillState.HELD.value)
    return list(bills.prefetch_related("lines__configuration").order_by("company_id", "month"))


def _configurations(companies: Sequence[Company]) -> dict[int, dict[str, Configuration]]:
    loaded: dict[int, dict[str, Configuration]] = defaultdict(dict)
    for row in BillingConfiguration.objects.filter(company__in=companies).prefetch_related("products"):
        loaded[row.company_id][str(row.uid)] = configuration_of(row)
    return loaded


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
    intents: Sequence[object],
    sleep: Callable[[float], None],
) -> Tenant:
    """Wait for creates of a run that was cut short: HaloPSA may commit them late, so they are read again, twice."""
    missing = missing_creates(intents, tenant.found)  # type: ignore[arg-type]
    if not missing:
        return tenant
    latest = max(intent.sent_at or 0.0 for intent in missing)
    sleep(max(0.0, latest + connection.settle_seconds - database_now()))
    read = subscription_reader(halo, lambda: tenant.sizes)
    found = {subscription.id: subscription for subscription in tenant.found}
    for pause in (min(connection.settle_seconds, 1.0), 0.0):
        again = read(frozenset(intent.client_id for intent in missing))
        found.update({subscription.id: subscription for subscription in again})
        if not missing_creates(missing, found.values()):
            break
        sleep(pause)
    return replace(tenant, found=tuple(found.values()))


NEW_SUPPLIER = -1
"""Stands in a plan for the supplier that is created when the plan is applied."""


def _supplier(connection: HaloConnection, suppliers: Sequence[Supplier]) -> int | None:
    """The supplier of the additional settings, found by its exact name; one that is not there is made later."""
    name = connection.supplier_name.strip()
    if not name:
        return None
    return _supplier_id(name, suppliers) or NEW_SUPPLIER


def _supplier_id(name: str, suppliers: Iterable[Supplier]) -> int | None:
    same = [s.id for s in suppliers if s.name.strip().casefold() == name.casefold() and not s.inactive]
    return min(same, default=None)


def _with_supplier(made: Plan, halo: HaloPSA, name: str) -> Plan:
    """Create the supplier if the plan needs a new one, read it back, and put its id into the plan."""
    if not any(change.values.get("supplier_id") == NEW_SUPPLIER for change in made.writes):
        return made
    resources.create_supplier(halo, name)
    supplier_id = _supplier_id(name, resources.suppliers(halo, search=name))
    if supplier_id is None:
        raise PermanentError(
            f"HaloPSA does not show the supplier {name!r} after it was created.",
            hint="Create it in HaloPSA, or clear the supplier name in the additional settings.",
        )
    return Plan(changes=tuple(_named_supplier(change, supplier_id) for change in made.changes))


def _named_supplier(change: Change, supplier_id: int) -> Change:
    set_once = change.wanted.set_once
    if set_once.get("supplier_id") != NEW_SUPPLIER:
        return change
    fields = tuple(
        replace(field, after=supplier_id) if field.field == "supplier_id" else field for field in change.fields
    )
    wanted = replace(change.wanted, set_once={**set_once, "supplier_id": supplier_id})
    return replace(change, wanted=wanted, fields=fields)


def _wanted(
    provider: Provider,
    companies: Sequence[Company],
    configurations: dict[int, dict[str, Configuration]],
    tenant: Tenant,
    bills: Sequence[Bill],
    results: Sequence[BillResult],
    sending: Sending,
) -> tuple[list[Wanted], list[CompanyCoverage]]:
    """Wanted slots of all companies that nothing holds, and for each of the others why it gets nothing."""
    slots: dict[int, list[Slot]] = defaultdict(list)
    for slot in Slot.objects.filter(configuration__company__in=companies).select_related("configuration"):
        slots[slot.configuration.company_id].append(slot)
    by_company: dict[int, list[Bill]] = defaultdict(list)
    for bill in bills:
        by_company[bill.company_id].append(bill)
    steps: dict[int, list[BillResult]] = defaultdict(list)
    for result in results:
        steps[result.company_id].append(result)
    held = {
        bill.company_id: tuple(bill.reasons)
        for bill in Bill.objects.filter(
            pk__in=[r.bill_id for r in results if r.bill_id], state=BillState.HELD.value
        )
    }
    wanted: list[Wanted] = []
    coverage: list[CompanyCoverage] = []
    for company in companies:
        own = by_company[company.pk]
        destination = destination_of(
            company,
            [c for c in configurations[company.pk].values() if any(c.holds_in(b.month) for b in own)],
            sending.asset_types,
            tenant,
            currency=provider.currency,
            months=[bill.month for bill in own],
        )
        wanted += _closing(company, configurations[company.pk], slots[company.pk], sending.running)
        if own and destination.holds:
            _hold(own, destination.holds)
            coverage.append(_covered(company, "held", destination.holds, own))
            continue
        for bill in own:
            if bill.month in destination.month_holds:
                _hold([bill], (destination.month_holds[bill.month],))
                held[company.pk] = (*held.get(company.pk, ()), destination.month_holds[bill.month])
        own = [bill for bill in own if bill.month not in destination.month_holds]
        wanted += wanted_of(company, destination, own, configurations[company.pk], slots[company.pk], sending)
        if company.pk in held:
            state = "partly billed" if own else "held"
            coverage.append(_covered(company, state, held[company.pk], own))
        elif own:
            coverage.append(_covered(company, "billed", (), own))
        else:
            reasons = tuple(f"{r.step.month}: {r.step.reason}" for r in steps[company.pk])
            coverage.append(_covered(company, "nothing to bill", reasons, own))
    coverage += _not_configured(provider)
    return wanted, coverage


def _closing(
    company: Company, configurations: dict[str, Configuration], slots: Sequence[Slot], running: Month
) -> list[Wanted]:
    """Configurations whose last month is closed end: that month's bill has been sent, or never was made."""
    ending: list[Wanted] = []
    for configuration in configurations.values():
        last = configuration.last_month
        if last is None or not is_closed_month(last, running):
            continue
        unsent = Bill.objects.filter(
            company=company, month=last, lines__configuration__uid=configuration.id
        ).exclude(state=BillState.SENT.value)
        if not unsent.exists():
            own = [slot for slot in slots if str(slot.configuration.uid) == configuration.id]
            ending += closing_of(company, configuration, own)
    return ending


def _hold(bills: Sequence[Bill], reasons: Sequence[str]) -> None:
    """Say why; a bill of which something may have been sent keeps its state, because its figures are frozen."""
    for bill in bills:
        bill.reasons = list(reasons)
        if bill.state == BillState.READY.value:
            bill.state = BillState.HELD.value
    Bill.objects.bulk_update(bills, ["reasons", "state"])


def _covered(company: Company, state: str, reasons: Iterable[str], bills: Sequence[Bill]) -> CompanyCoverage:
    return CompanyCoverage(
        company=company.name, state=state, reasons=tuple(reasons), bills=tuple(bill.pk for bill in bills)
    )


def _not_configured(provider: Provider) -> list[CompanyCoverage]:
    rest = Company.objects.filter(provider=provider, in_source=True, configurations=None)
    return [
        CompanyCoverage(company=company.name, state="not configured", reasons=("it has no billing configuration",))
        for company in rest.order_by("name")
    ]


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
                c, kind=ChangeKind.CONFLICT, reason=f"{c.reason}: confirm that it is to be taken over (--adopt)"
            )
            if c.kind is ChangeKind.ADOPT
            else c
            for c in made.changes
        )
    )
