"""Connections that will not work however often they are tried: no such host, a bad certificate, no TLS."""

from __future__ import annotations

import socket
import ssl

from billbridge.errors import PermanentError
from billbridge.network import causes


def distrust(who: str, error: BaseException, *, check: str) -> PermanentError | None:
    """The error if there is no host of the name, or it cannot prove who it is; `check` says what to look at.

    `who` begins a sentence and may be shown. What else went wrong may pass, and gives nothing.
    """
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return PermanentError(
                f"{who} shows a certificate that is not trusted: {cause.verify_message or cause}.",
                hint=f"{check} If the certificate is your own authority's, this machine must trust that.",
            )
        # A connection that merely ends during the handshake is an SSLError too, and may work next time.
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return PermanentError(
                f"{who} does not speak TLS as it should: {cause.reason or type(cause).__name__}.", hint=check
            )
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return PermanentError(f"{who} is not there: no host has this name.", hint=check)
    return None
