"""What tests in a real browser begin with: Chromium, and a running console between running simulators."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from installation import Console
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from served_console import Served, ServeOn, served_console

from billbridge.simulators.world import World
from databases import Installation

REQUIRED = os.environ.get("BILLBRIDGE_BROWSER_TESTS") == "required"
"""Whether a machine without Chromium fails these tests instead of skipping them."""


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


@pytest.fixture
def serve_on(installation: Installation) -> Iterator[ServeOn]:
    """Serves a console of this test's installation in a world; `prepare` gets the console before it is served."""
    with ExitStack() as opened:

        def serve(world: World, *, prepare: Callable[[Console], None] = lambda _: None, **options: Any) -> Served:
            console = opened.enter_context(Console(installation=installation, world=world, **options))
            prepare(console)
            return opened.enter_context(served_console(console))

        yield serve


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


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end, where it is seen, that the browser was not tested."""
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if "tests/browser" in one.nodeid]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} BROWSER TESTS WERE SKIPPED: install chromium", red=True)
