"""Making bills: which ones a trigger makes, their figures, and keeping them with their evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from billbridge.billing.bills import (
    Action,
    BillKind,
    BillState,
    BillStep,
    Coverage,
    ExistingBill,
    Trigger,
    step_for_month,
    steps_for,
)
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook
from billbridge.billing.products import ProductKind
from billbridge.billing.usage import BillingRules
from billbridge.errors import InvalidInput
from billbridge.operations.chunks import chunks
from billbridge.operations.coverage import coverage, storage_coverage
from billbridge.operations.keep_bills import MadeBill, keep_bills
from billbridge.operations.provider import billing_rules
from billbridge.operations.rate_company import rate_company
from billbridge.operations.usage import load_usage, price_book
from billbridge.store.models import Bill, BilledProduct, Company, HaloConnection, Provider

CHUNK = 200
"""Companies whose usage is in memory at once."""

Covered = dict[Month, tuple[Coverage, Coverage]]
"""How much of each month is known: of licenses, and of storage, which only some companies are billed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRequest:
    """What bills are asked for: by a trigger on a business day or of a month by name, of all companies or some."""

    day: date
    trigger: Trigger = Trigger.MANUAL_SYNC
    month: Month | None = None
    company_ids: frozenset[int] | None = None
    """Row ids; `None` means all companies."""
    day_is_ending: bool = False
    accept_partial: bool = False
    """A person agreed to bill months that were collected only from some day on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillResult:
    """What was done with one company's bill of one month."""

    company_id: int
    step: BillStep
    bill_id: int | None = None


def make_bills(
    provider: Provider, request: BillRequest, *, progress: Callable[[int, int], None] | None = None
) -> list[BillResult]:
    """Make, update or leave alone the bills a trigger concerns; a chunk of companies is kept whole or not.

    Raises `InvalidInput` when `request.day` lies before the day on which a bill was last made: a clock that jumps
    back would make a closed month's bill temporary again.
    """
    _refuse_earlier_day(provider, request.day)
    rules = billing_rules(provider)
    prices = price_book(provider)
    companies = companies_of(provider, request)
    covered = _covered(provider, request)
    wants_current = _wants_current(provider)
    results: list[BillResult] = []
    for chunk in chunks(companies, CHUNK):
        with transaction.atomic():
            results += _make_chunk(provider, chunk, request, covered, rules, prices, wants_current=wants_current)
        if progress is not None:
            progress(len({r.company_id for r in results}), len(companies))
    return results


def steps_now(provider: Provider, request: BillRequest) -> Iterator[tuple[Company, BillStep]]:
    """What `make_bills` would do with each company's bills, and why; nothing is changed."""
    covered, wants_current = _covered(provider, request), _wants_current(provider)
    for chunk in chunks(companies_of(provider, request), CHUNK):
        bills = _bills_of(chunk, list(covered))
        steps = _steps_of(
            chunk, request, covered, {_place(bill): bill for bill in bills}, wants_current=wants_current
        )
        yield from ((company, step) for company in chunk for step in steps[company.pk])


def _covered(provider: Provider, request: BillRequest) -> Covered:
    months = sorted({request.month} if request.month else {Month.of(request.day).previous, Month.of(request.day)})
    return {month: (coverage(provider, month), storage_coverage(provider, month)) for month in months}


def _wants_current(provider: Provider) -> bool:
    connection = HaloConnection.objects.filter(provider=provider).first()
    return connection.temporary_bills if connection else True


def _refuse_earlier_day(provider: Provider, day: date) -> None:
    last = Bill.objects.filter(provider=provider).aggregate(last=Max("made_on"))["last"]
    if last is not None and day < last:
        raise InvalidInput(
            f"The business day {day} lies before the day of the last bills, {last}; nothing was changed.",
            hint="Check the clock, or the day that was given.",
        )


def companies_of(provider: Provider, request: BillRequest) -> list[Company]:
    """The configured companies a request is about, by name."""
    companies = Company.objects.filter(provider=provider, configurations__isnull=False).distinct()
    if request.company_ids is not None:
        companies = companies.filter(pk__in=request.company_ids)
    if request.trigger is Trigger.AUTO_BILLING:
        companies = companies.exclude(auto_since=None)
    return list(companies.order_by("name", "pk"))


