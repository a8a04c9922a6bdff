"""The control API's part that only MBS has: the world's day, edits, credentials, and what was really used."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from billbridge.simulators.control import PREFIX, read_object, refusal
from billbridge.simulators.mbs.auth import Authorisation
from billbridge.simulators.mbs.switches import Switches
from billbridge.simulators.server import Request, Response
from billbridge.simulators.world import World
from billbridge.simulators.world_truth import MonthTruth
from billbridge.simulators.world_values import day_written


def steer(  # noqa: PLR0911  (one arm per route)
    world: World, authorisation: Authorisation, switches: Switches, request: Request
) -> Response:
    """Answer a control request; 400 with the reason for one that cannot be carried out."""
    try:
        match (request.method, request.path.removeprefix(PREFIX)):
            case ("GET", "/day"):
                return Response.json({"day": world.today.isoformat()})
            case ("POST", "/day"):
                world.today = day_written(read_object(request).get("day"))
                return Response.json({"day": world.today.isoformat()})
            case ("POST", "/edit"):
                arguments = read_object(request)
                return Response.json({"result": world.edit(str(arguments.pop("do", "")), arguments)})
            case ("POST", "/credentials"):
                return _change_credentials(authorisation, read_object(request))
            case ("DELETE", "/tokens"):
                authorisation.forget_tokens()
                return Response(status=204)
            case ("GET", "/usage-history.csv"):
                return _usage_history(world, switches, _month(request))
            case ("GET", "/truth"):
                return Response.json(_shown(world.truth(_month(request))))
    except (ValueError, TypeError) as problem:
        return refusal(str(problem))
    return refusal(f"There is no {request.method} {request.path}.")


def _month(request: Request) -> str:
    if "month" not in request.query:
        raise ValueError("Which month? Ask with ?month=YYYY-MM.")
    return request.query["month"][-1]


def _change_credentials(authorisation: Authorisation, given: dict[str, Any]) -> Response:
    login, password = given.get("login"), given.get("password")
    if not isinstance(login, str) or not isinstance(password, str):
        raise TypeError("New credentials are an object with login and password.")
    authorisation.change_credentials(login, password)
    return Response(status=204)


def _usage_history(world: World, switches: Switches, month: str) -> Response:
    export = world.usage_history_csv(
        month,
        delimiter=switches.csv_delimiter,
        dates=switches.csv_dates,
        byte_order_mark=switches.csv_byte_order_mark,
    )
    disposition = f'attachment; filename="usage-history-{month}.csv"'
    return Response(
        body=export.encode(),
        content_type="text/csv; charset=utf-8",
        headers=(("Content-Disposition", disposition),),
    )


def _shown(truth: MonthTruth) -> dict[str, Any]:
    return {
        "month": truth.month,
        "through": None if truth.through is None else truth.through.isoformat(),
        "companies": [asdict(company) for company in truth.companies.values()],
        "domains": [asdict(domain) for domain in truth.domains],
    }
