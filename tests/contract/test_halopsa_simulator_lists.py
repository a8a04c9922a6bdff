"""Lists of the simulated HaloPSA: envelopes, paging, order, filters, what is shown and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from halopsa_tenant import ACME, BIRCH, CANCELLED, CLOSED, FIREWALL, OLD_LICENCE, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


def create_many(tenant: Tenant, number: int) -> None:
    tenant.post("SoftwareLicence", [{"client_id": BIRCH, "type": 1, "name": f"S{n:03}"} for n in range(number)])


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("Client", "clients"), ("Site", "sites"), ("Supplier", "suppliers"), ("SoftwareLicence", "licences"),
        ("LicenceChange", "changes"), ("RecurringInvoice", "invoices"), ("Invoice", "invoices"), ("Item", "items"),
        ("ClientContract", "contracts"),
    ],
)  # fmt: skip
def test_each_list_has_its_own_key_in_the_envelope(tenant: Tenant, path: str, key: str) -> None:
    assert list(tenant.get(path).json()) == ["record_count", key]
    paged = tenant.get(path, pageinate="true", page_size=20, page_no=1).json()
    assert list(paged) == ["page_no", "page_size", "record_count", key]
    assert paged["record_count"] == len(paged[key])


@pytest.mark.parametrize("path", ["AssetType", "AssetGroup", "Currency", "Tax", "Agent"])
def test_some_lists_are_bare_arrays_that_ignore_paging(tenant: Tenant, path: str) -> None:
    everything = tenant.get(path).json()
    assert isinstance(everything, list)
    assert everything
    assert tenant.get(path, pageinate="true", page_size=1, page_no=7).json() == everything


def test_paths_query_names_and_booleans_are_read_whatever_their_case(tenant: Tenant) -> None:
    everything = tenant.get("softwareLICENCE", IncludeInactive="True", order="id").json()
    assert [row["id"] for row in everything["licences"]] == [FIREWALL, OLD_LICENCE, CANCELLED]


def test_a_page_never_exceeds_100_rows_and_record_count_is_the_total(tenant: Tenant) -> None:
    create_many(tenant, 250)
    seen: list[int] = []
    for number in (1, 2, 3, 4):
        page = tenant.get("SoftwareLicence", pageinate="true", page_size=1000, page_no=number, order="id").json()
        assert page["record_count"] == 252
        seen += [row["id"] for row in page["licences"]]
    assert len(seen) == len(set(seen)) == 252
    assert seen == sorted(seen)


def test_without_paging_50_rows_come_and_at_most_100_unless_switched(tenant: Tenant) -> None:
    create_many(tenant, 150)
    assert len(tenant.get("SoftwareLicence").json()["licences"]) == 50
    assert len(tenant.get("SoftwareLicence", count=5000).json()["licences"]) == 100
    tenant.turn(count_capped=False)
    assert len(tenant.get("SoftwareLicence", count=5000).json()["licences"]) == 152
    tenant.turn(page_cap=None)
    paged = tenant.get("SoftwareLicence", pageinate="true", page_size=1000).json()
    assert len(paged["licences"]) == 152


def test_without_an_order_the_latest_change_comes_first(tenant: Tenant) -> None:
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 7}])
    assert [row["id"] for row in tenant.get("SoftwareLicence").json()["licences"]] == [FIREWALL, OLD_LICENCE]
    tenant.post("SoftwareLicence", [{"id": OLD_LICENCE, "count": 7}])
    assert [row["id"] for row in tenant.get("SoftwareLicence").json()["licences"]] == [OLD_LICENCE, FIREWALL]


def test_a_client_that_does_not_order_loses_rows_when_something_changes_between_pages(tenant: Tenant) -> None:
    create_many(tenant, 150)
    paging = {"pageinate": "true", "page_size": 100}
    first = tenant.get("SoftwareLicence", page_no=1, **paging).json()["licences"]
    tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 3}])
    second = tenant.get("SoftwareLicence", page_no=2, **paging).json()["licences"]
    ids = [row["id"] for row in first + second]
    assert len(ids) == 152
    assert len(set(ids)) < 152


def test_the_order_can_be_scrambled_on_every_call(tenant: Tenant) -> None:
    create_many(tenant, 60)
    tenant.turn(unordered="scrambled")
    orders = {tuple(row["id"] for row in tenant.get("SoftwareLicence").json()["licences"]) for _ in range(3)}
    assert len(orders) == 3


def test_order_takes_a_field_a_direction_and_further_fields(tenant: Tenant) -> None:
    create_many(tenant, 3)
    tenant.post("SoftwareLicence", [{"client_id": ACME, "type": 1, "name": "s001"}])
    rows = tenant.get("SoftwareLicence", order="name", order2="client_id", orderdesc2="true").json()["licences"]
    names = [(row["name"], row["client_id"]) for row in rows]
    assert names[-4:] == [("S000", BIRCH), ("S001", BIRCH), ("s001", ACME), ("S002", BIRCH)]
    by_customer = tenant.get("SoftwareLicence", order="client_name", orderdesc="true").json()["licences"]
    assert by_customer[0]["client_name"].startswith("Birch")


def test_inactive_rows_are_hidden_unless_asked_for(tenant: Tenant) -> None:
    assert [row["id"] for row in tenant.rows("Client", "clients")] == [ACME, BIRCH]
    assert [row["id"] for row in tenant.rows("Client", "clients", includeinactive="true")] == [ACME, BIRCH, CLOSED]
    only = {"includeinactive": "true", "includeactive": "false"}
    assert [row["id"] for row in tenant.rows("Client", "clients", **only)] == [CLOSED]
    assert [row["id"] for row in tenant.rows("Client", "clients", activeinactive="false,true")] == [CLOSED]
    assert CANCELLED not in [row["id"] for row in tenant.rows("SoftwareLicence", "licences")]
    everything = tenant.rows("SoftwareLicence", "licences", includeinactive="true")
    assert CANCELLED in [row["id"] for row in everything]


def test_lists_are_filtered_by_customer_site_and_type(tenant: Tenant) -> None:
    def ids(**query: object) -> list[int]:
        return [row["id"] for row in tenant.rows("SoftwareLicence", "licences", includeinactive="true", **query)]

    assert ids(client_id=ACME) == [FIREWALL, OLD_LICENCE]
    assert ids(client_id=-1) == [FIREWALL, OLD_LICENCE, CANCELLED]
    assert ids(licence_type=0) == [OLD_LICENCE]
    assert ids(client_id=ACME, licence_type=1) == [FIREWALL]
    assert ids(site_id=42) == [CANCELLED]
    assert [row["id"] for row in tenant.rows("Site", "sites", client_id=ACME)] == [40, 41]


def test_a_filter_that_is_no_number_is_a_map_of_fields(tenant: Tenant) -> None:
    answer = tenant.get("SoftwareLicence", client_id="acme")
    assert answer.status_code == 400
    assert answer.json() == {"client_id": ["The value 'acme' is not valid."]}


def test_search_finds_a_part_of_the_name(tenant: Tenant) -> None:
    assert [row["name"] for row in tenant.rows("Supplier", "suppliers", search="NORTH")] == [
        "Northwind",
        "northwind",
    ]
    assert tenant.rows("Supplier", "suppliers", search="south") == []


def test_advanced_search_that_is_no_json_is_refused(tenant: Tenant) -> None:
    answer = tenant.get("Client", advanced_search="{")
    assert (answer.status_code, answer.json()) == (400, "Invalid advanced search parameter")
    wanted = json.dumps([{"filter_name": "name", "filter_type": 2, "filter_value": "birch"}])
    assert [row["id"] for row in tenant.rows("Client", "clients", advanced_search=wanted)] == [BIRCH]


def test_idonly_gives_ids_alone(tenant: Tenant) -> None:
    assert tenant.rows("Client", "clients", idonly="true") == [{"id": ACME}, {"id": BIRCH}]


def test_rows_leave_out_what_is_null(tenant: Tenant) -> None:
    rows = tenant.rows("Item", "items")
    assert "assettype_id" in rows[0]
    assert "assettype_id" not in rows[1]
    assert all(value is not None for row in rows for value in row.values())


def test_a_date_that_was_never_set_shows_as_a_stand_in_or_not_at_all(tenant: Tenant) -> None:
    assert tenant.licence(FIREWALL)["end_date"] == "0001-01-01T00:00:00"
    tenant.turn(empty_date="1899-12-30T00:00:00")
    assert tenant.licence(FIREWALL)["end_date"] == "1899-12-30T00:00:00"
    tenant.turn(empty_date="omit")
    assert "end_date" not in tenant.licence(FIREWALL)


def test_the_customer_of_a_site_is_sometimes_a_double(tenant: Tenant) -> None:
    assert b'"client_id":12,' in tenant.get("Site/40").content
    assert b'"client_id":12.0,' in tenant.get("Site/41").content
    tenant.turn(site_client_id="int")
    assert b'"client_id":12,' in tenant.get("Site/41").content


def test_a_single_record_shows_more_than_a_row(tenant: Tenant) -> None:
    assert "main_site_id" not in tenant.rows("Client", "clients")[0]
    detail = tenant.get(f"Client/{ACME}", includedetails="true").json()
    assert (detail["main_site_id"], detail["main_site_name"]) == (40, "Main")


def test_usage_of_licences_shows_on_request(tenant: Tenant) -> None:
    assert "licences_available" not in tenant.rows("SoftwareLicence", "licences")[0]
    assert tenant.rows("SoftwareLicence", "licences", include_licence_usage="true")[0]["licences_available"] == 2.0


def test_unknown_ids_and_routes_are_an_empty_404(tenant: Tenant) -> None:
    for path in ("SoftwareLicence/999999", "Contract", "SoftwareLicence/1/lines"):
        answer = tenant.get(path)
        assert (answer.status_code, answer.content) == (404, b"")


def test_an_id_in_the_path_must_be_a_number(tenant: Tenant) -> None:
    answer = tenant.get("Client/probe")
    assert answer.status_code == 400
    assert answer.json() == {"id": ["The value 'probe' is not valid."]}


def test_put_and_patch_do_not_exist(tenant: Tenant) -> None:
    assert tenant.http.put(f"/api/Client/{ACME}", json={}).status_code == 405
    assert tenant.http.patch(f"/api/Client/{ACME}", json={}).status_code == 405


def test_an_agreement_says_whether_it_has_started_and_ended(tenant: Tenant) -> None:
    rows = {row["ref"]: row for row in tenant.rows("ClientContract", "contracts", client_id=ACME)}
    assert (rows["MSA-1"]["started"], rows["MSA-1"]["expired"]) == (True, False)
    assert (rows["MSA-0"]["expired"], rows["MSA-0"]["active"]) == (True, True)
    assert rows["MSA-0"]["end_date"] == "2025-12-31T00:00:00"
