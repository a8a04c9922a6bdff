"""A small HTTP/1.1 server that turns a function from request to response into something a client can call.

Connections are kept alive, every connection has its own thread, and a client that goes away is no event.
"""

from __future__ import annotations

import json
import ssl
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

SHUTDOWN_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request: `path` is decoded, `query` keeps every value, `headers` has lower-case names."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer; with `cut` the connection is closed instead of answering."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False

    @classmethod
    def json(cls, value: object, status: int = 200) -> Self:
        """The value as compact JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status=status, body=body)

    @classmethod
    def text(cls, text: str, status: int = 200) -> Self:
        """Plain text in UTF-8."""
        return cls(status=status, body=text.encode(), content_type="text/plain; charset=utf-8")

    @classmethod
    def html(cls, markup: str, status: int = 200) -> Self:
        """An HTML page in UTF-8."""
        return cls(status=status, body=markup.encode(), content_type="text/html; charset=utf-8")


Handler = Callable[[Request], Response]


class SimulatorServer:
    """A running handler: bound at construction, so that `url` is known before the first request.

    Port 0 takes a free one. With `tls` the server speaks HTTPS. Use it as a context manager, or call `start`
    and `stop`; `serve_forever` blocks instead of starting a thread.
    """

    def __init__(
        self, handler: Handler, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = _Server(handler, (host, port))
        if tls is not None:
            # The handshake belongs to the connection's own thread: a client that stalls must not block the others.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        self.port: int = self._server.server_address[1]
        self.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._thread: threading.Thread | None = None
        self._served = False

    def start(self) -> Self:
        """Answer requests from a background thread."""
        if self._thread is None:
            self._served = True
            self._thread = threading.Thread(target=self._serve, name=f"simulator-{self.port}", daemon=True)
            self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Answer requests until another thread calls `stop`."""
        self._served = True
        self._serve()

    def stop(self) -> None:
        """Stop answering, close every connection and free the port; harmless when repeated."""
        if self._served:
            self._served = False
            self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._server.close_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=SHUTDOWN_POLL_SECONDS)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: Handler, address: tuple[str, int]) -> None:
        self.handler = handler
        self._open: dict[socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for the host's name here, which nobody needs and which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "simulator", self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing to do: only a vanished client gets here, the handler's own failures are answered as 500."""

    def close_connections(self) -> None:
        with self._lock:
            connections = list(self._open.items())
        for connection, _ in connections:
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)
        for _, thread in connections:
            thread.join(timeout=2)


class _HalfRequest(ConnectionError):
    """The client went away within its request, which must then not be carried out."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write per answer: without buffering, headers and body leave in two packets and the client's delayed
    # acknowledgement adds 40 ms to every call.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        body = self._read_body()
        target = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(target.path),
            query=parse_qs(target.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        try:
            response = self.server.handler(request)
        except Exception:
            response = Response.text("The simulator failed:\n" + traceback.format_exc(), status=500)
        if response.cut:
            self._cut()
        else:
            self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Length", str(len(response.body)))
        if response.body:
            self.send_header("Content-Type", response.content_type)
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(SHUT_RDWR)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        return self._read_exactly(int(self.headers.get("Content-Length") or 0))

    def _read_exactly(self, size: int) -> bytes:
        body = self.rfile.read(size)
        if len(body) < size:
            raise _HalfRequest
        return body

    def _read_chunks(self) -> bytes:
        parts = []
        while size := int(self._read_line().split(b";")[0], 16):
            parts.append(self._read_exactly(size))
            self._read_line()
        while self._read_line().strip():
            pass  # trailers
        return b"".join(parts)

    def _read_line(self) -> bytes:
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise _HalfRequest
        return line

    def version_string(self) -> str:
        return "simulator"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """No access log: the simulators count their calls themselves."""
