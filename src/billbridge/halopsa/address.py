"""The addresses of one HaloPSA: where its API answers and where its tokens come from."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from billbridge.halopsa.errors import AddressError
from billbridge.network import is_loopback

_HINT = (
    "Copy the Resource Server from HaloPSA: Configuration > Integrations > HaloPSA API > API Details, "
    "for example https://acme.halopsa.com/api."
)
_OWN_PATHS = ("/api", "/auth")


@dataclass(frozen=True, slots=True)
class Address:
    """The root of a HaloPSA, without a slash at its end: `https://acme.halopsa.com`."""

    root: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read what a person typed or pasted: a host name, the resource server or the authorisation server.

        Raises AddressError if it is no address, holds a password, or is plain http to another machine: the client
        secret would cross the network in the clear.
        """
        typed = text.strip()
        try:
            parts = urlsplit(typed if "://" in typed else f"https://{typed}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or any(sign.isspace() for sign in typed):
            raise AddressError(f"{typed!r} is not a web address.", hint=_HINT)
        if parts.username or parts.password:
            raise AddressError("The HaloPSA address must not hold a user name or a password.", hint=_HINT)
        if parts.scheme not in ("https", "http"):
            raise AddressError(f"{typed!r} starts with {parts.scheme}:// instead of https://.", hint=_HINT)
        if parts.scheme == "http" and not is_loopback(host):
            raise AddressError(
                f"{typed!r} is not encrypted: the client secret would cross the network in the clear.",
                hint="Write https:// in front of it.",
            )
        path = parts.path.rstrip("/")
        for own in _OWN_PATHS:
            if path.lower().endswith(own):
                path = path[: -len(own)]
        name = f"[{host}]" if ":" in host else host
        return cls(f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}")

    @property
    def resource_server(self) -> str:
        return f"{self.root}/api"

    @property
    def authorisation_server(self) -> str:
        """Where tokens come from unless HaloPSA names another place itself."""
        return f"{self.root}/auth"

    @property
    def host(self) -> str:
        return urlsplit(self.root).hostname or ""

    @property
    def scheme(self) -> str:
        return urlsplit(self.root).scheme
