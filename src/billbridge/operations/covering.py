"""Which companies a run covers: what HaloPSA should show of each, and why a company gets nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from billbridge.billing.bills import BillState
from billbridge.billing.changes import Wanted
from billbridge.billing.configuration import Configuration
from billbridge.billing.months import Month
from billbridge.billing.slots import is_closed_month
from billbridge.halopsa.tenant import Tenant
from billbridge.operations.bill import BillResult
from billbridge.operations.destination import destination_of
from billbridge.operations.journal import last_written
from billbridge.operations.older_months import STOOD_BEFORE, Stood, lines_sent_before, still_shown, stood_in_last
from billbridge.operations.run_values import CompanyCoverage, CoverageState
from billbridge.operations.usage import configuration_of
from billbridge.operations.wanted import Sending, closing_of, is_late, retiring_of, wanted_of
from billbridge.store.models import Bill, BillingConfiguration, BillLine, Company, Provider, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyInRun:
    """A company with everything of it that a run looks at.

    `configurations` are by their own id; `bills` are those to send; `held` says why others are not; `written` are
    the business days on which the slots of closed months were last written, by key; `stood` are the closed months
    of these bills that stood in HaloPSA as last month before.
    """

    company: Company
    configurations: Mapping[str, Configuration]
    slots: Sequence[Slot]
    bills: Sequence[Bill]
    results: Sequence[BillResult]
    held: tuple[str, ...] = ()
    written: Mapping[str, date]
    stood: Stood = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What is wanted of HaloPSA for a company, what the run does for it, and what a person should know of it."""

    wanted: tuple[Wanted, ...]
    coverage: CompanyCoverage
    warnings: tuple[str, ...] = ()


def companies_in_run(
    companies: Sequence[Company], bills: Sequence[Bill], results: Sequence[BillResult], *, running: Month
) -> list[CompanyInRun]:
    """The companies with their configurations and slots, in the order given."""
    configurations: dict[int, dict[str, Configuration]] = defaultdict(dict)
    for row in BillingConfiguration.objects.filter(company__in=companies).prefetch_related("products"):
        configurations[row.company_id][str(row.uid)] = configuration_of(row)
    slots: dict[int, list[Slot]] = defaultdict(list)
    for slot in Slot.objects.filter(configuration__company__in=companies).select_related("configuration"):
        slots[slot.configuration.company_id].append(slot)
    own: dict[int, list[Bill]] = defaultdict(list)
    for bill in bills:
        own[bill.company_id].append(bill)
    steps: dict[int, list[BillResult]] = defaultdict(list)
    for result in results:
        steps[result.company_id].append(result)
    ids = [result.bill_id for result in results if result.bill_id]
    held = {
        bill.company_id: tuple(bill.reasons) for bill in Bill.objects.filter(pk__in=ids, state=BillState.HELD.value)
    }
    all_slots = [slot for each in slots.values() for slot in each]
    written = last_written(slot.key for slot in all_slots if is_late(slot))
    stood = stood_in_last(all_slots, {bill.month for bill in bills if is_closed_month(bill.month, running)})
    return [
        CompanyInRun(
            company=company,
            configurations=configurations[company.pk],
            slots=slots[company.pk],
            bills=own[company.pk],
            results=steps[company.pk],
            held=held.get(company.pk, ()),
            written=written,
            stood=stood,
        )
        for company in companies
    ]


def cover(one: CompanyInRun, tenant: Tenant, sending: Sending, *, currency: str) -> Covered:
    """The wanted slots of a company, or why it gets nothing.

    A bill that something in HaloPSA holds is marked so, with the reason. Slots that end do so all the same.
    """
    company, bills, held = one.company, one.bills, one.held
    ending = _ending(one, sending.running)
    destination = destination_of(
        company,
        [c for c in one.configurations.values() if any(c.holds_in(bill.month) for bill in bills)],
        sending.asset_types,
        tenant,
        currency=currency,
        months=[bill.month for bill in bills],
    )
    if bills and destination.holds:
        _hold(bills, destination.holds)
        return Covered(wanted=tuple(ending), coverage=_entry(company, CoverageState.HELD, destination.holds, bills))
    for bill in bills:
        if bill.month in destination.month_holds:
            _hold([bill], (destination.month_holds[bill.month],))
            held = (*held, destination.month_holds[bill.month])
    bills = [bill for bill in bills if bill.month not in destination.month_holds]
    repeated = lines_sent_before(bills, one.slots, one.stood, sending.running)
    held = (*held, *_leave_out(line for line in repeated if not line.is_sent))
    wanted = wanted_of(company, destination, bills, one.configurations, one.slots, sending, without=repeated)
    if held:
        coverage = _entry(company, CoverageState.PARTLY_BILLED if bills else CoverageState.HELD, held, bills)
    elif bills:
        coverage = _entry(company, CoverageState.BILLED, (), bills)
    else:
        reasons = [f"{result.step.month}: {result.step.reason}" for result in one.results]
        coverage = _entry(company, CoverageState.NOTHING_TO_BILL, reasons, bills)
    warnings = (*(destination.unchecked if bills else ()), *still_shown(one.slots, one.results, sending.running))
    return Covered(wanted=(*ending, *wanted), coverage=coverage, warnings=warnings)


