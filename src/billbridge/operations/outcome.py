"""Recording what a run did: bills, their lines, bases and the run itself, by what was read back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

from django.db import transaction

from billbridge.billing.bills import BillState
from billbridge.billing.changes import Change, ChangeKind, Plan
from billbridge.halopsa.apply import Outcome
from billbridge.halopsa.client import HaloPSA
from billbridge.operations.journal import keep_slot, remember_sizes, settle_intents
from billbridge.operations.run_values import CompanyCoverage, CoverageState, Prepared
from billbridge.store.models import Bill, BillLine, Run


def record_outcome(
    prepared: Prepared, made: Plan, outcome: Outcome, run: Run, halo: HaloPSA, *, stopped: str = ""
) -> tuple[CompanyCoverage, ...]:
    """Bring bills, their lines, bases and the run up to date with what was read back.

    `stopped` says why the run sent only a part.
    """
    verified = {id(change) for change in outcome.verified}
    failed = {id(change): reason for change, reason in outcome.failed}
    found = {subscription.id: subscription for subscription in prepared.found}
    by_line: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in made.changes:
        by_line[change.wanted.configuration_id, change.wanted.shows].append(change)
    problems: dict[int, list[str]] = {}
    with transaction.atomic():
        for change in made.of(ChangeKind.KEEP):
            if change.subscription_id is not None:
                keep_slot(change, found[change.subscription_id])
        settled = (*made.of(ChangeKind.KEEP), *made.of(ChangeKind.SKIP))
        settle_intents(run, {change.wanted.key for change in settled})
        bills = list(Bill.objects.filter(pk__in=prepared.bills).prefetch_related("lines__configuration"))
        for bill in (b for b in bills if b.state != BillState.HELD.value):
            problems[bill.pk] = _record_bill(bill, by_line, verified, failed)
        states = {bill.pk: BillState(bill.state) for bill in bills}
        coverage = tuple(_covered_now(entry, made, problems, states) for entry in prepared.covers)
        proven = outcome.proven if made.writes else None
        remember_sizes(
            prepared.connection,
            {
                "clients": prepared.sizes.clients,
                "sites": prepared.sizes.sites,
                "licences": prepared.sizes.licences + len(made.of(ChangeKind.CREATE)),
            },
            proven_batch=proven,
        )
        troubled = bool(failed) or any(problems.values())
        run.state = Run.State.PARTLY if troubled else Run.State.DONE
        if stopped:
            run.state = Run.State.STOPPED
            run.reason = (
                f"Stopped because {stopped}: {len(outcome.verified)} changes were written and read back, "
                f"{len(outcome.failed)} were not."
            )
        run.ended = datetime.now(UTC)
        run.calls = calls_of(halo)
        run.coverage = {c.company: {"state": c.state, "reasons": list(c.reasons)} for c in coverage}
        run.save()
    return coverage


def _record_bill(
    bill: Bill,
    by_line: dict[tuple[str, str], list[Change]],
    verified: set[int],
    failed: dict[int, str],
) -> list[str]:
    """Set each line to sent or to the reason why not, and the bill to what its lines are. Returns the reasons."""
    reasons: list[str] = []
    lines: list[BillLine] = list(bill.lines.all())
    planned = {line.pk: by_line[str(line.configuration.uid), str(bill.month)] for line in lines}
    if lines and bill.reasons and not any(planned.values()):
        return list(bill.reasons)  # it was left out of this run, and stays what it was
    for line in lines:
        changes = planned[line.pk]
        if not changes:  # nothing was to be sent of it: it arrived before, or its reason says why not
            if not line.is_sent:
                reasons.append(f"{line.name}: {line.reason or 'it was not sent'}")
            continue
        trouble = [
            failed.get(id(change), change.reason)
            for change in changes
            if change.kind is ChangeKind.CONFLICT or id(change) in failed
        ]
        arrived = all(id(c) in verified or c.kind in (ChangeKind.KEEP, ChangeKind.SKIP) for c in changes)
        line.is_sent = arrived
        line.reason = "; ".join(trouble)
        if not line.is_sent:
            reasons.append(f"{line.name}: {line.reason or 'it was not sent'}")
    BillLine.objects.bulk_update(lines, ["is_sent", "reason"])
    if not reasons:
        bill.state = BillState.SENT.value
    elif any(line.is_sent for line in lines):
        bill.state = BillState.PARTLY_SENT.value
    else:
        bill.state = BillState.FAILED.value
    bill.reasons = reasons
    bill.save(update_fields=["state", "reasons"])
    return reasons


def _covered_now(
    entry: CompanyCoverage, made: Plan, problems: dict[int, list[str]], states: dict[int, BillState]
) -> CompanyCoverage:
    """What became of a company: what its bills did not lead to, and what concerns no bill but did not work out."""
    conflicts = [change for change in made.conflicts if change.wanted.company_id == entry.company_id]
    reasons = [reason for bill in entry.bills for reason in problems.get(bill, [])]
    reasons += [f"{c.wanted.name}: {c.reason}" for c in conflicts if not c.wanted.shows]
    if not reasons:
        return entry
    sent = {states[bill] for bill in entry.bills} & {BillState.SENT, BillState.PARTLY_SENT}
    if entry.state is CoverageState.HELD:
        state = CoverageState.HELD
    elif sent:
        state = CoverageState.PARTLY_BILLED
    else:
        state = CoverageState.CONFLICT if conflicts else CoverageState.FAILED
    return replace(entry, state=state, reasons=(*entry.reasons, *(r for r in reasons if r not in entry.reasons)))


def record_failure(prepared: Prepared, run: Run, reason: str, halo: HaloPSA) -> None:
    with transaction.atomic():
        Bill.objects.filter(pk__in=prepared.bills, state=BillState.SENDING.value).update(
            state=BillState.FAILED.value, reasons=[reason]
        )
        run.state, run.reason, run.ended = Run.State.FAILED, reason, datetime.now(UTC)
        run.calls = calls_of(halo)
        run.save()


def calls_of(halo: HaloPSA) -> dict[str, int]:
    calls = halo.calls
    return {"reads": calls.reads, "writes": calls.writes, "tokens": calls.tokens, "limited": calls.limited}
