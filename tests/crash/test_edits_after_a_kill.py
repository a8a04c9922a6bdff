"""What a person edits in HaloPSA after a run was killed is a conflict, and stays until a person decides."""

from __future__ import annotations

import pytest
from bench import BETA, SERVERS, Bench

EDITED = 77


def edit_and_sync(bench: Bench) -> None:
    """A person edits one count; the next two syncs see a conflict and leave it, whatever else they send."""
    subscription = bench.subscription(BETA, SERVERS)
    bench.person_sets(subscription, count=EDITED)
    for _ in range(2):
        done = bench.sync().must(5).document
        (conflict,) = [change for change in done["plan"]["changes"] if change["kind"] == "conflict"]
        assert conflict["subscription_id"] == subscription["id"]
        assert [field["field"] for field in conflict["fields"]] == ["count"]
        assert f"count is {EDITED}" in conflict["reason"]
        assert bench.subscription(BETA, SERVERS)["count"] == EDITED


def assert_only_the_edited_one_is_held(bench: Bench) -> None:
    others = {place: figures for place, figures in bench.wanted().items() if place != (BETA, SERVERS)}
    shown = bench.shown()
    del shown[BETA, SERVERS]
    assert shown == others
    states = [state for _, state in bench.console.bills().values()]
    assert sorted(set(states)) == ["partly sent", "sent"]
    assert states.count("partly sent") == 1


@pytest.mark.parametrize("failpoint", ["after-send:4", "before-verified:8"])
def test_an_edit_of_what_the_killed_run_created_is_a_conflict(creating: Bench, failpoint: str) -> None:
    creating.sync_killed_at(failpoint)

    edit_and_sync(creating)

    assert_only_the_edited_one_is_held(creating)
    assert set(creating.made().values()) == {1}


@pytest.mark.parametrize("failpoint", ["after-intent", "after-send:3"])
def test_an_edit_of_what_the_killed_run_had_or_had_not_updated_is_a_conflict(
    updating: Bench, failpoint: str
) -> None:
    updating.sync_killed_at(failpoint)

    edit_and_sync(updating)

    assert_only_the_edited_one_is_held(updating)


def test_sending_ours_after_all_settles_it(creating: Bench) -> None:
    creating.sync_killed_at("after-send:4")
    creating.person_sets(creating.subscription(BETA, SERVERS), count=EDITED)
    creating.sync().must(5)

    creating.sync("--on-conflict", "overwrite").must()

    creating.assert_whole()
    creating.assert_quiet()


def test_a_run_killed_twice_takes_nothing_it_wrote_itself_for_an_edit(creating: Bench) -> None:
    creating.sync_killed_at("after-send:4")
    dearer = {price["license_type"]: price for price in creating.console.settings["prices"]}["Server"]
    dearer["price"] = "13.00"
    try:
        creating.console.apply_setup(day=creating.day).must()
    finally:
        dearer["price"] = "12.00"
    creating.sync_killed_at("before-send")

    creating.sync().must()

    assert {figures[3] for place, figures in creating.shown().items() if place[1] == SERVERS} == {13}
    assert set(creating.made().values()) == {1}
    creating.assert_quiet()


def test_an_edit_is_still_a_conflict_after_the_next_run_was_killed_too(creating: Bench) -> None:
    creating.sync_killed_at("after-send:4")
    creating.sync_killed_at("before-bills")

    edit_and_sync(creating)

    assert_only_the_edited_one_is_held(creating)
