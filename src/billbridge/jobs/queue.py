"""Looking after the queue: what is asked for reaches the engine, and what a dead worker left goes on.

Each look may be done by several workers at once, twice, or be cut short: a task's row changes only if it still is
what was seen, and the engine takes an attempt once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import F, QuerySet

from billbridge import logs
from billbridge.failpoints import reach
from billbridge.jobs.engine import QUEUE, Engine
from billbridge.operations.attempts import take_over_abandoned
from billbridge.operations.notices import waiting_deliveries
from billbridge.operations.tasks import TaskKind, ask_when_due
from billbridge.operations.workers import living_workers
from billbridge.store.clock import database_now
from billbridge.store.models import Delivery, Task

_NOTICED_WITHIN = timedelta(seconds=30)
_NOBODY = "nobody"

_log = logs.logger(__name__)


def hand_over(engine: Engine) -> int:
    """Hand the waiting attempts over to the engine that it does not have yet; gives how many.

    One that stands in the queue of another version of the workflow code is begun anew by this one.
    """
    number = 0
    waiting = Task.objects.filter(state=Task.State.QUEUED).exclude(handed_over__startswith=f"{QUEUE}#")
    for task in waiting.defer("result").order_by("pk")[:200]:
        attempt = task.attempt
        if task.handed_over:
            engine.withdraw(task.pk, attempt)
            if not _same(task).update(attempt=attempt + 1, handed_over=""):
                continue
            attempt += 1
        wait = max(0.0, task.not_before - database_now()) if task.not_before else 0.0
        engine.hand_over(task.pk, attempt, lane=f"{task.provider_id}:{task.lane}", seconds=wait)
        reach("after-hand-over")
        now = Task.objects.filter(pk=task.pk, attempt=attempt, state=Task.State.QUEUED)
        number += now.update(handed_over=f"{QUEUE}#{attempt}")
    return number


def take_over() -> int:
    """Let others go on with the tasks of workers that died; gives how many."""
    taken = take_over_abandoned()
    for task, attempt in taken:
        _log.warning("a worker died; its task goes on", task=task, attempt=attempt)
    return len(taken)


def compare(engine: Engine) -> int:
    """Bring the engine in line with the tasks' rows, which are the truth; gives how many attempts that concerned.

    What it has and is not due any more is withdrawn: an attempt of a dead worker would block its lane. What is due
    and it has no more, as after its file was lost, or had brought to a worker that died before it could claim it,
    begins anew.
    """
    waiting = list(
        Task.objects.filter(state=Task.State.QUEUED, handed_over__startswith=f"{QUEUE}#").defer("result")
    )
    known = engine.unfinished()
    tasks = {row.pk: row for row in Task.objects.filter(pk__in=[task for task, _ in known]).defer("result")}
    stale = [(task, attempt) for task, attempt in known if _is_over(tasks.get(task), attempt)]
    for task, attempt in stale:
        engine.withdraw(task, attempt)
    living = {"", engine.executor, *(worker.name for worker in living_workers())}
    lost = [task for task in waiting if known.get((task.pk, task.attempt), _NOBODY) not in living]
    again = sum(_same(task).update(attempt=F("attempt") + 1, handed_over="") for task in lost)
    if again:
        _log.warning("the engine had lost tasks, which begin anew", tasks=again)
    return len(stale) + again


def _is_over(task: Task | None, attempt: int) -> bool:
    """Whether an attempt was replaced or its task ended; of a normal end the engine learns a little later."""
    if task is None or attempt < task.attempt:
        return True
    return task.ended is not None and datetime.now(UTC) - task.ended > _NOTICED_WITHIN


def ask_for_deliveries() -> int:
    """Make every notice that waits for a channel a task, which has the patience for it; gives how many."""
    number = 0
    for delivery in waiting_deliveries():
        provider = delivery.notice.provider
        task = ask_when_due(provider, TaskKind.NOTIFY, f"delivery {delivery.pk}", {"delivery": delivery.pk})
        if task is not None:
            number += Delivery.objects.filter(pk=delivery.pk).update(task=task)
    return number


def _same(task: Task) -> QuerySet[Task]:
    """The task, if it still waits as it was seen."""
    return Task.objects.filter(
        pk=task.pk, attempt=task.attempt, state=Task.State.QUEUED, handed_over=task.handed_over
    )
