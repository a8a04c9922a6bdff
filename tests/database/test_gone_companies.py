"""Companies gone from the source: when a person is asked whether their billing ends, and what the doctor says."""

from __future__ import annotations

from datetime import date

import pytest
from usage_of import NOVEMBER, OCTOBER, collected, configure, holds, price

from billbridge.billing.months import Month
from billbridge.operations.bill import BillRequest, make_bills
from billbridge.operations.doctor import examine
from billbridge.operations.gone import GoneCompany, gone_companies
from billbridge.operations.provider import move_day
from billbridge.sources.port import Finding
from billbridge.store.models import Bill, BillingConfiguration, Company, Provider, StorageReading

DECEMBER, JANUARY = Month(2026, 12), Month(2027, 1)
GONE = date(2026, 11, 20)


@pytest.fixture
def gone(provider: Provider, company: Company) -> Company:
    """Acme used a server up to the day before it was gone; October and November are collected."""
    collected(provider, OCTOBER.first, NOVEMBER.first, date(2026, 12, 1))
    price(provider)
    configure(company, "license:Server")
    holds(company, "DC01", last=date(2026, 11, 19))
    company.in_source, company.gone_since = False, GONE
    company.save()
    return company


def send(company: Company, month: Month, day: date) -> None:
    """Make the bills of a day and take those of a month for sent."""
    make_bills(company.provider, BillRequest(day=day))
    assert Bill.objects.filter(company=company, month=month).update(state="sent") == 1


def asked(company: Company, running: Month) -> list[bool]:
    return [one.asks for one in gone_companies(company.provider, running)]


def test_nobody_is_asked_while_the_last_month_runs(gone: Company) -> None:
    send(gone, NOVEMBER, date(2026, 11, 25))
    assert asked(gone, NOVEMBER) == [False]


def test_nobody_is_asked_before_the_last_month_was_made_and_sent(gone: Company) -> None:
    assert asked(gone, DECEMBER) == [False]
    make_bills(gone.provider, BillRequest(day=date(2026, 12, 2)))
    assert asked(gone, DECEMBER) == [False]


def test_a_person_is_asked_once_the_last_month_was_sent_and_told_how_to_end_it(gone: Company) -> None:
    send(gone, NOVEMBER, date(2026, 12, 2))
    (one,) = gone_companies(gone.provider, DECEMBER)
    assert one == GoneCompany(name="Acme", since=GONE, last_month=NOVEMBER, asks=True)
    assert one.question == (
        "Acme is gone from the source since 2026-11-20: end its billing? Its last month, 2026-11, is done."
    )
    assert 'last_month = "2026-11"' in one.remedy


def test_the_last_month_is_the_one_of_the_last_use_not_that_in_which_the_absence_was_seen(gone: Company) -> None:
    gone.gone_since = date(2026, 12, 1)
    gone.save()
    assert [one.last_month for one in gone_companies(gone.provider, DECEMBER)] == [NOVEMBER]


def test_storage_is_use_too(gone: Company) -> None:
    StorageReading.objects.create(
        provider=gone.provider,
        company=gone,
        account_id="s3",
        user_id="u1",
        day=date(2026, 12, 3),
        backup_bytes=1,
        restore_bytes=0,
    )
    assert [one.last_month for one in gone_companies(gone.provider, DECEMBER)] == [DECEMBER]


def test_a_company_that_never_had_a_bill_is_asked_about_when_its_last_month_is_closed(gone: Company) -> None:
    assert (asked(gone, DECEMBER), asked(gone, JANUARY)) == ([False], [True])
    (one,) = gone_companies(gone.provider, JANUARY)
    assert "2026-11, has no bill, and can still be billed by name" in one.question


def test_nobody_is_asked_about_a_company_whose_configurations_all_end(gone: Company) -> None:
    configure(gone, "license:Desktop", name="Desktops")
    BillingConfiguration.objects.filter(name="Desktops").update(last_month=NOVEMBER)
    assert len(gone_companies(gone.provider, DECEMBER)) == 1
    BillingConfiguration.objects.update(last_month=NOVEMBER)
    assert gone_companies(gone.provider, DECEMBER) == []


def test_a_company_that_is_in_the_source_is_not_asked_about(gone: Company) -> None:
    Company.objects.update(in_source=True, gone_since=None)
    assert gone_companies(gone.provider, JANUARY) == []


def test_the_doctor_asks_with_the_remedy_and_says_before_that_it_is_still_billed(gone: Company) -> None:
    move_day(gone.provider, date(2026, 12, 3))
    assert findings() == [
        Finding(step="gone company", ok=True, message="Acme since 2026-11-20; billed up to 2026-11")
    ]
    send(gone, NOVEMBER, date(2026, 12, 3))
    (finding,) = findings()
    assert (finding.ok, "end its billing?" in finding.message) == (False, True)
    assert 'last_month = "2026-11"' in finding.remedy


def findings() -> list[Finding]:
    return [finding for finding in examine() if finding.step == "gone company"]
