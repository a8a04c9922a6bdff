"""What the next bills rely on in HaloPSA, from our settings and slots: what the drift check compares with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from billbridge.billing.changes import ConflictPolicy, Found
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.drift_values import (
    CompanyName,
    Expected,
    ExpectedAssetType,
    ExpectedCompany,
    ExpectedItem,
    ExpectedSubscription,
    ExpectedSupplier,
    Life,
)
from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.billing.resume import bases_after
from billbridge.billing.slots import CURRENT, LAST, is_closed_month
from billbridge.operations import halopsa_lists
from billbridge.operations.destination import AssetTypeChoice, asset_type_of, item_of
from billbridge.operations.journal import bases_of, failed_creates, unsettled_intents
from billbridge.operations.usage import configuration_of
from billbridge.operations.wanted import is_late
from billbridge.store.models import (
    BillingConfiguration,
    Company,
    DefaultAssetType,
    HaloConnection,
    Provider,
    Slot,
)

Billed = Mapping[int, Sequence[Configuration]]
"""The configurations that hold last month or later, by their company's row."""


def settings_expect(connection: HaloConnection, running: Month, slots: Iterable[Slot]) -> Expected:
    """What the settings rely on; the subscriptions of our slots are added when HaloPSA was read."""
    provider = connection.provider
    companies = list(Company.objects.filter(provider=provider, client_id__isnull=False).order_by("pk"))
    billed = _billed(companies, running)
    defaults = {
        Product.parse(row.product): AssetTypeChoice(asset_type=row.asset_type, item_id=row.item_id)
        for row in DefaultAssetType.objects.filter(provider=provider).order_by("pk")
    }
    return Expected(
        month=running,
        currency=provider.currency,
        policy=ConflictPolicy(connection.on_conflict),
        companies=_companies(provider, companies, billed),
        asset_types=_asset_types(provider, companies, billed, defaults),
        items=_items(provider, companies, billed, defaults),
        supplier=_supplier(connection, slots),
    )


def slots_of(provider: Provider) -> list[Slot]:
    """Every slot of the provider with its configuration and company."""
    rows = Slot.objects.filter(configuration__company__provider=provider)
    return list(rows.select_related("configuration__company").order_by("pk"))


def slots_expect(
    provider: Provider, before: Iterable[Slot], found: Iterable[Found], running: Month
) -> tuple[ExpectedSubscription, ...]:
    """The subscriptions as we left them, read after HaloPSA was.

    `before` are the slots as they were before HaloPSA was read: one that is another now was written by a sync in
    between. What a sync at work, or one that was cut short, has sent and not recorded yet is ours, and no drift:
    its intents are read first, so that one that is recorded meanwhile shows in the slots.
    """
    intents = [*failed_creates(provider), *unsettled_intents(provider)]
    bases = bases_after(intents, bases_of(provider), found)
    known = {slot.key: _recorded(slot) for slot in before}
    return tuple(
        ExpectedSubscription(
            key=slot.key,
            company=_name(slot.configuration.company),
            name=str(slot.sent.get("name") or slot.configuration.name),
            slot=slot.slot,
            life=life_of(slot, running),
            base=bases[slot.key],
            customer_id=slot.configuration.company.client_id,
            site_id=slot.configuration.company.site_id or 0,
            sends_prices=slot.configuration.mode != SendMode.QUANTITY,
            is_moving=known.get(slot.key) != _recorded(slot),
        )
        for slot in slots_of(provider)
        if slot.key in bases
    )


def life_of(slot: Slot, running: Month) -> Life:
    """What the syncs to come do with a slot's subscription."""
    if slot.closed:
        return Life.OVER
    if is_late(slot):
        return Life.LATE
    last_month = slot.configuration.last_month
    if last_month is not None and is_closed_month(last_month, running):
        return Life.ENDING
    if slot.slot in (LAST, CURRENT) or (slot.shows is not None and not is_closed_month(slot.shows, running)):
        return Life.BILLED
    return Life.OVER


