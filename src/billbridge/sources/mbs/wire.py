"""One HTTP exchange with the MBS API: trouble on the way becomes an error of ours."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2

from billbridge.errors import BillbridgeError, InvalidInput, PermanentError, TransientError
from billbridge.network import causes
from billbridge.sources.mbs.answers import LATER, WRONG_ADDRESS, Call

TIMEOUT_SECONDS: Final = 60.0
"""The API is slow on big tenants; a shorter limit would never see their lists."""


class Wire:
    """Sends requests to one API address; never follows a redirect, which might take credentials along."""

    def __init__(
        self,
        base_url: str,
        *,
        verify: bool | ssl.SSLContext = True,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.base_url = normal_address(base_url)
        self._client = httpx2.Client(
            verify=verify,
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
            headers={"Accept": "application/json", "User-Agent": "billbridge"},
        )

    def send(
        self, call: Call, *, token: str = "", body: Mapping[str, Any] | None = None, query: str = ""
    ) -> httpx2.Response:
        """The answer, whatever its status; raises TransientError or PermanentError when there is none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False)
        url = self.base_url + call.path + (f"?{query}" if query else "")
        try:
            return self._client.request(call.method, url, headers=headers, content=content)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise _trouble(call, self.base_url, error) from error

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def normal_address(text: str) -> str:
    """The address below which `/api/...` lies, however a person wrote it; raises InvalidInput."""
    address = text.strip().rstrip("/")
    if address.lower().endswith("/api"):
        address = address[:-4].rstrip("/")
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL as error:
        raise InvalidInput(f"{text!r} is not an address.", hint=WRONG_ADDRESS) from error
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or url.query or url.fragment:
        raise InvalidInput(f"{text!r} is not the address of an API.", hint=WRONG_ADDRESS)
    return address


def _trouble(call: Call, address: str, error: Exception) -> BillbridgeError:
    behind = list(causes(error))
    if isinstance(error, (httpx2.InvalidURL, httpx2.UnsupportedProtocol)):
        return PermanentError(f"MBS could not be asked for {call.what} at {address}.", hint=WRONG_ADDRESS)
    if distrust := _distrust(call, address, error, behind):
        return distrust
    if isinstance(error, httpx2.TimeoutException):
        return TransientError(f"{call} did not answer in time.", hint=LATER)
    if any(isinstance(each, socket.gaierror) for each in behind):
        return TransientError(
            f"MBS could not be asked for {call.what}: the name in {address} is not known.",
            hint="Check this server's network and the API address.",
        )
    if isinstance(error, (httpx2.ConnectError, httpx2.ProxyError)):
        return TransientError(
            f"MBS could not be asked for {call.what}: {address} cannot be reached ({error}).",
            hint="Check this server's network, proxy and firewall.",
        )
    return TransientError(f"{call} did not finish its answer: the connection broke ({error}).", hint=LATER)


def _distrust(call: Call, address: str, error: Exception, behind: Sequence[BaseException]) -> PermanentError | None:
    """The error for a server that cannot prove who it is, or does not speak TLS at all."""
    certificate = next((each for each in behind if isinstance(each, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        reason = getattr(certificate, "verify_message", "") or str(certificate)
        return PermanentError(
            f"MBS could not be asked for {call.what}: the certificate of {address} is bad, {reason}.",
            hint="Check the address and this server's clock and certificate store; if a proxy inspects TLS, "
            "its certificate must be installed there.",
        )
    # A connection that merely ends during the handshake is a subclass of SSLError, and may work next time.
    if isinstance(error, httpx2.ConnectError) and any(type(each) is ssl.SSLError for each in behind):
        return PermanentError(
            f"MBS could not be asked for {call.what}: {address} does not speak TLS as expected ({error}).",
            hint=WRONG_ADDRESS,
        )
    return None
