"""Connections that break and errors that lie: whatever HaloPSA answers, only what is read back counts."""

from __future__ import annotations

import pytest
from bench import SUPPLIER, Bench

from billbridge.simulators.faults import Fault, Kind

WRITE = "POST /SoftwareLicence"
UNCLEAN: tuple[Kind, ...] = ("cut_before", "cut_after", "status", "status_after", "truncate")


@pytest.mark.parametrize("kind", UNCLEAN)
def test_an_unclean_answer_to_creates_doubles_nothing(creating: Bench, kind: Kind) -> None:
    creating.console.halopsa.faults.add(Fault(kind=kind, route=WRITE, skip=1, times=2))

    creating.sync().must()

    creating.assert_whole()
    creating.assert_quiet()


@pytest.mark.parametrize("kind", ["cut_after", "status_after"])
def test_an_unclean_answer_to_updates_loses_nothing(updating: Bench, kind: Kind) -> None:
    updating.console.halopsa.faults.add(Fault(kind=kind, route=WRITE, skip=1))

    updating.sync().must()

    updating.assert_whole()
    updating.assert_quiet()


def test_a_run_killed_while_it_settles_an_unclean_answer_is_resumed(creating: Bench) -> None:
    creating.console.halopsa.faults.add(Fault(kind="cut_after", route=WRITE, skip=2))
    creating.sync_killed_at("before-send:4")  # after the batch of three whose connection was cut
    assert len(creating.made()) == 6

    creating.sync().must()

    creating.assert_whole()
    creating.assert_quiet()


def test_creates_that_halopsa_refused_too_often_have_failed_and_are_sent_by_the_next_run(creating: Bench) -> None:
    creating.console.halopsa.faults.add(Fault(kind="html", route=WRITE, skip=1, times=7))

    done = creating.sync().must(5).document

    assert len(done["failed"]) == 2  # the batch of two, and each of them three times alone
    assert len(creating.made()) == 6
    creating.sync().must()
    creating.assert_whole()
    creating.assert_quiet()


def test_a_supplier_whose_creation_was_cut_off_is_not_created_twice(creating: Bench) -> None:
    creating.console.halopsa.faults.add(Fault(kind="cut_after", route="POST /Supplier"))
    creating.sync().must(4)

    creating.sync().must()

    suppliers = creating.console.halopsa.tables["Supplier"].rows.values()
    assert [row["name"] for row in suppliers].count(SUPPLIER) == 1
    creating.assert_whole()
