"""The simulated HaloPSA: from a request to the rule that answers it."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from billbridge.simulators.control import PREFIX, CallLog, Control, refusal
from billbridge.simulators.faults import Faults
from billbridge.simulators.halopsa import desk, instance, page, seed, state, writing
from billbridge.simulators.halopsa.auth import Authorisation, refuse_access
from billbridge.simulators.halopsa.binding import Element, bind_integers
from billbridge.simulators.halopsa.books import Books
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.errors import Refusal, empty, field_map, rule
from billbridge.simulators.halopsa.lists import Query, list_rows
from billbridge.simulators.halopsa.rate import RateLimiter
from billbridge.simulators.halopsa.resources import RESOURCES, Resource
from billbridge.simulators.halopsa.switches import Switches
from billbridge.simulators.halopsa.tables import Tables
from billbridge.simulators.server import Request, Response, SimulatorServer
from billbridge.simulators.world_halopsa import HaloWorld

CLIENT_ID = "6b1f2c1e-7c35-4b0c-9f0e-6c4e7d0f5a11"
CLIENT_SECRET = "simulated-secret"  # noqa: S105  (it guards nothing but the simulator)
TENANT = "acme"
Answer = TypeVar("Answer", Response, Response | None)


def _today() -> date:
    return datetime.now(UTC).date()


def _now() -> datetime:
    return datetime.now(UTC)


class HaloPSASimulator:
    """A HaloPSA tenant with one API application; safe to call from many threads.

    It starts with what `world` describes, or with what `state_file` holds if that exists, and then keeps every
    write there. `agent_name` is who the application's writes are signed with. `today` is the tenant's day, `clock`
    counts real seconds (for tokens and the rate limit), `now` is the time in UTC that the history is stamped with.
    """

    def __init__(
        self,
        world: HaloWorld,
        *,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        tenant: str = TENANT,
        agent_name: str = "Billing API",
        switches: Switches | None = None,
        state_file: Path | None = None,
        today: Callable[[], date] = _today,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.client_id, self.client_secret, self.tenant = client_id, client_secret, tenant
        self.switches = switches or Switches()
        self.faults = Faults(page_parameter="page_no")
        self.calls = CallLog({name: each.name for name, each in RESOURCES.items()})
        self.tables, self.books = Tables(), Books()
        self._agent_name, self._today, self._now = agent_name, today, now
        self._state_file = state_file
        self._scheme = "http"
        self._lock = threading.RLock()
        self._auth = Authorisation(client_id=client_id, client_secret=client_secret, tenant=tenant, clock=clock)
        self._limiter = RateLimiter(clock)
        self._control = Control(
            calls=self.calls,
            faults=self.faults,
            read_switches=lambda: asdict(self.switches),
            change_switches=self.change_switches,
        )
        if state_file is None or not state.load(state_file, self.tables, self.books):
            seed.fill(self._context(), world)

    def start(
        self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> SimulatorServer:
        """Answer over HTTP from a background thread until the server is stopped."""
        self._scheme = "http" if tls is None else "https"
        return SimulatorServer(self.handle, host=host, port=port, tls=tls).start()

    def close(self) -> None:
        """Give up delayed work, as before the tables go away."""
        self.faults.close()

    def change_switches(self, changes: Mapping[str, Any]) -> None:
        """Turn some switches; ValueError names an unknown one or a value it cannot have."""
        with self._lock:
            self.switches = self.switches.changed(changes)

    def handle(self, request: Request) -> Response:
        """The answer to any request: the API, the customer screens and the control API."""
        if request.path == PREFIX or request.path.startswith(PREFIX + "/"):
            return self._steer(request)
        if page.owns(request.path):
            with self._lock:
                return page.answer(self._context(), request)
        response = self._limited(request) or self.faults.apply(request, self._carry_out)
        self.calls.record(request, response)
        return response

    def _steer(self, request: Request) -> Response:
        if (request.method, request.path) == ("DELETE", "/_sim/tokens"):
            self._auth.forget_tokens()
            return Response(status=204)
        if (answer := self._control.handle(request)) is not None:
            return answer
        answer = self._recorded(lambda context: desk.answer(context, request))
        return answer or refusal(f"There is no {request.method} {request.path}.")

    def _limited(self, request: Request) -> Response | None:
        is_api = _segments(request)[:1] == ["api"]
        return self._limiter.admit(self.switches) if is_api or self.switches.token_calls_count else None

    def _carry_out(self, request: Request) -> Response:
        try:
            match _segments(request):
                case ["auth", "token"]:
                    return self._token(request)
                case ["token"] if self.switches.short_token_path:
                    return self._token(request)
                case ["api", *rest]:
                    return self._api(request, rest)
        except Refusal as problem:
            return problem.response
        return empty(404)

    def _token(self, request: Request) -> Response:
        return self._auth.issue(request, self.switches) if request.method == "POST" else empty(405)

    def _api(self, request: Request, path: list[str]) -> Response:
        if path in (["authinfo"], ["instanceinfo"]) and request.method == "GET":
            base = f"{self._scheme}://{request.headers.get('host', 'localhost')}"
            return instance.describe(path[0], base, self.tenant, self.switches)
        resource = RESOURCES.get(path[0]) if path else None
        if (resource is None and path != ["control"]) or len(path) > 2:
            return empty(404)
        scopes = self._auth.scopes(request)
        if scopes is None:
            return empty(401)
        if resource is None:
            return instance.control()
        need: Literal["read", "modify"] = "read" if request.method == "GET" else "modify"
        if (refused := refuse_access(scopes, resource.module, need, self.switches)) is not None:
            return refused
        return self._recorded(lambda context: self._dispatch(context, resource, request, path[1:]))

    def _dispatch(  # noqa: PLR0911  (one arm per route)
        self, context: Context, resource: Resource, request: Request, rest: list[str]
    ) -> Response:
        match (request.method, rest):
            case ("GET", []):
                return list_rows(context, resource, request)
            case ("POST", []) if resource.writable:
                return writing.post(context, resource, request, lambda each: self._refused(request, each))
            case ("GET", ["me"]) if resource.name == "Agent":
                return instance.agent(context)
            case ("POST", ["process"]) if resource.name == "RecurringInvoice":
                return writing.process(context, resource, bind_integers(request))
            case ("POST", ["updatelines"]) if resource.name == "RecurringInvoice":
                return writing.update_lines(context, resource, request)
            case ("GET" | "DELETE", [number]) if not re.fullmatch(r"-?\d+", number):
                return field_map("id", f"The value '{number}' is not valid.")
            case ("GET", [number]):
                return self._one(context, resource, request, int(number))
            case ("DELETE", [number]) if resource.writable:
                return writing.delete(context, resource, int(number))
        return empty(405)

    def _one(self, context: Context, resource: Resource, request: Request, number: int) -> Response:
        row = writing.find(context, resource, number)
        if row is None:
            return empty(404)
        shown = resource.show(context, row, detail=True)
        if not Query(request).flag("includedetails"):
            shown.pop("lines", None)
        return Response.json(shown)

    def _refused(self, request: Request, element: Element) -> Response | None:
        fault = self.faults.refuses(request, element)
        return None if fault is None else rule(fault.text or f"The {fault.field} is not accepted")

    def _recorded(self, work: Callable[[Context], Answer]) -> Answer:
        """Do the work alone, and keep what it wrote before anybody hears of it."""
        with self._lock:
            before = len(self.books.writes)
            try:
                return work(self._context())
            finally:
                if self._state_file is not None and len(self.books.writes) > before:
                    state.save(self._state_file, self.tables, self.books)

    def _context(self) -> Context:
        return Context(
            tables=self.tables,
            books=self.books,
            switches=self.switches,
            who=self._agent_name,
            today=self._today(),
            now=self._now(),
        )


def _segments(request: Request) -> list[str]:
    return [segment for segment in request.path.lower().split("/") if segment]