def _make_chunk(
    provider: Provider,
    companies: Sequence[Company],
    request: BillRequest,
    covered: Covered,
    rules: BillingRules,
    prices: PriceBook,
    *,
    wants_current: bool,
) -> list[BillResult]:
    months = list(covered)
    # Two commands at once would both make the bills that are not there yet: one after the other does.
    Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    bills = {_place(bill): bill for bill in _bills_of(companies, months).select_for_update()}
    steps = _steps_of(companies, request, covered, bills, wants_current=wants_current)
    results: list[BillResult] = []
    for month in months:
        making = [
            company
            for company in companies
            if any(step.month == month and step.action is Action.MAKE for step in steps[company.pk])
        ]
        through = min(month.last, request.day)
        usage = load_usage(provider, making, month, through) if making else {}
        made = [
            MadeBill(
                company_id=company.pk,
                step=next(step for step in steps[company.pk] if step.month == month),
                rated=rate_company(company, usage[company.pk], rules, prices),
                existing=bills.get((company.pk, month)),
            )
            for company in making
        ]
        kept = keep_bills(provider, made, rules, day=request.day, accept_partial=request.accept_partial)
        for company in companies:
            for step in steps[company.pk]:
                if step.month == month:
                    existing = bills.get((company.pk, month))
                    bill_id = kept.get(company.pk, existing.pk if existing else None)
                    results.append(BillResult(company_id=company.pk, step=step, bill_id=bill_id))
    return results


def _bills_of(companies: Sequence[Company], months: Sequence[Month]) -> QuerySet[Bill]:
    return Bill.objects.filter(company__in=companies, month__in=months)


def _place(bill: Bill) -> tuple[int, Month]:
    return bill.company_id, bill.month


def _steps_of(
    companies: Sequence[Company],
    request: BillRequest,
    covered: Covered,
    bills: dict[tuple[int, Month], Bill],
    *,
    wants_current: bool,
) -> dict[int, tuple[BillStep, ...]]:
    """The steps of each company; storage counts for those that are billed for it."""
    storing = set(
        BilledProduct.objects.filter(
            company__in=companies, product__startswith=f"{ProductKind.STORAGE}:"
        ).values_list("company_id", flat=True)
    )
    return {
        company.pk: _steps(
            company,
            request,
            {
                month: both[0].together_with(both[1]) if company.pk in storing else both[0]
                for month, both in covered.items()
            },
            bills,
            wants_current=wants_current,
        )
        for company in companies
    }


def _steps(
    company: Company,
    request: BillRequest,
    covered: dict[Month, Coverage],
    bills: dict[tuple[int, Month], Bill],
    *,
    wants_current: bool,
) -> tuple[BillStep, ...]:
    def existing(month: Month) -> ExistingBill | None:
        bill = bills.get((company.pk, month))
        if bill is None:
            return None
        return ExistingBill(month=month, kind=BillKind(bill.kind), state=BillState(bill.state))

    if request.month is not None:
        month = request.month
        return (step_for_month(month, request.day, existing=existing(month), usage=covered[month]),)
    running = Month.of(request.day)
    return steps_for(
        request.trigger,
        request.day,
        previous=existing(running.previous),
        current=existing(running),
        previous_usage=covered[running.previous],
        current_usage=covered[running],
        auto_since=company.auto_since,
        day_is_ending=request.day_is_ending,
        wants_current=wants_current,
    )


def find_companies(provider: Provider, names: Sequence[str]) -> frozenset[int]:
    """Row ids of companies given by name or source id; raises `InvalidInput` for one that fits none or several."""
    found: set[int] = set()
    for name in names:
        same = list(Company.objects.filter(provider=provider).filter(Q(name__iexact=name) | Q(source_id=name))[:2])
        if len(same) != 1:
            what = "There is no company" if not same else "There are several companies"
            raise InvalidInput(f"{what} {name!r}.", hint="Give its name as the backup service has it, or its id.")
        found.add(same[0].pk)
    return frozenset(found)
