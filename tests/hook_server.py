"""A web server on this machine that is called as a webhook, and answers what a test wants."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(kw_only=True)
class Call:
    """One call: where to, its headers by their names in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class HookServer:
    """What it answers, and what it got."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str = "ok"
    cut: bool = False
    """Whether it breaks the connection off instead of answering."""
    slow_seconds: float = 0.0
    tls: ssl.SSLContext | None = None
    calls: list[Call] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    desk: HookServer

    def do_POST(self) -> None:
        desk = self.desk
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        desk.calls.append(Call(path=self.path, headers={k.lower(): v for k, v in self.headers.items()}, body=body))
        time.sleep(desk.slow_seconds)
        if desk.cut:
            self.close_connection = True
            return
        answer = desk.text.encode()
        self.send_response(desk.status)
        for name, value in desk.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Tests read the calls, not a log."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is none of the server's business."""


@contextmanager
def hook_server(**does: Any) -> Iterator[HookServer]:
    """A web server on a free port while the block runs."""
    desk = HookServer(**does)
    with _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"desk": desk})) as server:
        if desk.tls is not None:
            server.socket = desk.tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        desk.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield desk
        server.shutdown()
