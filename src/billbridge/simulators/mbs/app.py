"""The simulated MBS API: from a request to the part of the world that answers it."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from billbridge.simulators.control import PREFIX, CallLog, Control
from billbridge.simulators.faults import Faults, too_many_requests
from billbridge.simulators.mbs.answers import Context, Refusal, no_resource, unauthorised, wrong_method
from billbridge.simulators.mbs.auth import Authorisation
from billbridge.simulators.mbs.routes import actions_of
from billbridge.simulators.mbs.steering import steer
from billbridge.simulators.mbs.switches import Switches
from billbridge.simulators.server import Request, Response, SimulatorServer
from billbridge.simulators.world import World

LOGIN = "xmkfXp4ZW"
PASSWORD = "simulated-password"  # noqa: S105  (it guards nothing but the simulator)
ALIAS = "/mbsapi"
WINDOW_SECONDS = 60.0
SPELLINGS = {
    name.lower(): name
    for name in (
        "Provider",
        "Users",
        "Companies",
        "Packages",
        "Licenses",
        "Accounts",
        "Computers",
        "Billing",
        "Destinations",
        "Monitoring",
        "Administrators",
        "apps",
    )
}


class MBSSimulator:
    """The MBS API of one provider; safe to call from many threads.

    Everything is answered as of the world's day, which the control API moves. `clock` counts seconds since 1970,
    for tokens and the limit of calls.
    """

    def __init__(
        self,
        world: World,
        *,
        login: str = LOGIN,
        password: str = PASSWORD,
        switches: Switches | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world = world
        self.switches = switches or Switches()
        self.faults = Faults()
        self.calls = CallLog(SPELLINGS)
        self.authorisation = Authorisation(login=login, password=password, clock=clock)
        self._clock = clock
        self._lock = threading.Lock()
        self._admitted: deque[float] = deque()
        self._control = Control(
            calls=self.calls,
            faults=self.faults,
            read_switches=lambda: asdict(self.switches),
            change_switches=self.change_switches,
        )

    def start(
        self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> SimulatorServer:
        """Answer over HTTP from a background thread until the server is stopped."""
        return SimulatorServer(self.handle, host=host, port=port, tls=tls).start()

    def close(self) -> None:
        """Give up delayed work."""
        self.faults.close()

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """Turn some switches; ValueError names an unknown one or a value it cannot have."""
        with self._lock:
            self.switches = self.switches.changed(changes)

    def handle(self, request: Request) -> Response:
        """The answer to any request: the API under both of its addresses, and the control API."""
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            answer = self._control.handle(request)
            return steer(self.world, self.authorisation, self.switches, request) if answer is None else answer
        if request.path.lower().startswith(f"{ALIAS}/"):
            asked = replace(request, path=request.path[len(ALIAS) :])
        else:
            asked = request
        response = self._limited() or self.faults.apply(asked, self._carry_out)
        self.calls.record(asked, response)
        return response

    def _limited(self) -> Response | None:
        """429 above the allowed calls of a rolling minute, if the switch sets any."""
        with self._lock:
            allowed, now = self.switches.calls_per_minute, self._clock()
            if not allowed:
                return None
            while self._admitted and self._admitted[0] <= now - WINDOW_SECONDS:
                self._admitted.popleft()
            if len(self._admitted) < allowed:
                self._admitted.append(now)
                return None
        return too_many_requests("Too many requests.", None)

    def _carry_out(self, request: Request) -> Response:
        segments = [segment for segment in request.path.split("/") if segment]
        try:
            match [segment.lower() for segment in segments]:
                case ["api", "provider", "login"]:
                    return self._login(request)
                case ["api", _, *_]:
                    with self.world.lock:
                        context = Context(world=self.world, switches=self.switches)
                        return self._answer(context, request, segments[1:])
        except Refusal as refusal:
            return refusal.response
        return no_resource(request)

    def _login(self, request: Request) -> Response:
        if request.method != "POST":
            return wrong_method(request)
        return self.authorisation.issue(request, self.switches)

    def _answer(self, context: Context, request: Request, segments: list[str]) -> Response:
        """Find the route first, as ASP.NET does: an unknown path or verb needs no token to be refused."""
        actions = actions_of(context, request, segments)
        if actions is None:
            return no_resource(request)
        if request.method not in actions:
            return wrong_method(request)
        if not self.authorisation.admits(request):
            return unauthorised()
        return actions[request.method]()
