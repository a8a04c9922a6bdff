"""What can go wrong between Billbridge and HaloPSA, in words a billing person can act on.

Transient errors may be tried again by the caller; permanent ones need a person. No message, hint or repr ever
holds a client secret or a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from billbridge.errors import PermanentError, TransientError

_ELEMENT = re.compile(r"^\[(\d+)\]")


class AddressError(PermanentError):
    """The address is not that of a HaloPSA: no such host, no trusted certificate, a web page, a wrong path."""


class TokenRefused(PermanentError):
    """The authorisation server gave no token: wrong client ID, secret, scope, tenant or kind of application.

    `reason` is the authorisation server's own code (`invalid_client`, `invalid_scope`, ...) or `wrong_tenant`.
    """

    def __init__(self, message: str, *, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class ModuleRefused(PermanentError):
    """HaloPSA knows the token but keeps this module closed to it (401 or 403).

    `module` is HaloPSA's name in the address (`SoftwareLicence`), `scope` the permission the application needs and
    `access_level` what the Agent behind it needs; the last two are empty for a module this package does not know.
    """

    def __init__(
        self, message: str, *, hint: str = "", module: str = "", scope: str = "", access_level: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.module = module
        self.scope = scope
        self.access_level = access_level


class NotFound(PermanentError):
    """HaloPSA has no record, or no route, at this path (404)."""


class BadRequest(PermanentError):
    """HaloPSA understood the request and refused it (400 and the other refusals of the request itself).

    `field_messages` maps a field path such as `[0].count` to what HaloPSA says about it; it is empty when HaloPSA
    named no field. `status` is the HTTP status.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int = 400,
        field_messages: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.field_messages: Mapping[str, tuple[str, ...]] = MappingProxyType(dict(field_messages or {}))

    @property
    def elements(self) -> frozenset[int]:
        """The places in the posted array that HaloPSA named as faulty, counted from 0; empty if it named none."""
        found = (_ELEMENT.match(path) for path in self.field_messages)
        return frozenset(int(match[1]) for match in found if match)


class UnreadableReply(PermanentError):
    """HaloPSA answered with JSON whose shape or values this version of Billbridge does not know."""


class RateLimited(TransientError):
    """HaloPSA kept answering 429 for longer than the client waits; nothing was executed."""


class ServerTrouble(TransientError):
    """HaloPSA could not be reached, answered with a server error, or its answer broke off.

    From a `POST` this error, unlike `OutcomeUnknown`, means that nothing was sent.
    """


class NothingSent(ServerTrouble):
    """The request never left: the connection was refused or timed out, or no token could be had just now."""


class OutcomeUnknown(TransientError):
    """A `POST` was sent and no clean answer came: whether HaloPSA executed it must be read back.

    It may even be executed later than now. `status` is the HTTP status, if one came.
    """

    def __init__(self, message: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class PageError(TransientError):
    """A list could not be read whole: its pages repeat, shift or do not reach its record count."""
