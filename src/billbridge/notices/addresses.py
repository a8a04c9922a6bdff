"""Whom to tell: what may be an e-mail address, a mail server and the address of a webhook."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from billbridge.errors import InvalidInput
from billbridge.network import is_loopback

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_LONGEST_LOCAL_PART = 64
_LONGEST_ADDRESS = 254
_ADDRESS_HINT = "Copy the whole address, beginning with https://."


def check_mail_address(text: str) -> None:
    """Raise `InvalidInput` unless this is one e-mail address, without a name in front of it."""
    local, _, domain = text.rpartition("@")
    good = _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not good or len(local) > _LONGEST_LOCAL_PART or len(text) > _LONGEST_ADDRESS:
        raise InvalidInput(f"{text!r} is no e-mail address.", hint="Write it like billing@example.com.")


def check_mail_server(text: str) -> None:
    """Raise `InvalidInput` unless this is the name or the IP address of a machine, and nothing else."""
    if _DOMAIN.fullmatch(text):
        return
    try:
        ip_address(text)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is no name of a mail server.", hint="Write its name alone, like smtp.example.com."
        ) from None


def check_webhook_address(text: str) -> None:
    """Raise `InvalidInput` unless a webhook can be called there; the error never repeats the address, a secret."""
    parts = _parts(text)
    if parts is None or any(sign.isspace() or not sign.isprintable() for sign in text):
        raise InvalidInput("The address of the webhook is no web address.", hint=_ADDRESS_HINT)
    if parts.scheme not in ("https", "http"):
        raise InvalidInput("The address of the webhook does not begin with https://.", hint=_ADDRESS_HINT)
    if parts.username is not None or parts.fragment:
        raise InvalidInput(
            "The address of the webhook holds a user name or a #.", hint="Write it without what no webhook needs."
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise InvalidInput(
            f"The webhook at {shown_address(text)} is not encrypted: its key would cross the network in the clear.",
            hint="Use its https:// address; http:// is for this machine only.",
        )


def shown_address(text: str) -> str:
    """Scheme and host of a webhook's address, which may be shown; empty for what is no address."""
    parts = _parts(text)
    if parts is None:
        return ""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _parts(text: str) -> SplitResult | None:
    """The parts of an address with a host and a valid port, if it has them."""
    try:
        parts = urlsplit(text)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
