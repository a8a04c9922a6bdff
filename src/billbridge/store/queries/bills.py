"""Reading bills for lists: which there are, what they add up to, and what of them a person should look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import (
    BigIntegerField,
    Count,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    TextField,
)
from django.db.models.functions import Cast

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.lines import Mark
from billbridge.billing.months import Month
from billbridge.store.models import Bill, BillLine, Provider

Bills = QuerySet[Bill]


class Warned(StrEnum):
    """What a person may look for among bills."""

    LATE = "late"
    PARTIAL = "partial"
    BEFORE_MONTH_END = "before-month-end"
    NEVER_SET = "never-set"
    REMAINDER = "remainder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What some bills of one currency add up to."""

    currency: str
    bills: int
    cost: Decimal
    price: Decimal

    @property
    def margin(self) -> Decimal:
        return self.price - self.cost


def bills_of(provider: Provider) -> QuerySet[Bill]:
    """The provider's bills with their companies, newest month first; `margin` is there to sort by."""
    margin = ExpressionWrapper(F("price") - F("cost"), output_field=BigIntegerField())
    bills = Bill.objects.filter(provider=provider).select_related("company").defer("not_billed")
    return bills.annotate(margin=margin).order_by("-month", "company__name", "pk")


def months_of(provider: Provider) -> list[Month]:
    """The months of which there are bills, newest first."""
    return list(
        Bill.objects.filter(provider=provider).order_by("-month").values_list("month", flat=True).distinct()
    )


def totals_of(bills: QuerySet[Bill]) -> list[Totals]:
    """What bills add up to, by currency."""
    rows = bills.order_by("currency").values("currency")
    return [
        Totals(currency=row["currency"], bills=row["bills"], cost=row["all_costs"], price=row["all_prices"])
        for row in rows.annotate(bills=Count("pk"), all_costs=Sum("cost"), all_prices=Sum("price"))
    ]


def in_recent_months(bills: QuerySet[Bill], running: Month) -> QuerySet[Bill]:
    """Bills of the running month and of the one before."""
    return bills.filter(month__gte=running.previous)


def in_closed_months(bills: QuerySet[Bill], running: Month) -> QuerySet[Bill]:
    """Bills of months older than last month."""
    return bills.filter(month__lt=running.previous)


def not_sent(bills: QuerySet[Bill], running: Month) -> QuerySet[Bill]:
    """Bills that have not arrived, and temporary ones of closed months: their last figures never went out."""
    return bills.filter(
        ~Q(state=BillState.SENT.value) | Q(kind=BillKind.TEMPORARY.value, month__lt=running.previous)
    )


def warned(bills: QuerySet[Bill], about: Warned) -> QuerySet[Bill]:
    """Bills with a warning of one kind."""
    match about:
        case Warned.LATE:
            return bills.filter(late=True)
        case Warned.PARTIAL:
            return bills.filter(collected_from__isnull=False)
        case Warned.BEFORE_MONTH_END:
            return bills.filter(before_month_end=True)
        case Warned.NEVER_SET:
            return bills.filter(pk__in=_marked(Mark.NEVER_SET))
        case Warned.REMAINDER:
            return bills.filter(pk__in=_marked(Mark.REMAINDER))


def _marked(mark: Mark) -> list[int]:
    """The bills with a line of that mark, looked for once: a table asks for its count, its totals and its page."""
    lines = BillLine.objects.annotate(marked=Cast("marks", TextField()))
    return list(lines.filter(marked__contains=mark.value).values_list("bill_id", flat=True).distinct())


def warnings_of(bills: Iterable[Bill]) -> dict[int, tuple[str, ...]]:
    """What the lines of some bills are marked with, each once, by the bill's id.

    That a quantity is sent rounded up is left out: it is so with nearly all storage.
    """
    marks: dict[int, dict[str, None]] = defaultdict(dict)
    rows = BillLine.objects.filter(bill__in=[bill.pk for bill in bills]).order_by("bill_id", "name", "pk")
    for bill_id, marked in rows.values_list("bill_id", "marks"):
        marks[bill_id].update(dict.fromkeys(mark for mark in marked if mark != Mark.ROUNDED_QUANTITY))
    return {pk: tuple(found) for pk, found in marks.items()}
