"""Recurring invoices of the simulated HaloPSA: lines that follow subscriptions, and the invoices made from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from halopsa_tenant import ACME, FIREWALL, INVOICE, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


def lines(tenant: Tenant, number: int = INVOICE) -> list[dict[str, Any]]:
    answer = tenant.get(f"RecurringInvoice/{number}", includedetails="true").json()
    found: list[dict[str, Any]] = answer["lines"]
    return found


def test_recurring_invoices_have_negative_ids(tenant: Tenant) -> None:
    assert [row["id"] for row in tenant.rows("RecurringInvoice", "invoices")] == [INVOICE]
    made = tenant.post("RecurringInvoice", [{"client_id": ACME, "name": "Second"}]).json()
    assert made["id"] == INVOICE - 1


def test_lines_show_only_on_request(tenant: Tenant) -> None:
    assert "lines" not in tenant.rows("RecurringInvoice", "invoices")[0]
    assert "lines" not in tenant.get(f"RecurringInvoice/{INVOICE}").json()
    assert len(tenant.rows("RecurringInvoice", "invoices", includelines="true")[0]["lines"]) == 2


def test_a_linked_line_follows_the_count_price_and_cost_of_its_subscription(tenant: Tenant) -> None:
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 3, "price": 10.5, "purchase_price": 4}])
    line = lines(tenant)[1]
    assert (line["qty_order"], line["unit_price"], line["unit_cost"]) == (3.0, 10.5, 4.0)
    assert line["net_amount"] == 31.5
    assert line["quantity_subscriptions"][0]["licence_name"] == "Firewall"


def test_price_and_cost_stay_with_the_line_unless_they_are_linked(tenant: Tenant) -> None:
    quantity = {"licence_id": FIREWALL, "qty_free": 1, "use_linked_subscription_price": False}
    line = {"item_shortdescription": "x", "unit_price": 7, "quantity_subscriptions": [quantity]}
    made = tenant.post("RecurringInvoice", [{"client_id": ACME, "lines": [line]}]).json()
    shown = lines(tenant, made["id"])[0]
    assert (shown["qty_order"], shown["unit_price"]) == (1.0, 7.0)


def test_posting_lines_replaces_all_lines_and_lays_known_ones_over(tenant: Tenant) -> None:
    tenant.post("RecurringInvoice", [{"id": INVOICE, "lines": [{"id": 901, "unit_price": 120}, {"qty_order": 2}]}])
    kept, new = lines(tenant)
    assert (kept["id"], kept["item_shortdescription"], kept["unit_price"]) == (901, "Support", 120.0)
    assert (new["id"], new["qty_order"], new["ihid"]) == (903, 2.0, INVOICE)


def test_an_update_without_lines_keeps_them(tenant: Tenant) -> None:
    tenant.post("RecurringInvoice", [{"id": INVOICE, "name": "Renamed"}])
    assert len(lines(tenant)) == 2


def test_lines_read_can_be_sent_back_with_one_more_subscription(tenant: Tenant) -> None:
    number = tenant.create(count=4, price=2, purchase_price=1)
    quantity = {
        "licence_id": number, "use_linked_subscription_price": True, "use_linked_subscription_cost": True,
    }  # fmt: skip
    body = [*lines(tenant), {"item_shortdescription": "Backup", "quantity_subscriptions": [quantity]}]
    assert tenant.post("RecurringInvoice", [{"id": INVOICE, "lines": body}]).status_code == 201
    assert [line["net_amount"] for line in lines(tenant)] == [100.0, 19.0, 8.0]


def test_a_single_line_can_be_updated_by_its_own_route(tenant: Tenant) -> None:
    answer = tenant.post("RecurringInvoice/updatelines", [{"id": 901, "ihid": INVOICE, "unit_price": 5}])
    assert answer.status_code == 201
    assert [line["unit_price"] for line in lines(tenant)] == [5.0, 9.5]
    assert tenant.post("RecurringInvoice/updatelines", [{"id": 1, "ihid": INVOICE}]).json() == "Record not found"


def test_processing_makes_an_invoice_with_computed_quantities_and_moves_to_the_next_month(tenant: Tenant) -> None:
    answer = tenant.post("RecurringInvoice/process", [INVOICE])
    assert answer.status_code == 201
    made = answer.json()[0]
    assert made["id"] > 0
    assert (made["recurring_invoice_id"], made["client_name"], made["total"]) == (INVOICE, "Acme Dental", 119.0)
    assert [(line["qty_order"], line["unit_price"], line["net_amount"]) for line in made["lines"]] == [
        (1.0, 100.0, 100.0), (2.0, 9.5, 19.0),
    ]  # fmt: skip
    recurring = tenant.get(f"RecurringInvoice/{INVOICE}").json()
    assert recurring["nextcreationdate"] == "2027-01-01T00:00:00"
    assert [row["id"] for row in tenant.rows("Invoice", "invoices", client_id=ACME)] == [made["id"]]


def test_an_invoice_keeps_its_figures_when_the_subscription_changes_later(tenant: Tenant) -> None:
    made = tenant.post("RecurringInvoice/process", [INVOICE]).json()[0]
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 99}])
    shown = tenant.get(f"Invoice/{made['id']}", includedetails="true").json()
    assert [line["qty_order"] for line in shown["lines"]] == [1.0, 2.0]


def test_processing_an_unknown_invoice_is_refused_and_its_reply_is_a_switch(tenant: Tenant) -> None:
    assert tenant.post("RecurringInvoice/process", [-1]).json() == "Record not found"
    tenant.turn(process_reply="empty")
    answer = tenant.post("RecurringInvoice/process", [INVOICE])
    assert (answer.status_code, answer.content) == (201, b"")


def test_a_line_of_an_inactive_subscription_is_left_out_only_when_switched_on(tenant: Tenant) -> None:
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "is_active": False}])
    assert tenant.post("RecurringInvoice/process", [INVOICE]).json()[0]["total"] == 119.0
    tenant.turn(inactive_subscription_inactive_line=True)
    assert tenant.post("RecurringInvoice/process", [INVOICE]).json()[0]["total"] == 100.0


def test_a_deleted_subscription_leaves_its_line_without_a_quantity(tenant: Tenant) -> None:
    tenant.http.delete(f"/api/SoftwareLicence/{FIREWALL}")
    assert lines(tenant)[1]["qty_order"] == 0.0


def test_lines_of_a_wrong_type_are_refused(tenant: Tenant) -> None:
    for wrong in (5, [5], [{"unit_price": "dear"}], [{"quantity_subscriptions": 1}]):
        assert tenant.post("RecurringInvoice", [{"id": INVOICE, "lines": wrong}]).status_code == 400
    assert len(lines(tenant)) == 2
