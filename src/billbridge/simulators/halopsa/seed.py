"""Fills the tables with what stood in the tenant before the first sync."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from billbridge.simulators.halopsa import licences, recurring
from billbridge.simulators.halopsa.context import Context
from billbridge.simulators.halopsa.tables import Row, Tables
from billbridge.simulators.world_halopsa import (
    HaloAgreement,
    HaloAssetType,
    HaloCustomer,
    HaloItem,
    HaloRecurringInvoiceSeed,
    HaloSubscriptionSeed,
    HaloWorld,
)

LONG_AGO = "2026-01-05T09:12:40.317"


def fill(context: Context, world: HaloWorld) -> None:
    """Put every seed into its table, in the order of ids."""
    tables = context.tables
    symbols = {currency.id: currency.symbol for currency in world.currencies}
    base = next((currency.symbol for currency in world.currencies if currency.conversion_rate == 1), "$")
    for currency in world.currencies:
        tables["Currency"].put(
            {
                "id": currency.id, "name": currency.name, "symbol": currency.symbol, "code": currency.code,
                "conversion_rate": float(currency.conversion_rate), "last_updated": LONG_AGO,
            }
        )  # fmt: skip
    for customer in world.customers:
        tables["Client"].put(_client(customer, symbols.get(customer.default_currency_code, base)))
    for site in sorted(world.sites, key=lambda each: each.id):
        tables["Site"].put(
            {
                "id": site.id, "client_id": site.client_id, "name": site.name, "inactive": site.inactive,
                "sla_id": 0, "stopped": 0, "isstocklocation": False, "isinvoicesite": False, "timezone": "",
                "colour": "#2bd3c6", "messagegroup_id": 0, "maincontact_id": 0,
            }
        )  # fmt: skip
    _fill_asset_types(tables, world.asset_types)
    for supplier in world.suppliers:
        tables["Supplier"].put(
            {
                "id": supplier.id, "name": supplier.name, "inactive": supplier.inactive, "toplevel_id": 1,
                "toplevel_name": "Suppliers", "messagegroup_id": 0, "is_supplier": True,
            }
        )  # fmt: skip
    for item in world.items:
        tables["Item"].put(_item(item))
    for agreement in world.agreements:
        tables["ClientContract"].put(_contract(agreement))
    for subscription in world.subscriptions:
        tables["SoftwareLicence"].put(_licence(subscription))
    for invoice in sorted(world.recurring_invoices, key=lambda each: -each.id):
        row = _recurring_invoice(invoice)
        tables["RecurringInvoice"].put(row)
        recurring.number_lines(context, row)
    tables["Tax"].put({"id": 1, "name": "Standard rate", "code": "STD", "value": 20.0, "is_composite": False})
    tables["Tax"].put({"id": 2, "name": "No tax", "code": "NONE", "value": 0.0, "is_composite": False})
    tables["Agent"].put(
        {
            "id": 3,
            "name": context.who,
            "initials": "API",
            "is_agent": True,
            "isdisabled": False,
            "colour": "#5a6478",
        }
    )


def _client(customer: HaloCustomer, currency: str) -> Row:
    return {
        "id": customer.id, "name": customer.name, "toplevel_id": 1, "toplevel_name": "Customers",
        "inactive": customer.inactive, "default_currency_code": customer.default_currency_code,
        "clientcurrency": currency, "colour": "#2bd3c6", "confirmemail": 0, "actionemail": 0, "clearemail": 0,
        "messagegroup_id": 0, "mailbox_override": 0, "item_tax_code": 1, "service_tax_code": 1,
        "contract_tax_code": 1, "client_to_invoice": 0, "client_to_invoice_recurring": 0, "stopped": 0,
        "customertype": 0, "is_vip": False, "is_account": False, "excludefrominvoicesync": False,
    }  # fmt: skip


def _fill_asset_types(tables: Tables, asset_types: tuple[HaloAssetType, ...]) -> None:
    groups = {each.assetgroup_id: each.assetgroup_name for each in asset_types}
    for number, name in sorted(groups.items()):
        tables["AssetGroup"].put(
            {
                "id": number, "guid": _guid("assetgroup", number), "name": name, "showasequip": True,
                "showasitem": False, "isfixedasset": False, "sequence": 0, "connector": False,
            }
        )  # fmt: skip
    costs = (
        "weeklycost", "monthlycost", "quarterlycost", "sixmonthlycost", "yearlycost", "twoyearlycost",
        "threeyearlycost", "fouryearlycost", "fiveyearlycost",
    )  # fmt: skip
    for each in asset_types:
        tables["AssetType"].put(
            {
                "id": each.id, "guid": _guid("assettype", each.id), "name": each.name, "inactive": each.inactive,
                "assetgroup_id": each.assetgroup_id, "assetgroup_name": each.assetgroup_name, "keyfield_id": 51,
                "keyfield_name": "Model", "keyfield2_id": 0, "keyfield3_id": 0, "show_to_users": True,
                "visibility_level": 0, "licence_visibility": 0, "licence_tab": 0, **dict.fromkeys(costs, 0.0),
                # HaloPSA really sends the ids of these rows as doubles.
                "fields": [
                    {
                        "id": 3.0, "field_id": 51.0, "field_name": "Model", "typeinfo_id": 111.0, "type": "X",
                        "sequence": 1, "keyfield_id": "1", "groupname": "", "tab_id": -1, "tab_name": "",
                        "techdetail": 1, "userdetail": 1,
                    }
                ],
            }
        )  # fmt: skip


def _item(item: HaloItem) -> Row:
    return {
        "id": item.id, "name": item.name, "assettype_id": item.assettype_id, "baseprice": float(item.baseprice),
        "costprice": float(item.costprice), "recurringprice": float(item.baseprice),
        "recurringcost": float(item.costprice), "supplier_id": item.supplier_id, "inactive": item.inactive,
        "isrecurringitem": True, "iscontractitem": False, "dontinvoice": False, "taxable": True, "taxcode": 1,
        "assetgroup_id": 0, "quantity_in_stock": 0.0, "datecreated": LONG_AGO, "created_by": 0,
    }  # fmt: skip


def _contract(agreement: HaloAgreement) -> Row:
    return {
        "id": agreement.id, "client_id": agreement.client_id, "site_id": agreement.site_id, "ref": agreement.ref,
        "start_date": _midnight(agreement.start), "end_date": _midnight(agreement.end), "active": agreement.active,
        "billingperiod": 3, "numberofunitsfree": 0.0, "periodchargeamount": 0.0, "last_modified": LONG_AGO,
    }  # fmt: skip


def _licence(seed: HaloSubscriptionSeed) -> Row:
    return {
        **licences.DEFAULTS, "id": seed.id, "type": seed.type, "name": seed.name, "client_id": seed.client_id,
        "site_id": seed.site_id, "count": float(seed.count), "purchase_price": float(seed.purchase_price),
        "price": float(seed.price), "start_date": _midnight(seed.start_date), "end_date": _midnight(seed.end_date),
        "billing_cycle": seed.billing_cycle, "status": seed.status, "is_active": seed.is_active,
        "deleted": seed.deleted, "supplier_id": seed.supplier_id or 0, "item_id": seed.item_id or 0,
        "vendor": seed.vendor, "product_sku": seed.product_sku, "notes": seed.notes,
    }  # fmt: skip


def _recurring_invoice(seed: HaloRecurringInvoiceSeed) -> Row:
    lines: list[Row] = []
    for each in seed.lines:
        line: dict[str, Any] = {
            "id": each.id, "item_shortdescription": each.item_shortdescription, "qty_order": float(each.qty_order),
            "unit_price": float(each.unit_price), "unit_cost": float(each.unit_cost), "isinactive": False,
        }  # fmt: skip
        if each.item_id is not None:
            line["_itemid"] = each.item_id
        if each.licence_id is not None:
            line[recurring.QUANTITIES] = [
                {
                    "licence_id": each.licence_id, "qty_free": 0, "minimum_qty": 0, "pro_rata": 0,
                    "use_linked_subscription_price": each.use_linked_subscription_price,
                    "use_linked_subscription_cost": each.use_linked_subscription_cost,
                }
            ]  # fmt: skip
        lines.append(line)
    return {
        "id": seed.id, "client_id": seed.client_id, "sitenumber": seed.site_id, "name": seed.name,
        "contract_id": seed.contract_id, "startdate": _midnight(seed.startdate), "disabled": seed.disabled,
        "nextcreationdate": _midnight(seed.nextcreationdate), "period": 3, "period_type": 0,
        "due_date_type": 0, "due_date_int": 30, "reviewrequired": False, "lines": lines,
    }  # fmt: skip


def _midnight(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00"


def _guid(kind: str, number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"halopsa:{kind}:{number}"))
