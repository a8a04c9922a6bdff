"""Login and bearer tokens: one pair of credentials per provider, tokens that hold for two weeks, no refresh."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import parse_qs

from billbridge.simulators.mbs.answers import invalid, message
from billbridge.simulators.mbs.switches import Switches
from billbridge.simulators.server import Request, Response

REFUSALS = {
    "ip_restricted": "Access from this IP address is restricted.",
    "api_disabled": "API access is not enabled for this account.",
}


class Authorisation:
    """The provider's API credentials and the tokens given for them; `clock` counts seconds since 1970."""

    def __init__(self, *, login: str, password: str, clock: Callable[[], float]) -> None:
        self.login, self.password = login, password
        self._clock = clock
        self._lock = threading.Lock()
        self._expiry: dict[str, float] = {}

    def change_credentials(self, login: str, password: str) -> None:
        """Replace the credentials; those before and all their tokens end at once."""
        with self._lock:
            self.login, self.password = login, password
            self._expiry.clear()

    def forget_tokens(self) -> None:
        """End all tokens; the credentials stay."""
        with self._lock:
            self._expiry.clear()

    def issue(self, request: Request, switches: Switches) -> Response:
        """Answer a login, given as JSON or as a form."""
        if switches.login_refused != "no":
            return message(REFUSALS[switches.login_refused], 403)
        given = _credentials(request)
        if given is None:
            return invalid("model", "The body must hold UserName and Password.")
        with self._lock:
            if given != (self.login, self.password):
                description = "The user name or password is incorrect."
                return Response.json({"error": "invalid_grant", "error_description": description}, 400)
            if switches.one_token_per_login:
                self._expiry.clear()
            token, issued = secrets.token_urlsafe(48), self._clock()
            expires = issued + switches.token_life_seconds
            self._expiry[token] = expires
        answer = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": switches.token_life_seconds - 1,
            "userName": given[0],
            ".issued": formatdate(issued, usegmt=True),
            ".expires": formatdate(expires, usegmt=True),
        }
        return Response.json(answer)

    def admits(self, request: Request) -> bool:
        """Whether the request carries a token that holds."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            return scheme.lower() == "bearer" and self._clock() < self._expiry.get(token.strip(), 0.0)


def _credentials(request: Request) -> tuple[str, str] | None:
    kind = request.headers.get("content-type", "")
    try:
        if "x-www-form-urlencoded" in kind:
            given: object = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        else:
            given = json.loads(request.body)
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    values = {str(name).lower(): value for name, value in given.items()}
    login, password = values.get("username"), values.get("password")
    return (login, password) if isinstance(login, str) and isinstance(password, str) else None