def _recorded(slot: Slot) -> tuple[Any, ...]:
    return slot.subscription_id, slot.owned, slot.sent, slot.watched, slot.closed


def _name(company: Company) -> CompanyName:
    return CompanyName(id=company.source_id, name=company.name)


def _billed(companies: Sequence[Company], running: Month) -> Billed:
    billed: dict[int, list[Configuration]] = defaultdict(list)
    rows = BillingConfiguration.objects.filter(company__in=companies).prefetch_related("products").order_by("pk")
    for row in rows:
        configuration = configuration_of(row)
        if configuration.holds_in(running.previous):
            billed[row.company_id].append(configuration)
    return billed


def _companies(provider: Provider, companies: Iterable[Company], billed: Billed) -> tuple[ExpectedCompany, ...]:
    customers = halopsa_lists.customer_names(provider)
    sites = {one.id: one.name for one in halopsa_lists.sites_by_id(provider).values()}
    return tuple(
        ExpectedCompany(
            company=_name(company),
            customer_id=company.client_id,
            customer_name=customers.get(company.client_id, ""),
            site_id=company.site_id or None,
            site_name=sites.get(company.site_id, "") if company.site_id else "",
            agreement_id=company.agreement_id,
            is_billed=bool(billed.get(company.pk)),
        )
        for company in companies
        if company.client_id is not None
    )


def _asset_types(
    provider: Provider, companies: Iterable[Company], billed: Billed, defaults: Mapping[Product, AssetTypeChoice]
) -> tuple[ExpectedAssetType, ...]:
    """Every asset type that products have by default or that a configuration names, each once."""
    spelled = {choice.asset_type.casefold(): choice.asset_type for choice in defaults.values() if choice.asset_type}
    users: dict[str, dict[str, CompanyName]] = defaultdict(dict)
    for company in companies:
        for configuration in billed.get(company.pk, ()):
            for product in configuration.products:
                if name := asset_type_of(configuration, product, defaults):
                    spelled.setdefault(name.casefold(), name)
                    users[name.casefold()][company.source_id] = _name(company)
    ids = {one.name.casefold(): one.id for one in halopsa_lists.asset_types(provider)}
    return tuple(
        ExpectedAssetType(name=name, id=ids.get(folded), companies=_by_name(users[folded].values()))
        for folded, name in sorted(spelled.items())
    )


def _items(
    provider: Provider, companies: Iterable[Company], billed: Billed, defaults: Mapping[Product, AssetTypeChoice]
) -> tuple[ExpectedItem, ...]:
    """Every item of an asset type and of a configuration, each once."""
    users: dict[int, dict[str, CompanyName]] = {
        choice.item_id: {} for choice in defaults.values() if choice.item_id is not None
    }
    for company in companies:
        for configuration in billed.get(company.pk, ()):
            item = item_of(configuration, defaults)
            if item is not None:
                users.setdefault(item, {})[company.source_id] = _name(company)
    names = {one.id: one.name for one in halopsa_lists.items(provider)} if users else {}
    return tuple(
        ExpectedItem(id=number, name=names.get(number, ""), companies=_by_name(users[number].values()))
        for number in sorted(users)
    )


def _by_name(companies: Iterable[CompanyName]) -> tuple[CompanyName, ...]:
    return tuple(sorted(companies, key=lambda one: (one.name.casefold(), one.id)))


def _supplier(connection: HaloConnection, slots: Iterable[Slot]) -> ExpectedSupplier | None:
    """The supplier, once subscriptions were sent with it: before that it is no drift that HaloPSA has none."""
    name = connection.supplier_name.strip()
    sent = {number for slot in slots if isinstance(number := slot.sent.get("supplier_id"), int)}
    if not name or not sent:
        return None
    copied = {one.id: one.name for one in halopsa_lists.suppliers(connection.provider)}
    return ExpectedSupplier(name=name, sent={number: copied.get(number, "") for number in sent})
