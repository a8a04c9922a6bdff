"""Signing in: where tokens come from, how one is asked for, and when it is renewed.

Tokens live in memory only, and are shown by no repr and no message.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from billbridge.errors import BillbridgeError
from billbridge.halopsa.address import Address
from billbridge.halopsa.errors import AddressError, NothingSent, ServerTrouble, TokenRefused
from billbridge.halopsa.exchange import Exchange, Reply
from billbridge.halopsa.json_text import read_json
from billbridge.halopsa.redaction import Redaction
from billbridge.halopsa.refusals import web_page

RENEWAL_MARGIN = 90.0
"""Seconds before its end at which a token is renewed; a quarter of its life if that is shorter."""

_ASSUMED_LIFE = 600.0
_APPLICATION = "Configuration > Integrations > HaloPSA API > View Applications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What HaloPSA's application and its *API Details* screen give.

    `tenant` is empty on premises; `scope` is space separated and must hold only what is ticked on the application.
    """

    client_id: str
    client_secret: str = field(repr=False)
    tenant: str = ""
    scope: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, renewed at `renew_at` by the clock; `granted` is what HaloPSA gave, if it said so."""

    value: str = field(repr=False)
    renew_at: float
    granted: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What HaloPSA says about itself without a sign-in; both are empty if it says nothing."""

    authorisation_server: str = ""
    tenant: str = ""


