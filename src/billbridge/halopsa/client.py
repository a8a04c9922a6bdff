"""The HaloPSA client: signs in, sends, repeats what may be repeated, and names what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

import httpx2

from billbridge.errors import BillbridgeError
from billbridge.halopsa.address import Address
from billbridge.halopsa.auth import Credentials, Discovery, Token, Tokens
from billbridge.halopsa.errors import NothingSent, OutcomeUnknown, ServerTrouble
from billbridge.halopsa.exchange import Calls, Exchange, Reply
from billbridge.halopsa.json_text import read_json, write_json
from billbridge.halopsa.limits import Limiter
from billbridge.halopsa.redaction import Redaction
from billbridge.halopsa.refusals import refusal, web_page
from billbridge.network import is_loopback

DEFAULT_TIMEOUT = 60.0
"""Seconds. HaloPSA takes about 7 to answer that it failed, and more for long lists."""

Answer = TypeVar("Answer")
Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How often something is tried in all, and the seconds between tries: `first`, then twice as long each time."""

    tries: int = 4
    first: float = 1.0
    longest: float = 20.0

    def waits(self) -> list[float]:
        """The seconds to wait after each failed try but the last."""
        return [min(self.first * 2**n, self.longest) for n in range(self.tries - 1)]


class HaloPSA:
    """A client of one HaloPSA; safe to share between threads, closed by `close` or by `with`.

    `address` is what a person entered (host, resource server or root). `before_post` is called right before a
    `POST` leaves, after every wait, and stops it by raising: the place to check that a run still holds its lease.
    `clock` gives seconds that never run backwards; `sleep` waits for seconds.

    A `GET` is repeated after transient trouble. A `POST` is repeated only if HaloPSA cannot have executed it: the
    connection was refused, HaloPSA answered 429, or the token had expired.
    """

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        *,
        limiter: Limiter,
        authorisation_server: str = "",
        timeout: float = DEFAULT_TIMEOUT,
        backoff: Backoff | None = None,
        before_post: Callable[[], None] | None = None,
        transport: httpx2.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = Address.parse(address)
        self._backoff = backoff or Backoff()
        self._before_post = before_post
        self._sleep = sleep
        self._redaction = Redaction(credentials.client_secret.strip())
        self._answered = False
        self.credentials = credentials
        self._exchange = Exchange(
            limiter,
            timeout=timeout,
            transport=transport,
            trust_environment=not is_loopback(self._address.host),
            clock=clock,
        )
        self._tokens = Tokens(
            self._exchange,
            self._address,
            credentials,
            self._redaction,
            authorisation_server=authorisation_server,
            clock=clock,
        )

    def __repr__(self) -> str:
        return f"HaloPSA({self._address.root!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    @property
    def address(self) -> str:
        """The root of this HaloPSA, such as `https://acme.halopsa.com`."""
        return self._address.root

    @property
    def calls(self) -> Calls:
        """The calls made so far, by kind."""
        return self._exchange.calls

    def sign_in(self) -> Token:
        """Have a token, asking for one if need be; raises what `get` raises short of the module's own refusals."""
        return self._repeated(self._tokens.current)

    def discover(self) -> Discovery:
        """What HaloPSA says about itself without a sign-in."""
        return self._repeated(self._tokens.discover)

    def would_grant(self, scope: str) -> bool:
        """Whether the application in HaloPSA may ask for `scope`; raises TokenRefused for any other refusal."""
        return self._repeated(lambda: self._tokens.would_grant(scope))

    def get(self, path: str, query: Query = MappingProxyType({})) -> Any:
        """The JSON at `path` (`Client/12`), its fractions as Decimal.

        Raises ServerTrouble or RateLimited once every try is used up, and at once NotFound, ModuleRefused,
        BadRequest, TokenRefused or AddressError.
        """
        return self._repeated(lambda: self._get(path, query))

    def post(self, path: str, records: Sequence[Mapping[str, Any]]) -> Any:
        """Send `records` as an array, which creates those without an `id` and updates the others.

        Returns the JSON HaloPSA answered with, None for an empty answer. Raises OutcomeUnknown if the request left
        and no clean answer came; NothingSent or RateLimited if it was certainly not executed; BadRequest,
        ModuleRefused, NotFound, TokenRefused or AddressError if it was refused.
        """
        content = write_json(list(records))
        reply = self._repeated(lambda: self._post(path, content), only=NothingSent)
        return self._read_post(reply, path)

    def _repeated(self, attempt: Callable[[], Answer], only: type[ServerTrouble] = ServerTrouble) -> Answer:
        """Try until it works, fails for good, or every try is used up; after trouble of type `only`."""
        for wait in self._backoff.waits():
            try:
                return attempt()
            except only as trouble:
                asked = min(trouble.retry_after or 0.0, self._backoff.longest)
                self._sleep(max(wait, asked))
        return attempt()

    def _get(self, path: str, query: Query) -> Any:
        params = {name: _query_text(value) for name, value in query.items()}
        reply = self._authorised(
            lambda headers: self._exchange.send("reads", "GET", self._url(path), params=params, headers=headers),
            path,
        )
        if not reply.ok:
            raise refusal(reply, path, self._redaction)
        if reply.is_web_page and not self._answered:
            raise web_page(path, reply.status)
        try:
            value = read_json(reply.body)
        except ValueError as error:
            shown = "a web page" if reply.is_web_page else "an answer that is cut off or no JSON"
            raise ServerTrouble(f"HaloPSA sent {shown} for {path}.") from error
        self._answered = True
        return value

    def _post(self, path: str, content: str) -> Reply:
        def send(headers: Mapping[str, str]) -> Reply:
            try:
                return self._exchange.send(
                    "writes",
                    "POST",
                    self._url(path),
                    headers={**headers, "Content-Type": "application/json"},
                    content=content,
                    guard=self._before_post,
                )
            except NothingSent:
                raise
            except ServerTrouble as trouble:
                raise _outcome_unknown(path, trouble) from trouble

        return self._authorised(send, path)

    def _read_post(self, reply: Reply, path: str) -> Any:
        if not reply.ok:
            error: BillbridgeError = refusal(reply, path, self._redaction)
            if isinstance(error, ServerTrouble):
                raise _outcome_unknown(path, error, reply.status) from error
            raise error
        if not reply.body.strip():
            return None
        try:
            return read_json(reply.body)
        except ValueError as error:
            raise OutcomeUnknown(
                f"HaloPSA's answer to the POST to {path} cannot be read.",
                hint="What was written must be read back before anything is sent again.",
                status=reply.status,
            ) from error

    def _authorised(self, send: Callable[[Mapping[str, str]], Reply], path: str) -> Reply:
        """Send with a token, and once more with a fresh one after a 401: an empty 401 has two meanings."""
        token = self._tokens.current()
        reply = send(_bearer(token))
        if reply.status != httpx2.codes.UNAUTHORIZED:
            return reply
        reply = send(_bearer(self._tokens.instead_of(token)))
        if reply.status == httpx2.codes.UNAUTHORIZED:
            raise refusal(reply, path, self._redaction)
        return reply

    def _url(self, path: str) -> str:
        return f"{self._address.resource_server}/{path.strip('/')}"


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.value}"}


def _query_text(value: str | int) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _outcome_unknown(path: str, trouble: ServerTrouble, status: int | None = None) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The POST to {path} was sent but not answered cleanly: {trouble.message}",
        hint="What was written must be read back before anything is sent again.",
        status=status,
    )
