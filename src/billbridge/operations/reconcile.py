"""Reconciling a month: the ledger counted anew, our bills, the base, and HaloPSA now. Nothing is written there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from billbridge.billing.bills import BillState
from billbridge.billing.changes import Found
from billbridge.billing.configuration import SendMode
from billbridge.billing.month_lines import Billed, Counted, Figures, MonthLine, NotKnown, Shown
from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.billing.reconciliation import Reconciliation
from billbridge.billing.reconciliation import reconcile as compare
from billbridge.billing.strays import strays
from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor
from billbridge.operations.chunks import chunks
from billbridge.operations.connect import halopsa_of
from billbridge.operations.in_halopsa import Connect, InHaloPSA, Standing, look_at_halopsa, standings
from billbridge.operations.provider import currency_of, today
from billbridge.operations.recount import Recounted, Recounting, parts_of, recount, recounting
from billbridge.operations.shown_then import figures_of
from billbridge.operations.tasks import TaskKind, ask_for
from billbridge.store.models import Bill, BillingConfiguration, BillLine, Company, Provider, Slot, Task

CHUNK = 200
"""Companies whose usage is in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledMonth:
    """A month's reconciliation, when HaloPSA was read for it, and how many companies no line is about."""

    reconciliation: Reconciliation
    day: date
    read_at: datetime
    """UTC."""
    currency: str
    decimals: int
    """The currency's."""
    not_configured: int
    """Companies of the source that nothing is billed to."""


def ask_for_reconciliation(actor: Actor, month: Month) -> Task:
    """Ask for the reconciliation of a month; raises `InvalidInput` for one to come, and what `ask_for` raises."""
    _refuse_future(month, today(actor.provider))
    return ask_for(actor, TaskKind.RECONCILE, {"month": str(month)})


