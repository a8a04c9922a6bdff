"""Background work on pages: live while it runs, then its result; never another provider's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from billbridge.operations.tasks import TaskKind
from billbridge.store.clock import database_now
from billbridge.store.models import Administrator, Provider, Task

HTMX = {"HX-Request": "true"}


def make_task(provider: Provider, **given: object) -> Task:
    values = {"kind": TaskKind.PLAN.value, "asked_by": "Olivia", "asked": datetime.now(UTC)}
    return Task.objects.create(provider=provider, **(values | given))


def running(provider: Provider, **given: object) -> Task:
    values = {"state": "running", "began": datetime.now(UTC), "alive_until": database_now() + 60}
    return make_task(provider, **(values | given))


@pytest.fixture
def browser(viewer: Administrator, client_of) -> Client:
    return client_of(viewer)


def test_a_running_task_shows_its_step_and_how_far_it_is_and_asks_again_every_second(browser, provider):
    task = running(provider, step="reading HaloPSA", finished=3, total=12)

    page = browser.get(f"/tasks/{task.pk}/").content.decode()

    assert f'hx-get="/tasks/{task.pk}/?then=reload"' in page
    assert 'hx-trigger="every 1s"' in page
    assert "Reading HaloPSA: 3 of 12" in page
    assert '<progress value="3" max="12"' in page
    assert "asked for by Olivia" in page


def test_htmx_gets_only_the_part_that_changes(browser, provider):
    task = running(provider, step="bills")

    part = browser.get(f"/tasks/{task.pk}/?then=reload", headers=HTMX)

    assert "<html" not in part.content.decode()
    assert "Bills" in part.content.decode()
    assert "hx-get" not in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_a_task_that_has_ended_makes_the_page_load_anew(browser, provider):
    task = make_task(provider, state="done", ended=datetime.now(UTC))

    assert browser.get(f"/tasks/{task.pk}/?then=reload", headers=HTMX)["HX-Refresh"] == "true"


def test_a_task_that_has_ended_is_shown_in_place_where_that_is_wanted(browser, provider):
    task = make_task(provider, state="failed", reason="HaloPSA is away.", ended=datetime.now(UTC))

    part = browser.get(f"/tasks/{task.pk}/?then=stay", headers=HTMX)

    assert part["HX-Reswap"] == "outerHTML"
    assert "HaloPSA is away." in part.content.decode()
    assert "every 1s" not in part.content.decode()


def test_the_page_of_an_ended_task_asks_no_more_and_leads_to_its_result(browser, provider):
    task = make_task(provider, state="done", ended=datetime.now(UTC))

    page = browser.get(f"/tasks/{task.pk}/").content.decode()

    assert "every 1s" not in page
    assert f'href="/sync/{task.pk}/"' in page


def test_a_task_that_waits_long_while_no_worker_is_busy_says_that_none_runs(browser, provider):
    task = make_task(provider, asked=datetime.now(UTC) - timedelta(seconds=11))

    assert "No worker seems to run" in browser.get(f"/tasks/{task.pk}/").content.decode()


def test_a_task_that_waits_behind_another_does_not_blame_the_worker(browser, provider, other_provider):
    running(other_provider)
    task = make_task(provider, asked=datetime.now(UTC) - timedelta(minutes=5))

    page = browser.get(f"/tasks/{task.pk}/").content.decode()

    assert "No worker seems to run" not in page
    assert "Waiting for its turn" in page


def test_a_task_whose_worker_fell_silent_says_so(browser, provider):
    task = running(provider, alive_until=database_now() - 1)

    assert "not heard of for a while" in browser.get(f"/tasks/{task.pk}/").content.decode()


def test_another_providers_task_is_not_there(browser, other_provider):
    task = make_task(other_provider)

    assert browser.get(f"/tasks/{task.pk}/").status_code == 404
    assert browser.get(f"/tasks/{task.pk}/", headers=HTMX).status_code == 404


def test_the_list_shows_only_the_providers_own_tasks_with_their_reasons(browser, provider, other_provider):
    make_task(provider, kind=TaskKind.REFRESH.value, state="failed", reason="HaloPSA is away.")
    make_task(other_provider, asked_by="Mallory")

    page = browser.get("/tasks/").content.decode()

    assert "Refresh of HaloPSA&#x27;s lists" in page
    assert "HaloPSA is away." in page
    assert "Mallory" not in page


def test_what_a_person_is_called_is_text_and_never_markup(browser, provider):
    task = running(provider, asked_by="<script>alert(1)</script>", step="<b>bold</b>")

    page = browser.get(f"/tasks/{task.pk}/").content.decode()

    assert "<script>alert" not in page
    assert "<b>bold" not in page


def test_a_task_that_waits_for_another_try_says_when_and_why(browser, provider):
    task = make_task(
        provider, tries=3, not_before=database_now() + 600, reason="HaloPSA did not answer within 60 seconds."
    )

    page = browser.get(f"/tasks/{task.pk}/").content.decode()

    assert "Tried 3 times, waiting to be tried again" in page
    assert "It is tried again at" in page
    assert "HaloPSA did not answer within 60 seconds." in page


def test_a_person_who_bills_stops_a_task_that_waits(billing_person, client_of, provider):
    task = make_task(provider)

    page = client_of(billing_person).post(f"/tasks/{task.pk}/stop/", follow=True).content.decode()

    assert "while it waited" in page
    assert "Try again" in page
    task.refresh_from_db()
    assert task.state == "stopped"


def test_a_task_at_work_that_was_asked_to_stop_says_so_and_asks_no_second_time(billing_person, client_of, provider):
    task = running(provider, step="sending to HaloPSA")

    page = client_of(billing_person).post(f"/tasks/{task.pk}/stop/", follow=True).content.decode()

    assert "asked it to stop: it ends after the call in flight" in page
    assert f"/tasks/{task.pk}/stop/" not in page


def test_a_person_who_bills_has_a_failed_task_tried_again(billing_person, client_of, provider):
    task = make_task(provider, state="failed", reason="The secret was refused.", ended=datetime.now(UTC))

    client_of(billing_person).post(f"/tasks/{task.pk}/retry/")

    task.refresh_from_db()
    assert (task.state, task.attempt) == ("queued", 2)


@pytest.mark.parametrize("what", ["stop", "retry"])
def test_a_viewer_is_offered_neither_and_refused_both(browser, provider, what):
    task = make_task(provider, state="queued" if what == "stop" else "failed", ended=datetime.now(UTC))

    assert f"/tasks/{task.pk}/{what}/" not in browser.get(f"/tasks/{task.pk}/").content.decode()
    assert browser.post(f"/tasks/{task.pk}/{what}/").status_code == 403
    task.refresh_from_db()
    assert task.attempt == 1


def test_notifications_are_listed_only_when_they_are_chosen(browser, provider):
    make_task(provider, kind=TaskKind.NOTIFY.value)

    assert "Notification" not in browser.get("/tasks/").content.decode().partition("<tbody")[2]
    assert "Notification" in browser.get("/tasks/?kind=notification").content.decode().partition("<tbody")[2]
