"""Reconciling from the pages: ask, look at each line and its age, and never see clean what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from billing_desk import ACME, BOLT, Desk, make_desk, open_console
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from furnished import reconciled

from billbridge.simulators.faults import Fault
from billbridge.store.models import HaloConnection, Provider, Task

FEBRUARY = "/reconciliation/2026-02/"


@pytest.fixture
def desk(transactional_db: None, client_of, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with open_console() as console:
        made = make_desk(console, client_of)
        made.send(made.plan())
        yield made


def reconcile(desk: Desk) -> str:
    """Ask for February's reconciliation and let the worker make it; gives the page."""
    assert desk.browser.post(f"{FEBRUARY}start/")["Location"] == FEBRUARY
    desk.work()
    return desk.page(FEBRUARY)


def first_subscription(desk: Desk) -> dict[str, Any]:
    return next(row for row in desk.console.subscriptions() if row["name"] == "Managed Backup")


def kept(provider: Provider, **given: object) -> Task:
    values = {
        "kind": "reconcile", "state": "done", "inputs": {"month": "2026-10"}, "asked_by": "Olivia",
        "asked": datetime.now(UTC), "ended": datetime.now(UTC), "result": reconciled("Own", 1),
    }  # fmt: skip
    return Task.objects.create(provider=provider, **(values | given))


def on_november_12(provider: Provider) -> None:
    provider.moved_day = date(2026, 11, 12)
    provider.save()
    HaloConnection.objects.create(provider=provider, address="http://127.0.0.1:1/api", client_id="billbridge")


def test_a_month_that_agrees_shows_every_line_as_equal_and_how_much_was_checked(desk: Desk) -> None:
    page = reconcile(desk)

    assert "Checked 2 of 2, 0 unknown" in page
    assert "alert-success" in page
    assert ACME in page
    assert BOLT in page
    assert page.count('state-success">equal<') == 2
    assert "just now" in page


def test_a_changed_quantity_shows_with_both_figures_and_the_money(desk: Desk) -> None:
    row = first_subscription(desk)
    desk.console.edit_in_halopsa("SoftwareLicence", row["id"], count=row["count"] + 2)

    page = reconcile(desk)

    assert "HaloPSA higher" in page
    assert f"Quantity: ours is {row['count']:.0f}, HaloPSA&#x27;s {row['count'] + 2:.0f}" in page
    assert "alert-success" not in page


def test_a_halopsa_that_is_down_shows_unknown_lines_and_not_a_clean_month(desk: Desk) -> None:
    desk.console.halopsa.faults.add(Fault(kind="status", route="GET /SoftwareLicence", times=-1, status=403))

    page = reconcile(desk)

    assert "Checked 0 of 2, 2 unknown because HaloPSA could not be read" in page
    assert "alert-success" not in page


def test_reconciling_again_replaces_what_was_kept_of_the_month(desk: Desk) -> None:
    reconcile(desk)
    reconcile(desk)

    first, second = Task.objects.filter(kind="reconcile").order_by("pk")
    assert first.result == {}
    assert len(second.result["rows"]) == 2


def test_nothing_is_written_to_halopsa(desk: Desk) -> None:
    before = desk.console.books()
    reconcile(desk)
    assert desk.console.books() == before


def test_the_menu_leads_to_last_month(desk: Desk) -> None:
    assert desk.browser.get("/reconciliation/")["Location"] == FEBRUARY
    assert desk.browser.get("/reconciliation/?month=2026-01")["Location"] == "/reconciliation/2026-01/"
    assert desk.browser.get("/reconciliation/?month=soon")["Location"] == FEBRUARY


def test_a_month_never_reconciled_says_so(provider: Provider, owner, client_of) -> None:
    on_november_12(provider)
    page = client_of(owner).get("/reconciliation/2026-10/").content.decode()
    assert "October 2026 was not reconciled yet" in page
    assert "alert-success" not in page


def test_a_month_to_come_cannot_be_asked_for(provider: Provider, owner, client_of) -> None:
    on_november_12(provider)
    answer = client_of(owner).post("/reconciliation/2026-12/start/")
    assert answer.status_code == 409
    assert "2026-12 has not begun" in answer.content.decode()
    assert not Task.objects.exists()


def test_a_viewer_sees_the_lines_and_cannot_ask(provider: Provider, viewer, client_of) -> None:
    on_november_12(provider)
    kept(provider)
    browser: Client = client_of(viewer)
    page = browser.get("/reconciliation/2026-10/").content.decode()
    assert "Own Bakery" in page
    assert "Reconcile again" not in page
    assert browser.post("/reconciliation/2026-10/start/").status_code == 403


def test_another_providers_reconciliation_is_not_shown(
    provider: Provider, other_provider, owner, client_of
) -> None:
    on_november_12(provider)
    kept(other_provider, result=reconciled("Theirs", 2))
    assert "Theirs" not in client_of(owner).get("/reconciliation/2026-10/").content.decode()


def test_an_attempt_that_failed_is_told_beside_the_last_result(provider: Provider, owner, client_of) -> None:
    on_november_12(provider)
    kept(provider)
    kept(provider, state="failed", reason="The worker was stopped.", result={})
    page = client_of(owner).get("/reconciliation/2026-10/").content.decode()
    assert "led to nothing: The worker was stopped." in page
    assert "Own Bakery" in page


def test_the_lines_can_be_narrowed_searched_and_taken_as_csv(provider: Provider, owner, client_of) -> None:
    on_november_12(provider)
    result = reconciled("Own", 1)
    (line,) = result["rows"]  # type: ignore[misc]
    result["rows"] = [line, ["other", "Zebra", "Backup", "equal", [], *line[5:]]]
    kept(provider, result=result)
    browser: Client = client_of(owner)
    assert "Zebra" not in browser.get("/reconciliation/2026-10/?state=not-equal").content.decode()
    assert "Own Bakery" not in browser.get("/reconciliation/2026-10/?q=zebra").content.decode()
    lines = browser.get("/reconciliation/2026-10/?format=csv").content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("Own Bakery,Own backup,HaloPSA higher,Own Server: 1,1,5.00,12.00,")
    assert len(lines) == 3


def test_a_page_of_many_lines_needs_few_queries(provider: Provider, owner, client_of) -> None:
    on_november_12(provider)
    result = reconciled("Own", 1)
    result["rows"] = result["rows"] * 5000  # type: ignore[operator]
    kept(provider, result=result)
    browser: Client = client_of(owner)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get("/reconciliation/2026-10/").status_code == 200
    assert len(queries) <= 15
