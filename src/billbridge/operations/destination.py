"""Where a company's bill goes in HaloPSA, and everything there that keeps it from going."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from billbridge.billing.configuration import Configuration
from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.halopsa.currencies import base_currency
from billbridge.halopsa.tenant import Tenant
from billbridge.halopsa.values import Client, ClientContract, Currency
from billbridge.store.models import Company


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTypeChoice:
    """The HaloPSA asset type of a product, and the item chosen for it."""

    asset_type: str
    item_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A company's place in HaloPSA. `holds` says why nothing may be sent there; empty when all is well."""

    client_id: int
    site_id: int
    holds: tuple[str, ...] = ()
    month_holds: Mapping[Month, str] = field(default_factory=dict)
    """Months whose bill alone may not be sent, with the reason."""
    unchecked: tuple[str, ...] = ()
    """What could not be checked, and why; it holds nothing."""


def destination_of(
    company: Company,
    configurations: Sequence[Configuration],
    defaults: Mapping[Product, AssetTypeChoice],
    tenant: Tenant,
    *,
    currency: str,
    months: Sequence[Month],
) -> Destination:
    """Check a company's mapping against what stands in HaloPSA now; every reason names the thing and the remedy."""
    if company.client_id is None:
        return Destination(
            client_id=0,
            site_id=0,
            holds=(
                "it is mapped to no HaloPSA customer: map it (on the command line `billbridge map suggest` helps)",
            ),
        )
    client = tenant.clients.get(company.client_id)
    if client is None or client.inactive:
        state = "is inactive" if client else "no longer exists"
        hold = f"its HaloPSA customer {company.client_id} {state}: map it anew"
        return Destination(client_id=company.client_id, site_id=company.site_id or 0, holds=(hold,))
    billed_in, unchecked = currency_of_customer(client, tenant.currencies, tenant.currencies_unread)
    holds = [
        *_site_holds(company, tenant),
        *_currency_holds(billed_in, currency),
        *_asset_type_holds(configurations, defaults, tenant),
        *_agreement_holds(company, tenant.contracts),
    ]
    return Destination(
        client_id=client.id,
        site_id=company.site_id or 0,
        holds=tuple(holds),
        month_holds=_inactive_months(company, tenant.contracts, months),
        unchecked=(unchecked,) if unchecked else (),
    )


def item_of(configuration: Configuration, defaults: Mapping[Product, AssetTypeChoice]) -> int | None:
    """The item a configuration's subscription gets: the one chosen, or that of its products if they agree."""
    if configuration.item_id is not None:
        return configuration.item_id
    by_asset_type = {choice.asset_type: choice.item_id for choice in defaults.values() if choice.item_id}
    items = {
        by_asset_type.get(asset_type_of(configuration, product, defaults)) for product in configuration.products
    }
    return items.pop() if len(items) == 1 else None


def asset_type_of(
    configuration: Configuration, product: Product, defaults: Mapping[Product, AssetTypeChoice]
) -> str:
    """The asset type of a product in a configuration: chosen there, else the product's default, else none."""
    chosen = configuration.asset_types.get(product)
    if chosen:
        return chosen
    default = defaults.get(product)
    return default.asset_type if default else ""


def _site_holds(company: Company, tenant: Tenant) -> list[str]:
    if not company.site_id:
        return []
    site = tenant.sites.get(company.site_id)
    if site is None:
        return [f"its HaloPSA site {company.site_id} no longer exists: choose another site"]
    if site.inactive:
        return [f"its HaloPSA site {site.name!r} is inactive: choose another site"]
    if site.client_id != company.client_id:
        return [f"its HaloPSA site {site.name!r} belongs to another customer: choose a site of its own"]
    return []


def currency_of_customer(client: Client, currencies: Sequence[Currency], unread: str) -> tuple[str, str]:
    """The ISO code of what a customer is billed in, or why it cannot be told; without one of its own the base's.

    `unread` says why there are no currencies.
    """
    own = client.default_currency_code
    if unread:
        return "", f"the currency could not be checked, because {unread}"
    if not own:
        base = base_currency(currencies)
        return base.code, f"the currency could not be checked, because {base.reason}" if base.reason else ""
    code = next((currency.code for currency in currencies if currency.id == own), "")
    return code, "" if code else f"the currency could not be checked, because HaloPSA names no currency {own}"


def _currency_holds(billed_in: str, wanted: str) -> list[str]:
    if not billed_in or billed_in.upper() == wanted.upper():
        return []
    return [f"its HaloPSA customer is billed in {billed_in}, the provider in {wanted}: amounts are never converted"]


def _asset_type_holds(
    configurations: Sequence[Configuration], defaults: Mapping[Product, AssetTypeChoice], tenant: Tenant
) -> list[str]:
    names = {asset_type.name.casefold() for asset_type in tenant.asset_types}
    items = {item.id for item in tenant.items}
    holds: list[str] = []
    for configuration in configurations:
        for product in configuration.products:
            name = asset_type_of(configuration, product, defaults)
            if name and name.casefold() not in names:
                holds.append(f"asset type {name!r} of {product.code} no longer exists in HaloPSA: choose another")
        item = item_of(configuration, defaults)
        if item is not None and item not in items:
            holds.append(f"item {item} of {configuration.name!r} no longer exists in HaloPSA: choose another")
    return list(dict.fromkeys(holds))


def _agreement_holds(company: Company, contracts: Mapping[int, ClientContract]) -> list[str]:
    if company.agreement_id is None:
        return []
    contract = contracts.get(company.agreement_id)
    if contract is None:
        return [f"its HaloPSA agreement {company.agreement_id} no longer exists: choose another or none"]
    if contract.client_id not in (None, company.client_id):
        return [f"its HaloPSA agreement {contract.ref!r} belongs to another customer: choose another or none"]
    return []


def _inactive_months(
    company: Company, contracts: Mapping[int, ClientContract], months: Sequence[Month]
) -> dict[Month, str]:
    """The months in which the company's agreement is not active on any day."""
    contract = contracts.get(company.agreement_id) if company.agreement_id is not None else None
    if contract is None:
        return {}
    return {
        month: f"its HaloPSA agreement {contract.ref!r} is not active in {month}: renew it, or name another"
        for month in months
        if not is_active_in(contract, month)
    }


def is_active_in(contract: ClientContract, month: Month) -> bool:
    """Whether an agreement is active on any day of a month."""
    return not (
        contract.active is False
        or (contract.start_date is not None and contract.start_date > month.last)
        or (contract.end_date is not None and contract.end_date < month.first)
    )
