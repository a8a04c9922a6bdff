"""How many calls HaloPSA allows, and the limiter that keeps every call within it.

HaloPSA refuses calls beyond a number within a rolling window. The limiter is a sliding log and not a token bucket,
which would let twice the limit through in one window. A slot is freed one window after its call was **completed**:
HaloPSA counts a call at some moment between its start and its completion, so that the number of calls HaloPSA sees
within any window of its own never exceeds the limit.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

Kind = Literal["reads", "writes", "tokens"]
"""What a call is counted as; `tokens` is every call made to sign in, the discovery of the address included."""

DEFAULT_LIMIT = 250
"""Calls per window: safely below 300, the lowest limit HaloPSA is known to have had."""

DEFAULT_WINDOW = 300.0
"""Seconds of HaloPSA's rolling window."""

_CROWDED_WAIT = 0.05
"""Seconds between looks while every slot is held by a call under way, whose end nobody can foretell."""


class Limiter(Protocol):
    """What every call to one HaloPSA passes; all clients of one connection must share the same log."""

    def call(self, kind: Kind = "reads") -> AbstractContextManager[None]:
        """Wait for a slot, hold it while the block runs, and report the call as completed when it ends."""

    def penalty(self, seconds: float) -> None:
        """Let no call start for `seconds` from now: HaloPSA answered 429. The longest penalty wins."""


class InMemoryLimiter:
    """The limiter of a single process; safe to share between threads.

    `clock` gives seconds that never run backwards; `sleep` waits for a number of seconds.
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        window: float = DEFAULT_WINDOW,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if limit < 1 or window <= 0:
            raise ValueError(f"a limit of {limit} calls in {window} seconds lets no call through")
        self._limit = limit
        self._window = window
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._completed: deque[float] = deque()
        self._under_way = 0
        self._paused_until = float("-inf")

    @contextmanager
    def call(self, kind: Kind = "reads") -> Iterator[None]:  # noqa: ARG002  # it keeps no count by kind
        """Hold a slot while the block runs; a call that fails has used its slot all the same."""
        while (wait := self._take_slot()) > 0:
            self._sleep(wait)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._completed.append(self._clock())

    def penalty(self, seconds: float) -> None:
        """Let no call start for `seconds` from now; the longest penalty wins."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _take_slot(self) -> float:
        """Take a slot and return 0, or return the seconds to wait before asking again."""
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                return self._paused_until - now
            while self._completed and self._completed[0] + self._window <= now:
                self._completed.popleft()
            if self._under_way + len(self._completed) < self._limit:
                self._under_way += 1
                return 0.0
            return self._completed[0] + self._window - now if self._completed else _CROWDED_WAIT
