"""Every field the simulated HaloPSA shows, held against HaloPSA's own schemas by name and type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from halopsa_tenant import ACME, FIREWALL, INVOICE, Tenant

from billbridge.simulators.halopsa import fields
from billbridge.simulators.halopsa.resources import RESOURCES

SCHEMAS = Path(__file__).parents[2].parent / "shared" / "reference" / "halo_schemas.json"

pytestmark = pytest.mark.skipif(not SCHEMAS.exists(), reason="HaloPSA's schemas are not kept in this repository")

SCHEMA_OF = {
    "Client": ("Area", "Area_List"), "Site": ("Site", "Site_List"), "AssetType": ("Xtype",),
    "AssetGroup": ("Generic",), "Supplier": ("Company",), "Item": ("Item",), "ClientContract": ("ContractHeader",),
    "RecurringInvoice": ("InvoiceHeader",), "Invoice": ("InvoiceHeader",), "Currency": ("Currency",),
    "Tax": ("Tax",), "Agent": ("Uname",),
}  # fmt: skip
FIELDS_OF = {
    "Client": fields.CLIENT, "Site": fields.SITE, "AssetType": fields.ASSET_TYPE, "AssetGroup": fields.ASSET_GROUP,
    "Supplier": fields.SUPPLIER, "Item": fields.ITEM, "ClientContract": fields.CONTRACT,
    "RecurringInvoice": fields.INVOICE, "Currency": fields.CURRENCY, "Tax": fields.TAX, "Agent": fields.AGENT,
}  # fmt: skip
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,), "number": (int, float), "string": (str,), "boolean": (bool,), "array": (list,),
    "object": (dict,), "int": (int,), "double": (float,), "date-time": (str,), "bool": (bool,),
}  # fmt: skip
DECLARED_AS = {
    "int": {"integer", "int"}, "num": {"number", "double"}, "str": {"string"}, "bool": {"boolean", "bool"},
    "date": {"string", "date-time"},
}  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    return content


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        tenant.post("RecurringInvoice/process", [INVOICE])
        tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 3, "end_date": "2026-12-31"}])
        yield tenant


def declared(documents: dict[str, Any], path: str) -> dict[str, str]:
    """Field -> type word; fields only seen live have none."""
    live = documents["live_row_keys"]
    seen: dict[str, Any] = next(
        (value for name, value in live.items() if path in name.removeprefix("GET /").split()), {}
    )
    types = dict.fromkeys([*seen.get("keys", []), *seen.get("keys_first30", [])], "")
    for name in SCHEMA_OF[path]:
        for field, schema in documents["schemas"][name]["properties"].items():
            types[field] = schema.get("type", "object")
    return types


def check(row: dict[str, Any], types: dict[str, str]) -> None:
    for field, value in row.items():
        assert field in types, f"{field} is in no document"
        expected = JSON_TYPES.get(types[field])
        if expected is not None:
            assert isinstance(value, expected), f"{field}: {value!r} is no {types[field]}"
            assert isinstance(value, bool) == (bool in expected), f"{field}: {value!r}"


@pytest.mark.parametrize("path", sorted(SCHEMA_OF))
def test_rows_and_records_have_the_documented_fields(tenant: Tenant, documents: dict[str, Any], path: str) -> None:
    types = declared(documents, path)
    content = tenant.get(path, includeinactive="true").json()
    rows = (
        content if isinstance(content, list) else next(each for each in content.values() if isinstance(each, list))
    )
    assert rows
    for row in rows:
        check(row, types)
        check(tenant.get(f"{path}/{row['id']}", includedetails="true").json(), types)


def test_subscriptions_have_the_fields_of_2026(tenant: Tenant, documents: dict[str, Any]) -> None:
    types = documents["licence_list_2026"]
    for row in tenant.rows("SoftwareLicence", "licences", includeinactive="true"):
        check(row, types)
        assert isinstance(row["count"], float)
        check(tenant.licence(row["id"]), types)


def test_subscriptions_have_the_fields_of_2025_when_counts_are_ints(
    tenant: Tenant, documents: dict[str, Any]
) -> None:
    tenant.turn(count_type="int")
    schema = documents["schemas"]["Licence_List"]["properties"]
    types = {name: value.get("type", "object") for name, value in schema.items()}
    shared = {name: value for name, value in tenant.licence(FIREWALL).items() if name in types}
    assert {"count", "licences_in_use", "licences_available"} <= set(shared)
    check(shared, types)


def test_a_subscription_row_shows_every_key_seen_live(tenant: Tenant, documents: dict[str, Any]) -> None:
    row = tenant.rows("SoftwareLicence", "licences")[0]
    assert set(documents["live_row_keys"]["GET /SoftwareLicence"]["keys_first30"]) <= set(row)


def test_a_change_has_exactly_the_keys_seen_live(tenant: Tenant, documents: dict[str, Any]) -> None:
    row = tenant.rows("LicenceChange", "changes")[0]
    assert sorted(row) == documents["live_row_keys"]["GET /LicenceChange"]["keys"]


def test_invoice_lines_have_the_documented_fields(tenant: Tenant, documents: dict[str, Any]) -> None:
    def types(name: str) -> dict[str, str]:
        properties = documents["schemas"][name]["properties"]
        return {field: schema.get("type", "object") for field, schema in properties.items()}

    for invoice in tenant.rows("RecurringInvoice", "invoices", includelines="true", client_id=ACME):
        for line in invoice["lines"]:
            check(line, types("InvoiceDetail"))
            for quantity in line.get("quantity_subscriptions", []):
                check(quantity, types("InvoiceDetailQuantity"))


@pytest.mark.parametrize("path", sorted(FIELDS_OF))
def test_bodies_are_read_by_the_documented_types(documents: dict[str, Any], path: str) -> None:
    types = declared(documents, path)
    for field, kind in FIELDS_OF[path].items():
        assert field in types, f"{field} is in no document"
        if kind != "any" and types[field]:
            assert types[field] in DECLARED_AS[kind], f"{field} is declared {types[field]}"


def test_subscription_bodies_are_read_by_the_types_of_2026(documents: dict[str, Any]) -> None:
    types = documents["licence_list_2026"]
    for field, kind in fields.LICENCE.items():
        if kind != "any":
            assert types[field] in DECLARED_AS[kind], field


def test_lists_take_the_documented_query_parameters(documents: dict[str, Any]) -> None:
    for resource in RESOURCES.values():
        known = documents["endpoints"][f"/{resource.name}"]["GET"]["query"]
        for parameter in resource.filters:
            assert parameter in known, f"/{resource.name} knows no {parameter}"
