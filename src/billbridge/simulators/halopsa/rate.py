"""The rolling-window rate limit."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

from billbridge.simulators.faults import too_many_requests
from billbridge.simulators.halopsa.switches import Switches
from billbridge.simulators.server import Response


class RateLimiter:
    """Lets `rate_limit` calls through in any `rate_window_seconds`; `clock` counts seconds of real time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()

    def admit(self, switches: Switches) -> Response | None:
        """Count this call, or answer 429."""
        limit = switches.rate_limit
        with self._lock:
            now = self._clock()
            while self._calls and self._calls[0] <= now - switches.rate_window_seconds:
                self._calls.popleft()
            if limit is None or len(self._calls) < limit:
                self._calls.append(now)
                return None
            # The window has room again when so few calls are left in it that one more fits.
            wait = self._calls[len(self._calls) - max(limit, 1)] + switches.rate_window_seconds - now
            if switches.refused_calls_count:
                self._calls.append(now)
        minutes = f"{switches.rate_window_seconds / 60:g}"
        text = f"Rate Limit Reached - {limit} Requests per rolling {minutes} minute window."
        return too_many_requests(text, max(1, math.ceil(wait)) if switches.retry_after else None)
