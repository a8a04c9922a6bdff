"""Reading reconciliations: the newest of a month, and which months there is something to reconcile of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billbridge.billing.months import Month
from billbridge.store.models import Bill, Company, Provider, Task

KIND = "reconcile"
"""The kind of task whose result is a reconciliation."""


_ENDED = (Task.State.DONE, Task.State.FAILED, Task.State.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReconciliation:
    """The newest reconciliation of a month that was done, and the one that failed after it, if one did."""

    result: dict[str, Any]
    read_at: datetime | None
    """When HaloPSA was read for it; UTC."""
    asked_by: str
    failure: str
    """Why the newest attempt led to nothing; empty if it did not fail."""


def last_reconciliation(provider: Provider, month: Month) -> LastReconciliation:
    """What is known of a month; without a result when it was never reconciled."""
    tasks = Task.objects.filter(provider=provider, kind=KIND, inputs__month=str(month)).order_by("-pk")
    ended = tasks.filter(state__in=(Task.State.DONE, Task.State.FAILED, Task.State.STOPPED)).defer("result").first()
    done = tasks.filter(state=Task.State.DONE).exclude(result={}).first()
    failed = ended is not None and ended.state != Task.State.DONE
    return LastReconciliation(
        result=done.result if done else {},
        read_at=datetime.fromisoformat(done.result["read_at"]) if done else None,
        asked_by=done.asked_by if done else "",
        failure=ended.reason if ended is not None and failed else "",
    )


def months_to_reconcile(provider: Provider, running: Month) -> list[Month]:
    """The months there are bills of, last and this month included; newest first."""
    billed = Bill.objects.filter(provider=provider).values_list("month", flat=True).distinct()
    return sorted({*billed, running, running.previous}, reverse=True)


def company_rows(provider: Provider, source_ids: Collection[str]) -> dict[str, int]:
    """The row ids of companies by their ids in the source."""
    rows = Company.objects.filter(provider=provider, source_id__in=list(source_ids))
    return dict(rows.values_list("source_id", "pk"))
