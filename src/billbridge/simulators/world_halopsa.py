"""The HaloPSA side of the world: plain values from which the HaloPSA simulator fills its tables.

Everything here is what stood in the tenant before the first sync. Ids are HaloPSA's own (positive ints; recurring
invoices negative), money is `Decimal` in the currency of the customer, days are `date` without a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

LICENCE = 0
"""`HaloSubscriptionSeed.type` of a software licence (the *Licences* tab)."""

SUBSCRIPTION = 1
"""`HaloSubscriptionSeed.type` of a subscription (the *Subscriptions* tab)."""

BASE_CURRENCY = 0
"""`HaloCustomer.default_currency_code` of a customer that is billed in the tenant's base currency."""

NO_SITE = -1
"""`HaloSubscriptionSeed.site_id` of a subscription that belongs to no site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloCurrency:
    """A row of `/Currency`; the one with `conversion_rate` 1 is the base currency.

    A customer's `default_currency_code` is the id of one of these, or `BASE_CURRENCY` for the base.
    """

    id: int
    code: str
    symbol: str
    name: str
    conversion_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloCustomer:
    """A row of `/Client`; the ids start at 12.

    `company_id` names the MBS company that this customer really is (None: no customer of MBS). It is the world's
    knowledge for tests, HaloPSA itself does not know it and the simulator must not show it.
    """

    id: int
    name: str
    main_site_id: int
    main_site_name: str
    inactive: bool = False
    default_currency_code: int = BASE_CURRENCY
    company_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloSite:
    """A row of `/Site`. The main sites of all customers are among them."""

    id: int
    client_id: int
    name: str
    inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloAssetType:
    """A row of `/AssetType`, such as Server, Workstation, Mailbox or Cloud storage."""

    id: int
    name: str
    assetgroup_id: int
    assetgroup_name: str
    inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloItem:
    """A row of `/Item`: a thing that is sold; `baseprice` is the sell price, `costprice` the cost, per unit."""

    id: int
    name: str
    assettype_id: int | None
    baseprice: Decimal
    costprice: Decimal
    supplier_id: int | None = None
    inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloSupplier:
    """A row of `/Supplier`. Names are not unique in HaloPSA; two of the world's differ in case only."""

    id: int
    name: str
    inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloAgreement:
    """A row of `/ClientContract`. `end` is the last day of the agreement, None for one without an end.

    `active` is the flag as a person set it; an agreement may be flagged active although its `end` has passed.
    """

    id: int
    client_id: int
    client_name: str
    site_id: int | None
    ref: str
    start: date
    end: date | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloSubscriptionSeed:
    """A row of `/SoftwareLicence` that another vendor's integration or a person made.

    `type` is `LICENCE` or `SUBSCRIPTION`; `purchase_price` is the unit cost and `price` the unit sell price.
    """

    id: int
    type: int
    name: str
    client_id: int
    site_id: int
    count: int
    purchase_price: Decimal
    price: Decimal
    start_date: date
    end_date: date | None = None
    billing_cycle: str = "Monthly"
    status: str = "active"
    is_active: bool = True
    deleted: bool = False
    supplier_id: int | None = None
    item_id: int | None = None
    vendor: str = ""
    product_sku: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloRecurringInvoiceLineSeed:
    """A line of a recurring invoice; with a `licence_id` its quantity follows that subscription's count."""

    id: int
    item_id: int | None
    item_shortdescription: str
    qty_order: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    licence_id: int | None = None
    use_linked_subscription_price: bool = False
    use_linked_subscription_cost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloRecurringInvoiceSeed:
    """A row of `/RecurringInvoice`; the id is negative, as HaloPSA's are."""

    id: int
    client_id: int
    client_name: str
    site_id: int
    site_name: str
    name: str
    contract_id: int | None
    startdate: date
    nextcreationdate: date
    disabled: bool
    lines: tuple[HaloRecurringInvoiceLineSeed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloWorld:
    """All that stands in the HaloPSA tenant before the first sync; every list is ordered by id."""

    currencies: tuple[HaloCurrency, ...]
    customers: tuple[HaloCustomer, ...]
    sites: tuple[HaloSite, ...]
    asset_types: tuple[HaloAssetType, ...]
    items: tuple[HaloItem, ...]
    suppliers: tuple[HaloSupplier, ...]
    agreements: tuple[HaloAgreement, ...]
    subscriptions: tuple[HaloSubscriptionSeed, ...]
    recurring_invoices: tuple[HaloRecurringInvoiceSeed, ...]
