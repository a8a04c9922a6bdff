"""`billbridge serve`: the console in the browser and its worker, on one machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from billbridge.cli.app import app
from billbridge.cli.installation import Data, enter
from billbridge.cli.output import out

THREADS = 8
"""Requests the console answers at the same time."""

_GRACE_SECONDS = 30.0
"""How long a task at work may take to end when the console is stopped."""

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]


@app.command(epilog="Example: `billbridge serve --data /var/lib/billbridge --port 8080`")
def serve(data: Data = None, host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Run the console: web pages and background work in one command."""
    enter(data, create=True)
    from billbridge.operations.administrators import needs_first, setup_code

    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"  # noqa: S104
    out.print(f"Billbridge listens on {address}. Stop it with Ctrl-C.")
    if needs_first():
        out.print(f"This installation is new. Open {address} and make its first administrator.")
        out.print(f"Set-up code: {setup_code()}")
    with worker():
        listen(host, port)


@contextmanager
def worker() -> Iterator[None]:
    """Do background work while the block runs; the task at work is given time to end."""
    from billbridge.jobs.worker import work

    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_GRACE_SECONDS)


def listen(host: str, port: int) -> None:
    """Answer browsers until the process is told to stop."""
    import multiprocessing

    from granian.constants import Interfaces
    from granian.server import Server

    # A process of its own that begins from nothing: one forked would share this one's open database and threads.
    multiprocessing.set_start_method("spawn", force=True)
    server = Server(
        "billbridge.web.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_enabled=False,
        websockets=False,
    )
    server.serve()
