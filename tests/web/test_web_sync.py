"""Syncing from the pages: choose, look at the plan, send it, and see what HaloPSA read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from billing_desk import ACME, BOLT, Desk, make_desk, open_console
from django.test import Client

from billbridge.operations.plans import KEPT
from billbridge.operations.tasks import TaskKind
from billbridge.store.models import (
    Administrator,
    BillingConfiguration,
    Company,
    HaloConnection,
    PlannedChange,
    PlannedEntry,
    Provider,
    Slot,
    Task,
)


@pytest.fixture
def desk(transactional_db: None, client_of, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with open_console() as console:
        yield make_desk(console, client_of)


@pytest.fixture
def billing(provider: Provider, billing_person: Administrator, client_of) -> Client:
    HaloConnection.objects.create(provider=provider, address="http://127.0.0.1:1/api", client_id="billbridge")
    return client_of(billing_person)


def configured(provider: Provider, name: str, **given: object) -> Company:
    company = Company.objects.create(provider=provider, source_id=name.lower(), name=name, **given)
    BillingConfiguration.objects.create(company=company, name="Backup", mode="total")
    return company


def made_plan(provider: Provider, *, entries: int = 0, **given: object) -> Task:
    """A plan that was made, with so many creates."""
    plan = {
        "day": "2026-03-02",
        "counts": {"create": entries} if entries else {},
        "money": {"price_before": "0.00", "price_after": "1234.50"},
        "warnings": [],
        "coverage": [{"company": "Acme", "state": "held", "reasons": ["it is mapped to no HaloPSA customer"]}],
    }
    values = {
        "kind": "plan", "state": "done", "asked_by": "Olivia", "asked": datetime.now(UTC),
        "ended": datetime.now(UTC), "result": {"plan": plan, "digest": "abc"},
    }  # fmt: skip
    task = Task.objects.create(provider=provider, **(values | given))
    fields = [{"field": "count", "before": None, "after": "3", "base": None}]
    PlannedEntry.objects.bulk_create(
        PlannedEntry(
            task=task, rank=2, position=number, kind="create", company_name=f"Company {number:04}", name="Backup",
            month="2026-02", fields=fields,
        )
        for number in range(entries)
    )  # fmt: skip
    return task


def test_a_plan_shows_every_new_figure_with_the_money_and_writes_nothing(desk):
    plan = desk.page(desk.plan())

    assert "Managed Backup" in plan
    assert 'Quantity: <ins><span class="visually-hidden">after </span>5</ins>' in plan
    assert "$9.60" in plan  # (3 x 12.00 + 2 x 6.00) / 5
    assert "from $0.00 to $120.00" in plan  # both companies, last month and the running one
    assert "2 of 2" in plan
    assert desk.console.books() == []


def test_sending_a_plan_ends_on_the_run_with_what_halopsa_read_back(desk):
    run = desk.page(desk.send(desk.plan()))

    assert "4 of 4" in run
    assert "Unit price: $9.60" in run
    assert "verified" in run
    assert sorted(row["count"] for row in desk.console.subscriptions()) == [1, 1, 5, 5]


def test_the_run_shows_the_money_of_the_plan_and_who_asked_for_it(desk):
    run = desk.page(desk.send(desk.plan()))

    assert "$120.00" in run
    assert "Olivia &lt;olivia@northwind.test&gt;" in run


def test_a_plan_that_holds_no_longer_sends_nothing_and_shows_the_new_one(desk):
    plan = desk.plan()
    desk.set_price("Server", "100.00")

    changed = desk.send(plan)

    assert "The plan has changed meanwhile; nothing was sent." in desk.page(changed)
    assert "$62.40" in desk.page(changed)  # (3 x 100.00 + 2 x 6.00) / 5
    assert desk.console.books() == []
    assert "4 of 4" in desk.page(desk.send(changed))


def test_only_the_companies_that_were_ticked_are_planned(desk):
    plan = desk.page(desk.plan(company=Company.objects.get(name=BOLT).pk))

    assert f"{BOLT}; last month and the running one" in plan
    assert ACME not in plan
    assert "1 of 1" in plan


def test_a_month_is_planned_by_name(desk):
    plan = desk.page(desk.plan(month="2026-02"))

    assert "February 2026 by name" in plan
    assert PlannedEntry.objects.count() == 2


def test_a_figure_changed_in_halopsa_is_a_conflict_that_ours_may_overwrite(desk):
    desk.send(desk.plan())
    acme = Company.objects.get(name=ACME)
    slot = Slot.objects.get(configuration__company=acme, slot="last")
    desk.console.edit_in_halopsa("SoftwareLicence", slot.subscription_id, count=9)
    desk.set_price("Server", "22.00")

    plan = desk.page(desk.plan() + "?kind=conflict")
    ours = desk.plan(company=acme.pk, on_conflict="overwrite")

    assert "Quantity: 9 in HaloPSA, ours 5" in plan
    assert f'name="company" value="{acme.pk}"' in plan
    assert "A person&#x27;s edit is overwritten" in desk.page(ours)
    desk.send(ours)
    assert {row["count"] for row in desk.console.subscriptions() if row["id"] == slot.subscription_id} == {5}


def forget_everything_sent(desk: Desk) -> None:
    """As if the subscriptions in HaloPSA had been made by hand."""
    for slot in Slot.objects.all():
        desk.console.edit_in_halopsa("SoftwareLicence", slot.subscription_id, product_sku="")
    Slot.objects.all().delete()
    PlannedChange.objects.all().delete()


def test_what_stands_in_halopsa_already_is_taken_over_only_when_that_is_agreed(desk):
    desk.send(desk.plan())
    forget_everything_sent(desk)

    plan = desk.plan()
    held = desk.page(desk.send(plan))

    assert "Take over the 4 subscriptions" in desk.page(plan)
    assert "0 of 0" in held
    assert "4 of 4" in desk.page(desk.send(desk.plan(), adopt="on"))
    assert len(desk.console.halopsa.tables["SoftwareLicence"].rows) == 4


def test_a_plan_that_cannot_be_made_says_why_and_can_be_made_again(desk):
    HaloConnection.objects.update(address="http://127.0.0.1:1/api")

    page = desk.page(desk.plan(company=Company.objects.get(name=BOLT).pk))

    assert "127.0.0.1 cannot be reached" in page
    assert f'name="company" value="{Company.objects.get(name=BOLT).pk}"' in page
    assert "Make the plan again" in page


def test_a_second_sync_finds_nothing_to_write_and_says_so(desk):
    desk.send(desk.plan())

    plan = desk.plan()

    assert "HaloPSA shows all figures already" in desk.page(plan)
    assert "This run wrote nothing" in desk.page(desk.send(plan))


def test_the_page_lists_configured_companies_with_what_keeps_them(billing, provider):
    configured(provider, "Mapped Ltd", client_id=12)
    configured(provider, "Unmapped Ltd")
    Company.objects.create(provider=provider, source_id="x", name="Unconfigured Ltd")

    page = billing.get("/sync/").content.decode()

    assert "Mapped Ltd" in page
    assert "not mapped" in page
    assert "Unconfigured Ltd" not in page
    assert "Unmapped Ltd" not in billing.get("/sync/?mapped=yes").content.decode()


def test_without_a_connection_the_page_leads_to_the_first_steps(viewer, client_of):
    assert "HaloPSA is not connected yet" in client_of(viewer).get("/sync/").content.decode()


def test_a_month_that_is_none_is_refused_beside_its_field_and_the_ticks_stay(billing, provider):
    company = configured(provider, "Acme")

    page = billing.post("/sync/plan/", {"month": "soon", "company": company.pk})

    assert page.status_code == 400
    assert "Write the month as YYYY-MM" in page.content.decode()
    assert 'aria-label="Plan Acme" checked' in page.content.decode()


def test_ticks_of_other_pages_are_kept_when_a_plan_is_refused(billing, provider):
    for number in range(60):
        configured(provider, f"Company {number:02}")
    first, last = (Company.objects.get(name=name).pk for name in ("Company 00", "Company 59"))

    page = billing.post("/sync/plan/", {"month": "soon", "company": [first, last]}).content.decode()

    assert 'aria-label="Plan Company 00" checked' in page
    assert f'<input type="hidden" name="company" value="{last}">' in page


def test_a_plan_of_the_ticked_companies_needs_a_tick(billing, provider):
    configured(provider, "Acme")

    page = billing.post("/sync/plan/", {"which": "chosen"})

    assert page.status_code == 400
    assert "No company was ticked" in page.content.decode()
    assert not Task.objects.exists()


def test_a_month_in_the_address_stands_in_the_form(billing, provider):
    configured(provider, "Acme")

    assert 'value="2026-09"' in billing.get("/sync/?month=2026-09").content.decode()


@pytest.mark.parametrize("company", ["-1", "x" * 10_000, "<script>", "9" * 19, "\uff11"])
def test_a_company_that_is_none_is_refused_in_words(billing, provider, company):
    configured(provider, "Acme")

    page = billing.post("/sync/plan/", {"company": company})

    assert page.status_code == 400
    assert "A company that was ticked is not known." in page.content.decode()
    assert not Task.objects.exists()


def test_another_providers_company_is_not_there(billing, other_provider):
    theirs = configured(other_provider, "Theirs")

    assert billing.post("/sync/plan/", {"company": theirs.pk}).status_code == 404
    assert not Task.objects.exists()


def test_another_plan_while_one_is_at_work_is_refused_in_words(billing, provider):
    company = configured(provider, "Acme")
    billing.post("/sync/plan/")

    page = billing.post("/sync/plan/", {"company": company.pk})

    assert page.status_code == 409
    assert "is not finished" in page.content.decode()


def test_a_viewer_looks_at_plans_and_can_neither_make_nor_send_one(provider, viewer, client_of):
    task = made_plan(provider, entries=1)
    browser = client_of(viewer)

    page = browser.get(f"/sync/{task.pk}/")

    assert "$1,234.50" in page.content.decode() or "€1,234.50" in page.content.decode()
    assert "Sync with HaloPSA</button>" not in page.content.decode()
    assert browser.post("/sync/plan/").status_code == 403
    assert browser.post(f"/sync/{task.pk}/send/").status_code == 403


def test_a_plan_can_be_sent_only_when_it_was_made(billing, provider):
    waiting = made_plan(provider, state="queued", result={})

    page = billing.post(f"/sync/{waiting.pk}/send/")

    assert page.status_code == 400
    assert "Make a plan, and look at it first." in page.content.decode()


@pytest.mark.parametrize("address", ["", "companies/"])
def test_another_providers_plan_is_not_there(billing, other_provider, address):
    assert billing.get(f"/sync/{made_plan(other_provider).pk}/{address}").status_code == 404


def test_another_providers_plan_cannot_be_sent(billing, other_provider):
    assert billing.post(f"/sync/{made_plan(other_provider).pk}/send/").status_code == 404


def test_a_task_of_another_kind_is_no_plan(billing, provider):
    task = made_plan(provider, kind=TaskKind.COLLECT.value)

    assert billing.get(f"/sync/{task.pk}/").status_code == 404


def test_companies_that_are_held_stand_with_their_reason(billing, provider):
    task = made_plan(provider)

    page = billing.get(f"/sync/{task.pk}/companies/").content.decode()

    assert "It is mapped to no HaloPSA customer" in page
    assert "0 of 1" in page


def test_a_large_plan_is_paged_by_the_database(billing, provider, django_assert_max_num_queries):
    task = made_plan(provider, entries=120)

    with django_assert_max_num_queries(30):
        first = billing.get(f"/sync/{task.pk}/").content.decode()

    assert first.count("Company 0") == 50
    assert "Company 0119" in billing.get(f"/sync/{task.pk}/?page=3").content.decode()
    assert "Company 0077" in billing.get(f"/sync/{task.pk}/?q=company+0077").content.decode()


def test_a_plans_changes_can_be_had_as_csv(billing, provider):
    task = made_plan(provider, entries=2)

    rows = billing.get(f"/sync/{task.pk}/?format=csv").content.decode("utf-8-sig").splitlines()

    assert rows[0].startswith("change,company,subscription,id,month,count before,count after")
    assert rows[1].startswith("create,Company 0000,Backup,,2026-02,,3")
    assert len(rows) == 3


def test_the_changes_of_old_plans_are_dropped_and_their_pages_say_so(desk):
    plans = [desk.plan() for _ in range(KEPT + 1)]

    assert PlannedEntry.objects.values("task").distinct().count() == KEPT
    assert "kept no longer" in desk.page(plans[0])
    assert "kept no longer" not in desk.page(plans[1])
