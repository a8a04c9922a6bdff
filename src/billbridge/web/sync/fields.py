"""Fields of a subscription on a page: HaloPSA's names in words, and values as a person writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billbridge.billing.changes import OWNED, PRICES
from billbridge.web.templatetags.console import day, money, quantity

_LABELS = {
    "count": "Quantity",
    "purchase_price": "Unit cost",
    "price": "Unit price",
    "is_active": "Active",
    "client_id": "Customer",
    "site_id": "Site",
    "supplier_id": "Supplier",
    "item_id": "Item",
    "start_date": "Start date",
    "end_date": "End date",
    "billing_cycle": "Billing cycle",
    "product_sku": "Key",
    "type": "Type",
    "status": "Status",
    "name": "Name",
    "notes": "Notes",
}
_DAYS = frozenset({"start_date", "end_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """One field before and after, in words; `left` is what stood there after our last sync, if it was another."""

    name: str
    label: str
    before: str
    after: str
    left: str = ""
    read_back: str = ""
    """What HaloPSA showed afterwards; empty when it was not read."""

    @property
    def is_figure(self) -> bool:
        return self.name in OWNED

    @property
    def is_new(self) -> bool:
        """Whether there was nothing before."""
        return self.before == "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFields:
    """A change's fields: the figures stand in the table, the others beneath it."""

    figures: tuple[ShownField, ...]
    others: tuple[ShownField, ...]


def shown_fields(
    fields: Iterable[Mapping[str, Any]], currency: str, read_back: Mapping[str, Any] | None = None
) -> ShownFields:
    """Fields of a plan's entry or a run's change, each with "field", "before", "after" and "base"."""
    shown = [_shown(field, currency, read_back or {}) for field in fields]
    return ShownFields(
        figures=tuple(field for field in shown if field.is_figure),
        others=tuple(field for field in shown if not field.is_figure),
    )


def _shown(field: Mapping[str, Any], currency: str, read_back: Mapping[str, Any]) -> ShownField:
    name = field["field"]
    base, before = field.get("base"), field.get("before")
    return ShownField(
        name=name,
        label=_LABELS.get(name, name),
        before=_text(name, before, currency),
        after=_text(name, field.get("after"), currency),
        left="" if base is None or _same(name, base, before) else _text(name, base, currency),
        read_back=_text(name, read_back[name], currency) if name in read_back else "",
    )


def _same(name: str, one: Any, other: Any) -> bool:
    """Whether two values are the same to a person: 9.6 and 9.60 are."""
    if name in OWNED and other not in (None, ""):
        return Decimal(str(one)) == Decimal(str(other))
    return bool(one == other)


def _text(name: str, value: Any, currency: str) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in PRICES:
        return money(value, currency)
    if name == "count":
        return quantity(value)
    if name in _DAYS:
        return day(date.fromisoformat(str(value)[:10]))
    return str(value)
