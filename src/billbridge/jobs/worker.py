"""The worker: takes tasks from the queue one after another, each exactly once.

Any number of workers may run on one database. A provider's tasks run one after another, whoever runs them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)
from django.db.models import Exists, OuterRef

from billbridge.errors import BillbridgeError
from billbridge.jobs import kinds
from billbridge.jobs.progress import TaskProgress
from billbridge.operations.tasks import interrupt_abandoned, worker_name
from billbridge.store.clock import database_now
from billbridge.store.failures import explained
from billbridge.store.models import Task

IDLE_SECONDS = 0.3
"""How long the worker rests when there is nothing to do."""

LOOK_SECONDS = 15.0
"""How often a worker looks for tasks that another left unfinished when it died."""

LEASE = 60.0
"""Seconds after it was last heard of at which the worker of a task counts as dead."""

RENEWAL = 5.0
"""Seconds between signs of life."""

_log = structlog.get_logger()


def new_name() -> str:
    """A name for a worker of this process, unlike that of every other."""
    return worker_name(secrets.token_hex(4))


def work(stop: threading.Event, name: str = "") -> None:
    """Do tasks until `stop` is set; the one at work then is finished first."""
    name = name or new_name()
    looked = 0.0
    try:
        while not stop.is_set():
            close_old_connections()
            try:
                if time.monotonic() - looked > LOOK_SECONDS or not looked:
                    interrupt_abandoned()
                    looked = time.monotonic()
                is_busy = work_once(name)
            except DatabaseError:
                _log.exception("the worker cannot reach its database; it tries again")
                is_busy = False
            if not is_busy:
                stop.wait(IDLE_SECONDS)
    finally:
        connections.close_all()


def work_once(name: str = "") -> bool:
    """Do the oldest task that may run now; `False` when there is none."""
    task = take(name or new_name())
    if task is None:
        return False
    with _heard_of(task):
        try:
            result = kinds.run(task, TaskProgress(task))
        except BillbridgeError as error:
            _end(task, Task.State.FAILED, reason=str(error))
        except OperationalError as error:
            _log.exception(
                "task failed by its database", task=task.pk, kind=task.kind, provider=str(task.provider_id)
            )
            _end(task, Task.State.FAILED, reason=str(explained(error)))
        except Exception:
            _log.exception("task failed by a defect", task=task.pk, kind=task.kind, provider=str(task.provider_id))
            _end(task, Task.State.FAILED, reason="The console made a mistake. Its log says more.")
        else:
            _end(task, Task.State.DONE, result=result)
    return True


def take(name: str) -> Task | None:
    """Claim the oldest waiting task of a provider that has none at work; of several workers one gets it."""
    at_work = Task.objects.filter(provider=OuterRef("provider"), state=Task.State.RUNNING)
    waiting = Task.objects.filter(~Exists(at_work), state=Task.State.QUEUED).order_by("pk")
    for pk in list(waiting.values_list("pk", flat=True)[:20]):
        if _claim(pk, name):
            return Task.objects.select_related("provider").get(pk=pk)
    return None


def _claim(pk: int, name: str) -> bool:
    """Make a waiting task this worker's own, unless another was faster with it or with one of the same provider."""
    try:
        with transaction.atomic():
            claimed = Task.objects.filter(pk=pk, state=Task.State.QUEUED).update(
                state=Task.State.RUNNING,
                began=datetime.now(UTC),
                worker=name,
                alive_until=database_now() + LEASE,
            )
    except IntegrityError:  # one task of a provider at work
        return False
    return claimed == 1


@contextmanager
def _heard_of(task: Task, *, renewal: float = RENEWAL) -> Iterator[None]:
    """Give signs of life in the background while the block runs, so that a long task is not taken for abandoned."""
    over = threading.Event()
    renewing = threading.Thread(target=_keep_renewing, args=(task, over, renewal), daemon=True, name="task lease")
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()


def _keep_renewing(task: Task, over: threading.Event, renewal: float) -> None:
    try:
        while not over.wait(renewal):
            try:
                Task.objects.filter(pk=task.pk, worker=task.worker).update(alive_until=database_now() + LEASE)
            except DatabaseError:
                continue  # the lease outlasts several renewals: the next one may succeed
    finally:
        connections.close_all()  # this thread's own


def _end(task: Task, state: Task.State, *, result: kinds.Result | None = None, reason: str = "") -> None:
    """Record how a task ended, even if it was thought interrupted meanwhile: what it did is known now."""
    Task.objects.filter(pk=task.pk, worker=task.worker).update(
        state=state, ended=datetime.now(UTC), result=result or {}, reason=reason, step=""
    )
