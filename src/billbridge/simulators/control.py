"""The part of a simulator that tests and people steer: call counts, faults and switches under /_sim.

It needs no authentication and is never counted itself.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from billbridge.simulators.faults import Fault, Faults
from billbridge.simulators.server import Request, Response

PREFIX = "/_sim"
_IDENTIFIER = re.compile(r"^(-?\d+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")


class CallLog:
    """Counts calls by route (method and path without /api, ids written as {id}) and by status (`cut` for a cut).

    `spelling` gives the documented spelling of a path's first segment, for services that ignore its case.
    """

    def __init__(self, spelling: Mapping[str, str] | None = None) -> None:
        self._spelling = spelling or {}
        self._lock = threading.Lock()
        self._routes: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()

    def record(self, request: Request, response: Response) -> None:
        """Count one call and how it was answered."""
        with self._lock:
            self._routes[self._route(request)] += 1
            self._statuses["cut" if response.cut else str(response.status)] += 1

    def reset(self) -> None:
        """Start from zero."""
        with self._lock:
            self._routes.clear()
            self._statuses.clear()

    def describe(self) -> dict[str, Any]:
        """The total and both counts."""
        with self._lock:
            return {
                "total": self._routes.total(),
                "by_route": dict(sorted(self._routes.items())),
                "by_status": dict(sorted(self._statuses.items())),
            }

    def _route(self, request: Request) -> str:
        segments = [segment for segment in request.path.split("/") if segment]
        if segments and segments[0].lower() == "api":
            segments = segments[1:]
        named = ["{id}" if _IDENTIFIER.match(segment) else segment for segment in segments]
        if named:
            named[0] = self._spelling.get(named[0].lower(), named[0])
        return f"{request.method} /{'/'.join(named)}"


class Control:
    """Answers /_sim/calls, /_sim/faults and /_sim/switches.

    `read_switches` gives all switches by name, `change_switches` takes some and raises ValueError with the known
    names if one is unknown or has a value it cannot have.
    """

    def __init__(
        self,
        *,
        calls: CallLog,
        faults: Faults,
        read_switches: Callable[[], Mapping[str, Any]],
        change_switches: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._read_switches = read_switches
        self._change_switches = change_switches

    def handle(self, request: Request) -> Response | None:  # noqa: PLR0911  (one arm per route)
        """The answer, or None if the path is none of these."""
        try:
            match (request.method, request.path.removeprefix(PREFIX)):
                case ("GET", "/calls"):
                    return Response.json(self._calls.describe())
                case ("DELETE", "/calls"):
                    self._calls.reset()
                    return Response(status=204)
                case ("GET", "/faults"):
                    return self._describe_faults()
                case ("POST", "/faults"):
                    self._faults.replace([Fault.from_json(fault) for fault in read_list(request)])
                    return self._describe_faults()
                case ("DELETE", "/faults"):
                    self._faults.clear()
                    return Response(status=204)
                case ("GET", "/switches"):
                    return Response.json(dict(self._read_switches()))
                case ("POST", "/switches"):
                    self._change_switches(read_object(request))
                    return Response.json(dict(self._read_switches()))
        except (ValueError, TypeError) as problem:
            return refusal(str(problem))
        return None

    def _describe_faults(self) -> Response:
        return Response.json({"faults": self._faults.describe(), "late_commits_pending": self._faults.pending})


def refusal(reason: str) -> Response:
    """A 400 of the control API that says what is wrong."""
    return Response.json({"error": reason}, status=400)


def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; ValueError if it is none."""
    value = json.loads(request.body or b"null")
    if not isinstance(value, dict):
        raise ValueError("The body must be a JSON object.")
    return value


def read_list(request: Request) -> list[Any]:
    """The body as a JSON array; ValueError if it is none."""
    value = json.loads(request.body or b"null")
    if not isinstance(value, list):
        raise ValueError("The body must be a JSON array.")
    return value
