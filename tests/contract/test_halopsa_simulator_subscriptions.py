"""Subscriptions of the simulated HaloPSA: counts, prices, history, deletion, and what a person does to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from halopsa_tenant import ACME, ACME_DEPOT, CANCELLED, FIREWALL, INVOICE, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


def changes(tenant: Tenant, number: int) -> list[tuple[str, str, str, str]]:
    rows = tenant.rows("LicenceChange", "changes", licence_id=number)
    return [(row["field_name"], row["old_value"], row["new_value"], row["who"]) for row in rows]


def test_a_subscription_comes_back_as_it_was_sent_with_the_names_of_what_it_refers_to(tenant: Tenant) -> None:
    number = tenant.create(
        site_id=ACME_DEPOT, count=12, purchase_price=7.5, price=15, supplier_id=21, item_id=61,
        start_date="2026-10-01T00:00:00", billing_cycle="Monthly", notes="October", product_sku="key-1",
        status="active",
    )  # fmt: skip
    row = tenant.licence(number)
    assert row["type"] == 1
    assert (row["count"], row["purchase_price"], row["price"]) == (12.0, 7.5, 15.0)
    assert (row["client_name"], row["site_name"], row["supplier_name"]) == ("Acme Dental", "Depot", "Northwind")
    assert row["linked_item"] == "Backup, server"
    assert (row["start_date"], row["billing_cycle"]) == ("2026-10-01T00:00:00", "Monthly")
    assert (row["notes"], row["product_sku"], row["status"]) == ("October", "key-1", "active")
    assert (row["is_active"], row["deleted"]) == (True, False)


def test_what_is_not_sent_gets_the_defaults_of_the_database(tenant: Tenant) -> None:
    number = tenant.post("SoftwareLicence", [{"client_id": ACME, "name": "x"}]).json()["id"]
    row = tenant.licence(number)
    assert (row["type"], row["count"], row["price"], row["purchase_price"]) == (0, 0.0, 0.0, 0.0)
    assert (row["is_active"], row["site_id"], row["start_date"]) == (True, -1, "2026-11-12T00:00:00")


def test_names_of_references_cannot_be_written(tenant: Tenant) -> None:
    number = tenant.create(client_name="Somebody else", supplier_name="Nobody")
    row = tenant.licence(number)
    assert (row["client_name"], row["supplier_name"]) == ("Acme Dental", "")


def test_posting_twice_without_an_id_makes_two(tenant: Tenant) -> None:
    assert tenant.create(product_sku="same") != tenant.create(product_sku="same")


def test_a_count_is_a_double_that_is_rounded_kept_or_cut(tenant: Tenant) -> None:
    number = tenant.create(count=7.6)
    assert tenant.licence(number)["count"] == 8.0
    assert b'"count":8.0,' in tenant.get(f"SoftwareLicence/{number}").content
    tenant.turn(count_fractions="truncate")
    assert tenant.post("SoftwareLicence", [{"id": number, "count": 7.6}]).json()["count"] == 7.0
    tenant.turn(count_fractions="keep")
    assert tenant.post("SoftwareLicence", [{"id": number, "count": 7.6}]).json()["count"] == 7.6


def test_in_2025_a_count_is_an_int_and_a_float_is_refused(tenant: Tenant) -> None:
    tenant.turn(count_type="int")
    answer = tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 7.0}])
    assert answer.status_code == 400
    assert answer.json()["[0].count"][0].startswith("Input string '7.0' is not a valid integer.")
    assert tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": "7"}]).status_code == 201
    assert b'"count":7,' in tenant.get(f"SoftwareLicence/{FIREWALL}").content


def test_prices_are_kept_unless_they_are_to_be_rounded_half_up(tenant: Tenant) -> None:
    number = tenant.create(price=14.667, purchase_price=1.00005)
    assert tenant.licence(number)["price"] == 14.667
    tenant.turn(price_decimals=2)
    row = tenant.post("SoftwareLicence", [{"id": number, "price": 14.665, "purchase_price": 1.005}]).json()
    assert (row["price"], row["purchase_price"]) == (14.67, 1.01)


def test_every_change_of_a_tracked_field_is_kept_with_who_made_it(tenant: Tenant) -> None:
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 5, "price": 9.5, "notes": "more"}])
    assert changes(tenant, FIREWALL) == [("count", "2", "5", "Billing API"), ("notes", "", "more", "Billing API")]
    row = tenant.rows("LicenceChange", "changes", licence_id=FIREWALL)[0]
    assert (row["licence_id"], row["field_id"]) == (FIREWALL, 2)


def test_a_write_that_changes_nothing_leaves_no_history_and_does_not_reorder_the_list(tenant: Tenant) -> None:
    before = tenant.get("SoftwareLicence").json()
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 2, "name": "Firewall"}])
    assert changes(tenant, FIREWALL) == []
    assert tenant.get("SoftwareLicence").json() == before


def test_a_person_edits_under_their_own_name(tenant: Tenant) -> None:
    order = {"table": "SoftwareLicence", "id": FIREWALL, "changes": {"price": 11}, "who": "Maria Lopez"}
    assert tenant.http.post("/_sim/edit", json=order).json()["price"] == 11.0
    assert changes(tenant, FIREWALL) == [("price", "9.5", "11", "Maria Lopez")]


def test_an_edit_of_what_does_not_exist_is_refused(tenant: Tenant) -> None:
    for order in (
        {"table": "Nothing", "id": 1, "changes": {}},
        {"table": "SoftwareLicence", "id": FIREWALL, "changes": {"prize": 1}},
        {"table": "SoftwareLicence", "id": 999999, "changes": {"price": 1}},
    ):
        assert tenant.http.post("/_sim/edit", json=order).status_code == 400


def test_a_person_can_make_a_subscription_or_rename_a_customer(tenant: Tenant) -> None:
    fields = {"client_id": ACME, "type": 1, "name": "By hand"}
    made = tenant.http.post("/_sim/edit", json={"table": "softwarelicence", "changes": fields}).json()
    tenant.http.post("/_sim/edit", json={"table": "Client", "id": ACME, "changes": {"name": "Acme Ltd"}})
    row = tenant.licence(made["id"])
    assert (row["name"], row["client_name"]) == ("By hand", "Acme Ltd")


def test_deleting_marks_the_row_and_a_later_get_is_404(tenant: Tenant) -> None:
    answer = tenant.http.delete(f"/api/SoftwareLicence/{FIREWALL}")
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["deleted"]) == (FIREWALL, True)
    assert tenant.get(f"SoftwareLicence/{FIREWALL}").status_code == 404
    assert tenant.http.delete(f"/api/SoftwareLicence/{FIREWALL}").status_code == 404
    assert tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 1}]).json() == "Record not found"
    tenant.turn(deleted_found=True)
    assert tenant.licence(FIREWALL)["deleted"] is True


def test_deleted_rows_show_in_lists_as_the_switch_says(tenant: Tenant) -> None:
    def listed(**query: str) -> bool:
        return FIREWALL in [row["id"] for row in tenant.rows("SoftwareLicence", "licences", **query)]

    order = {"table": "SoftwareLicence", "id": FIREWALL, "who": "Maria Lopez"}
    assert tenant.http.post("/_sim/delete", json=order).status_code == 200
    assert changes(tenant, FIREWALL) == [("deleted", "False", "True", "Maria Lopez")]
    assert (listed(), listed(includeinactive="true")) == (False, True)
    tenant.turn(deleted_in_lists="never")
    assert (listed(), listed(includeinactive="true")) == (False, False)
    tenant.turn(deleted_in_lists="always")
    assert (listed(), listed(includeinactive="true")) == (True, True)


def test_a_deleted_asset_type_is_gone_for_good(tenant: Tenant) -> None:
    tenant.http.post("/_sim/delete", json={"table": "AssetType", "id": 102})
    assert [row["name"] for row in tenant.get("AssetType").json()] == ["Server"]
    assert tenant.get("AssetType/102").status_code == 404


def test_an_inactive_subscription_can_be_made_active_again(tenant: Tenant) -> None:
    tenant.post("SoftwareLicence", [{"id": CANCELLED, "is_active": True}])
    assert CANCELLED in [row["id"] for row in tenant.rows("SoftwareLicence", "licences")]


def test_a_null_leaves_a_column_that_cannot_be_null_and_empties_one_that_can(tenant: Tenant) -> None:
    number = tenant.create(count=4, end_date="2026-12-31T00:00:00")
    tenant.post("SoftwareLicence", [{"id": number, "count": None, "end_date": None}])
    assert (tenant.licence(number)["count"], tenant.licence(number)["end_date"]) == (4.0, "0001-01-01T00:00:00")


def test_a_stand_in_for_no_date_that_is_sent_back_is_no_date(tenant: Tenant) -> None:
    number = tenant.create(end_date="1901-01-01T00:00:00")
    tenant.turn(empty_date="omit")
    assert "end_date" not in tenant.licence(number)


def test_the_books_count_creations_by_key_and_keep_all_writes_in_order(tenant: Tenant) -> None:
    first, second = tenant.create(product_sku="k1"), tenant.create(product_sku="k1")
    tenant.post("SoftwareLicence", [{"id": first, "count": 3}])
    tenant.http.delete(f"/api/SoftwareLicence/{second}")
    books = tenant.http.get("/_sim/books").json()
    assert books["created_by_product_sku"] == {"k1": 2}
    assert [row["id"] for row in books["subscriptions"]] == [first, second]
    assert books["subscriptions"][1]["deleted"] is True
    assert [(write["no"], write["action"], write["id"]) for write in books["writes"]] == [
        (1, "create", first), (2, "create", second), (3, "update", first), (4, "delete", second),
    ]  # fmt: skip
    assert books["writes"][2]["changes"] == {"count": 3.0}
    assert [write["at"] for write in books["writes"]] == sorted(write["at"] for write in books["writes"])


def test_a_recurring_invoice_line_is_made_with_the_subscription_only_when_switched_on(tenant: Tenant) -> None:
    def lines() -> int:
        return len(tenant.get(f"RecurringInvoice/{INVOICE}", includedetails="true").json()["lines"])

    tenant.create(_create_recurring_invoice_line=True)
    assert lines() == 2
    tenant.turn(create_recurring_invoice_line=True)
    tenant.create(_create_recurring_invoice_line=True)
    assert lines() == 3


def test_allow_licence_update_holds_a_row_still_only_when_switched_on(tenant: Tenant) -> None:
    still = {"id": FIREWALL, "count": 50, "allow_licence_update": False}
    tenant.turn(allow_licence_update_honoured=True)
    assert tenant.post("SoftwareLicence", [still]).json()["count"] == 2.0
    tenant.turn(allow_licence_update_honoured=False)
    assert tenant.post("SoftwareLicence", [still]).json()["count"] == 50.0
