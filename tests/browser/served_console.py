"""What tests in a real browser begin with: Chromium, and a running console between running simulators."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx2
import pytest
from installation import Console
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from billbridge.simulators.world import World
from databases import Installation

REQUIRED = os.environ.get("BILLBRIDGE_BROWSER_TESTS") == "required"
"""Whether a machine without Chromium fails these tests instead of skipping them."""

EMAIL, PASSWORD = "owner@example.com", "a long enough password"


def chromium() -> str | None:
    """The Chromium of this machine."""
    return next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = chromium()
    if path is None:
        assert not REQUIRED, "There is no Chromium: install Debian's package chromium"
        pytest.skip("BROWSER TESTS ARE SKIPPED: there is no Chromium (install Debian's package chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


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


@pytest.fixture
def serve_on(installation: Installation) -> Iterator[ServeOn]:
    """Serves a console of this test's installation in a world; `prepare` gets the console before it is served."""
    with ExitStack() as opened:

        def serve(world: World, *, prepare: Callable[[Console], None] = lambda _: None, **options: Any) -> Served:
            console = opened.enter_context(Console(installation=installation, world=world, **options))
            prepare(console)
            return opened.enter_context(served_console(console))

        yield serve


class served_console:  # noqa: N801  # a context manager, used like a function
    """Serves a console on a free port while the block runs."""

    def __init__(self, console: Console) -> None:
        port = _free_port()
        self._served = Served(
            console=console,
            address=f"http://127.0.0.1:{port}",
            process=subprocess.Popen(
                console.command("serve", "--port", str(port)),
                env=console.env,
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
        assert "Traceback" not in said, said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without memory, at the size of a laptop."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab; errors that it writes into the browser's console fail the test."""
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    yield opened
    refused = [one for one in trouble if "the server responded with a status of 4" not in one]
    assert not refused, refused


def sign_in(page: Page, served: Served, email: str = EMAIL, password: str = PASSWORD) -> None:
    """Sign in by the form."""
    page.goto(f"{served.address}/account/sign-in/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end, where it is seen, that the browser was not tested."""
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if "tests/browser" in one.nodeid]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} BROWSER TESTS WERE SKIPPED: install chromium", red=True)
