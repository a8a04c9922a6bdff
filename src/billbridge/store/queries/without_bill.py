"""Closed months of which companies have usage but no bill at all: nobody ever made one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import CharField, Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Cast

from billbridge.billing.bills import first_automatic_month
from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    Bill,
    BillingConfiguration,
    Collection,
    Company,
    Domain,
    DomainReading,
    Provider,
    StorageReading,
)

_FEW = 500
"""Up to so many companies are asked for by their ids."""


def months_without_bill(provider: Provider, since: Month, running: Month) -> dict[Month, int]:
    """How many companies have usage in a closed month, should have been billed for it, and have no bill.

    Months from `since` on, oldest first; a month is closed when it is older than last month. A company should be
    billed from its first bill in these months on, or from the first month of auto-billing that was collected whole:
    usage from before, as an import of a history brings it, was never meant to be billed.
    """
    starts: dict[int, Month] = {}
    made = _bills_made(provider, since, running)
    automatic = _automatic_since(provider, max(since, _first_whole_month(provider) or since))
    for pk in made.keys() | automatic.keys():
        first, number = made.get(pk, (running.previous, 0))
        start = min(first, automatic.get(pk, first))
        if number < _months_between(start, running.previous):
            starts[pk] = start
    if not starts:
        return {}
    first = min(starts.values())
    months = _lacking(starts, [first.plus(n) for n in range(_months_between(first, running.previous))])
    found: Counter[Month] = Counter()
    for pk, *missing in _used_without_bill(provider, starts, months):
        found.update(month for month, is_so in zip(months, missing, strict=True) if is_so and starts[pk] <= month)
    return {month: found[month] for month in months if found[month]}


def _lacking(starts: Mapping[int, Month], months: Sequence[Month]) -> list[Month]:
    """The months of which a company that should have a bill has none; all of them when it concerns very many."""
    if len(starts) > _FEW:
        return list(months)
    made = Bill.objects.filter(company__in=list(starts), month__gte=months[0], month__lte=months[-1])
    bills = set(made.values_list("company_id", "month"))
    return [
        month
        for month in months
        if any(start <= month and (pk, month) not in bills for pk, start in starts.items())
    ]


def _first_whole_month(provider: Provider) -> Month | None:
    """The first month from whose first day on licenses were collected."""
    done = Collection.objects.filter(
        provider=provider, section=Collection.Section.LICENSES, state=Collection.State.DONE
    )
    first: date | None = done.aggregate(first=Min("day"))["first"]
    if first is None:
        return None
    month = Month.of(first)
    return month if first == month.first else month.next


def _bills_made(provider: Provider, since: Month, running: Month) -> dict[int, tuple[Month, int]]:
    """The first closed month since `since` of which a company has a bill, and how many of them have one."""
    bills = Bill.objects.filter(company__provider=provider, month__gte=since, month__lt=running.previous)
    # As text: thousands of companies share a few months, each of which is read once.
    rows = (
        bills.order_by().values_list("company").annotate(first=Cast(Min("month"), CharField()), number=Count("pk"))
    )
    read = lru_cache(Month.parse)
    return {pk: (read(first), number) for pk, first, number in rows}


def _automatic_since(provider: Provider, whole: Month) -> dict[int, Month]:
    """The first month each company with auto-billing should have a bill of, `whole` or later."""
    companies = Company.objects.filter(provider=provider, auto_since__isnull=False)
    first = lru_cache(first_automatic_month)
    return {
        pk: max(first(auto_since), whole)
        for pk, auto_since in companies.values_list("pk", "auto_since")
        if auto_since is not None
    }


def _months_between(first: Month, end: Month) -> int:
    """How many months there are from `first` to before `end`."""
    return (end.year - first.year) * 12 + end.number - first.number


def _used_without_bill(
    provider: Provider, companies: Mapping[int, Month], months: Sequence[Month]
) -> Iterable[tuple[Any, ...]]:
    """The id of each company, and for each month whether it used something and has no bill: all in one question."""
    rows = Company.objects.filter(provider=provider)
    if len(companies) <= _FEW:
        rows = rows.filter(pk__in=list(companies))
    missing = {f"missing_{number}": _is_missing(provider, month) for number, month in enumerate(months)}
    found = rows.annotate(**missing).values_list("pk", *missing)
    return [row for row in found if row[0] in companies]


def _is_missing(provider: Provider, month: Month) -> Q:
    """Usage and no bill in a month, of a company whose configurations have not ended before it."""
    days = Q(day__gte=month.first, day__lte=month.last)
    held = ActivationRow.objects.filter(company=OuterRef("pk"), first_day__lte=month.last)
    read = DomainReading.objects.filter(days, provider=provider, domain=OuterRef("name"), licenses__gt=0)
    used = (
        Exists(held.filter(Q(last_day=None) | Q(last_day__gte=month.first)))
        | Exists(StorageReading.objects.filter(days, company=OuterRef("pk")))
        | Exists(Domain.objects.filter(Exists(read), company=OuterRef("pk")))
    )
    holding = BillingConfiguration.objects.filter(company=OuterRef("pk"))
    has_bill = Exists(Bill.objects.filter(company=OuterRef("pk"), month=month))
    return Q(~has_bill, Exists(holding.filter(Q(last_month=None) | Q(last_month__gte=month))), used)
