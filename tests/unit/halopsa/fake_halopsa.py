"""A HaloPSA in memory whose answers a test writes down, and a time that only moves when somebody sleeps."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import httpx2

from billbridge.halopsa.auth import Credentials
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.limits import InMemoryLimiter

SECRET = "hush-this-is-the-secret"
TOKEN = "token-number-"
ADDRESS = "https://acme.halopsa.com/api"

Answer = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


class FakeTime:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class FakeHaloPSA:
    """Answers each path with what a test lined up for it; the last answer stays.

    Signing in works unless a test says otherwise. `requests` holds everything that arrived.
    """

    def __init__(self) -> None:
        self.time = FakeTime()
        self.requests: list[httpx2.Request] = []
        self.tokens = 0
        self._answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.on("GET /api/authinfo", reply({"auth_url": "https://acme.halopsa.com/auth", "tenant_id": "acme"}))

    def on(self, route: str, *answers: Answer) -> None:
        """Line up the answers for `METHOD /path`, in place of those that stood there."""
        self._answers[route] = list(answers)

    def arrived(self, route: str) -> list[httpx2.Request]:
        """The requests that came for `METHOD /path`."""
        return [request for request in self.requests if _route(request) == route]

    def client(
        self, *, tenant: str = "", scope: str = "all", secret: str = SECRET, limiter: Any = None, **settings: Any
    ) -> HaloPSA:
        """A client that speaks with this HaloPSA alone."""
        return HaloPSA(
            ADDRESS,
            Credentials(client_id="an-id", client_secret=secret, tenant=tenant, scope=scope),
            limiter=limiter or InMemoryLimiter(clock=self.time, sleep=self.time.sleep),
            transport=httpx2.MockTransport(self._handle),
            clock=self.time,
            sleep=self.time.sleep,
            **settings,
        )

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answers = self._answers[_route(request)]
        if not answers:
            return self._token() if request.url.path == "/auth/token" else httpx2.Response(404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return (
            answer(request)
            if callable(answer)
            else httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)
        )

    def _token(self) -> httpx2.Response:
        self.tokens += 1
        return reply({"access_token": f"{TOKEN}{self.tokens}", "expires_in": 3600, "scope": "all"})


def _route(request: httpx2.Request) -> str:
    return f"{request.method} {request.url.path}"


def reply(body: Any, status: int = 200) -> httpx2.Response:
    """A JSON answer."""
    return httpx2.Response(status, json=body)


def text(body: str, status: int = 200, **headers: str) -> httpx2.Response:
    """An answer with this very text; `retry_after="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, content=body.encode(), headers=named)


def web_page(status: int = 200) -> httpx2.Response:
    """A page for people."""
    return httpx2.Response(status, html="<!doctype html><title>Sign in</title>")


def sent(request: httpx2.Request) -> Any:
    """The JSON a request carried."""
    return json.loads(request.content)
