"""What HaloPSA should show: stored bills turned into the wanted state of each slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billbridge.billing.bills import BillKind
from billbridge.billing.changes import Value, Wanted
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.billing.slots import Layout, is_closed_month, slot_key, slot_name, slots_to_write
from billbridge.operations.destination import AssetTypeChoice, Destination, asset_type_of, item_of
from billbridge.store.models import Bill, BillLine, Company, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What all slots of a run have in common."""

    provider_id: str
    layout: Layout
    running: Month
    supplier_id: int | None
    asset_types: Mapping[Product, AssetTypeChoice]
    product_names: Mapping[Product, str]


def wanted_of(
    company: Company,
    destination: Destination,
    bills: Sequence[Bill],
    configurations: Mapping[str, Configuration],
    slots: Sequence[Slot],
    sending: Sending,
    *,
    without: Collection[BillLine] = (),
) -> list[Wanted]:
    """The wanted slots of one company: those its bills go into, and those that are settled because of it.

    Lines `without` are not sent; a slot that shows their month stays as it is.
    """
    left_out = {line.pk for line in without}
    lines: dict[str, dict[Month, tuple[Bill, BillLine]]] = defaultdict(dict)
    billed: dict[str, set[Month]] = defaultdict(set)
    for bill in bills:
        for line in bill.lines.all():
            billed[str(line.configuration.uid)].add(bill.month)
            if line.pk not in left_out:
                lines[str(line.configuration.uid)][bill.month] = (bill, line)
    showing: dict[str, dict[str, Month | None]] = defaultdict(dict)
    for slot in slots:
        if not slot.closed:
            showing[str(slot.configuration.uid)][slot.slot] = slot.shows
    sent = {bill.month for bill in bills}
    wanted: list[Wanted] = []
    for uid in dict.fromkeys((*lines, *showing)):
        configuration, by_month = configurations[uid], lines.get(uid, {})
        places = slots_to_write(
            sending.layout,
            running=sending.running,
            bills=by_month,
            showing=showing[uid],
            without=set() if _is_closing(configuration, sending.running) else sent - billed[uid],
        )
        for place in places:
            showed = showing[uid].get(place.slot)
            made = by_month[place.shows] if place.shows is not None else None
            wanted.append(_wanted(company, destination, configuration, place.slot, showed, made, sending))
    return wanted


def _is_closing(configuration: Configuration, running: Month) -> bool:
    """Whether the configuration ended so long ago that its slots are closed, by `closing_of`."""
    return configuration.last_month is not None and is_closed_month(configuration.last_month, running)


def closing_of(company: Company, configuration: Configuration, slots: Sequence[Slot]) -> list[Wanted]:
    """The slots of a configuration that has ended: count 0 and inactive."""
    return [
        _ending(company, configuration, slot, shows="", owned={"count": Decimal(0)})
        for slot in slots
        if not slot.closed
    ]


def is_late(slot: Slot) -> bool:
    """Whether the slot's month was closed when it was sent, and its subscription is still to be made inactive."""
    return not slot.closed and slot.sent.get("is_active") is True


def retiring_of(company: Company, configuration: Configuration, slot: Slot) -> Wanted:
    """The slot of a month that was sent by name and is over: inactive, with the figures it has."""
    return _ending(company, configuration, slot, shows=str(slot.shows or ""), owned={})


def _ending(
    company: Company, configuration: Configuration, slot: Slot, *, shows: str, owned: Mapping[str, Value]
) -> Wanted:
    return Wanted(
        key=slot.key,
        company_id=company.source_id,
        configuration_id=configuration.id,
        slot=slot.slot,
        shows=shows,
        showed=str(slot.shows or ""),
        name=str(slot.sent.get("name", configuration.name)),
        client_id=int(slot.watched.get("client_id") or company.client_id or 0),
        site_id=int(slot.watched.get("site_id") or 0),
        owned=owned,
        of_month={},
        set_once={},
        closes=True,
    )


def _wanted(
    company: Company,
    destination: Destination,
    configuration: Configuration,
    slot: str,
    showed: Month | None,
    made: tuple[Bill, BillLine] | None,
    sending: Sending,
) -> Wanted:
    key = slot_key(sending.provider_id, company.source_id, configuration.id, slot)
    month = made[0].month if made else None
    name = slot_name(configuration.name, slot, layout=sending.layout, month=month)
    owned: dict[str, Value] = {"count": Decimal(0)}
    of_month: dict[str, Value] = {}
    warnings: tuple[str, ...] = ()
    if made is not None:
        bill, line = made
        owned = _owned(line)
        of_month = _of_month(bill, line, configuration, sending)
        warnings = tuple(line.marks)
    set_once: dict[str, Value] = {
        "name": name,
        "client_id": destination.client_id,
        "site_id": destination.site_id,
        "billing_cycle": "Monthly",
        "product_sku": key,
    }
    supplier = {"supplier_id": sending.supplier_id, "item_id": item_of(configuration, sending.asset_types)}
    set_once.update({field: value for field, value in supplier.items() if value is not None})
    return Wanted(
        key=key,
        company_id=company.source_id,
        configuration_id=configuration.id,
        slot=slot,
        shows=str(month or ""),
        showed=str(showed or ""),
        name=name,
        client_id=destination.client_id,
        site_id=destination.site_id,
        owned=owned,
        of_month=of_month,
        set_once=set_once if made is not None else {},
        settles=made is None,
        total_price=made[1].price if made else Decimal(0),
        total_cost=made[1].cost if made else Decimal(0),
        warnings=warnings,
    )


def _owned(line: BillLine) -> dict[str, Value]:
    """Quantity, and cost and price per unit where they are ours; with quantity 0 HaloPSA's stay as they are."""
    whole = line.sent_quantity == line.sent_quantity.to_integral_value()
    owned: dict[str, Value] = {"count": Decimal(int(line.sent_quantity)) if whole else line.sent_quantity}
    if line.mode != SendMode.QUANTITY and line.sent_cost is not None and line.sent_price is not None:
        owned["purchase_price"] = line.sent_cost
        owned["price"] = line.sent_price
    return owned


def _of_month(bill: Bill, line: BillLine, configuration: Configuration, sending: Sending) -> dict[str, Value]:
    of_month: dict[str, Value] = {
        "start_date": bill.month.first.isoformat(),
        "status": _STATUS[BillKind(bill.kind)],
        "notes": _notes(bill, line, configuration, sending),
    }
    if sending.layout is Layout.MONTHLY:
        of_month["end_date"] = bill.month.last.isoformat()
    if is_closed_month(bill.month, sending.running):
        of_month["is_active"] = True  # said in so many words, because it is taken back when the month is over
    return of_month


_STATUS = {
    BillKind.TEMPORARY: "temporary",
    BillKind.MANUAL: "billed",
    BillKind.AUTOMATIC: "billed automatically",
}


def _notes(bill: Bill, line: BillLine, configuration: Configuration, sending: Sending) -> str:
    """The month, the bill's kind and each product with its quantity and asset type, in words."""
    parts = [f"{bill.month.title}, {bill.kind} bill."]
    for part in line.products:
        product = Product.parse(part["product"])
        asset_type = asset_type_of(configuration, product, sending.asset_types)
        name = sending.product_names.get(product, product.code)
        unit = " GB" if part.get("storage") else ""
        quantity = Decimal(part["quantity"]).normalize()
        parts.append(f"{name}: {quantity:f}{unit}" + (f" ({asset_type})" if asset_type else ""))
    return "\n".join(parts)
