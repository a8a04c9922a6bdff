"""A console that is served for a browser, between running simulators."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import httpx2
from installation import Console
from playwright.sync_api import Page

EMAIL, PASSWORD = "owner@example.com", "a long enough password"


@dataclass(kw_only=True)
class Served:
    """A running console: its address, the world around it, and what it printed."""

    console: Console
    address: str
    process: subprocess.Popen[str]

    def move_to(self, day: str) -> None:
        """Move the business day of world and console."""
        self.console.run("day", day).must()
        self.console.world.today = date.fromisoformat(day)


ServeOn = Callable[..., Served]
"""Serves a console of a test's installation in a world."""


class served_console:  # noqa: N801  # a context manager, used like a function
    """Serves a console on a free port while the block runs."""

    def __init__(self, console: Console) -> None:
        port = _free_port()
        self._served = Served(
            console=console,
            address=f"http://127.0.0.1:{port}",
            process=subprocess.Popen(
                console.command("serve", "--port", str(port)),
                env=console.env | {"BILLBRIDGE_LOG": "json", "BILLBRIDGE_LOG_LEVEL": "warning"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
            ),
        )

    def __enter__(self) -> Served:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._served.process.poll() is not None:
                break
            try:
                httpx2.get(f"{self._served.address}/account/sign-in/", trust_env=False)
            except httpx2.HTTPError:
                time.sleep(0.1)
            else:
                return self._served
        self._served.process.kill()
        raise AssertionError(f"the console did not start:\n{self._served.process.communicate()[0]}")

    def __exit__(self, *_: object) -> None:
        self._served.process.terminate()
        try:
            said, _nothing = self._served.process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            self._served.process.kill()
            raise AssertionError("the console did not stop within 40 s") from None
        for defect in ("Traceback", '"exception"'):
            assert defect not in said, said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sign_in(page: Page, served: Served, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Sign in by the form."""
    page.goto(f"{served.address}/account/sign-in/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