def not_configured(provider: Provider) -> list[CompanyCoverage]:
    """The companies of the source that nobody made a billing configuration for."""
    rest = Company.objects.filter(provider=provider, in_source=True, configurations=None)
    return [
        _entry(company, CoverageState.NOT_CONFIGURED, ("it has no billing configuration",), ())
        for company in rest.order_by("name")
    ]


def warnings_of(covered: Iterable[Covered]) -> tuple[str, ...]:
    """What a person should know of the companies, each warning once, with the companies it is about."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in covered:
        for reason in one.warnings:
            names[reason].append(one.coverage.company)
    return tuple(f"{_some(companies)}: {reason}" for reason, companies in names.items())


_SHOWN = 3
"""Companies that a warning names; of more it gives the number."""


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _ending(one: CompanyInRun, running: Month) -> list[Wanted]:
    """Slots that end: of configurations that have ended, and of months that were sent by name and are over.

    A configuration whose last month is closed ends once that month's bill has been sent, or if there never was one.
    HaloPSA invoices active subscriptions only, so a month sent by name stays active for the month in which it was
    sent, and is made inactive by the first plan after it.
    """
    ending: list[Wanted] = []
    for configuration in one.configurations.values():
        own = [slot for slot in one.slots if str(slot.configuration.uid) == configuration.id]
        late = [slot for slot in own if is_late(slot)]
        ending += [retiring_of(one.company, configuration, slot) for slot in late if _is_over(slot, one, running)]
        if _has_ended(one.company, configuration, running):
            ending += closing_of(one.company, configuration, [slot for slot in own if slot not in late])
    return ending


def _is_over(slot: Slot, one: CompanyInRun, running: Month) -> bool:
    written = one.written.get(slot.key)
    if written is not None and Month.of(written) >= running:
        return False
    return not _is_unsent(Bill.objects.filter(company=one.company, month=slot.shows))


def _has_ended(company: Company, configuration: Configuration, running: Month) -> bool:
    last = configuration.last_month
    if last is None or not is_closed_month(last, running):
        return False
    bills = Bill.objects.filter(company=company, month=last, lines__configuration__uid=configuration.id)
    return not _is_unsent(bills)


def _is_unsent(bills: QuerySet[Bill]) -> bool:
    return bills.exclude(state=BillState.SENT.value).exists()


def _hold(bills: Sequence[Bill], reasons: Sequence[str]) -> None:
    """Say why; a bill of which something may have been sent keeps its state, because its figures are frozen."""
    for bill in bills:
        bill.reasons = list(reasons)
        if bill.state == BillState.READY.value:
            bill.state = BillState.HELD.value
    Bill.objects.bulk_update(bills, ["reasons", "state"])


def _leave_out(lines: Iterable[BillLine]) -> list[str]:
    """Keep on the lines why they are not sent, and say so."""
    left_out = list(lines)
    for line in left_out:
        line.reason = STOOD_BEFORE
    BillLine.objects.bulk_update(left_out, ["reason"])
    return [f"{line.name}: {line.reason}" for line in left_out]


def _entry(
    company: Company, state: CoverageState, reasons: Iterable[str], bills: Sequence[Bill]
) -> CompanyCoverage:
    return CompanyCoverage(
        company_id=company.source_id,
        company=company.name,
        state=state,
        reasons=tuple(reasons),
        bills=tuple(bill.pk for bill in bills),
    )
