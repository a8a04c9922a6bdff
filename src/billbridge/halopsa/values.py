"""HaloPSA's records as Billbridge reads them, by HaloPSA's own names for its fields.

A field that HaloPSA left out is None (an empty text where the field is a text): lists leave out what is null. Money
and counts are exact decimals. Only `id` is certain to be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from billbridge.halopsa.fields import Amount, Day, Flag, Id, Link, Moment, Rows, Text, Whole

SUBSCRIPTION_TYPE = 1
"""The `type` of the SoftwareLicence rows on a customer's *Subscriptions* tab; 0 is a software licence.

HaloPSA documents no list of types: 1 is what integrations in production send.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A customer (API: Client). `default_currency_code` is the id of a Currency; 0 means the base currency."""

    id: Id
    name: Text = ""
    inactive: Flag = None
    toplevel_id: Link = None
    toplevel_name: Text = ""
    main_site_id: Link = None
    ref: Text = ""
    accountsid: Text = ""
    default_currency_code: Whole = None
    clientcurrency: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site of a customer."""

    id: Id
    name: Text = ""
    client_id: Link = None
    client_name: Text = ""
    inactive: Flag = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetType:
    """An asset type with the asset group it belongs to."""

    id: Id
    name: Text = ""
    assetgroup_id: Link = None
    assetgroup_name: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """A supplier; HaloPSA does not keep supplier names unique."""

    id: Id
    name: Text = ""
    inactive: Flag = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A HaloPSA product. `baseprice` and `recurringprice` are sell prices, the two costs are unit costs."""

    id: Id
    name: Text = ""
    assettype_id: Link = None
    assettype_name: Text = ""
    assetgroup_id: Link = None
    assetgroup_name: Text = ""
    supplier_id: Link = None
    baseprice: Amount = None
    costprice: Amount = None
    recurringprice: Amount = None
    recurringcost: Amount = None
    isrecurringitem: Flag = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency; `code` is the ISO code and `conversion_rate` is relative to the base currency."""

    id: Id
    name: Text = ""
    code: Text = ""
    symbol: Text = ""
    conversion_rate: Amount = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientContract:
    """An agreement with a customer. `end_date` None means that it has no end."""

    id: Id
    ref: Text = ""
    refextra: Text = ""
    client_id: Link = None
    client_name: Text = ""
    site_id: Link = None
    contracttype_name: Text = ""
    contract_status: Text = ""
    start_date: Day = None
    end_date: Day = None
    active: Flag = None
    started: Flag = None
    expired: Flag = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareLicence:
    """A row of HaloPSA's licence table; with `type` 1 it is a subscription.

    `purchase_price` is the unit cost and `price` the unit sell price, per billing cycle.
    """

    id: Id
    type: Whole = None
    name: Text = ""
    count: Amount = None
    client_id: Link = None
    client_name: Text = ""
    site_id: Link = None
    site_name: Text = ""
    purchase_price: Amount = None
    price: Amount = None
    item_id: Link = None
    supplier_id: Link = None
    supplier_name: Text = ""
    start_date: Day = None
    end_date: Day = None
    status: Text = ""
    is_active: Flag = None
    deleted: Flag = None
    notes: Text = ""
    product_sku: Text = ""
    billing_cycle: Text = ""

    @property
    def is_subscription(self) -> bool:
        """Whether this row stands on the *Subscriptions* tab."""
        return self.type == SUBSCRIPTION_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceChange:
    """One entry of a subscription's change history; the values are texts, `datetime` is naive."""

    id: Id
    licence_id: Link = None
    field_name: Text = ""
    old_value: Text = ""
    new_value: Text = ""
    who: Text = ""
    user_name: Text = ""
    datetime: Moment = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSubscription:
    """A subscription whose count (and price and cost, where ticked) a recurring invoice line takes over."""

    licence_id: Link = None
    licence_name: Text = ""
    use_linked_subscription_price: Flag = None
    use_linked_subscription_cost: Flag = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringInvoiceLine:
    """A line of a recurring invoice."""

    id: Id
    item_shortdescription: Text = ""
    qty_order: Amount = None
    unit_price: Amount = None
    unit_cost: Amount = None
    isinactive: Flag = None
    startdate: Day = None
    enddate: Day = None
    quantity_subscriptions: Annotated[tuple[LinkedSubscription, ...], Rows] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringInvoice:
    """A recurring invoice; its id is negative. `lines` is empty unless the lines were asked for."""

    id: Id
    client_id: Link = None
    client_name: Text = ""
    name: Text = ""
    reference: Text = ""
    contract_id: Link = None
    disabled: Flag = None
    nextcreationdate: Day = None
    startdate: Day = None
    enddate: Day = None
    lines: Annotated[tuple[RecurringInvoiceLine, ...], Rows] = ()

    @property
    def subscription_ids(self) -> frozenset[int]:
        """The ids of the subscriptions that hang on a line of this recurring invoice."""
        links = (link.licence_id for line in self.lines for link in line.quantity_subscriptions)
        return frozenset(licence_id for licence_id in links if licence_id is not None)
