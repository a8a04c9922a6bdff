"""The resources under /api: their lists, their fields, what guards them and what they show beside their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from billbridge.simulators.halopsa import derived, fields
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.fields import Fields
from billbridge.simulators.halopsa.switches import Module
from billbridge.simulators.halopsa.tables import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One route with its table.

    key: the list's key in its envelope, None for a bare array (which has no paging).
    module: the permission it needs, None for any token.
    derive: values shown beside the columns, given whether details are wanted.
    derived: their names, which are ignored when written; instructions that are never stored count among them.
    details: fields shown in a single record only.
    required: fields without which a create is refused.
    filters: query parameter -> column. search: columns that `search` looks into.
    inactive: the column and value that hide a row unless inactive ones are asked for.
    dates: date columns that show a stand-in when they were never set.
    """

    name: str
    key: str | None
    fields: Fields
    module: Module | None
    derive: derived.Derive = derived.nothing
    derived: frozenset[str] = frozenset()
    details: frozenset[str] = frozenset()
    required: tuple[str, ...] = ("name",)
    filters: Mapping[str, str] = field(default_factory=dict)
    search: tuple[str, ...] = ("name",)
    inactive: tuple[str, bool] | None = ("inactive", True)
    dates: tuple[str, ...] = ()
    writable: bool = True

    @property
    def columns(self) -> frozenset[str]:
        """The names that can be written."""
        return frozenset(self.fields) - self.derived - {"id"}

    def show(self, context: Context, row: Row, *, detail: bool) -> Row:
        """The record as JSON values in the order of the document; what is null is left out."""
        values = {**row, **self.derive(context, row, detail=detail)}
        if context.switches.empty_date != "omit":
            for name in self.dates:
                if values.get(name) is None:
                    values[name] = context.switches.empty_date
        hidden: frozenset[str] = frozenset() if detail else self.details
        return {
            name: value for name in self.fields if (value := values.get(name)) is not None and name not in hidden
        }


_LICENCE_INSTRUCTIONS = frozenset(name for name in fields.LICENCE if name.startswith("_") and name != "_details_id")

_RESOURCES = (
    Resource(
        name="Client", key="clients", fields=fields.CLIENT, module="customers", derive=derived.client,
        derived=frozenset({"key", "use", "toplevel_name", "main_site_id", "main_site_name"})
        | {name for name in fields.CLIENT if name.startswith("newclient_")},
        details=frozenset({"main_site_id", "main_site_name", "website"}),
        filters={"toplevel_id": "toplevel_id"}, search=("name", "ref"),
    ),
    Resource(
        name="Site", key="sites", fields=fields.SITE, module="customers", derive=derived.site,
        derived=frozenset({"key", "use", "client_name", "clientsite_name"}), details=frozenset({"notes", "ref"}),
        required=("name", "client_id"), filters={"client_id": "client_id", "site_id": "id"},
    ),
    Resource(
        name="AssetType", key=None, fields=fields.ASSET_TYPE, module="assets", derive=derived.use("assettype"),
        derived=frozenset({"use"}), filters={"assetgroup_id": "assetgroup_id"},
    ),
    Resource(
        name="AssetGroup", key=None, fields=fields.ASSET_GROUP, module="assets", inactive=None,
    ),
    Resource(
        name="Supplier", key="suppliers", fields=fields.SUPPLIER, module="suppliers",
        derive=derived.use("supplier"), derived=frozenset({"use"}),
        details=frozenset({"notes", "is_supplier", "is_manufacturer", "accounts_id", "portal_url"}),
        filters={"toplevel_id": "toplevel_id"},
    ),
    Resource(
        name="Item", key="items", fields=fields.ITEM, module="items", derive=derived.item,
        derived=frozenset({"use", "assettype_name", "supplier_name"}),
        filters={
            "assetgroup_id": "assetgroup_id", "supplier_id": "supplier_id", "assettypes": "assettype_id",
            "assetgroups": "assetgroup_id",
        },
        search=("name", "description"),
    ),
    Resource(
        name="ClientContract", key="contracts", fields=fields.CONTRACT, module="contracts",
        derive=derived.contract, details=frozenset({"note"}), required=("client_id",), search=("ref", "refextra"),
        derived=frozenset({"key", "client_name", "site_name", "started", "expired", "contract_status"}),
        filters={"client_id": "client_id", "site_id": "site_id"}, inactive=("active", False), dates=("end_date",),
    ),
    Resource(
        name="SoftwareLicence", key="licences", fields=fields.LICENCE, module="softwarelicensing",
        derive=derived.licence, derived=_LICENCE_INSTRUCTIONS | {
            "key", "use", "client_name", "site_name", "supplier_name", "linked_item", "licences_in_use",
            "licences_in_use_user", "licences_in_use_user_for_billing", "licences_available", "device_count",
            "add_configuration_items", "new_external_link",
        },
        filters={
            "client_id": "client_id", "site_id": "site_id", "licence_type": "type", "tenant_id": "tenant_id",
        },
        search=("name", "product_sku", "vendor"), dates=("end_date", "requested_quantity_date"),
    ),
    Resource(
        name="LicenceChange", key="changes", fields=fields.LICENCE_CHANGE, module="softwarelicensing",
        filters={"licence_id": "licence_id"}, search=("field_name",), inactive=None, writable=False,
    ),
    Resource(
        name="RecurringInvoice", key="invoices", fields=fields.INVOICE, module="invoices",
        derive=derived.recurring_invoice, details=frozenset({"lines"}), required=("client_id",),
        derived=frozenset({
            "use", "client_name", "site_name", "is_recurring_invoice", "contains_calculated_quantity", "total",
            "revenue", "add_lines",
        }),
        filters={
            "client_id": "client_id", "client_ids": "client_id", "site_id": "sitenumber",
            "contract_id": "contract_id",
        },
        inactive=None,
    ),
    Resource(
        name="Invoice", key="invoices", fields=fields.INVOICE, module="invoices", derive=derived.invoice,
        details=frozenset({"lines"}), inactive=None, writable=False, search=("name", "invoicenumber"),
        filters={
            "client_id": "client_id", "client_ids": "client_id", "site_id": "sitenumber",
            "contract_id": "contract_id", "recurringinvoice_id": "recurring_invoice_id",
        },
    ),
    Resource(
        name="Currency", key=None, fields=fields.CURRENCY, module=None, inactive=None, writable=False,
    ),
    Resource(name="Tax", key=None, fields=fields.TAX, module=None, inactive=None, writable=False),
    Resource(
        name="Agent", key=None, fields=fields.AGENT, module=None, inactive=("isdisabled", True), writable=False,
    ),
)  # fmt: skip

RESOURCES: Mapping[str, Resource] = MappingProxyType({each.name.lower(): each for each in _RESOURCES})
"""Every resource by its path in lower case."""
