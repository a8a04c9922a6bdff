"""HaloPSA may commit a create after nobody waits for its answer any more, and even after the run was killed."""

from __future__ import annotations

import pytest
from bench import Bench

from billbridge.simulators.faults import Fault

CREATE = "POST /SoftwareLicence"


@pytest.mark.parametrize(
    ("after", "during_read"),
    [(0, 1), (2, 1), (2, 2)],
    ids=["the first, at the first read", "a batch, at the first read", "a batch, at the second read"],
)
def test_a_create_of_a_killed_run_that_comes_while_the_next_run_reads_is_not_repeated(
    creating: Bench, after: int, during_read: int
) -> None:
    creating.sync_killed_while_sending(after=after)
    made_before = len(creating.made())
    creating.wire.commit_late(during_read=during_read)

    creating.sync().must()

    assert made_before == [0, 1, 3][after]
    creating.assert_whole()
    creating.assert_quiet()


def test_a_create_of_a_killed_run_that_never_comes_is_repeated(creating: Bench) -> None:
    creating.sync_killed_while_sending(after=2)

    creating.sync().must()

    creating.assert_whole()
    creating.assert_quiet()


def test_a_create_that_comes_after_the_console_gave_up_waiting_for_it_is_found_before_it_is_repeated(
    creating: Bench,
) -> None:
    creating.console.settings["halopsa"]["settle_seconds"] = 1
    creating.console.apply_setup(day=creating.day).must()
    creating.console.halopsa.faults.add(Fault(kind="late_commit", route=CREATE, delay=0.5, skip=2))

    creating.sync().must()

    creating.assert_whole()
    creating.assert_quiet()


def test_an_edit_of_a_create_that_came_after_the_run_gave_it_up_is_a_conflict(creating: Bench) -> None:
    creating.wire.hold_writes(after=3)  # all but the last two subscriptions
    run = creating.start_sync()
    creating.wire.wait_for_write()
    creating.console.halopsa.faults.add(Fault(kind="cut_before", route=CREATE, times=-1))
    creating.wire.cut()
    run.communicate(timeout=60)
    assert (run.returncode, len(creating.made())) == (5, 6)
    creating.console.halopsa.faults.clear()
    creating.wire.commit_held()
    late = creating.console.subscriptions()[-1]
    creating.person_sets(late, count=77)

    done = creating.sync().must(5).document

    (conflict,) = [change for change in done["plan"]["changes"] if change["kind"] == "conflict"]
    assert conflict["subscription_id"] == late["id"]
    (field,) = conflict["fields"]
    assert (field["field"], float(field["before"]), float(field["base"])) == ("count", 77, late["count"])
    assert creating.console.subscriptions()[-1]["count"] == 77
    creating.sync("--on-conflict", "overwrite").must()
    creating.assert_whole()
    creating.assert_quiet()


def test_a_create_that_comes_later_than_anybody_waits_for_is_a_double_that_the_next_run_closes(
    creating: Bench,
) -> None:
    creating.sync_killed_while_sending()
    creating.wire.commit_late(during_read=3)  # the last look before it is created anew
    creating.sync().must()
    assert sorted(creating.made().values()) == [1] * 7 + [2]

    done = creating.sync().must().document

    (closed,) = [change for change in done["plan"]["changes"] if change["kind"] == "close"]
    twins = [row for row in creating.console.subscriptions() if row["product_sku"] == closed["key"]]
    assert [(row["is_active"], bool(row["count"])) for row in twins] == [(True, True), (False, False)]
    assert closed["subscription_id"] == twins[1]["id"]
    assert f"the same key as subscription {twins[0]['id']}" in closed["reason"]
    assert creating.shown() == creating.wanted()
    creating.assert_quiet()
