"""Keeping secrets out of what is said."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

HIDDEN = "[hidden]"

_LEAST_PATH = 8
_LEAST_KEY = 16
"""A part of an address that is shorter than this is no key by itself."""


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """A text with every secret in it blotted out, longer ones first: one may be a part of another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def secret_parts(address: str) -> tuple[str, ...]:
    """The texts by which a webhook's address would be given away: itself, what stands behind the host, its keys."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return (address,)
    behind = f"{parts.path}?{parts.query}" if parts.query else parts.path
    keys = (parts.path, parts.query, *parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)))
    telling = (behind, unquote(behind), *(one for one in keys if len(one) >= _LEAST_KEY))
    return tuple({address, *(one for one in telling if len(one) >= _LEAST_PATH)})