class Tokens:
    """The current token of one client; safe to share between threads, which wait for one renewal together."""

    def __init__(
        self,
        exchange: Exchange,
        address: Address,
        credentials: Credentials,
        redaction: Redaction,
        *,
        authorisation_server: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._address = address
        self._credentials = credentials
        self._redaction = redaction
        self._given_server = _checked_server(authorisation_server) if authorisation_server else ""
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._discovery: Discovery | None = None

    def current(self) -> Token:
        """A token good for at least one more call.

        Raises TokenRefused, AddressError, NothingSent (no token could be had just now) or RateLimited.
        """
        with self._lock:
            if self._token is None or self._clock() >= self._token.renew_at:
                self._token = self._fetch(self._credentials.scope)
            return self._token

    def instead_of(self, refused: Token) -> Token:
        """A token newer than `refused`, which HaloPSA did not take; raises as `current` does."""
        with self._lock:
            if self._token is None or self._token is refused:
                self._token = None
                self._token = self._fetch(self._credentials.scope)
            return self._token

    def would_grant(self, scope: str) -> bool:
        """Whether the application may ask for `scope`: asks for a token with it alone and forgets the token."""
        try:
            self._fetch(scope)
        except TokenRefused as refusal:
            if refusal.reason == "invalid_scope":
                return False
            raise
        return True

    def discover(self) -> Discovery:
        """Ask HaloPSA for its authorisation server and tenant; empty if it does not say.

        Raises AddressError if a web page answers or the address moved, NothingSent, ServerTrouble or RateLimited.
        """
        if self._discovery is None:
            url = f"{self._address.resource_server}/authinfo"
            reply = self._exchange.send("tokens", "GET", url)
            if reply.status < 500 and reply.is_web_page:
                raise web_page(url, reply.status)
            if 300 <= reply.status < 400:
                raise AddressError(
                    f"{url} moved to {reply.location or 'another place'}.", hint="Enter that address."
                )
            said = (_object(reply) or {}) if reply.ok else {}
            found = Discovery(
                authorisation_server=self._trusted(str(said.get("auth_url") or "")),
                tenant=str(said.get("tenant_id") or "").strip(),
            )
            if reply.status >= 500:
                return found
            self._discovery = found
        return self._discovery

    def _trusted(self, auth_url: str) -> str:
        """The authorisation server, unless it is no address or less protected than the resource server."""
        url = auth_url.strip().rstrip("/")
        try:
            parts = urlsplit(url)
            Address.parse(url)
        except (ValueError, AddressError):
            return ""
        return url if parts.scheme in {self._address.scheme, "https"} else ""

    def _token_url(self) -> tuple[str, dict[str, str]]:
        """Where to post, and the query: the tenant if one is given, or if the authorisation server is shared."""
        tenant = self._credentials.tenant
        if self._given_server:
            server = self._given_server
        else:
            found = self.discover()
            server = found.authorisation_server or self._address.authorisation_server
            if not tenant and urlsplit(server).hostname != self._address.host:
                tenant = found.tenant
        return f"{server}/token", {"tenant": tenant} if tenant else {}

    def _fetch(self, scope: str) -> Token:
        asked_at = self._clock()
        try:
            url, query = self._token_url()
            reply = self._exchange.send(
                "tokens",
                "POST",
                url,
                params=query,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                content=urlencode(
                    {
                        "grant_type": "client_credentials",
                        "client_id": self._credentials.client_id.strip(),
                        "client_secret": self._credentials.client_secret.strip(),
                        "scope": scope,
                    }
                ),
            )
        except NothingSent:
            raise
        except ServerTrouble as trouble:
            raise NothingSent(f"HaloPSA gave no token: {trouble.message}", hint=trouble.hint) from trouble
        if reply.status >= 500:
            raise self._server_error(reply)
        if reply.is_web_page or reply.status == 404 or 300 <= reply.status < 400:
            raise AddressError(
                f"{url} is not where HaloPSA gives tokens.",
                hint="Copy the Authorisation Server from HaloPSA: Configuration > Integrations > HaloPSA API.",
            )
        said = _object(reply)
        if reply.ok and said is None:
            raise NothingSent("HaloPSA gave no token: its answer is cut off or no JSON.")
        said = said or {}
        value = said.get("access_token")
        if not reply.ok or not isinstance(value, str) or not value:
            raise self._refusal(reply, said, scope)
        self._redaction.add(value)
        granted = said.get("scope")
        return Token(
            value=value,
            renew_at=asked_at + _life(said.get("expires_in")),
            granted=frozenset(granted.split()) if isinstance(granted, str) else None,
        )

    def _server_error(self, reply: Reply) -> TokenRefused | NothingSent:
        """A server error from the token endpoint; HaloPSA answers so for an unknown tenant, too."""
        given = self._credentials.tenant
        try:
            own = self.discover().tenant if given else ""
        except BillbridgeError:
            own = ""
        if own and own.lower() != given.lower():
            return TokenRefused(
                f"HaloPSA knows no tenant {given!r}: the tenant at {self._address.host} is {own!r}.",
                hint=f"Enter {own} as the tenant.",
                reason="wrong_tenant",
            )
        return NothingSent(
            f"HaloPSA's authorisation server answered with server error {reply.status}.",
            hint=f"If this stays, check the tenant name {given!r}: a wrong one is answered so." if given else "",
            retry_after=reply.retry_after,
        )

    def _refusal(self, reply: Reply, said: Mapping[str, Any], scope: str) -> TokenRefused | AddressError:
        reason = str(said.get("error") or "")
        words = self._redaction.of(str(said.get("error_description") or ""))[:300]
        if reply.ok or (not reason and reply.status != 401):
            return AddressError(
                f"HaloPSA's authorisation server answered ({reply.status}) without a token and without a reason.",
                hint="Check the authorisation server and the tenant.",
            )
        message, hint = _TOKEN_REFUSALS.get(reason, _OTHER_REFUSAL)
        if reason == "invalid_client" and "client_id" in words:
            message, hint = _UNKNOWN_CLIENT
        quoted = f" HaloPSA says: {words}" if words else ""
        return TokenRefused(message.format(scope=scope) + quoted, hint=hint, reason=reason or "invalid_client")


_UNKNOWN_CLIENT = (
    "HaloPSA knows no application with this client ID.",
    f"Copy the client ID from {_APPLICATION}; saving the application there again may have given it a new one.",
)
_OTHER_REFUSAL = (
    "HaloPSA refused the sign-in.",
    f"Check the application in {_APPLICATION}: client ID, secret, and the method Client ID and Secret (Services).",
)
_TOKEN_REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_client": (
        "HaloPSA does not accept the client ID and secret.",
        f"Make a new secret in {_APPLICATION} and enter it here: HaloPSA shows a secret only once.",
    ),
    "invalid_scope": (
        "The application in HaloPSA may not ask for the scope {scope!r}.",
        f"Tick it in {_APPLICATION} > Permissions, or ask only for what is ticked there.",
    ),
    "unsupported_grant_type": (
        "The application in HaloPSA is not made for programs.",
        f"Set its method to Client ID and Secret (Services) in {_APPLICATION}.",
    ),
    "unauthorized_client": (
        "The application in HaloPSA is not made for programs.",
        f"Set its method to Client ID and Secret (Services) in {_APPLICATION}.",
    ),
    "invalid_request": (
        "HaloPSA found the sign-in incomplete.",
        "Enter client ID, client secret and scope.",
    ),
}


def _checked_server(text: str) -> str:
    """The authorisation server a person entered, as it stands: only some have `/auth` at their end."""
    Address.parse(text)
    typed = text.strip().rstrip("/")
    return typed if "://" in typed else f"https://{typed}"


def _object(reply: Reply) -> Mapping[str, Any] | None:
    """What an answer says; `None` if it is cut off or no JSON."""
    try:
        body = read_json(reply.body)
    except ValueError:
        return None
    return body if isinstance(body, Mapping) else {}


def _life(expires_in: Any) -> float:
    """Seconds for which a token is used, from its `expires_in`."""
    try:
        life = float(expires_in)
    except (TypeError, ValueError):
        life = _ASSUMED_LIFE
    return max(life - min(RENEWAL_MARGIN, life / 4), 0.0)
