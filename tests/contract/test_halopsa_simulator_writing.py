"""Writing to the simulated HaloPSA: arrays, types, the shapes of a 400, partial updates and batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from halopsa_tenant import ACME, BIRCH, FIREWALL, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


def names(tenant: Tenant) -> list[str]:
    return [row["name"] for row in tenant.rows("SoftwareLicence", "licences", client_id=BIRCH)]


GOOD = {"client_id": BIRCH, "type": 1}
BATCH = [{**GOOD, "name": "one"}, {"name": "faulty", "client_id": 999}, {**GOOD, "name": "three"}]


def test_one_element_is_answered_with_an_object_and_several_with_an_array(tenant: Tenant) -> None:
    one = tenant.post("SoftwareLicence", [{**GOOD, "name": "one"}])
    assert one.status_code == 201
    assert one.json()["name"] == "one"
    two = tenant.post("SoftwareLicence", [{**GOOD, "name": "two"}, {**GOOD, "name": "three"}])
    assert two.status_code == 201
    assert [row["name"] for row in two.json()] == ["two", "three"]


def test_the_reply_to_a_batch_and_its_status_are_switches(tenant: Tenant) -> None:
    tenant.turn(batch_reply="always_array")
    assert [row["name"] for row in tenant.post("Supplier", [{"name": "a"}]).json()] == ["a"]
    tenant.turn(batch_reply="last_object", post_status=200)
    answer = tenant.post("Supplier", [{"name": "b"}, {"name": "c"}])
    assert (answer.status_code, answer.json()["name"]) == (200, "c")


def test_a_bare_object_is_refused(tenant: Tenant) -> None:
    answer = tenant.post("Supplier", {"name": "x"})
    assert answer.status_code == 400
    assert "requires a JSON array" in answer.json()[""][0]


def test_a_body_that_is_no_json_is_refused(tenant: Tenant) -> None:
    headers = {"Content-Type": "application/json"}
    assert tenant.http.post("/api/Supplier", content=b"[{", headers=headers).status_code == 400
    assert tenant.http.post("/api/Supplier", data={"name": "x"}).status_code == 415


@pytest.mark.parametrize("body", [{"id": None}, {"id": 0}, {}])
def test_without_an_id_a_record_is_created(tenant: Tenant, body: dict[str, Any]) -> None:
    created = tenant.post("Supplier", [{**body, "name": "MSP360"}]).json()
    assert created["id"] > 22
    assert tenant.get(f"Supplier/{created['id']}").json()["name"] == "MSP360"


def test_names_are_not_unique(tenant: Tenant) -> None:
    ids = {tenant.post("Supplier", [{"name": "Northwind"}]).json()["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Client", {"name": "New"}),
        ("Site", {"name": "New", "client_id": ACME}),
        ("Supplier", {"name": "New"}),
        ("SoftwareLicence", {"name": "New", "client_id": ACME}),
    ],
)
def test_the_smallest_bodies_that_are_known_to_work_do(tenant: Tenant, path: str, body: dict[str, Any]) -> None:
    assert tenant.post(path, [body]).status_code == 201


def test_a_new_customer_gets_a_first_site(tenant: Tenant) -> None:
    number = tenant.post("Client", [{"name": "New", "newclient_sitename": "Head office"}]).json()["id"]
    assert [row["name"] for row in tenant.rows("Site", "sites", client_id=number)] == ["Head office"]
    assert tenant.get(f"Client/{number}").json()["main_site_name"] == "Head office"


def test_an_update_changes_only_what_is_sent(tenant: Tenant) -> None:
    before = tenant.licence(FIREWALL)
    answer = tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 14}])
    assert answer.status_code == 201
    assert tenant.licence(FIREWALL) == {**before, "count": 14.0, "licences_available": 14.0}


def test_names_of_fields_are_matched_whatever_their_case_and_unknown_ones_are_ignored(tenant: Tenant) -> None:
    number = tenant.create(Name="Backup", Client_ID=ACME, COUNT=3, no_such_field={"x": [1]})
    row = tenant.licence(number)
    assert (row["name"], row["client_id"], row["count"]) == ("Backup", ACME, 3.0)
    assert "no_such_field" not in row


def test_numbers_in_strings_are_converted(tenant: Tenant) -> None:
    number = tenant.create(count="7", price="1.25", client_id=str(ACME), is_active="True")
    row = tenant.licence(number)
    assert (row["count"], row["price"], row["client_id"], row["is_active"]) == (7.0, 1.25, ACME, True)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("client_id", "many", "Could not convert string to integer: many."),
        ("client_id", 12.0, "Input string '12.0' is not a valid integer."),
        ("client_id", True, "Unexpected character encountered while parsing value: t."),
        ("client_id", 2**40, "JSON integer 1099511627776 is too large or small for an Int32."),
        ("price", "cheap", "Could not convert string to double: cheap."),
        ("is_active", "maybe", "Could not convert string to boolean: maybe."),
        ("name", ["x"], "Unexpected character encountered while parsing value: [."),
        ("start_date", "yesterday", "Could not convert string to DateTime: yesterday."),
    ],
)
def test_a_value_of_a_wrong_type_is_a_map_from_its_path_to_messages(
    tenant: Tenant, field: str, value: object, text: str
) -> None:
    answer = tenant.post("SoftwareLicence", [{**GOOD, "name": "one"}, {**GOOD, "name": "two", field: value}])
    assert answer.status_code == 400
    messages = answer.json()[f"[1].{field}"]
    assert messages[0].startswith(f"{text} Path '[1].{field}', line 1, position ")
    assert names(tenant) == []


def test_the_position_of_a_wrong_value_is_told(tenant: Tenant) -> None:
    answer = tenant.http.post(
        "/api/Supplier", content=b'[{"id":\n "x"}]', headers={"Content-Type": "application/json"}
    )
    assert answer.json()["[0].id"] == ["Could not convert string to integer: x. Path '[0].id', line 2, position 4."]


def test_dates_are_accepted_with_a_zone_and_shown_without(tenant: Tenant) -> None:
    number = tenant.create(start_date="2026-01-29T20:00:00.000Z", end_date="2026-02-01T00:30:00+02:00")
    row = tenant.licence(number)
    assert row["start_date"] == "2026-01-29T20:00:00"
    assert row["end_date"] == "2026-01-31T22:30:00"


def test_a_business_rule_is_a_json_string(tenant: Tenant) -> None:
    answer = tenant.post("SoftwareLicence", [{"client_id": ACME}])
    assert (answer.status_code, answer.json()) == (400, "Name must not be blank")
    assert tenant.post("Site", [{"name": "x"}]).json() == "Parameter client_id must be included"


def test_a_column_that_may_not_be_null_is_an_exception_object(tenant: Tenant) -> None:
    answer = tenant.post("SoftwareLicence", [{"name": "x"}])
    assert answer.status_code == 400
    assert answer.json()["ClassName"] == "System.Exception"
    assert answer.json()["Message"].startswith("A database error occurred (515) - Cannot insert the value NULL")
    assert answer.json()["HResult"] == -2146233088


def test_a_text_too_long_for_its_column_is_an_exception_object(tenant: Tenant) -> None:
    answer = tenant.post("SoftwareLicence", [{"client_id": ACME, "name": "x" * 501}])
    assert answer.status_code == 400
    assert "would be truncated" in answer.json()["Message"]


def test_an_update_of_an_unknown_id_is_refused_as_a_string_or_an_exception(tenant: Tenant) -> None:
    answer = tenant.post("SoftwareLicence", [{"id": 999999, "count": 1}])
    assert (answer.status_code, answer.json()) == (400, "Record not found")
    tenant.turn(record_not_found="exception")
    assert tenant.post("SoftwareLicence", [{"id": 999999}]).json()["Message"] == "Record not found"


def test_references_to_what_does_not_exist_are_refused_unless_switched(tenant: Tenant) -> None:
    for wrong in ({"client_id": 999}, {"supplier_id": 999}, {"item_id": 999}, {"site_id": 999}, {"site_id": 42}):
        answer = tenant.post("SoftwareLicence", [{"client_id": ACME, "name": "x", **wrong}])
        assert answer.status_code == 400, wrong
        assert isinstance(answer.json(), str)
    tenant.turn(check_references=False)
    assert tenant.post("SoftwareLicence", [{"client_id": ACME, "name": "x", "item_id": 999}]).status_code == 201


@pytest.mark.parametrize(("policy", "kept"), [("atomic", []), ("stop", ["one"]), ("skip", ["one", "three"])])
def test_a_faulty_element_is_answered_with_its_400_and_leaves_what_the_switch_says(
    tenant: Tenant, policy: str, kept: list[str]
) -> None:
    tenant.turn(batch_faulty=policy)
    answer = tenant.post("SoftwareLicence", BATCH)
    assert (answer.status_code, answer.json()) == (400, "The Client 999 does not exist")
    assert names(tenant) == kept


def test_a_most_number_of_elements_can_be_set(tenant: Tenant) -> None:
    tenant.turn(post_limit=1)
    assert tenant.post("Supplier", [{"name": "a"}, {"name": "b"}]).status_code == 400
    assert tenant.post("Supplier", [{"name": "a"}]).status_code == 201


def test_lists_that_cannot_be_written_say_so(tenant: Tenant) -> None:
    assert tenant.post("Currency", [{"name": "x"}]).status_code == 405
