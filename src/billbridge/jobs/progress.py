"""Telling how far a task is, often enough to watch and seldom enough not to matter; and hearing its stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from billbridge.errors import BillbridgeError
from billbridge.operations.attempts import is_stopped_by
from billbridge.store.models import Task

_SECONDS = 0.5


class StopAsked(BillbridgeError):
    """Somebody asked the task to stop, or its worker ends, before anything was sent."""


class TaskProgress:
    """Writes what a task does now into its row, at most twice a second.

    `worker_ends` says whether the worker was told to stop: the task then ends as soon as it can, and is put back.
    """

    def __init__(self, task: Task, *, worker_ends: Callable[[], bool] = lambda: False) -> None:
        self._task = task
        self._worker_ends = worker_ends
        self._last = 0.0
        self._asked = ""
        self._looked = float("-inf")

    def say(self, step: str) -> None:
        """A new step, in words; its length is not known yet. Raises `StopAsked` instead if somebody asked for that.

        Steps that only read, or come in whole or not at all, go on while the worker ends, as long as it lets them.
        """
        asked = self._asked_by()
        if asked:
            raise StopAsked(f"Stopped before {step}: {asked} asked for it.")
        Task.objects.filter(pk=self._task.pk).update(step=step[:200], finished=0, total=0)
        self._last = time.monotonic()

    def before_sending(self) -> None:
        """Writing to HaloPSA begins now. Raises `StopAsked` if it shall not, also because the worker ends."""
        self.say("sending to HaloPSA")
        if self.worker_ends:
            raise StopAsked(f"Stopped before sending to HaloPSA: {self.stopped()}.")

    def advance(self, finished: int, total: int) -> None:
        """How much of the step is done."""
        now = time.monotonic()
        if finished < total and now - self._last < _SECONDS:
            return
        Task.objects.filter(pk=self._task.pk).update(finished=finished, total=total)
        self._last = now

    def stopped(self) -> str:
        """Why nothing more shall be sent, as the end of a sentence; empty while it may go on."""
        if self.worker_ends:
            return "its worker was told to end"
        asked = self._asked_by()
        return f"{asked} asked for it" if asked else ""

    @property
    def worker_ends(self) -> bool:
        """Whether it stops because its worker ends, and not because somebody asked for it."""
        return self._worker_ends()

    def _asked_by(self) -> str:
        now = time.monotonic()
        if not self._asked and now - self._looked > _SECONDS:
            self._asked, self._looked = is_stopped_by(self._task), now
        return self._asked
