"""Whether an address can be listened on: asked first of all, so that nothing was done when it cannot."""

from __future__ import annotations

import errno
import os
import socket

from billbridge.errors import InvalidInput


def check_free(host: str, port: int) -> None:
    """Raise `InvalidInput` unless this process may listen on `host` and `port` and nobody else does.

    The server itself would share a port with another one, and each would get some of the requests.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are ending do not count
            probe.bind(address)
    except socket.gaierror:
        raise InvalidInput(f"{host} is no address of this machine.", hint="Name one with --host.") from None
    except OSError as error:
        raise InvalidInput(_words(host, port, error), hint=_hint(error)) from None


def _words(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Another program listens on port {port} of {host} already."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine."
        case errno.EACCES | errno.EPERM:
            return f"This user may not listen on port {port}."
    return f"Port {port} of {host} cannot be listened on: {os.strerror(error.errno or 0)}."


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "Stop the other program, or choose another port with --port."
        case errno.EADDRNOTAVAIL:
            return "Name an address of this machine with --host."
    return "Choose another port with --port."
