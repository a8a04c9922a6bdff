"""Strays: subscriptions in HaloPSA that carry a key of ours and are charged, and that no configuration knows."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import date

from billbridge.billing.changes import Found, Value
from billbridge.billing.months import Month
from billbridge.billing.slots import KEY_PREFIX


def strays(
    found: Iterable[Found], month: Month, *, known: AbstractSet[int], others: AbstractSet[str] = frozenset()
) -> tuple[Found, ...]:
    """The subscriptions of ours, by key, that are charged in a month and that nobody knows, by their id.

    `known` are the ids that configurations know; `others` the keys of other providers of this installation. One
    without an end is charged from the month it starts in on; one without dates in any.
    """
    return tuple(
        sorted(
            (
                one
                for one in found
                if one.key.startswith(KEY_PREFIX)
                and one.key not in others
                and one.id not in known
                and not one.deleted
                and one.is_active
                and one.count
                and _stands_in(one, month)
            ),
            key=lambda one: one.id,
        )
    )


def shown_month(found: Found) -> Month | None:
    """The month that a subscription says it is of: that of its start; `None` when it has none."""
    start = _day(found.fields.get("start_date"))
    return Month.of(start) if start else None


def _stands_in(found: Found, month: Month) -> bool:
    start, end = _day(found.fields.get("start_date")), _day(found.fields.get("end_date"))
    return (start is None or start <= month.last) and (end is None or end >= month.first)


def _day(value: Value) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else None
