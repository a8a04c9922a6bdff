"""What each kind of task does: it reads its inputs, calls operations, and gives a result to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billbridge.billing.bills import Trigger
from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.halopsa.diagnosis import diagnose
from billbridge.jobs.patience import held_when_free
from billbridge.jobs.progress import TaskProgress
from billbridge.operations import report
from billbridge.operations.bill import BillRequest
from billbridge.operations.collect import collect
from billbridge.operations.connect import halopsa_of, source_of
from billbridge.operations.drift import check_drift
from billbridge.operations.drift_document import compact as compact_drift
from billbridge.operations.halopsa_lists import refresh_lists
from billbridge.operations.plans import digest, keep_plan, without_changes
from billbridge.operations.provider import connection_of, today
from billbridge.operations.reconcile import reconcile
from billbridge.operations.reconciliation_document import compact, forget_older
from billbridge.operations.sync import apply, prepare
from billbridge.operations.tasks import TaskKind
from billbridge.operations.usage import as_json
from billbridge.store.lock import RunLock
from billbridge.store.models import Task

Result = dict[str, Any]


def run(task: Task, progress: TaskProgress) -> Result:
    """Do what a task asks for; raises the errors of the operation it calls."""
    return _KINDS[TaskKind(task.kind)](task, progress)


def _plan(task: Task, progress: TaskProgress) -> Result:
    with halopsa_of(task.provider) as halo:
        prepared = prepare(task.provider, halo, _request(task), policy=_policy(task), say=progress.say)
    return keep_plan(task, prepared)


def _sync(task: Task, progress: TaskProgress) -> Result:
    """Plan again and send it, but only if it is still the plan the person looked at."""
    lock = RunLock(connection_of(task.provider).pk, holder=task.asked_by)
    with (
        held_when_free(lock, say=progress.say),
        halopsa_of(task.provider, before_post=lock.check) as halo,
    ):
        prepared = prepare(task.provider, halo, _request(task), policy=_policy(task), say=progress.say)
        document = report.plan(prepared)
        looked_at = task.inputs.get("digest", "")
        if looked_at and looked_at != digest(document):
            return {**keep_plan(task, prepared), "changed": True}
        progress.say("sending to HaloPSA")
        done = apply(
            prepared,
            halo,
            adopt=bool(task.inputs.get("adopt")),
            started_by=task.asked_by,
            progress=progress.advance,
        )
    return report.result(done, without_changes(document))


def _collect(task: Task, progress: TaskProgress) -> Result:
    provider = task.provider
    with source_of(provider) as source:
        sections = collect(
            provider,
            source,
            today(provider),
            accept_losses=bool(task.inputs.get("accept_losses")),
            say=progress.say,
        )
    return {"sections": as_json(sections)}


def _refresh(task: Task, progress: TaskProgress) -> Result:
    with halopsa_of(task.provider) as halo:
        return {"rows": refresh_lists(task.provider, halo, say=progress.say)}


def _reconcile(task: Task, progress: TaskProgress) -> Result:
    month = Month.parse(task.inputs["month"])
    done = reconcile(task.provider, month, today(task.provider), say=progress.say, progress=progress.advance)
    forget_older(task)
    return compact(done)


def _drift(task: Task, progress: TaskProgress) -> Result:
    done = check_drift(task.provider, today(task.provider), say=progress.say, progress=progress.advance)
    return compact_drift(done)


def _test_halopsa(task: Task, progress: TaskProgress) -> Result:
    progress.say("asking HaloPSA")
    with halopsa_of(task.provider) as halo:
        return {"findings": as_json(diagnose(halo))}


def _test_source(task: Task, progress: TaskProgress) -> Result:
    progress.say("asking the source")
    with source_of(task.provider) as source:
        return {"findings": as_json(source.test())}


_KINDS: dict[TaskKind, Callable[[Task, TaskProgress], Result]] = {
    TaskKind.PLAN: _plan,
    TaskKind.SYNC: _sync,
    TaskKind.COLLECT: _collect,
    TaskKind.REFRESH: _refresh,
    TaskKind.RECONCILE: _reconcile,
    TaskKind.DRIFT: _drift,
    TaskKind.TEST_HALOPSA: _test_halopsa,
    TaskKind.TEST_SOURCE: _test_source,
}


def _request(task: Task) -> BillRequest:
    """The bills a task asks for: `companies` are row ids (none: all), `month` one by name."""
    inputs = task.inputs
    companies = inputs.get("companies")
    month = inputs.get("month")
    try:
        return BillRequest(
            day=today(task.provider),
            trigger=Trigger.MANUAL_SYNC,
            month=Month.parse(month) if month else None,
            company_ids=frozenset(companies) if companies else None,
            accept_partial=bool(inputs.get("accept_partial")),
        )
    except ValueError as error:
        raise InvalidInput(f"{month!r} is not a month.", hint="Write it as YYYY-MM.") from error


def _policy(task: Task) -> ConflictPolicy | None:
    chosen = task.inputs.get("on_conflict")
    return ConflictPolicy(chosen) if chosen else None
