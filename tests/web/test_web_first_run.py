"""The first-run assistant: it knows what is done, shows what comes next, and leads there."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    Administrator,
    BillingConfiguration,
    Collection,
    Company,
    HaloConnection,
    HaloList,
    LicensePrice,
    Provider,
    SourceConnection,
    Task,
)
from billbridge.store.queries.first_run import first_run, is_set_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARCH = Month.parse("2026-03")


@pytest.fixture
def browser(owner: Administrator, client_of) -> Client:
    return client_of(owner)


def connect_source(provider: Provider) -> None:
    SourceConnection.objects.create(provider=provider, address="https://mbs.test", login="api")


def collect(provider: Provider, state: str = "done", reason: str = "") -> None:
    Collection.objects.create(
        provider=provider, source="mbs", section="licenses", began=NOW, day=date(2026, 3, 2), state=state,
        reason=reason,
    )  # fmt: skip


def connect_halopsa(provider: Provider) -> None:
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="billbridge")


def copy_lists(provider: Provider) -> None:
    HaloList.objects.create(provider=provider, kind="customers", rows=[], read_at=NOW)


def map_company(provider: Provider) -> None:
    Company.objects.create(provider=provider, source_id="acme", name="Acme", client_id=12)


def set_price(provider: Provider) -> None:
    LicensePrice.objects.create(provider=provider, license_type="Server", from_month=MARCH, cost=5, price=12)


def configure(provider: Provider) -> None:
    BillingConfiguration.objects.create(company=Company.objects.get(provider=provider), name="Backup", mode="total")


def make_plan(provider: Provider) -> None:
    Task.objects.create(provider=provider, kind="plan", state="done", asked_by="Olivia", asked=NOW)


IN_ORDER = (
    connect_source, collect, connect_halopsa, copy_lists, map_company, set_price, configure, make_plan,
)  # fmt: skip


def do(provider: Provider, number: int) -> None:
    """The first so many steps."""
    for step in IN_ORDER[:number]:
        step(provider)


@pytest.mark.parametrize("number", range(len(IN_ORDER)))
def test_each_step_that_is_done_makes_the_following_one_the_next(provider, number):
    do(provider, number)

    state = first_run(provider)

    assert state.done == number
    assert state.next_step is state.steps[number]
    assert not is_set_up(provider)


def test_after_the_first_plan_everything_is_set_up(provider):
    do(provider, len(IN_ORDER))

    assert is_set_up(provider)
    assert first_run(provider).next_step is None


def test_what_another_provider_did_counts_for_nothing(provider, other_provider):
    do(other_provider, len(IN_ORDER))

    assert first_run(provider).done == 0


def test_an_empty_installation_begins_with_the_source(browser, provider):
    page = " ".join(browser.get("/start/").content.decode().split())

    assert "0 of 8 steps are done" in page
    assert (
        'aria-current="step"> <div class="d-flex flex-wrap gap-2 align-items-baseline"> <h2 class="mb-0">1.' in page
    )
    assert '<a class="btn btn-primary" href="/settings/sources/">Connect the source</a>' in page


def test_steps_can_be_done_out_of_order(browser, provider):
    connect_halopsa(provider)

    page = browser.get("/start/").content.decode()

    assert "1 of 8 steps are done" in page
    assert '<a class="btn btn-primary" href="/settings/sources/">Connect the source</a>' in page


def test_a_step_says_how_far_it_is_although_it_is_done(browser, provider):
    do(provider, 6)
    Company.objects.create(provider=provider, source_id="bolt", name="Bolt")
    ActivationRow.objects.create(
        provider=provider, company=Company.objects.get(name="Acme"), endpoint="pc", endpoint_key="pc",
        license_type="Ultimate", first_day=date(2026, 3, 1), last_seen=date(2026, 3, 2), origin="observed",
    )  # fmt: skip

    page = browser.get("/start/").content.decode()

    assert "1 of 2 companies are mapped" in page
    assert "without a price: Ultimate" in page


def test_a_collection_that_was_held_is_not_done_and_says_why(browser, provider):
    connect_source(provider)
    collect(provider, state="held", reason="Acme lost all its licenses")

    page = browser.get("/start/").content.decode()

    assert "Acme lost all its licenses" in page
    assert "1 of 8 steps are done" in page


@pytest.mark.parametrize(("done", "task"), [(1, "collect"), (3, "refresh")])
def test_a_step_in_the_background_begins_right_here_and_is_watched_here(browser, provider, done, task):
    do(provider, done)

    page = browser.post("/start/begin/", {"task": task}, follow=True).content.decode()

    assert Task.objects.get().kind == task
    assert 'hx-trigger="every 1s"' in page


def test_the_first_plan_begins_here_and_is_looked_at_on_its_own_page(browser, provider):
    do(provider, 7)

    response = browser.post("/start/begin/", {"task": "plan"})

    assert response["Location"] == f"/sync/{Task.objects.get().pk}/"


def test_a_step_that_failed_says_why_on_the_page(browser, provider):
    connect_source(provider)
    Task.objects.create(
        provider=provider, kind="collect", state="failed", reason="MBS refused the password.", asked_by="Olivia",
        asked=NOW, ended=NOW,
    )  # fmt: skip

    assert "MBS refused the password." in browser.get("/start/").content.decode()


def test_a_step_whose_ground_is_missing_cannot_begin_yet(browser, provider):
    page = browser.get("/start/").content.decode()

    assert "Can be done once the steps before are." in page
    assert 'value="plan"' not in page


@pytest.mark.parametrize("task", ["", "sync", "<script>", "x" * 10_000])
def test_what_is_no_step_is_refused_in_words(browser, provider, task):
    assert browser.post("/start/begin/", {"task": task}).status_code == 400
    assert not Task.objects.exists()


def test_a_viewer_sees_the_steps_and_can_begin_none(provider, viewer, client_of):
    do(provider, 1)
    browser = client_of(viewer)

    page = browser.get("/start/").content.decode()

    assert "Needs the role billing." in page
    assert "Needs the role owner." in page
    assert "/start/begin/" not in page
    assert browser.post("/start/begin/", {"task": "collect"}).status_code == 403


def test_the_page_takes_few_queries(browser, provider, django_assert_max_num_queries):
    do(provider, 8)

    with django_assert_max_num_queries(30):
        browser.get("/start/")