def reconcile(
    provider: Provider,
    month: Month,
    day: date,
    *,
    connect: Connect = halopsa_of,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ReconciledMonth:
    """Compare every line of a month on the business day `day`.

    Whatever keeps HaloPSA from being read makes lines unknown, with that reason. Raises `InvalidInput` for a month
    to come.
    """
    _refuse_future(month, day)
    say("reading HaloPSA")
    read_at = datetime.now(UTC)
    halo = look_at_halopsa(provider, month, connect)
    say("counting anew")
    shared = recounting(provider, month, day)
    companies = Company.objects.filter(provider=provider, configurations__isnull=False).distinct().order_by("pk")
    lines: list[MonthLine] = []
    total = companies.count()
    for number, chunk in enumerate(chunks(companies, CHUNK)):
        lines += _lines_of(halo, shared, chunk)
        progress(number * CHUNK + len(chunk), total)
    say("comparing")
    lines += _strays(halo)
    currency = currency_of(provider)
    return ReconciledMonth(
        reconciliation=compare(month, lines, decimals=currency.decimals, gap=halo.reading.gap),
        day=day,
        read_at=read_at,
        currency=currency.code,
        decimals=currency.decimals,
        not_configured=Company.objects.filter(provider=provider, in_source=True, configurations=None).count(),
    )


def _refuse_future(month: Month, day: date) -> None:
    if month > Month.of(day):
        raise InvalidInput(f"{month} has not begun: today is {day}.", hint="Name a month that has usage.")


def _lines_of(halo: InHaloPSA, shared: Recounting, companies: Sequence[Company]) -> list[MonthLine]:
    bills = {
        bill.company_id: bill
        for bill in Bill.objects.filter(company__in=companies, month=shared.month)
        .prefetch_related("lines__configuration")
        .defer("not_billed")
    }
    settings, counted = recount(shared, companies, bills)
    rows = {
        str(row.uid): row
        for row in BillingConfiguration.objects.filter(company__in=companies).select_related("company")
    }
    billed = {line.configuration_id: _billed(line, shared) for bill in bills.values() for line in bill.lines.all()}
    named: list[tuple[Company, str, BillingConfiguration]] = [
        (company, one.name, rows[one.id])
        for company in companies
        for one in settings[company.pk].configurations
        if one.holds_in(shared.month)
    ]
    standing = standings(halo, [row for _, _, row in named], {pk: one.sent for pk, one in billed.items()})
    lines = [
        _line(
            shared, company, name, row,
            bills.get(company.pk), billed.get(row.pk), counted[company.pk], standing[row.pk],
        )
        for company, name, row in named
    ]  # fmt: skip
    on_lines = {row.pk for _, _, row in named}
    return lines + _without_line(halo, [row for row in rows.values() if row.pk not in on_lines])


def _without_line(halo: InHaloPSA, rows: Sequence[BillingConfiguration]) -> list[MonthLine]:
    """Configurations that are on no bill of the month, and whose subscription still shows it."""
    showing = [
        row
        for row in rows
        if any(slot.shows == halo.month and not slot.closed for slot in halo.slots.get(row.pk, ()))
    ]
    standing = standings(halo, showing, {})
    return [
        MonthLine(
            company_id=row.company.source_id,
            company=row.company.name,
            configuration_id=str(row.uid),
            name=row.name,
            source=None,
            bill=None,
            base=standing[row.pk].base,
            shown=standing[row.pk].shown,
            remarks=standing[row.pk].remarks,
        )
        for row in showing
    ]


def _line(
    shared: Recounting,
    company: Company,
    name: str,
    row: BillingConfiguration,
    bill: Bill | None,
    billed: Billed | None,
    counted: Recounted,
    standing: Standing,
) -> MonthLine:
    ours: Billed | NotKnown | None = billed
    if bill is not None and billed is None:
        ours = NotKnown(reason="its bill could not be made" + "".join(f": {one}" for one in bill.reasons[:1]))
    elif bill is None and shared.day <= shared.month.last:
        ours = NotKnown(reason="the month is not over, and no bill of it was made yet")
    return MonthLine(
        company_id=company.source_id,
        company=company.name,
        configuration_id=str(row.uid),
        name=name,
        source=counted if isinstance(counted, NotKnown) else counted.get(str(row.uid)),
        bill=ours,
        base=standing.base,
        shown=standing.shown,
        remarks=(*standing.remarks, *_remarks(bill, shared)),
    )


def _remarks(bill: Bill | None, shared: Recounting) -> list[str]:
    """What explains a difference: a bill that was not sent, was made early, or covers a part of the month."""
    if bill is None:
        return []
    remarks = []
    if bill.state != BillState.SENT.value:
        remarks.append(f"its bill is {bill.state}" + (": " + "; ".join(bill.reasons) if bill.reasons else ""))
    if bill.made_on <= shared.month.last < shared.day:
        remarks.append(f"its bill was made on {bill.made_on}, before the month was over")
    if bill.collected_from:
        remarks.append(f"the month was collected only from {bill.collected_from} on")
    return remarks


def _billed(line: BillLine, shared: Recounting) -> Billed:
    is_priced = line.mode != SendMode.QUANTITY and line.sent_cost is not None and line.sent_price is not None
    products = ((Product.parse(part["product"]), Decimal(part["quantity"])) for part in line.products)
    return Billed(
        counted=Counted(parts=parts_of(products, shared.names), cost=line.cost, price=line.price),
        sent=Figures(
            count=line.sent_quantity,
            cost=line.sent_cost if is_priced else None,
            price=line.sent_price if is_priced else None,
        ),
    )


def _strays(halo: InHaloPSA) -> list[MonthLine]:
    """Lines for subscriptions of ours that are charged and that no configuration knows."""
    others = frozenset(
        Slot.objects.exclude(configuration__company__provider=halo.provider).values_list("key", flat=True)
    )
    found = strays(halo.reading.found, halo.month, known=halo.known, others=others)
    companies = {
        row.client_id: row
        for row in Company.objects.filter(
            provider=halo.provider, client_id__in={one.fields.get("client_id") for one in found}
        ).order_by("-pk")
    }
    keys = {slot.key: slot.subscription_id for slots in halo.slots.values() for slot in slots}
    return [_stray(one, companies.get(_customer(one)), keys.get(one.key)) for one in found]


def _stray(found: Found, company: Company | None, kept: int | None) -> MonthLine:
    if kept is not None:
        remark = f"subscription {found.id} carries the same key as subscription {kept}, which is the known one"
    else:
        remark = f"no billing configuration knows subscription {found.id}, although it carries a key of ours"
    return MonthLine(
        company_id=company.source_id if company else "",
        company=company.name if company else f"HaloPSA customer {_customer(found)}",
        configuration_id="",
        name=found.name,
        source=None,
        bill=None,
        base=None,
        shown=Shown(subscription_id=found.id, figures=figures_of(found.fields)),
        remarks=(remark,),
    )


def _customer(found: Found) -> int | None:
    customer = found.fields.get("client_id")
    return customer if isinstance(customer, int) else None
