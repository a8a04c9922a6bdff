"""What a log must never show: secrets by the name they are kept under, by their form, and those that were opened.

A text is searched for all three before it is written, wherever in a log line it stands.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

HIDDEN = "[hidden]"
"""What stands in a secret's place."""

MOST = 1000
"""Secrets that are remembered; the one not opened for longest makes room for a new one."""

SHORTEST = 4
"""Characters of the shortest secret that is looked for: a shorter one is part of ordinary words."""

_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|authorization|cookie|credential|(?:api|signing|private|access)_?key"
)
_PLAIN = (int, float, type(None))
_AS_TEXT = (str, date, Decimal, UUID, PurePath)
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(bearer)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(basic)\s+[\w+/]{12,}={0,2}(?![\w+/=])(?<=[=\d])", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # A password in the address of a database may hold anything; elsewhere it ends where a path begins.
    (re.compile(r"(postgres(?:ql)?://[^\s:/@\"']*):[^\s\"']*@", re.IGNORECASE), rf"\1:{HIDDEN}@"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@\"']*):[^\s/@\"']+@", re.IGNORECASE), rf"\1:{HIDDEN}@"),
    # `password=...` of a form, an address or a connection; `"password": "..."` of JSON or a repr.
    (
        re.compile(
            r"((?:password|passwd|secret|token|api_?key|signing_?key)\s*=\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&\"')}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            r"([\"'][\w-]*(?:password|passwd|secret|token|api_?key|signing_?key|authorization)[\"']\s*:\s*[bu]?)"
            r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')",
            re.IGNORECASE,
        ),
        rf'\1"{HIDDEN}"',
    ),
)


class NeverShown:
    """The secrets that were opened by this process; safe to share between threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._texts: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._longest_first: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Keep a secret, and the ways in which it may be written, out of every text from now on."""
        secret = secret.strip()
        if len(secret) < SHORTEST:
            return
        with self._lock:
            if secret in self._texts:
                self._texts.move_to_end(secret)
                return
            self._texts[secret] = tuple(_spellings(secret))
            if len(self._texts) > self._most:
                self._texts.popitem(last=False)
            every = {spelling for spellings in self._texts.values() for spelling in spellings}
            self._longest_first = tuple(sorted(every, key=len, reverse=True))

    def hidden_in(self, text: str) -> str:
        """The text with each of them replaced."""
        for secret in self._longest_first:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text


def _spellings(secret: str) -> Iterable[str]:
    """As it is, in an address, in a form, in JSON, and in a repr."""
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]


_OPENED = NeverShown()


def never_show(secret: str) -> None:
    """Let no log line of this process show a secret; call it where one is opened or comes in."""
    _OPENED.add(secret)


def hidden(text: str) -> str:
    """A text without the secrets in it: those that were opened, and what looks like one."""
    text = _OPENED.hidden_in(text)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def without_secrets(_logger: object, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A log line as plain values that JSON knows, without any secret; a processor of structlog."""
    return {str(name): _named(str(name), value) for name, value in event.items()}


def _named(name: str, value: object) -> object:
    """A value under its name: numbers are never secrets, whatever they are called."""
    if isinstance(value, _PLAIN):
        return _shown(value)
    return HIDDEN if _SECRET_NAME.search(name.lower().replace("-", "_")) else _shown(value)


def _shown(value: object) -> object:
    if isinstance(value, _PLAIN):
        is_finite = not isinstance(value, float) or math.isfinite(value)
        return value if is_finite else str(value)  # JSON has no other number
    if isinstance(value, Mapping):
        return {hidden(str(name)): _named(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(inner) for inner in value]
    if isinstance(value, Enum):
        return _shown(value.value)
    return hidden(str(value) if isinstance(value, _AS_TEXT) else repr(value))
