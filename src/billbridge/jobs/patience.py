"""Waiting a little for a run that another process has at work, before giving up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from billbridge.store.lock import RunInProgress, RunLock

PATIENCE = 90.0
"""Seconds to wait: longer than the hold of a run whose machine died; a person at a terminal may take hours."""

_PAUSE = 1.0


@contextmanager
def held_when_free(
    lock: RunLock,
    *,
    say: Callable[[str], None],
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[RunLock]:
    """Hold the lock while the block runs; raises `RunInProgress` when another holds it all the time."""
    waited = 0.0
    with ExitStack() as opened:
        while True:
            try:
                opened.enter_context(lock.held())
                break
            except RunInProgress as error:
                if waited >= patience:
                    raise
                if not waited:
                    say(f"waiting: {error.message}")
            sleep(_PAUSE)
            waited += _PAUSE
        yield lock
