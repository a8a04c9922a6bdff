"""Closed months without a bill are found for all months in a few questions to the database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from billbridge.billing.months import Month
from billbridge.store.models import ActivationRow, Bill, BillingConfiguration, Collection, Company, Provider
from billbridge.store.queries.without_bill import months_without_bill

SINCE, RUNNING = Month(2026, 1), Month(2026, 11)


def billed_since_january(provider: Provider, company: Company, *, without: tuple[int, ...]) -> None:
    """A company with auto-billing and a license all year, and bills of all closed months but some."""
    Collection.objects.get_or_create(
        provider=provider, source="mbs", section="licenses", began=datetime(2026, 1, 1, tzinfo=UTC),
        day=SINCE.first, state="done",
    )  # fmt: skip
    company.auto_since = date(2026, 1, 1)
    company.save()
    BillingConfiguration.objects.create(company=company, name="Backup", mode="total")
    ActivationRow.objects.create(
        provider=provider, company=company, endpoint="PC-1", endpoint_key="pc-1", license_type="Server",
        first_day=SINCE.first, last_seen=RUNNING.first, origin="observed",
    )  # fmt: skip
    Bill.objects.bulk_create(
        Bill(
            provider=provider, company=company, month=Month(2026, number), kind="automatic", state="sent",
            counting_rule="active_in_month", currency="EUR", cost=1, price=2, made_on=RUNNING.first,
        )
        for number in range(1, 11)
        if number not in without
    )  # fmt: skip


def test_every_month_without_a_bill_is_found_and_no_other(provider: Provider, company: Company) -> None:
    birch = Company.objects.create(provider=provider, source_id="birch", name="Birch")
    billed_since_january(provider, company, without=(3, 7))
    billed_since_january(provider, birch, without=(7,))
    assert months_without_bill(provider, SINCE, RUNNING) == {Month(2026, 3): 1, Month(2026, 7): 2}


def test_many_months_without_a_bill_take_no_more_questions_than_one(
    provider: Provider, company: Company, django_assert_max_num_queries: Any
) -> None:
    billed_since_january(provider, company, without=(1, 2, 3, 4, 5, 6, 7, 8, 9))
    with django_assert_max_num_queries(5):
        assert len(months_without_bill(provider, SINCE, RUNNING)) == 9
