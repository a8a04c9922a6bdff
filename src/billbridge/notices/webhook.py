"""Calling a webhook: one POST of JSON, whose address is a secret like a password."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2

from billbridge.errors import BillbridgeError, PermanentError, TransientError
from billbridge.network import is_loopback, retry_after
from billbridge.notices.addresses import check_webhook_address, shown_address
from billbridge.notices.bodies import Format, body_of
from billbridge.notices.distrust import distrust
from billbridge.notices.message import Message, one_line, shortened
from billbridge.notices.scrub import secret_parts, without_secrets

TIMEOUT = 20.0
"""Seconds for each wait, and for the answer as a whole."""

_MOST_READ = 4096
"""Bytes of an answer that are looked at: what is longer is a page for people."""
_LONGEST_QUOTE = 200
_MAY_PASS = frozenset({408, 425, 429})
_SAID_BY_TEAMS = re.compile(r"endpoint returned HTTP error (\d{3})")
"""How the older incoming webhook of Teams reports, within a good answer, that nothing was posted."""
_KEY_PREFIX = "whsec_"
_LATER = "It is tried again; if it lasts, look whether the service has trouble and this machine may reach it."
_ANEW = {
    Format.JSON: "Check the address, and enter it again.",
    Format.SLACK: "Make a new incoming webhook in Slack, and enter its address.",
    Format.TEAMS: "Make a new webhook in Teams (Workflows), and enter its address.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """A webhook. Its whole `address` is a secret; `signing_key` signs what is sent as JSON of our own."""

    format: Format
    address: str = field(repr=False)
    signing_key: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"The webhook at {shown_address(self.address)}"


def send_webhook(
    target: WebhookTarget,
    message: Message,
    *,
    verify: bool | ssl.SSLContext = True,
    timeout: float = TIMEOUT,
    clock: Callable[[], float] = time.time,
) -> None:
    """Send a message; it was taken over when this returns.

    The header `webhook-id` is the message's id and stays the same when it is sent again; with a signing key,
    `webhook-signature` signs id, time and body as Standard Webhooks has it. Redirects are not followed: they would
    take the key in the address along. Raises `TransientError` for what may pass (no connection, a time-out, 408,
    425, 429, 5xx) and `PermanentError` with the remedy for the rest; no error repeats the address.
    """
    check_webhook_address(target.address)
    body = json.dumps(body_of(message, target.format), ensure_ascii=False).encode("utf-8", "replace")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "billbridge",
        **_identification(target, message, body, int(clock())),
    }
    try:
        with _unlogged(), _client(target, verify=verify, timeout=timeout) as client:
            answer = _Answer.to(client, target.address, headers, body, timeout)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _no_answer(target, error) from None  # what led to it may hold the address
    _judge(target, answer)


def signature(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature` of a body; a key that begins with `whsec_` is Base64, any other is text."""
    signed = hmac.new(_key_bytes(key), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _key_bytes(key: str) -> bytes:
    if key.startswith(_KEY_PREFIX):
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(key.removeprefix(_KEY_PREFIX), validate=True)
    return key.encode()


def _identification(target: WebhookTarget, message: Message, body: bytes, timestamp: int) -> dict[str, str]:
    if target.format is not Format.JSON:
        return {}
    headers = {"webhook-id": message.id, "webhook-timestamp": str(timestamp)}
    if target.signing_key:
        headers["webhook-signature"] = signature(target.signing_key, message.id, timestamp, body)
    return headers


def _client(target: WebhookTarget, *, verify: bool | ssl.SSLContext, timeout: float) -> httpx2.Client:
    """A client that follows no redirect, and asks no proxy for what lies on this machine."""
    here = is_loopback(urlsplit(target.address).hostname or "")
    return httpx2.Client(verify=verify, timeout=timeout, follow_redirects=False, trust_env=not here)


_is_sending: ContextVar[bool] = ContextVar("is_sending", default=False)


def _is_no_webhook(_record: logging.LogRecord) -> bool:
    """Keeps the address out of the log: httpx2 logs every address it calls."""
    return not _is_sending.get()


logging.getLogger("httpx2").addFilter(_is_no_webhook)


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    token = _is_sending.set(True)
    try:
        yield
    finally:
        _is_sending.reset(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The part of an answer that is looked at."""

    status: int
    text: str
    retry_after: float | None

    @classmethod
    def to(
        cls, client: httpx2.Client, address: str, headers: dict[str, str], body: bytes, timeout: float
    ) -> _Answer:
        started = time.monotonic()
        with client.stream("POST", address, headers=headers, content=body) as response:
            read = b""
            for chunk in response.iter_bytes():
                read += chunk
                if len(read) >= _MOST_READ or time.monotonic() - started > timeout:
                    break
            return cls(
                status=response.status_code,
                text=read[:_MOST_READ].decode("utf-8", "replace").strip(),
                retry_after=retry_after(response.headers.get("retry-after", ""), datetime.now(UTC)),
            )


def _judge(target: WebhookTarget, answer: _Answer) -> None:
    """Raise what an answer that is not good means."""
    status = answer.status
    inner = _SAID_BY_TEAMS.search(answer.text) if target.format is Format.TEAMS else None
    if inner is not None and 200 <= status < 300:
        status = int(inner[1])
    if 200 <= status < 300:
        return
    said = f"{target} answered {status}{_quoted(target, answer.text)}."
    if status >= 500 or status in _MAY_PASS:
        raise TransientError(said, hint=_LATER, retry_after=answer.retry_after)
    if 300 <= status < 400:
        raise PermanentError(
            f"{target} points to another address, which is not followed: it would get the key too.",
            hint="Enter the address that it leads to.",
        )
    if status in {401, 403, 404, 405, 410}:
        raise PermanentError(said, hint=_ANEW[target.format])
    hint = "Look whether this is the address of a webhook of the kind that is chosen."
    raise PermanentError(said, hint=hint)


def _quoted(target: WebhookTarget, text: str) -> str:
    """What was answered, on one line and without the address; nothing of a page for people."""
    if not text or text.startswith("<"):
        return ""
    secrets = [*secret_parts(target.address), target.signing_key]
    return f": {shortened(without_secrets(one_line(text), secrets), _LONGEST_QUOTE).rstrip('.')}"


def _no_answer(target: WebhookTarget, error: Exception) -> BillbridgeError:
    if (never := distrust(str(target), error, check="Check the address for a typing error.")) is not None:
        return never
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return PermanentError(f"{target} cannot be called: its address is not valid.", hint=_ANEW[target.format])
    if isinstance(error, httpx2.TimeoutException):
        return TransientError(f"{target} did not answer in time.", hint=_LATER)
    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError):
        return TransientError(f"{target} cannot be reached{_quoted(target, str(error))}.", hint=_LATER)
    return TransientError(f"The connection to {shown_address(target.address)} broke off.", hint=_LATER)
