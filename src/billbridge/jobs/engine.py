"""The port to the durable engine, DBOS Transact: it brings each attempt at a task to one worker, and keeps time.

The same on SQLite, in a file of its own beside the database, and on PostgreSQL, in a schema of its own. The engine
holds ids only, and none of it is the truth: what is to be done stands in the tasks' rows, and an attempt that the
engine brings twice, late or never is noticed there. Its file can be removed while no worker runs; nothing is lost.

Workflow code is versioned by name, and each version has a queue of its own: workers of two versions run side by
side, and what an older one left in its queue is handed over anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
from dbos import DBOS, DBOSConfig, ScheduleInput, Serializer
from dbos import error as dbos_error

from billbridge.config import Settings

VERSION = 1
"""Of the workflow code. Raise it when a workflow begun by this code must not be finished by the next."""

QUEUE = f"tasks-{VERSION}"
"""Where attempts wait; `Task.handed_over` begins with it."""

TASK_WORKFLOW = f"attempt-{VERSION}"
TICK_WORKFLOW = f"tick-{VERSION}"

FILE = "engine.sqlite3"
"""The engine's own file in the data folder, on SQLite."""

SCHEMA = "billbridge_engine"
"""The engine's own schema, on PostgreSQL."""

_APPLICATION_VERSION = "billbridge"
"""Fixed: any worker takes any attempt; which code may is decided by the names above."""

_LOOK_SECONDS = 0.3
"""How often the engine looks for attempts that can begin."""

_KEPT = timedelta(days=2)
"""How long the engine remembers what has ended."""

_UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]

Perform = Callable[[int, int], None]
"""Does an attempt at a task: the task's row id and the attempt."""

Tick = Callable[[], None]
"""Asks for what is due now."""


class Engine:
    """The engine of one worker process, from `launch` to `shut_down`; one at a time in a process."""

    def __init__(self, settings: Settings, *, executor: str, perform: Perform, tick: Tick, at_once: int) -> None:
        self.executor = executor
        """What the engine knows this process by."""
        self._settings = settings
        self._at_once = at_once
        self._register(perform, tick)
        DBOS(config=self._config())

    def launch(self, *, keeps_time: bool = True) -> None:
        """Begin to bring attempts, and, if it `keeps_time`, to tick every minute, once over all workers.

        What this executor had begun and not ended comes first.
        """
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=self._at_once,
            polling_interval_sec=_LOOK_SECONDS,
            on_conflict="always_update",
        )
        if keeps_time:
            self._keep_time()

    @staticmethod
    def hand_over(task: int, attempt: int, *, lane: str, seconds: float = 0.0) -> None:
        """Let an attempt begin in `seconds`, when no other of its lane is at work; handed over twice is once."""
        options: dict[str, Any] = {
            "workflow_name": TASK_WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": workflow_id(task, attempt),
            "queue_partition_key": lane,
        }
        if seconds > 0:
            options["delay_seconds"] = seconds
        DBOS.enqueue_workflow_with_options(options, task, attempt)  # type: ignore[arg-type]

    @staticmethod
    def withdraw(task: int, attempt: int) -> None:
        """An attempt is over, whatever the engine knows of it: one of a dead worker would block its lane."""
        with suppress(dbos_error.DBOSNonExistentWorkflowError):
            DBOS.cancel_workflow(workflow_id(task, attempt))

    @staticmethod
    def unfinished() -> dict[tuple[int, int], str]:
        """The attempts (task and attempt) that the engine will still bring, or has brought, each with its executor.

        The executor is empty for one that waits.
        """
        found = DBOS.list_workflows(name=TASK_WORKFLOW, status=_UNFINISHED, load_input=False, load_output=False)
        return {
            _attempt_of(one.workflow_id): (one.executor_id or "") if one.status == "PENDING" else ""
            for one in found
        }

    @staticmethod
    def forget_ended() -> int:
        """Forget what ended some days ago, so that the engine's tables do not grow for ever; gives how many."""
        before = (datetime.now(UTC) - _KEPT).isoformat()
        ended = DBOS.list_workflows(
            end_time=before,
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            limit=1000,
            load_input=False,
            load_output=False,
        )
        if ended:
            DBOS.delete_workflows([one.workflow_id for one in ended])
        return len(ended)

    @staticmethod
    def shut_down() -> None:
        """Bring no more attempts; those at work are left alone."""
        DBOS.destroy(destroy_registry=True)

    def _keep_time(self) -> None:
        for other in DBOS.list_schedules():  # of another version of this code, whose workers may be gone
            if other["schedule_name"] != TICK_WORKFLOW:
                DBOS.delete_schedule(other["schedule_name"])
        every_minute: ScheduleInput = {
            "schedule_name": TICK_WORKFLOW,
            "workflow_fn": self._tick,
            "schedule": "* * * * *",
            "context": None,
        }
        DBOS.apply_schedules([every_minute])

    def _register(self, perform: Perform, tick: Tick) -> None:
        def attempt_(task: int, attempt: int) -> None:
            perform(task, attempt)

        def tick_(_scheduled: datetime, _context: Any) -> None:
            tick()

        DBOS.workflow(name=TASK_WORKFLOW, max_recovery_attempts=None)(attempt_)
        self._tick = DBOS.workflow(name=TICK_WORKFLOW)(tick_)

    def _config(self) -> DBOSConfig:
        config: DBOSConfig = {
            "name": "billbridge",
            "application_version": _APPLICATION_VERSION,
            "executor_id": self.executor,
            "log_level": "WARNING",
            "max_executor_threads": self._at_once + 8,  # ticks and recovery come beside the tasks
            "scheduler_polling_interval_sec": 10.0,
            "enable_otlp": False,
            "serializer": _Json(),
        }
        if self._settings.uses_postgresql:
            config["system_database_url"] = self._settings.database_url
            config["dbos_system_schema"] = SCHEMA
            config["sys_db_pool_size"] = 6
        else:
            file = self._settings.data / FILE
            config["system_database_url"] = f"sqlite:///{file}"
            config["system_database_engine"] = _sqlite(file)
        return config


class _Json(Serializer):
    """What the engine keeps of our workflows: ids as JSON, which any version and any person can read."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "json"


def workflow_id(task: int, attempt: int) -> str:
    """The engine's id of an attempt. An id that ended never runs again, so each attempt has one of its own."""
    return f"task-{task}-{attempt}"


def _attempt_of(workflow: str) -> tuple[int, int]:
    _, task, attempt = workflow.split("-")
    return int(task), int(attempt)


def _sqlite(file: Path) -> sqlalchemy.Engine:
    """Connections to the engine's file, as safe against a power cut as the database itself."""
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", pool_size=6, max_overflow=20)

    @sqlalchemy.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
