"""Telling how far a task is, often enough to watch and seldom enough not to matter."""

from __future__ import annotations

import time

from billbridge.store.models import Task

_SECONDS = 0.5


class TaskProgress:
    """Writes what a task does now into its row, at most twice a second."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._last = 0.0

    def say(self, step: str) -> None:
        """A new step, in words; its length is not known yet."""
        Task.objects.filter(pk=self._task.pk).update(step=step[:200], finished=0, total=0)
        self._last = time.monotonic()

    def advance(self, finished: int, total: int) -> None:
        """How much of the step is done."""
        now = time.monotonic()
        if finished < total and now - self._last < _SECONDS:
            return
        Task.objects.filter(pk=self._task.pk).update(finished=finished, total=total)
        self._last = now
