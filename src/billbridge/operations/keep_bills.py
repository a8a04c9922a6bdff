"""Keeping bills: their figures, state and reasons, and each line with its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from billbridge.billing.bills import BillState, BillStep
from billbridge.billing.lines import Line, RatedMonth
from billbridge.billing.money import ZERO
from billbridge.billing.usage import BillingRules
from billbridge.operations.usage import as_json
from billbridge.store.models import Bill, BillingConfiguration, BillLine, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBill:
    """One company's bill of one month as it was made, and the row it replaces, if there is one."""

    company_id: int
    step: BillStep
    rated: RatedMonth
    existing: Bill | None


def keep_bills(
    provider: Provider, made: Iterable[MadeBill], rules: BillingRules, *, day: date, accept_partial: bool
) -> dict[int, int]:
    """Store bills of one month; one made again replaces the figures of the one before, never its row.

    One that was sent and comes out the same stays sent: HaloPSA shows it. `accept_partial` says that a person
    agreed to bill months that were collected only in part. Returns the bills' row ids by company.
    """
    rated = {one.company_id: one for one in made}
    before = {one.existing.pk: (one.existing.kind, one.existing.state) for one in rated.values() if one.existing}
    new: list[Bill] = []
    again: list[Bill] = []
    for one in rated.values():
        bill = one.existing or Bill(provider=provider, company_id=one.company_id, month=one.step.month)
        (again if one.existing else new).append(_filled(bill, one, rules, day, accept_partial=accept_partial))
    Bill.objects.bulk_create(new)
    rows = {
        str(row.uid): row.pk for row in BillingConfiguration.objects.filter(company_id__in=rated).only("pk", "uid")
    }
    lines = [
        _line_row(bill, rows[line.configuration_id], line)
        for bill in (*new, *again)
        for line in rated[bill.company_id].rated.lines
    ]
    _stay_sent(again, lines, before)
    Bill.objects.bulk_update(again, _BILL_FIELDS)
    BillLine.objects.filter(bill__in=again).delete()
    BillLine.objects.bulk_create(lines, batch_size=500)
    return {bill.company_id: bill.pk for bill in (*new, *again)}


_BILL_FIELDS = [
    "kind", "state", "counting_rule", "currency", "cost", "price", "made_on", "collected_from",
    "before_month_end", "late", "reasons", "not_billed",
]  # fmt: skip


def _filled(bill: Bill, made: MadeBill, rules: BillingRules, day: date, *, accept_partial: bool) -> Bill:
    step, rated = made.step, made.rated
    reasons = list(rated.hold_reasons)
    if step.asks and not accept_partial:
        reasons.append(
            f"{step.month} was collected only from {step.collected_from} on: agree to bill it "
            "(on the command line with --accept-partial)"
        )
    assert step.kind is not None
    bill.kind = step.kind.value
    bill.state = (BillState.HELD if reasons else BillState.READY).value
    bill.counting_rule = rules.counting.value
    bill.currency = rules.currency.code
    bill.cost = rated.cost
    bill.price = rated.price
    bill.made_on = day
    bill.collected_from = step.collected_from
    bill.before_month_end = step.before_month_end
    bill.late = step.late
    bill.reasons = reasons
    bill.not_billed = as_json(rated.not_billed)
    return bill


def _stay_sent(bills: Iterable[Bill], lines: Iterable[BillLine], before: Mapping[int, tuple[str, str]]) -> None:
    """Lines that say what they said when they were sent stay sent, and so does a bill of which all do.

    `before` are the kind and state each bill had; one of another kind is told otherwise in HaloPSA.
    """
    same_kind = [bill for bill in bills if bill.kind == before[bill.pk][0]]
    sent: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    for row in BillLine.objects.filter(bill__in=same_kind, is_sent=True):
        sent[row.bill_id].add(_said(row))
    now: dict[int, list[BillLine]] = defaultdict(list)
    for line in lines:
        now[line.bill_id].append(line)
    for bill in same_kind:
        for line in now[bill.pk]:
            line.is_sent = _said(line) in sent[bill.pk]
        is_same = all(line.is_sent for line in now[bill.pk]) and len(now[bill.pk]) == len(sent[bill.pk])
        if is_same and before[bill.pk][1] == BillState.SENT.value and bill.state == BillState.READY.value:
            bill.state = BillState.SENT.value


def _said(line: BillLine) -> tuple[object, ...]:
    """What HaloPSA gets of a line."""
    products = tuple((part["product"], part["quantity"]) for part in line.products)
    figures = (line.sent_quantity, line.sent_cost, line.sent_price)
    return line.configuration_id, line.name, line.mode, figures, products


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
