"""What every client needs to know of a network: this machine, what lies behind an error, how long to wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds; a server that asks for a longer wait is taken to ask for this one."""


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and everything that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(text: str, now: datetime) -> float | None:
    """The seconds a Retry-After header asks to wait, in either of its forms; `None` if it says nothing."""
    written = text.strip()
    if written.isascii() and written.isdecimal():
        return min(float(written), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
