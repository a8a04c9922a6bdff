"""Who may read the metrics: whoever has the token, or without one whoever asks on this machine itself."""

from __future__ import annotations

from enum import Enum, auto
from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.crypto import constant_time_compare

from billbridge.config import LOCAL_HOSTS

_BEARER = "bearer"
_FORWARDED = ("forwarded", "via", "x-real-ip")
_FORWARDED_PREFIX = "x-forwarded-"


class Access(Enum):
    """How a request for the metrics is met."""

    GRANTED = auto()
    NEEDS_TOKEN = auto()
    HIDDEN = auto()
    """As if there were no such address."""


def access(request: HttpRequest, token: str) -> Access:
    """How this request is met, where `token` is the one the installation is started with, or empty."""
    if token:
        return Access.GRANTED if _shows(request, token) else Access.NEEDS_TOKEN
    return Access.GRANTED if _is_of_this_machine(request) else Access.HIDDEN


def _shows(request: HttpRequest, token: str) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == _BEARER and constant_time_compare(shown.strip(), token)


def _is_of_this_machine(request: HttpRequest) -> bool:
    """Whether it was made here, to a name of this machine, and not handed on by a web server in front."""
    names = [name.lower() for name in request.headers]
    if any(name in _FORWARDED or name.startswith(_FORWARDED_PREFIX) for name in names):
        return False
    host, _ = split_domain_port(request.get_host())
    return host in LOCAL_HOSTS and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback
