"""Running the worker beside something else, and ending it in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, connections

from billbridge import logs
from billbridge.jobs.only_worker import only_worker
from billbridge.jobs.presence import heard_of
from billbridge.jobs.worker import Worker
from billbridge.operations.attempts import new_worker_name, put_back_those_of

_LAST_WORDS = 2.0
"""Seconds that putting back what is at work may take: it may have the database locked itself."""

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A worker that runs in the background.

    `over` is set when it has ended, whatever for; `cut_off` when a task did not end in time: its thread still runs.
    """

    name: str
    over: threading.Event
    cut_off: threading.Event


@contextmanager
def background_worker(*, grace: float, at_once: int = 16, keeps_time: bool = True) -> Iterator[Background]:
    """Do tasks while the block runs; those at work then are told to end and given `grace` seconds for it.

    A sync ends after the batch in flight and reads back what it sent. What did not end in time is cut off: another
    worker, or the next one, goes on from there; the caller must end the process then, whatever still runs. Raises
    `AnotherWorker` when there is one already and the database takes only one.
    """
    stop, over, cut_off = threading.Event(), threading.Event(), threading.Event()
    with ExitStack() as opened:
        opened.enter_context(only_worker())
        worker = Worker(new_worker_name(), stop, at_once=at_once, keeps_time=keeps_time)
        opened.enter_context(heard_of(worker.name))
        thread = threading.Thread(target=_work, args=(worker, over), name="worker", daemon=True)
        thread.start()
        try:
            yield Background(name=worker.name, over=over, cut_off=cut_off)
        finally:
            stop.set()
            if worker.wait_until_idle(grace):
                thread.join(_LAST_WORDS)
                worker.shut_down()
            else:
                cut_off.set()
                _cut_off(worker.name, grace)


def _work(worker: Worker, over: threading.Event) -> None:
    try:
        worker.run()
    except Exception:
        _log.exception("the worker ended by a defect", worker=worker.name)
    finally:
        over.set()


def _cut_off(name: str, grace: float) -> None:
    _log.warning("a task did not end in time and is cut off; it goes on later", worker=name, seconds=grace)
    recording = threading.Thread(target=_put_back, args=(name,), daemon=True, name="put back")
    recording.start()
    recording.join(_LAST_WORDS)


def _put_back(name: str) -> None:
    """Put the worker's tasks back; where that fails, others see that it is gone, or that its lease lapsed."""
    try:
        put_back_those_of(name)
    except DatabaseError:
        _log.warning("what is at work cannot be put back now", worker=name)
    finally:
        connections.close_all()  # this thread's own
