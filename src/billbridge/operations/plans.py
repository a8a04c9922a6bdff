"""Plans a person asks for and looks at: one row a change, so that a page of a large one is read at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from django.db import transaction

from billbridge.billing.changes import ChangeKind, ConflictPolicy, Plan
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations import report
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.halopsa_values import stored
from billbridge.operations.run_values import Prepared
from billbridge.operations.tasks import TaskKind, ask_for
from billbridge.store.models import Company, PlannedChange, PlannedEntry, Provider, Task

KEPT = 5
"""Plans of a provider whose changes are kept: those of older ones can be made again."""

ORDER = (
    ChangeKind.CONFLICT,
    ChangeKind.ADOPT,
    ChangeKind.CREATE,
    ChangeKind.UPDATE,
    ChangeKind.CLOSE,
    ChangeKind.KEEP,
    ChangeKind.SKIP,
)
"""Kinds of changes, what a person should see first before the others."""


def digest(plan: dict[str, Any]) -> str:
    """A digest of everything a plan would do: two plans with the same one do the same."""
    said = {name: plan[name] for name in ("changes", "coverage")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def keep_plan(task: Task, prepared: Prepared) -> dict[str, Any]:
    """Keep the plan's changes as rows of the task, and give the rest of it with its digest as the task's result.

    The result is `report.plan` without its changes, under "plan", and "digest".
    """
    document = report.plan(prepared)
    result = {"plan": without_changes(document), "digest": digest(document)}
    companies = dict(Company.objects.filter(provider=task.provider).values_list("source_id", "pk"))
    rows = [
        PlannedEntry(
            task=task,
            rank=ORDER.index(change.kind),
            position=position,
            kind=change.kind.value,
            company_id=companies.get(change.wanted.company_id),
            company_name=said["company"],
            name=said["name"],
            month=said["month"] or "",
            subscription_id=said["subscription_id"],
            reason=said["reason"],
            warnings=said["warnings"],
            fields=said["fields"],
        )
        for position, (change, said) in enumerate(zip(prepared.plan.changes, document["changes"], strict=True))
    ]
    with transaction.atomic():
        _forget_older(task.provider)
        PlannedEntry.objects.bulk_create(rows, batch_size=500)
    return result


def is_the_rest(plan: Plan, task: Task) -> bool:
    """Whether an earlier attempt at the task had begun to send a plan, and this one is what is left of it.

    Every write must be one that was intended then, with the same values: so what a person looked at is what is
    sent, also when the worker that sent it died on the way. Conflicts that came since are left alone.
    """
    intended: dict[str, dict[str, Any]] = {}
    for row in PlannedChange.objects.filter(run__task=task).order_by("pk"):
        after = {name: field["after"] for name, field in row.fields.items()}
        intended[row.key] = intended.get(row.key, {}) | after
    return bool(intended) and all(
        stored(change.values).items() <= intended.get(change.wanted.key, {}).items() for change in plan.writes
    )


def without_changes(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan's document but for its changes, which are kept as rows."""
    return {name: value for name, value in plan.items() if name != "changes"}


def _forget_older(provider: Provider) -> None:
    """Drop the changes of all but the newest plans."""
    with_entries = PlannedEntry.objects.filter(task__provider=provider).values_list("task_id", flat=True).distinct()
    older = sorted(with_entries, reverse=True)[KEPT - 1 :]
    PlannedEntry.objects.filter(task__in=older).delete()


def ask_for_plan(
    actor: Actor,
    *,
    companies: Collection[int] = (),
    month: Month | None = None,
    accept_partial: bool = False,
    on_conflict: ConflictPolicy | None = None,
) -> Task:
    """Ask for a plan of some companies, by their row ids, or of all; of the usual months, or of one by name.

    Raises `NotThere` for a company of nobody or of somebody else, and what `ask_for` raises.
    """
    known = Company.objects.filter(provider=actor.provider, pk__in=companies).count()
    if known != len(set(companies)):
        raise NotThere("There is no such company.")
    inputs = {
        "companies": sorted(set(companies)),
        "month": str(month) if month else "",
        "accept_partial": accept_partial,
        "on_conflict": on_conflict.value if on_conflict else "",
    }
    return ask_for(actor, TaskKind.PLAN, {name: value for name, value in inputs.items() if value})


def ask_for_sync(actor: Actor, looked_at: Task, *, adopt: bool = False) -> Task:
    """Ask for the sync of a plan that was looked at; `adopt` takes over what stands in HaloPSA already.

    If the plan is another one by then, nothing is sent, and the task's result is the new plan.
    """
    known = looked_at.result.get("digest")
    if looked_at.state != Task.State.DONE or not known:
        raise InvalidInput("This is no plan that can be sent.", hint="Make a plan, and look at it first.")
    asked = {name: value for name, value in looked_at.inputs.items() if name not in ("digest", "adopt")}
    return ask_for(actor, TaskKind.SYNC, {**asked, "digest": known, **({"adopt": True} if adopt else {})})
