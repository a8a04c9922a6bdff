"""A faulty element stands alone with its reason; all others go through, however HaloPSA treats a faulty batch."""

from __future__ import annotations

import pytest
from bench import ALPHA, BETA, DESKTOPS, MARCH, SERVERS, Bench

from billbridge.simulators.faults import Fault

REASON = "The customer's credit limit is reached"


@pytest.fixture(params=["atomic", "stop", "skip"])
def batch_faulty(request: pytest.FixtureRequest) -> str:
    """What HaloPSA leaves behind of a batch that holds a faulty element."""
    return str(request.param)


def refuse(bench: Bench, batch_faulty: str, field: str, value: str | int) -> None:
    halopsa = bench.console.halopsa
    halopsa.change_switches({"batch_faulty": batch_faulty})
    halopsa.faults.add(
        Fault(kind="error_on_key", route="POST /SoftwareLicence", field=field, value=value, text=REASON, times=-1)
    )


def refuse_creates(bench: Bench, batch_faulty: str) -> None:
    refuse(bench, batch_faulty, "name", DESKTOPS)


def test_faulty_creates_stand_alone_and_are_sent_once_their_fault_is_gone(
    creating: Bench, batch_faulty: str
) -> None:
    refuse_creates(creating, batch_faulty)

    done = creating.sync().must(5).document

    assert {one["name"] for one in done["failed"]} == {DESKTOPS}
    assert all(REASON in one["reason"] for one in done["failed"])
    expected = {place: shown for place, shown in creating.wanted().items() if place[1] != DESKTOPS}
    assert creating.shown() == expected
    states = {place: state for place, (_, state) in creating.console.bills().items()}
    assert states == {
        (ALPHA, "2026-02"): "partly sent",
        (BETA, "2026-02"): "partly sent",
        (ALPHA, MARCH): "sent",
        (BETA, MARCH): "sent",
    }

    creating.console.halopsa.faults.clear()
    creating.sync().must()
    creating.assert_whole()
    creating.assert_quiet()


def test_a_faulty_update_stands_alone_and_is_sent_once_its_fault_is_gone(
    updating: Bench, batch_faulty: str
) -> None:
    faulty = updating.subscription(BETA, SERVERS)
    before = updating.shown()[BETA, SERVERS]
    refuse(updating, batch_faulty, "id", faulty["id"])

    done = updating.sync().must(5).document

    (failed,) = done["failed"]
    assert (failed["key"], REASON in failed["reason"]) == (faulty["product_sku"], True)
    assert updating.shown() == {**updating.wanted(), (BETA, SERVERS): before}
    assert updating.console.bills()[BETA, MARCH][1] == "partly sent"
    assert updating.console.bills()[ALPHA, MARCH][1] == "sent"

    updating.console.halopsa.faults.clear()
    updating.sync().must()
    updating.assert_whole()
    updating.assert_quiet()


def test_a_run_killed_while_it_looks_for_the_faulty_element_is_resumed(creating: Bench, batch_faulty: str) -> None:
    refuse_creates(creating, batch_faulty)
    creating.sync_killed_at("before-send:5")

    creating.sync().must(5)
    assert set(creating.made().values()) == {1}
    creating.console.halopsa.faults.clear()
    creating.sync().must()

    creating.assert_whole()
    creating.assert_quiet()
