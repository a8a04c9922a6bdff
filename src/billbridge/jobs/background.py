"""Running the worker beside something else, and ending it in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, connections

from billbridge.jobs.only_worker import only_worker
from billbridge.jobs.presence import heard_of
from billbridge.jobs.worker import new_name, work
from billbridge.operations.tasks import interrupt_those_of

_LAST_WORDS = 2.0
"""Seconds that recording an interruption may take: the task itself may have the database locked."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A worker that runs in the background; `over` is set when it has ended, whatever for."""

    name: str
    over: threading.Event


@contextmanager
def background_worker(*, grace: float) -> Iterator[Background]:
    """Do tasks while the block runs; the one at work then is given `grace` seconds to end, or is interrupted.

    An interrupted task is resumed by asking for it again. The caller must end the process afterwards. Raises
    `AnotherWorker` when there is one already and the database takes only one.
    """
    stop = threading.Event()
    worker = Background(name=new_name(), over=threading.Event())
    thread = threading.Thread(target=_work, args=(worker, stop), name="worker", daemon=True)
    with ExitStack() as opened:
        opened.enter_context(only_worker())
        opened.enter_context(heard_of(worker.name))
        thread.start()
        try:
            yield worker
        finally:
            stop.set()
            thread.join(grace)
            if thread.is_alive():
                _interrupt(worker, grace)


def _work(worker: Background, stop: threading.Event) -> None:
    try:
        work(stop, worker.name)
    except Exception:
        _log.exception("the worker ended by a defect", worker=worker.name)
    finally:
        worker.over.set()


def _interrupt(worker: Background, grace: float) -> None:
    _log.warning("a task did not end in time and is interrupted", worker=worker.name, seconds=grace)
    recording = threading.Thread(target=_record_interruption, args=(worker,), daemon=True, name="interruption")
    recording.start()
    recording.join(_LAST_WORDS)


def _record_interruption(worker: Background) -> None:
    """Mark the worker's task; where that fails, others see that the process is gone or that its lease lapsed."""
    try:
        interrupt_those_of(worker.name)
    except DatabaseError:
        _log.warning("the interruption cannot be recorded now", worker=worker.name)
    finally:
        connections.close_all()  # this thread's own
