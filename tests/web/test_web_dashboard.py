"""The dashboard: what needs a person, the figures of two months, and a year in charts."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from billed import DAY, NOVEMBER, OCTOBER, SEPTEMBER, ClientOf, billed, collected, company, holds, on_day, sent
from django.test import Client

from billbridge.store.models import (
    Administrator,
    Bill,
    BillingConfiguration,
    Collection,
    Company,
    Domain,
    DomainReading,
    HaloConnection,
    Provider,
    Run,
    SourceConnection,
    StorageAccount,
    StorageReading,
    Task,
)

Words = Callable[[], str]


@pytest.fixture
def words(client_of: ClientOf, viewer: Administrator) -> Words:
    """Loads the dashboard as somebody who may only look, and gives its words with single spaces."""
    browser: Client = client_of(viewer)

    def load() -> str:
        response = browser.get("/")
        assert response.status_code == 200, response.content
        return " ".join(html.unescape(response.content.decode()).split())

    return load


@pytest.fixture
def running(provider: Provider) -> Bill:
    """An installation on which everything is done: October and November are billed and sent."""
    SourceConnection.objects.create(provider=provider, address="https://mbs.test", login="x")
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    bill = billed(provider)
    sent(*Bill.objects.filter(provider=provider))
    return bill


def needs(shown: str) -> dict[str, tuple[str, str]]:
    """What needs a person: by its title the count and the address of the page that solves it."""
    count = r'attention-count">(.*?)(?:<span.*?)?</span> <div class="attention-text">'
    entry = rf'{count}<strong>(.*?)</strong>.*?href="(.*?)"'
    return {title: (count, address) for count, title, address in re.findall(entry, shown)}


def ran(provider: Provider, **more: Any) -> Run:
    now = datetime.now(UTC)
    return Run.objects.create(
        provider=provider,
        **{"trigger": "manual sync", "day": DAY, "began": now, "ended": now, "state": "done", **more},
    )


def test_an_empty_installation_is_led_to_the_assistant(words: Words, provider: Provider) -> None:
    shown = words()
    assert "Nothing is set up yet." in shown
    assert 'href="/start/"' in shown


def test_a_half_set_up_installation_still_offers_the_assistant(words: Words, provider: Provider) -> None:
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    shown = words()
    assert "Go on with the first-run assistant" in shown
    assert "There are no bills of this month yet." in shown


def test_when_all_is_done_nothing_needs_anybody(words: Words, running: Bill) -> None:
    shown = words()
    assert "Nothing needs you today." in shown
    assert "first-run assistant" not in shown


def test_last_and_this_month_show_price_cost_and_margin(words: Words, running: Bill) -> None:
    Bill.objects.filter(month=NOVEMBER).update(cost="10.00", price="30.50")
    last, this = words().split("This month so far", 1)
    assert last.index("€36.00") < last.index("€15.00") < last.index("€21.00")
    assert this.index("€30.50") < this.index("€10.00") < this.index("€20.50")


def test_held_bills_are_counted_and_lead_to_their_list(words: Words, running: Bill) -> None:
    Bill.objects.filter(pk=running.pk).update(state="held")
    assert needs(words()) == {"Bills are held": ("1", "/bills/?state=held")}


def test_bills_that_did_not_arrive_are_trouble(words: Words, running: Bill) -> None:
    Bill.objects.filter(month=OCTOBER).update(state="failed")
    Bill.objects.filter(month=NOVEMBER).update(state="partly sent")
    found = needs(words())
    assert found["Bills have not arrived"] == ("1", "/bills/?state=failed")
    assert found["Bills have arrived in part"] == ("1", "/bills/?state=partly+sent")


def test_a_closed_month_without_a_sent_bill_is_named(words: Words, running: Bill) -> None:
    Bill.objects.filter(pk=running.pk).update(month=SEPTEMBER, kind="temporary")
    shown = words()
    assert needs(shown)["Closed months without a sent bill"] == ("1", "/bills/?month=closed&state=not-sent")
    assert "September 2026: such bills go out only when they are sent by name." in shown


def test_a_closed_month_that_nobody_billed_is_named_with_the_way_to_plan_it(words: Words, running: Bill) -> None:
    on_day(running.provider, date(2027, 1, 12))
    found = needs(words())
    assert "Closed months without a bill" not in found  # October and November stand with their bills
    Bill.objects.filter(month=NOVEMBER).delete()
    shown = words()
    assert needs(shown)["Closed months without a bill"] == ("1", "/sync/?month=2026-11")
    assert "Plan November 2026" in shown


def test_a_closed_month_counts_only_companies_that_were_used_and_are_billed_by_then(
    words: Words, running: Bill
) -> None:
    provider = running.provider
    on_day(provider, date(2027, 1, 12))
    company(provider, "Not billed yet")
    holds(Company.objects.get(name="Not billed yet"), "PC-8")
    unused = company(provider, "Unused")
    Company.objects.filter(pk=unused.pk).update(auto_since=date(2026, 10, 20))
    assert "Closed months without a bill" not in needs(words())
    holds(unused, "PC-9")
    assert needs(words())["Closed months without a bill"] == ("2", "/sync/?month=2026-10")
    BillingConfiguration.objects.filter(company=unused).update(last_month=OCTOBER)
    assert needs(words())["Closed months without a bill"] == ("1", "/sync/?month=2026-10")


def test_a_month_that_was_collected_only_in_part_is_not_asked_for_unless_there_were_bills_before(
    words: Words, running: Bill
) -> None:
    provider = running.provider
    on_day(provider, date(2027, 1, 12))
    automatic = company(provider, "Automatic")
    holds(automatic, "PC-9")
    Company.objects.filter(pk=automatic.pk).update(auto_since=date(2026, 10, 20))
    Collection.objects.filter(day__lt=NOVEMBER.first).delete()
    Collection.objects.filter(day=NOVEMBER.first).update(day=date(2026, 10, 20))
    assert needs(words())["Closed months without a bill"] == ("1", "/sync/?month=2026-11")


def test_companies_without_a_customer_count_only_if_there_is_something_to_bill(words: Words, running: Bill) -> None:
    provider = running.provider
    Company.objects.create(provider=provider, source_id="idle", name="Idle")
    assert needs(words()) == {}
    configured = company(provider, "Beta")
    holding = Company.objects.create(provider=provider, source_id="gamma", name="Gamma")
    holds(holding, "PC-7")
    Company.objects.filter(pk=configured.pk).update(client_id=None)
    assert needs(words())["Companies are not mapped"] == ("2", "/settings/halopsa/mapping/?state=unmapped")


def test_products_without_a_price_are_counted(words: Words, running: Bill) -> None:
    company(running.provider, "Beta", "license:Ultimate", "license:Desktop", "storage:w")
    assert needs(words()) == {
        "Prices of license products were never set": ("2", "/settings/halopsa/cost-price/"),
        "Prices of storage accounts were never set": ("1", "/storage/"),
    }


def test_companies_gone_from_the_source_are_counted_until_their_billing_ends(words: Words, running: Bill) -> None:
    Company.objects.update(in_source=False)
    assert needs(words())["Companies are gone from the source"][0] == "1"
    BillingConfiguration.objects.update(last_month=OCTOBER)
    assert needs(words()) == {}


def test_auto_billing_that_missed_a_company_is_trouble_after_its_window_only(words: Words, running: Bill) -> None:
    provider = running.provider
    missed = company(provider, "Beta")
    Company.objects.filter(pk=missed.pk).update(auto_since=date(2026, 10, 20))
    assert needs(words())["Auto-billing is not done"] == ("1", "/sync/")
    on_day(provider, date(2026, 11, 2))
    assert "Auto-billing is not done" not in needs(words())


def test_auto_billing_switched_on_after_the_window_missed_nothing(words: Words, running: Bill) -> None:
    late = company(running.provider, "Beta")
    Company.objects.filter(pk=late.pk).update(auto_since=date(2026, 11, 10))
    assert "Auto-billing is not done" not in needs(words())


def test_late_automatic_bills_are_told(words: Words, running: Bill) -> None:
    Bill.objects.filter(pk=running.pk).update(kind="automatic", late=True)
    assert needs(words()) == {"Automatic bills were late": ("1", "/bills/?month=2026-10&warning=late")}


def test_conflicts_of_the_last_run_are_counted(words: Words, running: Bill) -> None:
    ran(running.provider, coverage={"Acme": {"state": "billed", "reasons": []}})
    conflict = {"state": "conflict", "reasons": ["count was changed to 9"]}
    run = ran(running.provider, coverage={"Acme": conflict, "Beta": {"state": "billed", "reasons": []}})
    assert needs(words()) == {"Conflicts with HaloPSA": ("1", f"/runs/{run.pk}/")}


def test_a_failed_run_matters_until_one_ends_well(words: Words, running: Bill) -> None:
    ran(running.provider, state="failed", reason="HaloPSA refused the token.\nMore.")
    shown = words()
    assert "The last run did not end well" in needs(shown)
    assert "HaloPSA refused the token." in shown
    ran(running.provider)
    assert needs(words()) == {}


def test_a_failed_task_matters_until_one_of_its_kind_ends_well(words: Words, running: Bill) -> None:
    def task(state: str) -> None:
        Task.objects.create(
            provider=running.provider, kind="collect", state=state, reason="no answer", asked=datetime.now(UTC)
        )

    task("failed")
    assert needs(words()) == {"Collecting failed": ("!", "/settings/sources/")}
    task("done")
    assert needs(words()) == {}


def test_a_held_collection_is_trouble(words: Words, running: Bill) -> None:
    collected(running.provider, DAY, state="held", reason="far fewer licenses than yesterday")
    shown = words()
    assert needs(shown) == {"Collecting licenses was held": ("!", "/settings/sources/")}
    assert "far fewer licenses than yesterday" in shown


def test_a_silent_source_is_trouble(words: Words, running: Bill) -> None:
    on_day(running.provider, date(2026, 11, 13))
    assert needs(words()) == {}
    on_day(running.provider, date(2026, 11, 14))
    shown = words()
    assert "The source is silent" in needs(shown)
    assert "Licenses were last collected on November 12, 2026." in shown


def test_the_charts_come_with_their_figures(words: Words, running: Bill) -> None:
    provider = running.provider
    Domain.objects.create(
        provider=provider, name="acme.test", company=running.company, license_type="Microsoft 365"
    )
    DomainReading.objects.create(provider=provider, domain="acme.test", day=DAY, licenses=25)
    StorageAccount.objects.create(provider=provider, source_id="w", name="Wasabi EU")
    collected(provider, DAY, section="storage")
    StorageReading.objects.create(
        provider=provider, company=running.company, account_id="w", user_id="ann", day=DAY,
        backup_bytes=3 * 2**30, restore_bytes=0,
    )  # fmt: skip
    shown = words()
    assert shown.count('role="img"') == 3
    assert re.search(
        r"October 2026</th> ?<td class=\"figure\">€36.00</td> ?<td class=\"figure\">€15.00</td>", shown
    )
    assert re.search(r"Microsoft 365</th> ?<td class=\"figure\">25</td>", shown)
    assert re.search(r"Server</th> ?<td class=\"figure\">3</td>", shown)
    assert re.search(r"November 2026</th> ?<td class=\"figure\">3 GB</td>", shown)


def test_months_without_a_bill_stay_blank_in_the_chart(words: Words, running: Bill) -> None:
    shown = words()
    assert re.search(r"September 2026</th> ?<td class=\"figure\">–</td> ?<td class=\"figure\">–</td>", shown)
    assert "<title>September 2026" not in shown
    assert "<title>October 2026, Margin: €21.00" in shown


def test_the_last_runs_are_listed(words: Words, running: Bill) -> None:
    run = ran(running.provider, started_by="Bea Billing")
    shown = words()
    assert f'href="/runs/{run.pk}/"' in shown
    assert "Bea Billing" in shown


def test_another_providers_data_is_not_counted(words: Words, running: Bill, other_provider: Provider) -> None:
    billed(other_provider, "Foreign", *(f"F-{n}" for n in range(40)))
    Bill.objects.filter(provider=other_provider).update(state="held")
    ran(other_provider, state="failed")
    Company.objects.filter(provider=other_provider).update(client_id=None)
    shown = words()
    assert needs(shown) == {}
    assert "Foreign" not in shown
    assert re.search(r"Server</th> ?<td class=\"figure\">3</td>", shown)


def test_it_takes_no_more_questions_to_the_database_with_more_companies(
    words: Words, running: Bill, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        billed(running.provider, f"Company {n}", f"PC-{n}")
    with django_assert_max_num_queries(30):
        words()
