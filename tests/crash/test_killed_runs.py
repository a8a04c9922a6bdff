"""A run killed at any moment is resumed by starting it again: nothing is doubled, nothing is lost."""

from __future__ import annotations

import pytest
from bench import Bench

CREATED_WHEN_KILLED = {
    "before-intent": 0,
    "after-intent": 0,
    "before-send:3": 3,
    "after-send": 1,
    "after-send:4": 8,
    "before-read-back": 8,
    "before-verified:5": 8,
    "before-bills": 8,
}

WRITTEN_WHEN_KILLED = {
    "after-intent": 0,
    "before-send:2": 3,
    "after-send:2": 6,
    "before-read-back": 8,
    "before-verified:4": 8,
    "before-bills": 8,
}


@pytest.mark.parametrize(("failpoint", "created"), CREATED_WHEN_KILLED.items())
def test_a_killed_run_that_creates_is_resumed_without_a_double_or_a_loss(
    creating: Bench, failpoint: str, created: int
) -> None:
    creating.sync_killed_at(failpoint)
    assert len(creating.made()) == created

    creating.sync().must()

    creating.assert_whole()
    creating.assert_quiet()


@pytest.mark.parametrize(("failpoint", "written"), WRITTEN_WHEN_KILLED.items())
def test_a_killed_run_that_moves_to_the_next_month_is_resumed_without_a_loss(
    updating: Bench, failpoint: str, written: int
) -> None:
    before = updating.writes()
    updating.sync_killed_at(failpoint)
    assert updating.writes() == before + written

    updating.sync().must()

    updating.assert_whole()
    updating.assert_quiet()
