"""Months in the database."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from billbridge.billing.months import Month
from billbridge.store.models import Company, MonthlyStorage

SEPTEMBER = Month.parse("2026-09")


def stored(company: Company, month: Month | str, user: str = "ann") -> MonthlyStorage:
    return MonthlyStorage.objects.create(
        provider=company.provider, company=company, account_id="1", user_id=user, month=month,
        backup_bytes=2**40, restore_bytes=0,
    )  # fmt: skip


def test_a_month_comes_back_as_a_month(company: Company) -> None:
    stored(company, SEPTEMBER)
    assert MonthlyStorage.objects.get().month == SEPTEMBER


def test_a_month_is_stored_as_a_text_a_person_can_read(company: Company) -> None:
    stored(company, SEPTEMBER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT month FROM store_monthlystorage")
        assert cursor.fetchone() == ("2026-09",)


def test_months_compare_and_sort_over_the_turn_of_the_year(company: Company) -> None:
    for month in ("2026-12", "2027-01", "2026-09"):
        stored(company, month)
    assert [str(m) for m in MonthlyStorage.objects.order_by("month").values_list("month", flat=True)] == [
        "2026-09", "2026-12", "2027-01",
    ]  # fmt: skip
    assert MonthlyStorage.objects.filter(month__gt=SEPTEMBER).count() == 2
    assert MonthlyStorage.objects.filter(month="2026-12").count() == 1


@pytest.mark.parametrize("text", ["2026-13", "September", "2026-9", "2026-09-01"])
def test_what_is_no_month_is_refused(company: Company, text: str) -> None:
    with pytest.raises(ValidationError):
        stored(company, text)
