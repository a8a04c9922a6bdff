"""What HaloPSA showed of a past month before its slot went on to another one, as the history of runs tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from billbridge.billing.changes import OWNED, Fields, number
from billbridge.billing.month_lines import Figures, NotKnown, ReadBack, Shown
from billbridge.billing.months import Month
from billbridge.operations.chunks import chunks
from billbridge.operations.halopsa_values import loaded
from billbridge.store.models import PlannedChange, Provider

_AT_ONCE = 150


@dataclass(slots=True, kw_only=True)
class Record:
    """What was last read back of a line with its month, and what had been asked for.

    A field that stood as it was wanted was not sent, so it is not in the read-back; `sure` are those that are, or
    that were seen when the slot went on.
    """

    key: str
    subscription_id: int
    day: date
    values: dict[str, Any]
    """What it showed at last."""
    read_back: dict[str, Any]
    asked: dict[str, Any]
    sure: set[str] = field(default_factory=set)
    went_on: bool = False

    def standing_as(self, sent: Figures) -> tuple[Shown | NotKnown, ReadBack]:
        """What HaloPSA showed, if that can be told for each of the figures that are `sent`."""
        base = ReadBack(shown=figures_of(loaded(self.read_back)), asked=figures_of(loaded(self.asked)))
        ours = {"count": sent.count, "price": sent.price, "purchase_price": sent.cost}
        values = loaded(self.values)
        for name, mine in ours.items():
            if mine is not None and name not in self.sure and values.get(name) != mine:
                reason = "its slot has gone on since, and what it showed then was not recorded in full"
                return NotKnown(reason=reason), base
        figures = figures_of(values)
        return Shown(subscription_id=self.subscription_id, figures=figures, seen_on=self.day), base


def records_of(provider: Provider, month: Month, keys: Mapping[int, Iterable[str]]) -> dict[int, Record]:
    """The record of each configuration that was ever read back with the month; `keys` are those of its slots."""
    records: dict[int, Record] = {}
    for some in chunks(keys, _AT_ONCE):
        owner = {key: configuration for configuration in some for key in keys[configuration]}
        values: dict[str, dict[str, Any]] = defaultdict(dict)
        asked: dict[str, dict[str, Any]] = defaultdict(dict)
        rows = PlannedChange.objects.filter(
            run__provider=provider, key__in=list(owner), state=PlannedChange.State.VERIFIED
        ).order_by("run_id", "position")
        for key, its_month, kind, fields, read_back, subscription_id, day in rows.values_list(
            "key", "month", "kind", "fields", "read_back", "subscription_id", "run__day"
        ):
            before = records.get(owner[key])
            if before is not None and before.key == key and its_month != str(month) and not before.went_on:
                _go_on(before, fields)
            if kind == "create":
                values[key], asked[key] = {}, {}
            values[key] |= read_back
            asked[key] |= {name: change["after"] for name, change in fields.items()}
            if its_month == str(month) and subscription_id is not None:
                records[owner[key]] = Record(
                    key=key,
                    subscription_id=subscription_id,
                    day=day,
                    values=_owned(values[key]),
                    read_back=_owned(values[key]),
                    asked=_owned(asked[key]),
                    sure=set(_owned(read_back)),
                )
    return records


def figures_of(fields: Fields) -> Figures:
    """A subscription's figures by HaloPSA's names."""
    cost, price = fields.get("purchase_price"), fields.get("price")
    return Figures(
        count=number(fields.get("count")),
        cost=None if cost is None else number(cost),
        price=None if price is None else number(price),
    )


def _go_on(record: Record, fields: Mapping[str, Mapping[str, Any]]) -> None:
    """What stood there when the slot went on is what the month ended with, whoever wrote it."""
    record.went_on = True
    for name, change in _owned(fields).items():
        record.values[name] = change["before"]
        record.sure.add(name)


def _owned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in OWNED}
