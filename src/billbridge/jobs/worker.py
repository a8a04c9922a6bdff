"""The worker: does what the engine brings, looks after the queue, and takes over from the dead.

Any number of workers may run on one PostgreSQL; on SQLite there is one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError, close_old_connections, connections
from sqlalchemy.exc import SQLAlchemyError

from billbridge import logs
from billbridge.jobs.engine import Engine
from billbridge.jobs.perform import perform
from billbridge.jobs.queue import ask_for_deliveries, compare, hand_over, take_over
from billbridge.operations.attempts import wait_for_lane
from billbridge.operations.due import tick
from billbridge.store.start import installation

LOOK_SECONDS = 0.3
"""How often a worker looks for what was asked for."""

TAKE_OVER_SECONDS = 3.0
"""How often a worker looks for tasks whose worker died, for notices, and whether the engine is in line."""

FORGET_SECONDS = 3600.0
"""How often the engine is told to forget what ended some days ago."""

_SQLITE_EXECUTOR = "the-only-worker"
"""Fixed, so that a restart goes on with what it had begun: on SQLite there is one worker."""

_PAUSE = 2.0

_log = logs.logger(__name__)


class Worker:
    """One worker, from `run` until `stop` is set.

    `at_once` tasks are done at the same time; without `keeps_time` nothing is due but what is asked for by hand.
    """

    def __init__(self, name: str, stop: threading.Event, *, at_once: int, keeps_time: bool = True) -> None:
        self.name = name
        self._keeps_time = keeps_time
        self._stop = stop
        self._at_work = 0
        self._counting = threading.Condition()
        self._engine = Engine(
            installation(),
            executor=name if installation().uses_postgresql else _SQLITE_EXECUTOR,
            perform=self._perform,
            tick=self._tick,
            at_once=at_once,
        )

    def run(self) -> None:
        """Look after the queue until it is told to stop. What is at work then is told so, and not waited for."""
        engine = self._engine
        chores = (
            _Chore(TAKE_OVER_SECONDS, take_over),
            _Chore(TAKE_OVER_SECONDS, lambda: compare(engine)),
            _Chore(LOOK_SECONDS, lambda: hand_over(engine)),
            _Chore(TAKE_OVER_SECONDS, ask_for_deliveries),
            _Chore(FORGET_SECONDS, engine.forget_ended),
        )
        try:
            if not self._launched():
                return
            while not self._stop.is_set():
                for chore in chores:
                    chore.do_if_due()
                self._stop.wait(LOOK_SECONDS)
        finally:
            connections.close_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until nothing is at work, at most so long; `False` if something still is."""
        with self._counting:
            return self._counting.wait_for(lambda: self._at_work == 0, seconds)

    def shut_down(self) -> None:
        """Bring no more attempts; call it when nothing is at work."""
        self._engine.shut_down()

    def _launched(self) -> bool:
        """Launch the engine, waiting for its database if that is away; `False` when told to stop meanwhile."""
        while not self._stop.is_set():
            try:
                self._engine.launch(keeps_time=self._keeps_time)
            except SQLAlchemyError:
                _log.exception("the engine's database does not answer; it is waited for")
                self._stop.wait(_PAUSE)
            else:
                return True
        return False

    def _perform(self, task: int, attempt: int) -> None:
        with self._counting:
            self._at_work += 1
        try:
            if self._stop.is_set():
                wait_for_lane(task, attempt, 0.0)  # another worker, or the next one, begins it
            else:
                perform(task, attempt, self.name, worker_ends=self._stop.is_set)
        finally:
            connections.close_all()  # the engine's threads come and go
            with self._counting:
                self._at_work -= 1
                self._counting.notify_all()

    def _tick(self) -> None:
        try:
            if self._keeps_time and not self._stop.is_set():
                tick()
        finally:
            connections.close_all()


@dataclass(slots=True)
class _Chore:
    """Something a worker does again and again; trouble with a database is told once and tried again."""

    seconds: float
    do: Callable[[], object]
    _last: float = field(default=float("-inf"))
    _is_lost: bool = field(default=False)

    def do_if_due(self) -> None:
        if time.monotonic() - self._last < self.seconds:
            return
        self._last = time.monotonic()
        close_old_connections()
        try:
            self.do()
        except (DatabaseError, SQLAlchemyError) as error:
            if not self._is_lost:
                _log.warning("the worker cannot reach its database; it tries again", reason=str(error))
            self._is_lost = True
            connections.close_all()
        except Exception:
            _log.exception("looking after the queue failed by a defect")
        else:
            self._is_lost = False
