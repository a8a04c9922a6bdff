"""Drift: what was changed in HaloPSA since our last sync, each finding with what it does to the next bill.

The effects are what the sync really does: `three_way`, `plan`, and the checks of where a bill goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billbridge.billing.drift_companies import company_subject, of_company
from billbridge.billing.drift_findings import Coverage, Drift, DriftKind, Thing, key_of, subject_of
from billbridge.billing.drift_shared import has_asset_type, has_supplier, of_asset_type, of_item, of_supplier
from billbridge.billing.drift_subscriptions import double_subject, of_subscriptions, slot_subject
from billbridge.billing.drift_values import Expected, ExpectedCompany, FoundInHaloPSA, Listed


def drift(expected: Expected, found: FoundInHaloPSA) -> tuple[Drift, ...]:
    """Everything that is no more as we rely on it, and what could not be looked at, by key."""
    findings = [
        *(one for company in expected.companies for one in of_company(company, expected, found)),
        *(one for asset_type in expected.asset_types for one in of_asset_type(asset_type, found)),
        *(one for item in expected.items for one in of_item(item, found)),
        *(of_supplier(expected.supplier, found) if expected.supplier else ()),
        *of_subscriptions(expected, found.subscriptions),
        *_unknown(expected, found),
    ]
    return tuple(sorted(findings, key=lambda one: one.key))


def coverage(expected: Expected, found: FoundInHaloPSA) -> Coverage:
    """How much of what we rely on could be looked at."""
    looked_at = list(_looked_at(expected, found))
    besides = {
        company_subject(Thing.CURRENCY, one) for one in expected.companies if _is_currency_unknown(one, found)
    }
    besides |= {double_subject(one) for one in expected.subscriptions if one.is_moving or found.subscriptions.gap}
    return Coverage(
        things=len(looked_at),
        unknown={subject: why for subject, why in looked_at if why},
        besides=frozenset(besides),
    )


def _looked_at(expected: Expected, found: FoundInHaloPSA) -> Iterator[tuple[str, str]]:
    """The subject of everything we rely on, and why it could not be looked at, if it could not."""
    for one in expected.companies:
        why = found.customers.unknown(one.customer_id)
        yield company_subject(Thing.CUSTOMER, one), why
        if one.site_id:
            yield company_subject(Thing.SITE, one), why or found.sites.unknown(one.site_id)
        if one.agreement_id is not None:
            yield company_subject(Thing.AGREEMENT, one), why or found.agreements.unknown(one.agreement_id)
    for asset_type in expected.asset_types:
        why = "" if has_asset_type(asset_type, found) else found.asset_types.gap
        yield subject_of(Thing.ASSET_TYPE, asset_type.name.casefold()), why
    for item in expected.items:
        yield subject_of(Thing.ITEM, item.id), found.items.unknown(item.id)
    if expected.supplier is not None:
        why = "" if has_supplier(expected.supplier, found) else found.suppliers.gap
        yield subject_of(Thing.SUPPLIER, expected.supplier.name), why
    for slot in expected.subscriptions:
        why = _MOVING if slot.is_moving else found.subscriptions.unknown(slot.base.subscription_id)
        yield slot_subject(slot), why


def _is_currency_unknown(one: ExpectedCompany, found: FoundInHaloPSA) -> bool:
    customer = found.customers.rows.get(one.customer_id)
    return bool(found.customers.gap) if customer is None else not customer.currency


_MOVING = "a sync changed it while HaloPSA was read"
_ENDS = "While it cannot be read whole, every sync ends with that reason before it sends anything."
_CREATES_NOTHING = (
    "While it cannot be read whole, a sync creates nothing; while HaloPSA refuses it, no sync can be made."
)


def _unknown(expected: Expected, found: FoundInHaloPSA) -> Iterator[Drift]:
    """A list that could not be read whole says nothing of what is not in it: never that all is well."""
    if found.trouble:
        yield Drift(
            key=key_of(subject_of("unknown", "HaloPSA"), "unread"),
            kind=DriftKind.UNKNOWN,
            thing=Thing.HALOPSA,
            name="HaloPSA",
            finding=f"{found.trouble}.",
            effect="Whether anything was changed is not known. While HaloPSA cannot be read, no sync can be made.",
            remedy=found.hint or "Check again when it answers.",
        )
    lists: tuple[tuple[Thing, str, Listed[Any], str], ...] = (
        (Thing.CUSTOMER, "customers", found.customers, _ENDS),
        (Thing.SITE, "sites", found.sites, _ENDS),
        (Thing.AGREEMENT, "agreements", found.agreements, _ENDS),
        (Thing.ASSET_TYPE, "asset types", found.asset_types, _ENDS),
        (Thing.ITEM, "items", found.items, _ENDS),
        (Thing.SUPPLIER, "suppliers", found.suppliers, _ENDS),
        (Thing.SUBSCRIPTION, "subscriptions", found.subscriptions, _CREATES_NOTHING),
    )
    for thing, name, listed, effect in lists:
        if listed.gap and listed.gap != found.trouble:
            yield Drift(
                key=key_of(subject_of("unknown", name), "unread"),
                kind=DriftKind.UNKNOWN,
                thing=thing,
                name=f"HaloPSA's {name}",
                finding=f"{listed.gap}.",
                effect=f"Whether any of them was changed is not known. {effect}",
                remedy=listed.hint or "Check again when nobody is changing HaloPSA.",
            )
    if not found.trouble:
        yield from _unknown_currencies(expected, found)


def _unknown_currencies(expected: Expected, found: FoundInHaloPSA) -> Iterator[Drift]:
    customers = {one.customer_id for one in expected.companies if one.is_billed} & found.customers.rows.keys()
    gaps = sorted({found.customers.rows[number].currency_gap for number in customers} - {""})
    if gaps:
        yield Drift(
            key=key_of(subject_of("unknown", "currencies"), "unread"),
            kind=DriftKind.UNKNOWN,
            harms=False,
            thing=Thing.CURRENCY,
            name="Currencies of customers",
            finding="; ".join(gap[:1].upper() + gap[1:] for gap in gaps[:3]) + ".",
            effect="None by itself: bills go out without their customers' currency being checked.",
            remedy="Test the connection: it says what is missing.",
        )
