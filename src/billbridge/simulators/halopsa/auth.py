"""Tokens of the client-credentials grant, and what a token may do.

An effective right is the token's scope and the access level of the application's agent, both per module.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl

from billbridge.simulators.halopsa.errors import empty
from billbridge.simulators.halopsa.switches import MODULES, Module, Switches
from billbridge.simulators.server import Request, Response

EVERYTHING = frozenset({"all", "all:standard"})
OTHER_MODULES = (
    "tickets", "calendar", "crm", "timesheets", "projects", "sales", "quotes", "sos", "pos", "reporting",
    "software", "kb",
)  # fmt: skip
OTHER_SCOPES = frozenset({"admin", "editMine:timesheets", "access:chat", "access:adpasswordreset"})
KNOWN_SCOPES = EVERYTHING | OTHER_SCOPES | {
    f"{verb}:{module}" for verb in ("read", "edit") for module in (*MODULES, *OTHER_MODULES)
}  # fmt: skip
_ERRORS = "https://documentation.openiddict.com/errors/"


class Authorisation:
    """The authorisation server of one application; `clock` counts seconds of real time."""

    def __init__(self, *, client_id: str, client_secret: str, tenant: str, clock: Callable[[], float]) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._tenant = tenant
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}

    def issue(self, request: Request, switches: Switches) -> Response:
        """The answer of the token endpoint."""
        if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
            return _error(400, "invalid_request", "The specified 'Content-Type' header is not valid.", "ID2081")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if not self._knows_tenant(request, form, switches):
            return empty(500)
        if "grant_type" not in form:
            return _missing("grant_type")
        if form["grant_type"] != "client_credentials":
            text = "The specified 'grant_type' is not supported."
            return _error(400, "unsupported_grant_type", text, "ID2032")
        if "client_id" not in form:
            return _missing("client_id")
        return self._check_client(form) or self._grant(form, switches)

    def scopes(self, request: Request) -> frozenset[str] | None:
        """What the call's token was given, or None without a token that still holds."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            ends, scopes = self._tokens.get(token.strip(), (0.0, frozenset[str]()))
        return scopes if scheme.lower() == "bearer" and self._clock() < ends else None

    def forget_tokens(self) -> None:
        """Make every token invalid at once."""
        with self._lock:
            self._tokens.clear()

    def _knows_tenant(self, request: Request, form: dict[str, str], switches: Switches) -> bool:
        # Most clients send the tenant in the query, one in the body.
        given = request.query.get("tenant", [form.get("tenant", "")])[-1]
        if switches.tenant_check == "ignored" or (not given and switches.tenant_check == "check"):
            return True
        return given.lower() == self._tenant.lower()

    def _check_client(self, form: dict[str, str]) -> Response | None:
        if form["client_id"] != self._client_id:
            return _error(401, "invalid_client", "The specified 'client_id' is invalid.", "ID2052")
        if not secrets.compare_digest(form.get("client_secret", "").encode(), self._client_secret.encode()):
            return _error(401, "invalid_client", "The specified client credentials are invalid.", "ID2055")
        return None

    def _grant(self, form: dict[str, str], switches: Switches) -> Response:
        asked = frozenset(form.get("scope", "").split())
        if not asked and switches.scope_omitted == "refuse":
            return _missing("scope")
        if asked - KNOWN_SCOPES:
            return _error(400, "invalid_scope", "The specified 'scope' is invalid.", "ID2052")
        if not asked <= self._allowed(switches):
            text = "This client application is not allowed to use the specified scope."
            return _error(400, "invalid_scope", text, "ID2051")
        token = f"eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.{secrets.token_urlsafe(48)}.{secrets.token_urlsafe(32)}"
        now = self._clock()
        with self._lock:
            self._tokens = {known: grant for known, grant in self._tokens.items() if grant[0] > now}
            self._tokens[token] = (now + switches.expires_in, asked)
        answer: dict[str, object] = {
            "access_token": token, "token_type": "Bearer", "expires_in": switches.expires_in,
        }  # fmt: skip
        if asked:
            answer["scope"] = " ".join(sorted(asked))
        return Response.json(answer)

    @staticmethod
    def _allowed(switches: Switches) -> frozenset[str]:
        ticked = frozenset(switches.application_scopes)
        if switches.all_covers_every_scope and "all" in ticked:
            return KNOWN_SCOPES
        if switches.all_covers_every_scope and "all:standard" in ticked:
            return KNOWN_SCOPES - {"all", "admin"}
        return ticked


def refuse_access(
    scopes: frozenset[str], module: Module | None, need: Literal["read", "modify"], switches: Switches
) -> Response | None:
    """The empty 401 or 403 for a call that the token or the agent may not make; None if it may."""
    if module is None:
        return None
    level = switches.agent_access.get(module, "modify")
    if level == "none":
        return empty(switches.no_access_status.get(module, 401))
    # A right to edit includes the right to read: integrations ask for edit:softwarelicensing alone.
    enough = {f"edit:{module}"} if need == "modify" else {f"read:{module}", f"edit:{module}"}
    if not scopes & (enough | EVERYTHING) or (need == "modify" and level == "read"):
        return empty(switches.missing_scope_status.get(module, 403))
    return None


def _missing(parameter: str) -> Response:
    return _error(400, "invalid_request", f"The mandatory '{parameter}' parameter is missing.", "ID2029")


def _error(status: int, error: str, description: str, number: str) -> Response:
    return Response.json(
        {"error": error, "error_description": description, "error_uri": f"{_ERRORS}{number}"}, status
    )
