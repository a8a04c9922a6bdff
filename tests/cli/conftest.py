"""What the tests of the command line begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from installation import Console, ConsoleInProcess, OpenConsole

from billbridge.simulators.world import World
from databases import Installation


@pytest.fixture
def open_console(installation: Installation) -> Iterator[OpenConsole]:
    """Opens the console of this test's installation on a world; its servers stop when the test ends."""
    with ExitStack() as opened:

        def open_(world: World, **options: Any) -> Console:
            return opened.enter_context(Console(installation=installation, world=world, **options))

        yield open_


@pytest.fixture
def open_console_in_process(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[OpenConsole]:
    """Opens a console whose commands run in this process, on its own database."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as opened:

        def open_(world: World, **options: Any) -> Console:
            here = ConsoleInProcess.this_process()
            return opened.enter_context(ConsoleInProcess(installation=here, world=world, **options))

        yield open_
