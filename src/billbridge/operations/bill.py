"""Making bills: which ones a trigger makes, their figures, and keeping them with their evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import Max, Q

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
from billbridge.billing.configuration import ConfigurationError, check_configurations
from billbridge.billing.money import ZERO
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook
from billbridge.billing.products import ProductKind
from billbridge.billing.rating import BillingRules, CompanyUsage, Line, RatedMonth, rate
from billbridge.errors import InvalidInput
from billbridge.operations.provider import billing_rules
from billbridge.operations.usage import as_json, coverage, load_usage, price_book, storage_coverage
from billbridge.store.models import (
    Bill,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Company,
    HaloConnection,
    Provider,
)

CHUNK = 200
"""Companies whose usage is in memory at once."""

_T = TypeVar("_T")

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
    months = sorted({request.month} if request.month else {Month.of(request.day).previous, Month.of(request.day)})
    covered = {month: (coverage(provider, month), storage_coverage(provider, month)) for month in months}
    connection = HaloConnection.objects.filter(provider=provider).first()
    wants_current = connection.temporary_bills if connection else True
    results: list[BillResult] = []
    for chunk in chunks(companies, CHUNK):
        with transaction.atomic():
            results += _make_chunk(provider, chunk, request, covered, rules, prices, wants_current=wants_current)
        if progress is not None:
            progress(len({r.company_id for r in results}), len(companies))
    return results


def _refuse_earlier_day(provider: Provider, day: date) -> None:
    last = Bill.objects.filter(provider=provider).aggregate(last=Max("made_on"))["last"]
    if last is not None and day < last:
        raise InvalidInput(
            f"The business day {day} lies before the day of the last bills, {last}; nothing was changed.",
            hint="Check the clock, or the --day you gave.",
        )


def companies_of(provider: Provider, request: BillRequest) -> list[Company]:
    """The configured companies a request is about, by name."""
    companies = Company.objects.filter(provider=provider, configurations__isnull=False).distinct()
    if request.company_ids is not None:
        companies = companies.filter(pk__in=request.company_ids)
    if request.trigger is Trigger.AUTO_BILLING:
        companies = companies.exclude(auto_since=None)
    return list(companies.order_by("name", "pk"))


def chunks(values: Iterable[_T], size: int) -> Iterable[list[_T]]:
    """The values, `size` at a time."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


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
    bills = {
        (bill.company_id, bill.month): bill
        for bill in Bill.objects.filter(company__in=companies, month__in=months).select_for_update()
    }
    storing = set(
        BilledProduct.objects.filter(
            company__in=companies, product__startswith=f"{ProductKind.STORAGE}:"
        ).values_list("company_id", flat=True)
    )
    steps = {
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
    results: list[BillResult] = []
    for month in months:
        making = [
            company
            for company in companies
            if any(step.month == month and step.action is Action.MAKE for step in steps[company.pk])
        ]
        through = min(month.last, request.day)
        usage = load_usage(provider, making, month, through) if making else {}
        made = {c.pk: _rated(c, usage[c.pk], rules, prices) for c in making}
        kept = _keep(provider, made, steps, bills, request, rules, month)
        for company in companies:
            for step in steps[company.pk]:
                if step.month == month:
                    existing = bills.get((company.pk, month))
                    bill_id = kept.get(company.pk, existing.pk if existing else None)
                    results.append(BillResult(company_id=company.pk, step=step, bill_id=bill_id))
    return results


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


def _rated(company: Company, usage: CompanyUsage, rules: BillingRules, prices: PriceBook) -> RatedMonth:
    """The company's lines, or no lines and the reason that holds it."""
    try:
        check_configurations(company.name, usage.configurations)
    except ConfigurationError as error:
        return RatedMonth(lines=(), not_billed=(), hold_reasons=(str(error),))
    rated = rate(usage, rules, prices)
    if company.is_ambiguous:
        reason = (
            f"another company is called {company.name!r} too, and the source cannot tell them apart: rename one"
        )
        return RatedMonth(
            lines=rated.lines, not_billed=rated.not_billed, hold_reasons=(*rated.hold_reasons, reason)
        )
    return rated


def _keep(
    provider: Provider,
    made: dict[int, RatedMonth],
    steps: dict[int, tuple[BillStep, ...]],
    bills: dict[tuple[int, Month], Bill],
    request: BillRequest,
    rules: BillingRules,
    month: Month,
) -> dict[int, int]:
    """Store the bills of one month; a bill made again replaces the figures of the one before, never its row."""
    new: list[Bill] = []
    again: list[Bill] = []
    for company_id, rated in made.items():
        step = next(step for step in steps[company_id] if step.month == month)
        bill = bills.get((company_id, month))
        (new if bill is None else again).append(
            _filled(
                bill or Bill(provider=provider, company_id=company_id, month=month), rated, step, request, rules
            )
        )
    Bill.objects.bulk_create(new)
    Bill.objects.bulk_update(again, _BILL_FIELDS)
    BillLine.objects.filter(bill__in=again).delete()
    rows = {
        str(row.uid): row.pk for row in BillingConfiguration.objects.filter(company_id__in=made).only("pk", "uid")
    }
    lines = [
        _line_row(bill, rows[line.configuration_id], line)
        for bill in (*new, *again)
        for line in made[bill.company_id].lines
    ]
    BillLine.objects.bulk_create(lines, batch_size=500)
    return {bill.company_id: bill.pk for bill in (*new, *again)}


_BILL_FIELDS = [
    "kind", "state", "counting_rule", "currency", "cost", "price", "made_on", "collected_from",
    "before_month_end", "late", "reasons", "not_billed",
]  # fmt: skip


def _filled(bill: Bill, rated: RatedMonth, step: BillStep, request: BillRequest, rules: BillingRules) -> Bill:
    reasons = list(rated.hold_reasons)
    if step.asks and not request.accept_partial:
        reasons.append(
            f"{step.month} was collected only from {step.collected_from} on: agree to bill it (--accept-partial)"
        )
    assert step.kind is not None
    bill.kind = step.kind.value
    bill.state = (BillState.HELD if reasons else BillState.READY).value
    bill.counting_rule = rules.counting.value
    bill.currency = rules.currency.code
    bill.cost = rated.cost
    bill.price = rated.price
    bill.made_on = request.day
    bill.collected_from = step.collected_from
    bill.before_month_end = step.before_month_end
    bill.late = step.late
    bill.reasons = reasons
    bill.not_billed = as_json(rated.not_billed)
    return bill


def _line_row(bill: Bill, configuration_id: int, line: Line) -> BillLine:
    return BillLine(
        bill=bill,
        configuration_id=configuration_id,
        name=line.name,
        mode=line.mode.value,
        quantity=line.quantity,
        cost=line.cost,
        price=line.price,
        sent_quantity=line.sent_quantity,
        sent_cost=line.sent_cost,
        sent_price=line.sent_price,
        cost_remainder=line.cost_remainder or ZERO,
        price_remainder=line.price_remainder or ZERO,
        marks=[mark.value for mark in line.marks],
        products=as_json(line.products),
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
