"""Which path and verb is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from billbridge.simulators.mbs import billing, computers, directory, licenses
from billbridge.simulators.mbs.answers import Context, Refusal, invalid, message, no_resource
from billbridge.simulators.server import Request, Response

T = TypeVar("T")
Actions = dict[str, Callable[[], Response]]
"""What answers a path, by verb."""


def actions_of(  # noqa: PLR0911, PLR0912  (one arm per route)
    context: Context, request: Request, segments: list[str]
) -> Actions | None:
    """What can be done with a path below /api, by verb; None for a path without a route."""
    world = context.world

    def rows(make: Callable[[Context], list[dict[str, Any]]]) -> Actions:
        return {"GET": lambda: Response.json(_page(context, request, make(context)))}

    def one(found: T | None, show: Callable[[T], dict[str, Any]]) -> Actions:
        return {"GET": lambda: _one(context, request, found, show)}

    match [segment.lower() for segment in segments]:
        case ["companies"]:
            return rows(directory.companies)
        case ["companies", key]:
            found = {each.id: each for each in world.companies_now()}
            return one(found.get(key), lambda each: directory.company(context, each))
        case ["users"]:
            return rows(directory.users)
        case ["users", key]:
            users = {each.id: each for each in world.users_now()}
            return one(users.get(key), lambda each: directory.user(context, each))
        case ["packages"]:
            return rows(directory.packages)
        case ["packages", key] if key.isdigit():
            return one(world.packages.get(int(key)), directory.package)
        case ["accounts"]:
            return rows(directory.accounts)
        case ["accounts", key]:
            return one(world.accounts.get(key), lambda each: directory.account(context, each))
        case ["administrators"]:
            return rows(directory.administrators)
        case ["administrators", key]:
            people = {each.id: each for each in world.administrators}
            return one(people.get(key), lambda each: directory.administrator(context, each))
        case ["licenses"]:
            return rows(lambda each: licenses.licenses(each, available_only=_is_available(request)))
        case ["licenses", key]:
            listed = {each.license.id: each for each in world.licenses_now()}
            return one(listed.get(key), lambda each: licenses.license_(context, each))
        case ["computers", offset, count] if offset.isdigit() and count.isdigit():
            return {"GET": lambda: Response.json(computers.computers(context, int(offset), int(count)))}
        case ["monitoring"]:
            return rows(computers.monitoring)
        case ["monitoring", key]:
            return rows(lambda each: computers.monitoring(each, user_id=key))
        case ["apps", "domains"]:
            return rows(licenses.domains)
        case ["destinations", _]:
            return {"GET": lambda: _destinations(context, segments[1])}
        case ["billing"]:
            return {
                "GET": lambda: Response.json(billing.billing(context, billing.Filter())),
                "PUT": lambda: Response.json(billing.billing(context, billing.read_filter(request))),
            }
        case ["billing", "details"]:
            return {"PUT": lambda: _details(context, request)}
    return None


def _page(context: Context, request: Request, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if context.switches.skip_take == "ignored":
        return rows
    skip, take = (request.query.get(name, [""])[-1] for name in ("skip", "take"))
    begin = int(skip) if skip.isdigit() else 0
    return rows[begin : begin + int(take)] if take.isdigit() else rows[begin:]


def _one(context: Context, request: Request, found: T | None, show: Callable[[T], dict[str, Any]]) -> Response:
    if found is not None:
        return Response.json(show(found))
    return Response.json(None) if context.switches.unknown_id == "null" else no_resource(request)


def _is_available(request: Request) -> bool:
    given = next((values[-1] for name, values in request.query.items() if name.lower() == "isavailable"), "false")
    if given.lower() not in ("true", "false"):
        raise Refusal(invalid("isAvailable", f"The value '{given}' is not valid for Boolean."))
    return given.lower() == "true"


def _destinations(context: Context, login: str) -> Response:
    for user in context.world.users_now():
        if user.login.lower() == login.lower():
            return Response.json(directory.destinations(context, user))
    return message(f"User {login} not found", 406)


def _details(context: Context, request: Request) -> Response:
    asked = billing.read_filter(request)
    if asked.user_id is None:
        return invalid("filter.UserID", "The UserID field is required.")
    user = billing.billable_user(context, asked.user_id)
    return _one(context, request, user, lambda each: billing.details(context, each, asked.day))
