"""The commands that keep running: `serve` does everything, `web` has the pages and `worker` the background work."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from billbridge.cli.app import app
from billbridge.cli.exits import Exit
from billbridge.cli.installation import Data, enter
from billbridge.cli.output import err, out
from billbridge.cli.ports import check_free

THREADS = 8
"""Requests the console answers at the same time."""

AT_ONCE = 16
"""Tasks that a worker does at the same time: most wait for an answer of HaloPSA or MBS."""

_GRACE = 20
"""Seconds that tasks at work may take to end; with those of requests it stays below 30."""

_REQUEST_GRACE = 4
"""Seconds that requests at work may take to end when the console is stopped."""

Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]
Grace = Annotated[
    float, typer.Option("--grace", min=0, help="Seconds a task at work may take to end when this is stopped.")
]
AtOnce = Annotated[
    int,
    typer.Option(
        "--at-once", min=1, max=100, help="Tasks done at the same time, each of another provider or lane."
    ),
]
Schedule = Annotated[
    bool, typer.Option("--schedule/--no-schedule", help="Do what is due by itself, or only what is asked for.")
]


@app.command(epilog="Example: `billbridge serve --data /var/lib/billbridge --port 8080`")
def serve(
    data: Data = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    grace: Grace = _GRACE,
    at_once: AtOnce = AT_ONCE,
    schedule: Schedule = True,
) -> None:
    """Run the console: web pages and background work in one command."""
    check_free(host, port)
    enter(data, create=True)
    with worker(grace, at_once=at_once, keeps_time=schedule):
        _say_where(host, port)
        listen(host, port)


@app.command("web", epilog="Example: `billbridge web --host 0.0.0.0 --port 8080`")
def web(data: Data = None, host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Run the console's web pages alone; `billbridge worker` does its background work, here or elsewhere."""
    check_free(host, port)
    _join(data)
    _say_where(host, port)
    listen(host, port)


@app.command("worker", epilog="Example: `billbridge worker --data /var/lib/billbridge`")
def run_worker(
    data: Data = None, grace: Grace = _GRACE, at_once: AtOnce = AT_ONCE, schedule: Schedule = True
) -> None:
    """Do the console's background work alone. On PostgreSQL any number of workers may run, on SQLite one."""
    _join(data)
    told = threading.Event()
    _when_told(told)
    with worker(grace, at_once=at_once, keeps_time=schedule) as over:
        out.print("The worker runs. Stop it with Ctrl-C.")
        while not told.is_set() and not over.wait(0.5):
            pass
    if not told.is_set():
        err.print("The worker ended by itself: the log says why.", style="red")
        raise typer.Exit(Exit.UNEXPECTED)
    out.print("The worker has ended.")


@contextmanager
def worker(grace: float = _GRACE, *, at_once: int = AT_ONCE, keeps_time: bool = True) -> Iterator[threading.Event]:
    """Do background work while the block runs; gives what is set should the worker end by itself.

    Tasks at work are given `grace` seconds to end. Should one not, the process ends here, without waiting for it.
    """
    from billbridge.jobs.background import background_worker

    with background_worker(grace=grace, at_once=at_once, keeps_time=keeps_time) as running:
        yield running.over
    if running.cut_off.is_set():
        out.print("What did not end in time goes on with the next worker.")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(Exit.DONE)


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
        workers_kill_timeout=_REQUEST_GRACE,
        log_enabled=False,
        websockets=False,
    )
    server.serve()


def _join(data: Data) -> None:
    """Open an installation that others may work on from other machines: with the same keys, or not at all."""
    enter(data)
    from billbridge.operations.health import check_keys
    from billbridge.store.start import installation

    if installation().uses_postgresql:
        check_keys()


def _say_where(host: str, port: int) -> None:
    """Where the console is, and how a new one gets its first administrator."""
    from billbridge.operations.administrators import needs_first, setup_code

    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"  # noqa: S104
    out.print(f"Billbridge listens on {address}. Stop it with Ctrl-C.")
    if needs_first():
        out.print(f"This installation is new. Open {address} and make its first administrator.")
        out.print(f"Set-up code: {setup_code()}")


def _when_told(told: threading.Event) -> None:
    """Set `told` when the process is told to stop; told twice it ends at once."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
