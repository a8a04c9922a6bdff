"""A console in the test's process with the real engine beside it: what is due is asked for, and workers do it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from installation import ConsoleInProcess

from billbridge.jobs.background import background_worker
from billbridge.jobs.engine import FILE, SCHEMA
from billbridge.operations.due import ask_for_what_is_due
from billbridge.operations.provider import move_day, the_provider
from billbridge.store.clock import database_now
from billbridge.store.models import Task
from billbridge.store.start import installation

PATIENCE = 60.0
"""Seconds after which a test that waits in vain has failed."""


@dataclass(kw_only=True)
class EngineRoom:
    """A console and a worker, on days that the test moves; nothing is due but when the test says so."""

    console: ConsoleInProcess

    def on(self, day: str) -> None:
        """Let it be this day, in the world and for the console."""
        self.console.world.today = date.fromisoformat(day)
        move_day(the_provider(), self.console.world.today)

    def at(self, moment: str) -> list[str]:
        """Let it be this day and time in the provider's zone, and have what is due done; gives its names."""
        self.on(moment[:10])
        asked = self.ask(moment)
        self.settle()
        return [task.due for task in asked]

    @staticmethod
    def ask(moment: str) -> list[Task]:
        """Ask for what is due at a time of the provider's zone."""
        provider = the_provider()
        return ask_for_what_is_due(
            provider, datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(provider.time_zone))
        )

    @staticmethod
    def settle() -> None:
        """Wait until nothing is at work and nothing waits but for another try."""
        deadline = time.monotonic() + PATIENCE
        while True:
            busy = [
                (task.kind, task.state, task.reason)
                for task in Task.objects.filter(state__in=(Task.State.QUEUED, Task.State.RUNNING))
                if task.state == Task.State.RUNNING or task.not_before <= database_now()
            ]
            if not busy:
                return
            assert time.monotonic() < deadline, busy
            time.sleep(0.05)


@contextmanager
def engine_room(console: ConsoleInProcess) -> Iterator[EngineRoom]:
    """Run the worker with its engine in this process; the engine begins with nothing, and leaves nothing."""
    _clear()
    with background_worker(grace=10, keeps_time=False):
        yield EngineRoom(console=console)
    _clear()


def _clear() -> None:
    if connection.vendor == "sqlite":
        for file in installation().data.glob(f"{FILE}*"):
            file.unlink()
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
