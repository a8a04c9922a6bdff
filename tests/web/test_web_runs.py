"""The history of runs on pages: who, when, what, and for each change before, after and what was read back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from billbridge.store.clock import database_now
from billbridge.store.models import Administrator, Company, HaloConnection, Lock, PlannedChange, Provider, Run, Task


@pytest.fixture
def browser(viewer: Administrator, client_of) -> Client:
    return client_of(viewer)


def make_run(provider: Provider, **given: object) -> Run:
    values = {
        "trigger": "manual sync", "started_by": "Olivia", "day": date(2026, 3, 2), "began": datetime.now(UTC),
        "ended": datetime.now(UTC), "state": "done", "calls": {"reads": 8, "writes": 2, "tokens": 1},
    }  # fmt: skip
    return Run.objects.create(provider=provider, **(values | given))


def make_change(run: Run, position: int = 0, **given: object) -> PlannedChange:
    values = {
        "key": f"key-{position}", "kind": "update", "subscription_id": 331, "client_id": 12,
        "name": "Managed Backup", "month": "2026-02", "state": "verified", "read_back": {"count": "5.0"},
        "fields": {"count": {"before": "3", "after": "5", "base": "3"}},
    }  # fmt: skip
    return PlannedChange.objects.create(run=run, position=position, **(values | given))


def at_work(run: Run) -> None:
    connection = HaloConnection.objects.create(
        provider=run.provider, address="https://halo.test/api", client_id="b"
    )
    Lock.objects.create(connection=connection, holder="Olivia", until=database_now() + 60)


def page_of(browser: Client, run: Run, rest: str = "") -> str:
    return browser.get(f"/runs/{run.pk}/{rest}").content.decode()


def test_the_history_shows_every_run_with_who_what_and_how_much(browser, provider):
    run = make_run(provider)
    for position, state in enumerate(("verified", "verified", "failed")):
        make_change(run, position, state=state)

    page = " ".join(browser.get("/runs/").content.decode().split())

    assert f'<a href="/runs/{run.pk}/">{run.pk}</a>' in page
    assert "Olivia" in page
    assert "manual sync" in page
    assert '<td class="figure">2</td> <td class="figure">1</td> <td class="figure">11</td>' in page


def test_calls_that_halopsa_refused_for_now_stand_beside_the_others_and_count_once(browser, provider):
    run = make_run(provider, calls={"reads": 8, "writes": 2, "tokens": 1, "limited": 3})

    assert "<dd>8 reads, 2 writes, 1 tokens; 3 of them answered with 429</dd>" in page_of(browser, run)
    assert '<td class="figure">11</td>' in browser.get("/runs/").content.decode()


def test_where_halopsa_refused_none_nothing_is_said_of_it(browser, provider):
    run = make_run(provider, calls={"reads": 8, "writes": 2, "tokens": 1, "limited": 0})

    assert "<dd>8 reads, 2 writes, 1 tokens</dd>" in page_of(browser, run)


def test_the_history_is_narrowed_by_state_in_its_address(browser, provider):
    make_run(provider, started_by="Olivia")
    make_run(provider, started_by="Bert", state="failed", reason="HaloPSA is away.")

    page = browser.get("/runs/?state=failed").content.decode()

    assert "Bert" in page
    assert "HaloPSA is away." in page
    assert "1 runs" in page


def test_a_history_without_runs_says_what_to_do(browser, provider):
    assert "Make the first plan" in browser.get("/runs/").content.decode()


def test_a_change_shows_before_after_and_what_was_read_back(browser, provider):
    company = Company.objects.create(provider=provider, source_id="acme", name="Acme Dental")
    run = make_run(provider)
    make_change(run, company=company)

    page = page_of(browser, run)

    assert "Acme Dental" in page
    assert '<span class="visually-hidden">now </span>3</del>' in page
    assert '<span class="visually-hidden">after </span>5</ins>' in page
    assert '<li class="text-nowrap">Quantity: 5</li>' in page
    assert "verified" in page


def test_a_change_that_failed_stands_with_its_reason(browser, provider):
    run = make_run(provider, state="partly done")
    make_change(run, state="failed", error="price is 1.5", read_back={})

    assert "1 change did not arrive as sent" in page_of(browser, run)
    assert "Price is 1.5" in page_of(browser, run, "?state=failed")


def test_companies_stand_with_what_became_of_them_and_why(browser, provider):
    coverage = {
        "Acme": {"state": "billed", "reasons": []},
        "Bolt": {"state": "held", "reasons": ["it is mapped to no HaloPSA customer"]},
    }
    run = make_run(provider, coverage=coverage)

    assert "1 of 2" in page_of(browser, run)
    assert "It is mapped to no HaloPSA customer" in page_of(browser, run, "companies/")
    assert "Acme" not in page_of(browser, run, "companies/?state=held")


def test_a_run_at_work_shows_how_far_it_is_and_looks_again_by_itself(browser, provider):
    run = make_run(provider, state="running", ended=None)
    at_work(run)
    make_change(run, 0)
    make_change(run, 1, state="sending")

    page = page_of(browser, run)

    assert "This run is at work." in page
    assert '<progress value="1" max="2"' in page
    assert 'hx-trigger="every 2s"' in page


def test_a_run_that_was_cut_short_says_that_nothing_is_lost(browser, provider):
    run = make_run(provider, state="running", ended=None)
    make_change(run, state="sending", read_back={})

    page = page_of(browser, run)

    assert "This run was cut short. Nothing is lost" in page
    assert "What became of 1 change is not known" in page
    assert 'hx-trigger="every 2s"' not in page


def test_a_run_resumed_by_a_later_one_is_said_to_be(browser, provider):
    assert "a later one went on from there" in page_of(browser, make_run(provider, state="interrupted"))


def test_a_failed_run_says_why(browser, provider):
    assert "HaloPSA is away." in page_of(browser, make_run(provider, state="failed", reason="HaloPSA is away."))


def test_a_sync_asked_for_on_a_page_shows_its_money_on_the_run(browser, provider):
    run = make_run(provider)
    money = {"price_before": "10.00", "price_after": "99.50"}
    Task.objects.create(
        provider=provider, kind="sync", state="done", asked_by="Olivia", asked=datetime.now(UTC),
        result={"run": run.pk, "plan": {"money": money}},
    )  # fmt: skip

    assert "€99.50" in page_of(browser, run)


def test_another_providers_run_is_not_there(browser, other_provider):
    run = make_run(other_provider)

    assert browser.get(f"/runs/{run.pk}/").status_code == 404
    assert browser.get(f"/runs/{run.pk}/companies/").status_code == 404
    assert "Olivia" not in browser.get("/runs/").content.decode()


def test_names_from_outside_are_text_and_never_markup(browser, provider):
    run = make_run(provider, started_by="<script>alert(1)</script>")
    make_change(run, name="<script>alert(2)</script>", error="<img src=x>")

    assert "<script>alert" not in page_of(browser, run)
    assert "<img src=x>" not in page_of(browser, run)


def test_changes_can_be_had_as_csv_with_what_was_read_back(browser, provider):
    run = make_run(provider)
    make_change(run, name="=cmd()")

    rows = browser.get(f"/runs/{run.pk}/?format=csv").content.decode("utf-8-sig").splitlines()

    assert rows[0].startswith("change,company,subscription,id,month,count before,count after,count read back")
    assert rows[1].startswith("update,,'=cmd(),331,2026-02,3,5,5.0")


def test_a_long_history_takes_few_queries(browser, provider, django_assert_max_num_queries):
    for number in range(60):
        make_change(make_run(provider), number)

    with django_assert_max_num_queries(15):
        browser.get("/runs/")
