"""The bearer token of the MBS API: fetched by login, kept in memory, renewed in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import httpx2
from pydantic import ValidationError

from billbridge.errors import PermanentError
from billbridge.sources.mbs.answers import CHANGED_API, Call, error_text, read_json, said
from billbridge.sources.mbs.models import MbsToken
from billbridge.sources.mbs.wire import Wire

LOGIN: Final = Call(method="POST", path="/api/Provider/Login", what="a login")
DEFAULT_LIFE_SECONDS: Final = 3600.0
RENEW_EARLY_SECONDS: Final = 300.0

_NEW_CREDENTIALS = (
    "Use the API credentials that the MBS console generates under Settings > General, not a console login; "
    "generating new ones ends the old ones at once."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """API credentials of a provider; the password is never shown."""

    login: str
    password: str = field(repr=False)


class Tokens:
    """Hands out a valid token and logs in when there is none; safe to share between threads.

    `clock` gives monotonic seconds. A token is renewed five minutes early, or at half its life if that is
    short.
    """

    def __init__(self, wire: Wire, credentials: Credentials, *, clock: Callable[[], float]) -> None:
        self._wire = wire
        self._credentials = credentials
        self._clock = clock
        self._lock = Lock()
        self._token = ""
        self._renew_at = 0.0

    def current(self) -> str:
        """A token that still lives; logs in if need be."""
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._log_in()
            return self._token

    def replace(self, refused: str) -> str:
        """A token other than the one the API refused; another thread may have fetched it already."""
        with self._lock:
            if self._token == refused:
                self._token = ""
                self._log_in()
            return self._token

    def _log_in(self) -> None:
        asked_at = self._clock()
        body = {"UserName": self._credentials.login, "Password": self._credentials.password}
        response = self._wire.send(LOGIN, body=body)
        if response.status_code in (400, 401, 403):
            raise self._refused(response)
        answer = read_json(LOGIN, response, secret=self._credentials.password)
        try:
            token = MbsToken.model_validate(answer)
        except ValidationError:
            text = error_text(answer) or "no token"
            raise PermanentError(f"{LOGIN} answered 200 with: {text[:300]}", hint=CHANGED_API) from None
        life = token.expires_in or DEFAULT_LIFE_SECONDS
        self._renew_at = asked_at + life - min(RENEW_EARLY_SECONDS, life / 2)
        self._token = token.access_token

    def _refused(self, response: httpx2.Response) -> PermanentError:
        reason = said(response, secret=self._credentials.password)
        who = f"the API login {self._credentials.login!r}"
        if response.status_code == 403:
            return PermanentError(
                f"MBS does not let {who} in from here (403{': ' + reason if reason else ''}).",
                hint="API access is not enabled for this account, or it is restricted to other IP addresses: "
                "check both in the MBS console, or ask MSP360's support.",
            )
        return PermanentError(f"MBS refused {who}: {reason or response.status_code}", hint=_NEW_CREDENTIALS)
