"""One HTTP exchange with HaloPSA: paced by the limiter, counted, and with every broken wire named.

Answers of any status are returned as they came, except 429, after which the exchange waits and sends again: HaloPSA
did not execute such a call. Nothing else is ever repeated here.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import httpx2

from billbridge.halopsa.errors import AddressError, NothingSent, RateLimited, ServerTrouble
from billbridge.halopsa.limits import Kind, Limiter
from billbridge.network import causes, retry_after

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""

_RATE_TRIES = 10
_RATE_FIRST_WAIT = 5.0
_RATE_LONGEST_WAIT = 60.0
_RATE_PATIENCE = 600.0
"""Seconds that are waited for after a 429; a longer wait is reported, so that nobody sits silent for an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How many calls were really made, those that failed included."""

    reads: int = 0
    writes: int = 0
    tokens: int = 0
    limited: int = 0
    """How many of them were answered with 429, and not executed."""

    @property
    def total(self) -> int:
        return self.reads + self.writes + self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, whatever its status. `retry_after` is in seconds; `location` is where a redirect points."""

    status: int
    body: bytes = b""
    content_type: str = ""
    retry_after: float | None = None
    location: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace").strip()

    @property
    def is_web_page(self) -> bool:
        """Whether this is a page for people and not an answer for programs."""
        return "html" in self.content_type.lower() or self.text[:100].lower().startswith(("<!doctype", "<html"))


class Exchange:
    """Sends requests through one limiter; safe to share between threads.

    `timeout` is in seconds and holds for each wait for the server and for the answer as a whole. `now` gives the
    time of day in UTC, for a Retry-After that is a date.
    """

    def __init__(
        self,
        limiter: Limiter,
        *,
        timeout: float,
        transport: httpx2.BaseTransport | None = None,
        trust_environment: bool = True,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._limiter = limiter
        self._timeout = timeout
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._counts: dict[Kind, int] = {"reads": 0, "writes": 0, "tokens": 0}
        self._limited = 0
        self._http = httpx2.Client(
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            transport=transport,
            trust_env=trust_environment,
            headers={"Accept": "application/json", "User-Agent": "billbridge"},
        )

    @property
    def calls(self) -> Calls:
        with self._lock:
            return Calls(**self._counts, limited=self._limited)

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        kind: Kind,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
        content: str | None = None,
        guard: Callable[[], None] | None = None,
    ) -> Reply:
        """Send one request and return its answer.

        `guard` is called right before the request leaves, after any wait for a slot, and stops it by raising.
        Raises AddressError, NothingSent, ServerTrouble (it left, but its answer broke off) or RateLimited.
        """
        request = self._request(method, url, params, headers, content)
        wait = _RATE_FIRST_WAIT
        for _ in range(_RATE_TRIES):
            with self._limiter.call(kind):
                if guard is not None:
                    guard()
                reply = self._once(kind, request)
            if reply.status != httpx2.codes.TOO_MANY_REQUESTS:
                return reply
            with self._lock:
                self._limited += 1
            seconds = wait if reply.retry_after is None else max(reply.retry_after, 1.0)
            self._limiter.penalty(min(seconds, _RATE_PATIENCE))
            if seconds > _RATE_PATIENCE:
                break
            wait = min(wait * 2, _RATE_LONGEST_WAIT)
        raise RateLimited(
            f"HaloPSA refuses further calls for now: {reply.text[:200] or 'rate limit reached'}",
            hint="Nothing was executed. If this returns, lower the connection's calls per 5 minutes.",
            retry_after=seconds,
        )

    def _request(
        self, method: str, url: str, params: Mapping[str, str], headers: Mapping[str, str], content: str | None
    ) -> httpx2.Request:
        try:
            return self._http.build_request(
                method, url, params=dict(params) or None, headers=dict(headers), content=content
            )
        except httpx2.InvalidURL as error:
            raise AddressError(f"{url!r} is not a web address: {error}.") from error

    def _once(self, kind: Kind, request: httpx2.Request) -> Reply:
        with self._lock:
            self._counts[kind] += 1
        host = request.url.host
        try:
            return self._read(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise _no_connection(host, error) from error
        except (httpx2.UnsupportedProtocol, httpx2.ProxyError) as error:
            raise AddressError(f"{host} cannot be reached: {error}.") from error
        except httpx2.TimeoutException as error:
            raise ServerTrouble(f"{host} did not answer within {self._timeout:g} seconds.") from error
        except httpx2.HTTPError as error:
            raise ServerTrouble(f"The connection to {host} broke off: {error or type(error).__name__}.") from error

    def _read(self, request: httpx2.Request) -> Reply:
        started = self._clock()
        response = self._http.send(request, stream=True)
        try:
            body = b"".join(self._chunks(response.iter_bytes(), started, request))
        finally:
            response.close()
        return Reply(
            status=response.status_code,
            body=body,
            content_type=response.headers.get("content-type", ""),
            retry_after=retry_after(response.headers.get("retry-after", ""), self._now()),
            location=response.headers.get("location", ""),
        )

    def _chunks(self, chunks: Iterator[bytes], started: float, request: httpx2.Request) -> Iterator[bytes]:
        """The body, unless it drips in more slowly than the time allowed for the whole call."""
        for chunk in chunks:
            if self._clock() - started > self._timeout:
                raise httpx2.ReadTimeout("the answer came too slowly", request=request)
            yield chunk


def _no_connection(host: str, error: httpx2.RequestError) -> Exception:
    """The request never left: permanent if the name or the certificate is wrong, else worth another try."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AddressError(
                f"{host} shows a certificate that is not trusted: {getattr(cause, 'verify_message', '') or cause}.",
                hint="Check the host name; on premises, add your own authority to those this machine trusts.",
            )
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return AddressError(
                f"{host} does not speak TLS as it should: {getattr(cause, 'reason', '') or cause}.",
                hint="Check the address and the port; HaloPSA answers by https.",
            )
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return AddressError(
                f"There is no host named {host}.", hint="Check the HaloPSA address for a typing error."
            )
    return NothingSent(
        f"{host} cannot be reached: {error or type(error).__name__}.",
        hint="Check whether HaloPSA is up and whether this machine may reach it.",
    )
