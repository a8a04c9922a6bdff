"""Drift of what companies share: asset types, items and the supplier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billbridge.billing.drift_findings import HELD, Drift, Thing, is_renamed, key_of, renamed, some, subject_of
from billbridge.billing.drift_values import (
    CompanyName,
    ExpectedAssetType,
    ExpectedItem,
    ExpectedSupplier,
    FoundInHaloPSA,
)


def of_asset_type(one: ExpectedAssetType, found: FoundInHaloPSA) -> Iterator[Drift]:
    """What became of an asset type: they are known by their name alone, so one renamed is as good as gone."""
    if has_asset_type(one, found) or found.asset_types.gap:
        return
    now = found.asset_types.rows.get(one.id) if one.id is not None else None
    yield _shared(
        key=key_of(subject_of(Thing.ASSET_TYPE, one.name.casefold()), "gone" if now is None else "renamed"),
        thing=Thing.ASSET_TYPE,
        name=one.name,
        companies=one.companies,
        finding="HaloPSA has none of this name any more." if now is None else f"It is called {now!r} now.",
        unused="None now: no company is billed with it.",
        remedy="Choose another asset type." if now is None else f"Choose {now!r}: asset types go by their name.",
    )


def of_item(one: ExpectedItem, found: FoundInHaloPSA) -> Iterator[Drift]:
    """What became of an item, which is known by its id."""
    now = found.items.rows.get(one.id)
    if now is not None:
        if is_renamed(one.name, now):
            yield renamed(subject=subject_of(Thing.ITEM, one.id), thing=Thing.ITEM, before=one.name, after=now)
    elif not found.items.gap:
        yield _shared(
            key=key_of(subject_of(Thing.ITEM, one.id), "gone"),
            thing=Thing.ITEM,
            name=one.name or f"item {one.id}",
            companies=one.companies,
            finding="It no longer exists.",
            unused="None now: no company is billed with it.",
            remedy="Choose another item, for the asset type or the billing configuration.",
        )


def _shared(
    *, key: str, thing: Thing, name: str, companies: Sequence[CompanyName], finding: str, unused: str, remedy: str
) -> Drift:
    return Drift(
        key=key,
        harms=bool(companies),
        thing=thing,
        name=name,
        company_id=companies[0].id if len(companies) == 1 else "",
        finding=finding,
        effect=HELD.format(some([company.name for company in companies])) if companies else unused,
        remedy=remedy,
    )


def of_supplier(one: ExpectedSupplier, found: FoundInHaloPSA) -> Iterator[Drift]:
    """What became of the supplier, which is looked for by its name; where there is none, a sync makes one."""
    if has_supplier(one, found) or found.suppliers.gap:
        return
    became, finding, remedy = "", "", ""
    for number, copied in sorted(one.sent.items()):
        now = found.suppliers.rows.get(number)
        if now is None:
            became, finding = "gone", "It no longer exists."
            remedy = "Nothing, if a new one is right. Or name another supplier in the additional settings."
        elif now.name.strip().casefold() == one.name.casefold():
            became, finding = "inactive", "It was made inactive."
            remedy = "Activate it in HaloPSA, or name another supplier in the additional settings."
        elif copied.strip().casefold() == one.name.casefold():
            became, finding = "renamed", f"It is called {now.name!r} now."
            remedy = f"Write {now.name!r} into the additional settings: suppliers go by their name."
        if became:
            break
    else:
        return
    yield Drift(
        key=key_of(subject_of(Thing.SUPPLIER, one.name), became),
        thing=Thing.SUPPLIER,
        name=one.name,
        finding=finding,
        effect=f"The next sync makes a supplier {one.name!r} anew, and gives it to every subscription it sends a "
        "line to. The figures stay the same.",
        remedy=remedy,
    )


def has_asset_type(one: ExpectedAssetType, found: FoundInHaloPSA) -> bool:
    """Whether HaloPSA has an asset type of this name, without regard to case."""
    return one.name.casefold() in {name.casefold() for name in found.asset_types.rows.values()}


def has_supplier(one: ExpectedSupplier, found: FoundInHaloPSA) -> bool:
    """Whether HaloPSA has an active supplier of this name, without regard to case."""
    active = (row.name for row in found.suppliers.rows.values() if not row.inactive)
    return one.name.casefold() in {name.strip().casefold() for name in active}
