"""One attempt at a task, from its claim to what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import DatabaseError, close_old_connections, connections

from billbridge import logs
from billbridge.errors import BillbridgeError, TransientError
from billbridge.jobs import kinds
from billbridge.jobs.backoff import patience_of, wait_after, waited_so_far
from billbridge.jobs.ending import end_and_tell, heard_of
from billbridge.jobs.progress import StopAsked, TaskProgress
from billbridge.operations import attempts
from billbridge.operations.attempts import NotClaimed
from billbridge.store.failures import explained
from billbridge.store.models import Task

_BUSY_SECONDS = 2.0
"""Seconds after which a task is tried again whose lane was busy, with a command that stands in no queue."""

_OF_THE_DATABASE = 3600.0
"""Seconds of trouble with the database that every task waits out."""

_DEFECT = "The console made a mistake. Its log says more."

_LONGEST_PAUSE = 5.0
"""Seconds between looks whether a database that was away answers again."""

_T = TypeVar("_T")

_log = logs.logger(__name__)


def perform(task_id: int, attempt: int, worker: str, *, worker_ends: Callable[[], bool] = lambda: False) -> None:
    """Do one attempt at a task, unless it is not due any more.

    Whatever happens is recorded with the task; a database that is away is waited for, so that nothing is lost.
    Raises nothing but what no record can be made of.
    """
    claimed = _patiently(lambda: attempts.claim(task_id, attempt, worker), worker_ends)
    if claimed is NotClaimed.BUSY:
        _patiently(lambda: attempts.wait_for_lane(task_id, attempt, _BUSY_SECONDS), worker_ends)
    if isinstance(claimed, Task):
        perform_claimed(claimed, worker_ends=worker_ends)


def perform_claimed(task: Task, *, worker_ends: Callable[[], bool] = lambda: False) -> None:
    """Do an attempt that is this worker's already."""
    progress = TaskProgress(task, worker_ends=worker_ends)
    with (
        logs.bound(task=task.pk, attempt=task.attempt, kind=task.kind, provider=str(task.provider_id)),
        heard_of(task),
    ):
        outcome = _outcome(task, progress)
        _patiently(lambda: _record(task, outcome), worker_ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What an attempt came to. `queued` means that another attempt goes on, after `trouble` if there was any.

    `patience` are the seconds of trouble that are waited out at least, whatever the task is.
    """

    state: Task.State
    result: kinds.Result = field(default_factory=dict)
    reason: str = ""
    trouble: TransientError | None = None
    patience: float = 0.0


def _outcome(task: Task, progress: TaskProgress) -> _Outcome:
    try:
        result = kinds.run(task, progress)
    except StopAsked as stop:
        stopped, result = stop.message, {}
    except Exception as error:  # whatever it is, it is recorded
        return _after_error(error)
    else:
        stopped = str(result.get("stopped") or "")
    if stopped and progress.worker_ends:
        return _Outcome(state=Task.State.QUEUED)
    return _Outcome(state=Task.State.STOPPED if stopped else Task.State.DONE, result=result, reason=stopped)


def _after_error(error: Exception) -> _Outcome:
    known = error if isinstance(error, BillbridgeError) else explained(error)
    if known is not error:
        _log.error("a task failed" if known else "a task failed by a defect", exc_info=error)
    if isinstance(known, TransientError):
        patience = _OF_THE_DATABASE if isinstance(error, DatabaseError) else 0.0
        return _Outcome(state=Task.State.QUEUED, trouble=known, patience=patience)
    return _Outcome(state=Task.State.FAILED, reason=str(known or _DEFECT))


def _record(task: Task, outcome: _Outcome) -> None:
    """Put the task back if it has the patience for its trouble, or record its end and tell people of it at once."""
    if outcome.state == Task.State.QUEUED and outcome.trouble is None:
        attempts.put_back(task, seconds=0.0, reason="", counts=False)
        return
    reason = outcome.reason
    if outcome.trouble is not None:
        tries, reason = task.tries + 1, str(outcome.trouble)
        wait = wait_after(tries, outcome.trouble)
        if waited_so_far(task.tries) + wait <= max(outcome.patience, patience_of(task)):
            _log.warning("it is tried again after trouble", seconds=round(wait), tries=tries, reason=reason)
            attempts.put_back(task, seconds=wait, reason=reason, counts=True)
            return
        reason = f"Given up after {tries} tries. {reason}" if task.tries else reason
    state = Task.State.FAILED if outcome.trouble else outcome.state
    ended = end_and_tell(task, state, result=outcome.result, reason=reason)
    _log.info("task ended", state=state.value, recorded=ended)


def _patiently(do: Callable[[], _T], worker_ends: Callable[[], bool]) -> _T | None:
    """Do something with the database, again and again while it is away.

    `None` once the worker ends and it still is: then others see by the lease that the attempt is over.
    """
    wait = 0.2
    while True:
        close_old_connections()
        try:
            return do()
        except DatabaseError:
            _log.warning("the database does not answer; it is waited for")
            connections.close_all()
            if worker_ends():
                return None
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_PAUSE)
