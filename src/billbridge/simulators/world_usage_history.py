"""The Usage History of a month as the console exports it: a CSV row per license life with its days and cost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, get_args

from billbridge.simulators.world_state import WorldState
from billbridge.simulators.world_truth import days_of_use, days_so_far
from billbridge.simulators.world_values import (
    MAILBOX,
    MONTHLY_COSTS,
    SHAREPOINT,
    License,
    LicenseLife,
    month_days,
)

COLUMNS = (
    "Type",
    "Company",
    "User",
    "Endpoint",
    "Status",
    "Purchased",
    "Purchase ID",
    "Activated",
    "Deactivated",
    "Days Active",
    "Cost",
)
DateStyle = Literal["iso", "us", "iso_time"]
"""2026-09-30, 09/30/2026 or 2026-09-30T00:00:00."""

DATE_STYLES: dict[DateStyle, str] = dict(
    zip(get_args(DateStyle), ("%Y-%m-%d", "%m/%d/%Y", "%Y-%m-%dT00:00:00"), strict=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    type: str
    company: str
    user: str
    endpoint: str
    status: str
    purchased: date
    purchase_id: str
    activated: date
    deactivated: date | None
    days: int
    trial: bool = False


def usage_history_csv(
    world: WorldState,
    month: str,
    *,
    delimiter: str = ",",
    dates: DateStyle = "iso",
    byte_order_mark: bool = False,
) -> str:
    """The export of a month until today: a life is in it if it was used on at least one day of the month.

    A company stands under today's name. ValueError if the month is not written as YYYY-MM.
    """
    with world.lock:
        output = io.StringIO()
        writer = csv.writer(output, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        length = len(month_days(month))
        for row in _rows(world, days_so_far(world, month)):
            cost = Decimal(0) if row.trial else MONTHLY_COSTS.get(row.type, Decimal(0)) * row.days / length
            writer.writerow(
                (
                    row.type,
                    row.company,
                    row.user,
                    row.endpoint,
                    row.status,
                    _written(row.purchased, dates),
                    row.purchase_id,
                    _written(row.activated, dates),
                    _written(row.deactivated, dates),
                    row.days,
                    cost.quantize(Decimal("0.01"), ROUND_HALF_UP),
                )
            )
        return ("\ufeff" if byte_order_mark else "") + output.getvalue()


def _rows(world: WorldState, days: list[date]) -> Iterator[_Row]:
    for license_ in world.licenses.values():
        for life in world.lives[license_.id]:
            used = days_of_use(license_, life, days)
            if used:
                yield _license_row(world, license_, life, days, len(used))
    yield from _domain_rows(world, days)


def _license_row(world: WorldState, license_: License, life: LicenseLife, days: list[date], used: int) -> _Row:
    user = None if life.user_id is None else world.users[life.user_id]
    company_id = None if user is None else user.company_on(days[-1])
    expired = license_.expired_on(days[-1])
    if license_.trial:
        status = "Expired trial" if expired else "Active trial"
    else:
        status = "Expired" if expired else "Paid"
    return _Row(
        type=license_.type,
        company="" if company_id is None else world.companies[company_id].name_on(world.today),
        user=life.holder if user is None else user.login,
        endpoint=life.endpoint or "",
        status=status,
        purchased=license_.purchased,
        purchase_id=license_.transaction,
        activated=life.activated,
        deactivated=_so_far(world, life.deactivated),
        days=used,
        trial=license_.trial,
    )


def _domain_rows(world: WorldState, days: list[date]) -> Iterator[_Row]:
    for domain in world.domains.values():
        company = "" if domain.company_id is None else world.companies[domain.company_id].name_on(world.today)
        holders = [(MAILBOX, box.address, box.activated, box.deactivated) for box in domain.mailboxes]
        if domain.sharepoint:
            holders.append((SHAREPOINT, domain.name, domain.created, None))
        for type_, endpoint, activated, given_back in holders:
            end = min((day for day in (given_back, domain.removed) if day is not None), default=None)
            used = [day for day in days if activated <= day and (end is None or day <= end)]
            if used:
                yield _Row(
                    type=type_,
                    company=company,
                    user="",
                    endpoint=endpoint,
                    status="Paid",
                    purchased=activated,
                    purchase_id=domain.purchase_id,
                    activated=activated,
                    deactivated=_so_far(world, end),
                    days=len(used),
                )


def _so_far(world: WorldState, day: date | None) -> date | None:
    return day if day is not None and day <= world.today else None


def _written(day: date | None, style: DateStyle) -> str:
    return "" if day is None else day.strftime(DATE_STYLES[style])
