"""What each kind of task does: it reads its inputs, calls operations, and gives a result to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from billbridge.billing.bills import Trigger
from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput, PermanentError, TransientError
from billbridge.halopsa.client import HaloPSA
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
from billbridge.operations.notices import deliver
from billbridge.operations.plans import digest, is_the_rest, keep_plan, without_changes
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
    """Do what a task asks for; raises the errors of the operation it calls.

    A result with "stopped" says why only a part was done.
    """
    return _KINDS[TaskKind(task.kind)](task, progress)


def _plan(task: Task, progress: TaskProgress) -> Result:
    with halopsa_of(task.provider) as halo:
        prepared = prepare(task.provider, halo, _request(task), policy=_policy(task), say=progress.say)
    return keep_plan(task, prepared)


def _sync(task: Task, progress: TaskProgress) -> Result:
    """Plan again and send it, but only if it is still the plan the person looked at, or what is left of it."""
    with _held(task, progress) as halo:
        prepared = prepare(task.provider, halo, _request(task), policy=_policy(task), say=progress.say)
        document = report.plan(prepared)
        looked_at = task.inputs.get("digest", "")
        if looked_at and looked_at != digest(document) and not is_the_rest(prepared.plan, task):
            return {**keep_plan(task, prepared), "changed": True}
        progress.before_sending()
        done = apply(
            prepared,
            halo,
            adopt=bool(task.inputs.get("adopt")),
            started_by=task.asked_by,
            task=task,
            progress=progress.advance,
            stopped=progress.stopped,
        )
    return report.result(done, without_changes(document))


def _auto_billing(task: Task, progress: TaskProgress) -> Result:
    """Last month's automatic bills; a run is begun only if there is something to send.

    What HaloPSA did not take for want of an answer is trouble: the same figures are sent again before long.
    """
    with _held(task, progress) as halo:
        prepared = prepare(task.provider, halo, _request(task, Trigger.AUTO_BILLING), say=progress.say)
        document = report.plan(prepared)
        if not prepared.bills and not prepared.plan.writes:
            return {"run": None, "coverage": document["coverage"], "plan": without_changes(document)}
        progress.before_sending()
        done = apply(
            prepared,
            halo,
            started_by=task.asked_by,
            task=task,
            progress=progress.advance,
            stopped=progress.stopped,
        )
    if done.outcome.unanswered and not progress.stopped():
        raise TransientError(f"HaloPSA gave no clean answer to {done.outcome.unanswered} changes.")
    return report.result(done, without_changes(document))


@contextmanager
def _held(task: Task, progress: TaskProgress) -> Iterator[HaloPSA]:
    """HaloPSA, with the connection held for this run alone: checked before every write."""
    lock = RunLock(connection_of(task.provider).pk, holder=task.asked_by)
    with held_when_free(lock, say=progress.say), halopsa_of(task.provider, before_post=lock.check) as halo:
        yield halo


def _collect(task: Task, progress: TaskProgress) -> Result:
    """Collect; a scheduled collection that failed is trouble, so that it is tried again."""
    provider = task.provider
    with source_of(provider) as source:
        sections = collect(
            provider,
            source,
            today(provider),
            accept_losses=bool(task.inputs.get("accept_losses")),
            say=progress.say,
        )
    failed = [section for section in sections if section.state == "failed"]
    if task.due and failed:
        reason = "; ".join(f"{section.section}: {section.reason}" for section in failed)
        raise (TransientError if all(section.transient for section in failed) else PermanentError)(reason)
    return {"sections": as_json(sections)}


def _refresh(task: Task, progress: TaskProgress) -> Result:
    with halopsa_of(task.provider) as halo:
        return {"rows": refresh_lists(task.provider, halo, say=progress.say)}


def _reconcile(task: Task, progress: TaskProgress) -> Result:
    month = Month.parse(task.inputs["month"])
    done = reconcile(task.provider, month, today(task.provider), say=progress.say, progress=progress.advance)
    forget_older(task)
    return compact(done)


def _notify(task: Task, progress: TaskProgress) -> Result:
    progress.say("telling it")
    deliver(task.inputs["delivery"])
    return {}


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
    TaskKind.AUTO_BILLING: _auto_billing,
    TaskKind.COLLECT: _collect,
    TaskKind.REFRESH: _refresh,
    TaskKind.RECONCILE: _reconcile,
    TaskKind.NOTIFY: _notify,
    TaskKind.DRIFT: _drift,
    TaskKind.TEST_HALOPSA: _test_halopsa,
    TaskKind.TEST_SOURCE: _test_source,
}


def _request(task: Task, trigger: Trigger = Trigger.MANUAL_SYNC) -> BillRequest:
    """The bills a task asks for: `companies` are row ids (none: all), `month` one by name, `day` the day asked on.

    The day is today's, also for what was asked for earlier; a day that was ending then has another after it now.
    """
    inputs = task.inputs
    companies = inputs.get("companies")
    month = inputs.get("month")
    asked_on = date.fromisoformat(inputs["day"]) if "day" in inputs else None
    day = today(task.provider) if asked_on is None or task.due else today(task.provider, asked_on)
    try:
        return BillRequest(
            day=day,
            trigger=trigger,
            month=Month.parse(month) if month else None,
            company_ids=frozenset(companies) if companies else None,
            day_is_ending=bool(inputs.get("end_of_day")) and day == asked_on,
            accept_partial=bool(inputs.get("accept_partial")),
        )
    except ValueError as error:
        raise InvalidInput(f"{month!r} is not a month.", hint="Write it as YYYY-MM.") from error


def _policy(task: Task) -> ConflictPolicy | None:
    chosen = task.inputs.get("on_conflict")
    return ConflictPolicy(chosen) if chosen else None
