"""What people are told of the work nobody watches: what came of it, and what did not happen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Sum

from billbridge.billing.bills import Action, BillKind, BillState, BillStep
from billbridge.billing.months import Month
from billbridge.notices.events import Event
from billbridge.operations.notices import announce, give_up
from billbridge.operations.tasks import TaskKind
from billbridge.store.models import Bill, Collection, Company, DriftFinding, Notice, Provider, Run, Task

_LISTED = 20
"""Companies that a notice names; of more it gives the number."""

_ON_HOLD = ("held", "partly billed", "failed")


def tell(task: Task) -> None:
    """Tell of a task that has just ended, within the transaction that records its end."""
    match task.kind, task.state:
        case (TaskKind.AUTO_BILLING, Task.State.DONE):
            _auto_billing(task)
        case (TaskKind.AUTO_BILLING, Task.State.FAILED | Task.State.STOPPED):
            _cut_short(task)
        case (TaskKind.SYNC, Task.State.DONE) if "run" in task.result:
            _conflicts(task)
        case (TaskKind.COLLECT, Task.State.DONE):
            _held_sections(task)
        case (TaskKind.COLLECT, Task.State.FAILED) if task.due:
            _collection_failed(task)
        case (TaskKind.DRIFT, Task.State.DONE) if task.result["new"]:
            _drift(task)
        case (TaskKind.NOTIFY, Task.State.FAILED):
            give_up(task.inputs["delivery"], task.reason)


def tell_silence(provider: Provider, last: Collection) -> None:
    """Tell once that nothing was collected since `last`."""
    announce(
        provider,
        Event.SOURCE_SILENT,
        key=f"source silent since {last.pk}",
        subject=f"Nothing was collected since {last.began:%Y-%m-%d %H:%M} UTC",
        lines=(
            f"The last collection that came in was that of {last.day}, over {provider.silence_hours} hours ago.",
            "Days without a collection are guessed, and auto-billing waits for one after the month's end.",
            "Look at Sources in the console: it says what the last try met.",
        ),
        facts={"last_day": str(last.day), "last_began": last.began.isoformat()},
    )


def tell_unsent(provider: Provider, month: Month, steps: Callable[[], Iterable[tuple[Company, BillStep]]]) -> None:
    """Tell once what auto-billing has not sent of a month whose three days are over."""
    key = f"not sent {month}"
    if Notice.objects.filter(provider=provider, key=key).exists():
        return
    reasons = {
        bill.company_id: bill.reasons
        for bill in Bill.objects.filter(provider=provider, month=month).exclude(state=BillState.SENT.value)
    }
    unsent = [
        f"{company.name}: {'; '.join(reasons.get(company.pk) or [step.reason])}"
        for company, step in steps()
        if step.action is not Action.LEAVE
    ]
    if unsent:
        announce(
            provider,
            Event.NOT_SENT,
            key=key,
            subject=f"{month.title}: {_companies(len(unsent))} not billed after the first three days",
            lines=(*_some(unsent), "Auto-billing goes on trying once a day, and marks what it sends late."),
            facts={"month": str(month), "companies": str(len(unsent))},
        )


def _auto_billing(task: Task) -> None:
    month = _month_of(task)
    coverage: Sequence[Mapping[str, Any]] = task.result["coverage"]
    sent = Bill.objects.filter(
        provider=task.provider, month=month, kind=BillKind.AUTOMATIC.value, state=BillState.SENT.value
    )
    if task.result.get("written"):
        _done(task, month, coverage)
        late = sent.filter(late=True).count()
        if late:
            announce(
                task.provider,
                Event.AUTO_BILLING_LATE,
                key=f"late {month} {late}",
                subject=f"{month.title}: {late} automatic bill{_s(late)} went out late",
                lines=("They were sent after the first three days of the month, and are marked late.",),
                facts={"month": str(month), "bills": str(late)},
            )
    held = [_with_reasons(entry) for entry in coverage if entry["state"] in _ON_HOLD]
    if held:
        announce(
            task.provider,
            Event.AUTO_BILLING_HELD,
            key=f"held {month} {_digest(held)}",
            subject=f"{month.title}: {_companies(len(held))} not wholly billed",
            lines=(*_some(held), "Mend what holds them: the next look sends them."),
            facts={"month": str(month), "companies": str(len(held))},
        )
    _conflicts(task)


def _done(task: Task, month: Month, coverage: Sequence[Mapping[str, Any]]) -> None:
    """What was sent, in bills and in money, and how many companies it covers."""
    sent = Bill.objects.filter(
        provider=task.provider, month=month, kind=BillKind.AUTOMATIC.value, state=BillState.SENT.value
    ).aggregate(bills=Count("pk"), cost=Sum("cost"), price=Sum("price"))
    asked = [entry for entry in coverage if entry["state"] not in ("not configured", "nothing to bill")]
    billed = sum(entry["state"] == "billed" for entry in asked)
    currency = task.provider.currency
    announce(
        task.provider,
        Event.AUTO_BILLING_DONE,
        key=f"done {task.pk}",
        subject=f"{month.title}: auto-billing sent {task.result['written']} changes",
        lines=(
            f"{billed} of {_companies(len(asked))} of this run billed, every figure read back from HaloPSA.",
            f"Automatic bills of {month.title} in HaloPSA: {sent['bills']}, "
            f"cost {sent['cost']:.2f}, price {sent['price']:.2f} {currency}.",
        ),
        facts={
            "month": str(month),
            "run": str(task.result["run"]),
            "written": str(task.result["written"]),
            "bills": str(sent["bills"]),
            "cost": f"{sent['cost']:.2f}",
            "price": f"{sent['price']:.2f}",
            "currency": currency,
        },
    )


def _cut_short(task: Task) -> None:
    """Auto-billing ended without its result: who must do what."""
    was_stopped = task.state == Task.State.STOPPED
    announce(
        task.provider,
        Event.AUTO_BILLING_FAILED,
        key=f"auto-billing failed {task.pk} {task.attempt}",
        subject=f"{_month_of(task).title}: auto-billing {'was stopped' if was_stopped else 'failed'}",
        lines=(
            task.reason,
            "It goes on tomorrow by itself, or at once when it is tried again in the console (Background work).",
        ),
        facts={"month": str(_month_of(task)), "task": str(task.pk)},
    )


def _conflicts(task: Task) -> None:
    found = [
        _with_reasons(entry) for entry in task.result["coverage"] if entry["state"] in ("conflict", "partly billed")
    ]
    if found and task.result["plan"]["counts"].get("conflict"):
        announce(
            task.provider,
            Event.CONFLICT,
            key=f"conflict {_digest(found)}",
            subject=f"{_companies(len(found))} in conflict with HaloPSA",
            lines=(*_some(found), "Nothing was overwritten. Look at the run in the console and decide."),
            facts={"run": str(task.result.get("run") or ""), "companies": str(len(found))},
        )


def _held_sections(task: Task) -> None:
    held = [section for section in task.result["sections"] if section["state"] == "held"]
    if held:
        announce(
            task.provider,
            Event.COLLECTION_HELD,
            key=f"collection held {_digest([section['reason'] for section in held])}",
            subject="A collection was held: the source shows far less than before",
            lines=(
                *(f"{one['section']}: {one['reason']}" for one in held),
                "Nothing was changed. Look at Sources.",
            ),
            facts={"task": str(task.pk)},
        )


def _collection_failed(task: Task) -> None:
    announce(
        task.provider,
        Event.SOURCE_SILENT,
        key=f"collection failed {task.pk} {task.attempt}",
        subject="The daily collection failed",
        lines=(task.reason, "The day counts as the day before until a collection comes in."),
        facts={"task": str(task.pk)},
    )


def _drift(task: Task) -> None:
    """What the check found for the first time, if the next bill suffers from it."""
    day = date.fromisoformat(task.result["day"])
    new = DriftFinding.objects.filter(provider=task.provider, over_on=None, harms=True, first_seen=day)
    found = [f"{one.name}: {one.finding} {one.effect}" for one in new.order_by("thing", "name")]
    if found:
        announce(
            task.provider,
            Event.DRIFT,
            key=f"drift {day} {_digest(found)}",
            subject=f"{len(found)} thing{_s(len(found))} changed in HaloPSA that the next bill suffers from",
            lines=(*_some(found), "Look at Drift in the console: each says what to do."),
            facts={"day": str(day), "findings": str(len(found))},
        )


def _month_of(task: Task) -> Month:
    """The month that auto-billing was about: the one before the business day of its run, or of its look."""
    run = Run.objects.filter(task=task).order_by("-pk").first()
    day = run.day if run else task.inputs["day"]
    return Month.parse(str(day)[:7]).previous


def _with_reasons(entry: Mapping[str, Any]) -> str:
    return f"{entry['company']}: {'; '.join(entry['reasons']) or entry['state']}"


def _some(sentences: Sequence[str]) -> tuple[str, ...]:
    rest = len(sentences) - _LISTED
    return (*sentences[:_LISTED], *((f"and {rest} more",) if rest > 0 else ()))


def _companies(number: int) -> str:
    return f"{number} compan{'y' if number == 1 else 'ies'}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _digest(sentences: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(sentences)).encode()).hexdigest()[:16]
