"""Money in the database: exact, or refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db.models import Avg, F, Max, Min, Sum

from billbridge.billing.months import Month
from billbridge.store.models import Bill, BillingConfiguration, BillLine, Company


def bill(company: Company, month: str, cost: Decimal | int | str, price: Decimal | int | str = 0) -> Bill:
    return Bill.objects.create(
        provider=company.provider, company=company, month=Month.parse(month), kind="manual", state="ready",
        counting_rule="peak", currency="EUR", cost=cost, price=price, made_on=date(2026, 10, 2),
    )  # fmt: skip


@pytest.mark.parametrize("amount", ["0", "12.50", "-3.25", "0.000001", "999999999999.999999"])
def test_an_amount_comes_back_as_it_was_stored(company: Company, amount: str) -> None:
    bill(company, "2026-09", Decimal(amount))
    stored = Bill.objects.get().cost
    assert isinstance(stored, Decimal)
    assert stored == Decimal(amount)


def test_a_sum_is_exact_where_a_float_would_lose_the_millionth(company: Company) -> None:
    bill(company, "2026-07", Decimal("900000000000.000001"))
    bill(company, "2026-08", Decimal("900000000000.000001"))
    bill(company, "2026-09", Decimal("0.1"))
    assert Bill.objects.aggregate(total=Sum("cost"))["total"] == Decimal("1800000000000.100002")


def test_the_sum_of_no_bills_is_nothing(company: Company) -> None:
    assert Bill.objects.aggregate(total=Sum("cost"))["total"] is None


def test_the_smallest_and_the_largest_amount_are_exact(company: Company) -> None:
    for month, amount in (("2026-07", "9.5"), ("2026-08", "10"), ("2026-09", "-1.000001")):
        bill(company, month, amount)
    found = Bill.objects.aggregate(least=Min("cost"), most=Max("cost"))
    assert found == {"least": Decimal("-1.000001"), "most": Decimal("10.00")}


def test_amounts_compare_as_numbers_and_not_as_texts(company: Company) -> None:
    bill(company, "2026-08", "9.5")
    bill(company, "2026-09", "10")
    assert [str(b.month) for b in Bill.objects.filter(cost__gt=Decimal("9.5"))] == ["2026-09"]
    assert [str(b.month) for b in Bill.objects.filter(cost__lte=Decimal("9.500000"))] == ["2026-08"]
    assert [str(b.month) for b in Bill.objects.order_by("cost")] == ["2026-08", "2026-09"]
    assert Bill.objects.filter(cost__in=[Decimal(10)]).count() == 1


def test_two_amounts_of_a_row_compare(company: Company) -> None:
    bill(company, "2026-08", "10.01", "10")
    bill(company, "2026-09", "10", "10.01")
    assert [str(b.month) for b in Bill.objects.filter(price__lt=F("cost"))] == ["2026-08"]


def test_a_float_is_refused_when_it_is_stored(company: Company) -> None:
    with pytest.raises(TypeError, match="never a float"):
        bill(company, "2026-09", 12.5)  # type: ignore[arg-type]


def test_a_float_is_refused_when_it_is_compared_with(company: Company) -> None:
    with pytest.raises(TypeError, match="never a float"):
        Bill.objects.filter(cost__gt=12.5).exists()


@pytest.mark.parametrize("amount", [Decimal("0.0000001"), Decimal("12.1234567"), "0.0000001"])
def test_more_than_six_decimals_are_refused_and_not_rounded_away(company: Company, amount: Decimal | str) -> None:
    with pytest.raises(ValidationError, match="6 decimals"):
        bill(company, "2026-09", amount)


@pytest.mark.parametrize("amount", ["twelve", "NaN", "1e12", Decimal("Infinity")])
def test_what_is_no_amount_is_refused(company: Company, amount: Decimal | str) -> None:
    with pytest.raises(ValidationError):
        bill(company, "2026-09", amount)


def test_an_average_is_refused(company: Company) -> None:
    bill(company, "2026-08", "1")
    bill(company, "2026-09", "2")
    with pytest.raises(TypeError, match="not averages"):
        Bill.objects.aggregate(mean=Avg("cost"))


def test_a_product_is_refused(company: Company) -> None:
    with pytest.raises(FieldError):
        Bill.objects.annotate(double=F("cost") * 2).first()


def test_an_amount_that_is_not_sent_stays_nothing(company: Company) -> None:
    configuration = BillingConfiguration.objects.create(company=company, name="Backup", mode="quantity")
    BillLine.objects.create(
        bill=bill(company, "2026-09", "1"), configuration=configuration, name="Backup", mode="quantity", quantity=1,
        cost=1, price=1, sent_quantity=1, cost_remainder=0, price_remainder=0,
    )  # fmt: skip
    line = BillLine.objects.get()
    assert line.sent_cost is None
    assert line.sent_price is None
