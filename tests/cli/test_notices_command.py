"""`billbridge notices`: what was announced, and a channel tried out with an exit code that scripts can use."""

from __future__ import annotations

from datetime import date

import pytest
from installation import Console, OpenConsole, small_world

from billbridge.operations.notices import Event, announce, give_up, waiting_deliveries
from billbridge.store.models import Delivery, Provider
from hook_server import HookServer, hook_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    return open_console_in_process(small_world("Acme Dental", today=date(2026, 2, 1)))


def with_channel(console: Console, server: HookServer) -> None:
    hook = {"name": "Ops", "kind": "webhook", "address": f"{server.address}/hush-hook-address"}
    console.settings["notifications"] = [hook]
    console.apply_setup(day="2026-02-01").must()


def test_without_a_notice_the_list_says_so(console: Console) -> None:
    console.apply_setup(day="2026-02-01").must()
    assert "Nothing was announced yet." in console.run("notices").must().out
    assert console.run("notices", "--json").must().document == {"notices": []}


def test_the_newest_notices_are_listed_with_their_deliveries(console: Console) -> None:
    with hook_server() as server:
        with_channel(console, server)
    provider = Provider.objects.get()
    announce(provider, Event.DRIFT, key="1", subject="First", lines=["A line."], facts={"company": "Acme"})
    announce(provider, Event.CONFLICT, key="2", subject="Second", lines=[])
    give_up(waiting_deliveries()[0].pk, "It answered 404.")
    said = console.run("notices").must().said
    assert "Ops: failed. It answered 404" in said
    assert "Ops: waiting" in said
    second, first = console.run("notices", "--json").must().document["notices"]
    assert (second["subject"], first["subject"]) == ("Second", "First")
    assert (first["event"], first["lines"], first["facts"]) == ("drift", ["A line."], {"company": "Acme"})
    assert [(one["channel"], one["state"]) for one in first["deliveries"]] == [("Ops", "failed")]
    assert len(console.run("notices", "--json", "--number", "1").must().document["notices"]) == 1


def test_a_test_that_arrives_ends_well(console: Console) -> None:
    with hook_server() as server:
        with_channel(console, server)
        ran = console.run("notices", "test", "Ops").must()
    assert "The test was taken over by Ops" in ran.said
    assert server.calls[0].document["lines"][0] == "command line tries out the channel Ops."


@pytest.mark.parametrize(("status", "code"), [(404, 3), (503, 4)])
def test_a_test_that_does_not_arrive_says_why_and_ends_with_its_code(
    console: Console, status: int, code: int
) -> None:
    with hook_server(status=status, text="no") as server:
        with_channel(console, server)
        ran = console.run("notices", "test", "Ops")
    assert ran.code == code
    assert f"The webhook at {server.address} answered {status}: no." in ran.said
    assert "hush" not in ran.said
    assert Delivery.objects.get().state == "failed"


def test_a_test_of_a_channel_nobody_knows_is_refused(console: Console) -> None:
    with hook_server() as server:
        with_channel(console, server)
    ran = console.run("notices", "test", "Opps")
    assert ran.code == 3
    assert "There is no such notification channel. Did you mean 'Ops'?" in ran.said


def test_an_option_that_would_not_count_is_refused(console: Console) -> None:
    ran = console.run("notices", "--data", "/elsewhere", "test", "Ops")
    assert ran.code == 2
    assert "Write options behind 'test'" in ran.said
