"""How long trouble that passes is waited out, and how long between two tries."""

from __future__ import annotations

import os
import random

from billbridge.errors import TransientError
from billbridge.operations.tasks import TaskKind
from billbridge.store.models import Run, Task

FIRST_WAIT = float(os.environ.get("BILLBRIDGE_FIRST_WAIT") or 30.0)
"""Seconds before the second try; the variable is for trials, in which nobody wants to wait."""

LONGEST_WAIT = 1800.0
"""Seconds between two tries at the most, unless the other side asks for longer."""

_HOUR = 3600.0

_PATIENCE = {
    TaskKind.AUTO_BILLING: 48 * _HOUR,
    TaskKind.COLLECT: 20 * _HOUR,
    TaskKind.DRIFT: 6 * _HOUR,
    TaskKind.NOTIFY: 24 * _HOUR,
}
"""Seconds of trouble that work which nobody watches waits out."""

_OF_A_BEGUN_SYNC = 6 * _HOUR


def patience_of(task: Task) -> float:
    """Seconds of trouble that a task waits out; 0 when somebody waits for it and is told at once instead.

    A sync that has begun to write goes on by itself: what it sends is what was looked at.
    """
    kind = TaskKind(task.kind)
    if task.due:
        return _PATIENCE.get(kind, 0.0)
    if kind is TaskKind.AUTO_BILLING:
        return _PATIENCE[kind]
    if kind is TaskKind.SYNC and Run.objects.filter(task=task).exists():
        return _OF_A_BEGUN_SYNC
    return 0.0


def wait_after(tries: int, error: TransientError, *, chance: random.Random | None = None) -> float:
    """Seconds to wait after the `tries`-th try in a row that failed (the first is 1): twice as long each time.

    Some chance keeps many connections from trying at the same moment. What the other side asked for is the least.
    """
    planned = _planned(tries - 1)
    spread = (chance or random).uniform(0.8, 1.2)
    return max(planned * spread, error.retry_after or 0.0)


def waited_so_far(tries: int) -> float:
    """About how many seconds were waited in `tries` tries in a row."""
    return sum(_planned(number) for number in range(tries))


def _planned(number: int) -> float:
    return float(min(FIRST_WAIT * 2.0 ** min(number, 20), LONGEST_WAIT))
