"""The wire between the console and HaloPSA, on which a test holds, cuts and delays what passes.

Faults of the simulator strike after a number of calls or seconds; the wire does so at a moment the test chooses, so
that a late commit falls between two reads of a process and not merely near them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from billbridge.simulators.halopsa import HaloPSASimulator
from billbridge.simulators.server import Request, Response, SimulatorServer

PATIENCE = 30.0
"""Seconds after which a test that waits in vain has failed."""


class Wire:
    """Passes every request on to HaloPSA; writes of subscriptions can be held back on it."""

    def __init__(self, halopsa: HaloPSASimulator) -> None:
        self._halopsa = halopsa
        self._changed = threading.Condition()
        self.reset()

    @contextmanager
    def open(self) -> Iterator[str]:
        """Carry requests over HTTP; yields the address of this end."""
        with SimulatorServer(self.handle).start() as server:
            yield server.url
            self.cut()

    def reset(self) -> None:
        """Pass everything on from now, and forget what is held."""
        with self._changed:
            self._passing: int | None = None
            self._held: list[Request] = []
            self._reads_to_go = 0
            self._changed.notify_all()

    def hold_writes(self, *, after: int = 0) -> None:
        """Hold every write after the next `after` ones: HaloPSA does not see it, and nobody gets an answer."""
        with self._changed:
            self._passing = after

    def wait_for_write(self) -> None:
        """Wait until a write is held."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self._held), PATIENCE), "nothing was written"

    def release(self) -> None:
        """Let the held writes pass, as after a wait for nothing in particular."""
        with self._changed:
            self._passing, self._held = None, []
            self._changed.notify_all()

    def cut(self) -> None:
        """Close the connections of held writes; HaloPSA has got them all the same, and may commit them late."""
        with self._changed:
            self._passing = None
            self._changed.notify_all()

    def commit_late(self, *, during_read: int) -> None:
        """Let HaloPSA commit late what it got: between reading and sending the `during_read`-th list from now."""
        with self._changed:
            self._reads_to_go = during_read

    def commit_held(self) -> None:
        """Let HaloPSA commit late, and at once, what it got on connections that were cut."""
        with self._changed:
            due, self._held = self._held, []
        for late in due:
            self._halopsa.handle(late)

    def handle(self, request: Request) -> Response:
        """Pass a request on, or hold it."""
        if _is(request, "POST") and self._holds(request):
            return Response(cut=True)
        answer = self._halopsa.handle(request)
        if _is(request, "GET"):
            for late in self._due():
                self._halopsa.handle(late)
        return answer

    def _holds(self, request: Request) -> bool:
        """Wait with a write that is held; True if its connection is to be closed."""
        with self._changed:
            if self._passing is None:
                return False
            if self._passing > 0:
                self._passing -= 1
                return False
            self._held.append(request)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._passing is None, PATIENCE)
            return any(held is request for held in self._held)

    def _due(self) -> list[Request]:
        with self._changed:
            if not self._reads_to_go:
                return []
            self._reads_to_go -= 1
            if self._reads_to_go:
                return []
            due, self._held = self._held, []
            return due


def _is(request: Request, method: str) -> bool:
    return request.method == method and request.path.lower() == "/api/softwarelicence"
