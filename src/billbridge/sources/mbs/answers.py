"""From an HTTP answer of the MBS API to JSON, or to an error that says what was asked and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import httpx2

from billbridge.errors import BillbridgeError, PermanentError, TransientError

_TRANSIENT_4XX: Final = frozenset({408, 425, 429})
_MESSAGE_NAMES: Final = ("error_description", "message", "error", "exceptionmessage", "title")
_MAX_QUOTED: Final = 300
WRONG_ADDRESS: Final = "Check the API address of the backup connection; MSP360's is https://api.mspbackups.com."
LATER: Final = "Trying again later may help; if it lasts, ask MSP360 whether the API has trouble."
CHANGED_API: Final = "Nothing was changed here. If it lasts, the API may have changed: report this message."


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One kind of question to the API; `what` names the answer in words ("the licenses").

    `by_id` says that it asks for one thing by its id: a thing that does not exist is answered with null or 404.
    """

    method: str
    path: str
    what: str
    by_id: bool = False

    def __str__(self) -> str:
        return f"MBS, asked for {self.what} ({self.method} {self.path}),"


def read_json(call: Call, response: httpx2.Response, *, secret: str = "") -> Any:
    """The JSON of a good answer, money as Decimal; None for a thing that does not exist.

    Raises TransientError for what may pass (5xx, 429, a cut-off answer) and PermanentError for everything
    else; `secret` is blotted out wherever the answer repeats it.
    """
    if call.by_id and response.status_code == 404:
        return None
    if not response.is_success:
        raise refusal(call, response, said(response, secret=secret))
    body = response.content.strip()
    if not body:
        raise TransientError(f"{call} sent an empty answer.", hint=LATER)
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise _unreadable(call, response, body, secret) from error


def refusal(call: Call, response: httpx2.Response, message: str) -> BillbridgeError:
    """The error for an answer that is neither good nor about the token."""
    status = response.status_code
    quoted = f": {message}" if message else "."
    text = f"{call} answered {status}{quoted}"
    if status >= 500 or status in _TRANSIENT_4XX:
        return TransientError(text, hint=LATER, retry_after=_retry_after(response))
    if response.is_redirect:
        target = response.headers.get("location", "").partition("?")[0] or "none named"
        return PermanentError(f"{call} pointed to another address, {target}.", hint=WRONG_ADDRESS)
    return PermanentError(text, hint=_REMEDIES.get(status, CHANGED_API))


_REMEDIES: Final = {
    401: "The API credentials are not accepted any more: generate new ones in the MBS console under "
    "Settings > General and enter them here.",
    403: "The API account lacks the right to read this, or this server's address is not allowed: check both "
    "in the MBS console.",
    404: WRONG_ADDRESS,
    407: "A proxy between here and MBS wants credentials: check this server's proxy settings.",
}


def said(response: httpx2.Response, *, secret: str = "") -> str:
    """What an answer says in words, whichever of ASP.NET's shapes it has: one short line, no `secret`."""
    body = response.content.strip()
    if _is_page(response, body):
        return "a web page instead of data"
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        value = body.decode(errors="replace")
    text = " ".join(" ".join(_messages(value)).split())
    if secret:
        text = text.replace(secret, "***")
    return text if len(text) <= _MAX_QUOTED else text[: _MAX_QUOTED - 1] + "…"


def error_text(value: Any) -> str:
    """The message of a value that is an error despite its status 200: a bare string or an error object."""
    if isinstance(value, str):
        return value.strip()
    return " ".join(_messages(value)) if isinstance(value, dict) else ""


def _messages(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        named = {str(name).casefold(): each for name, each in value.items()}
        found = next((named[name] for name in _MESSAGE_NAMES if isinstance(named.get(name), str)), None)
        if found:
            yield found
        state = named.get("modelstate")
        if isinstance(state, dict):
            yield from (str(each) for faults in state.values() if isinstance(faults, list) for each in faults)


def _unreadable(call: Call, response: httpx2.Response, body: bytes, secret: str) -> BillbridgeError:
    if _is_page(response, body):
        return PermanentError(f"{call} answered with a web page instead of data.", hint=WRONG_ADDRESS)
    if body[:1] in b'{["':
        return TransientError(
            f"{call} sent an answer that breaks off or is damaged, after {len(body)} bytes.",
            hint="Trying again later may help; if it lasts, look for a proxy that alters answers.",
        )
    quoted = said(response, secret=secret)
    return PermanentError(f"{call} answered with text instead of data: {quoted}", hint=CHANGED_API)


def _is_page(response: httpx2.Response, body: bytes) -> bool:
    return body.startswith(b"<") or "text/html" in response.headers.get("content-type", "").lower()


def _no_such_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds the server asks to wait, from either form of the header."""
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
