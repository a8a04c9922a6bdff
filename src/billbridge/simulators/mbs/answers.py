"""The shapes in which an ASP.NET Web API refuses, and the ways it writes dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zlib import crc32

from billbridge.simulators.mbs.switches import Switches
from billbridge.simulators.server import Request, Response
from billbridge.simulators.world_state import WorldState

BASE_ADDRESS = "http://localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an answer is made from: the world as of its day, and the switches in force."""

    world: WorldState
    switches: Switches


class Refusal(Exception):
    """The request is answered with `response` instead of data."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def message(text: str, status: int) -> Response:
    """A refusal in the usual shape."""
    return Response.json({"Message": text}, status)


def no_resource(request: Request) -> Response:
    """404 for a path that no route matches, and by switch for an unknown id."""
    address = f"http://{request.headers['host']}" if "host" in request.headers else BASE_ADDRESS
    uri = f"{address}{request.path}"
    return message(f"No HTTP resource was found that matches the request URI '{uri}'.", 404)


def wrong_method(request: Request) -> Response:
    """405 for a route that exists with other verbs only."""
    return message(f"The requested resource does not support http method '{request.method}'.", 405)


def unauthorised() -> Response:
    """401 for a token that is missing, wrong or expired."""
    body = message("Authorization has been denied for this request.", 401).body
    return Response(status=401, body=body, headers=(("WWW-Authenticate", "Bearer"),))


def invalid(field: str, problem: str) -> Response:
    """400 for a body or a parameter that cannot be read."""
    return Response.json({"Message": "The request is invalid.", "ModelState": {field: [problem]}}, 400)


def written(moment: date | datetime, key: str, switches: Switches) -> str:
    """A naive date as MBS writes it, with as many fractional digits as the switch says for this key."""
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
    varied = switches.date_digits == "varied"
    digits = (0, 3, 7)[crc32(key.encode()) % 3] if varied else int(switches.date_digits)
    fraction = f".{at.microsecond * 10:07d}"[: digits + 1] if digits else ""
    return at.strftime("%Y-%m-%dT%H:%M:%S") + fraction


def company_shown(name: str | None, *, where_documented: str | None, switches: Switches) -> str | None:
    """A company's name, or what stands for a missing one in this place."""
    if name is not None:
        return name
    match switches.no_company:
        case "documented":
            return where_documented
        case "null":
            return None
        case "empty":
            return ""
