"""Faults on request: each kind, on the routes and for the calls it was asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from halopsa_tenant import ACME, BIRCH, FIREWALL, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


def count(tenant: Tenant) -> float:
    number: float = tenant.licence(FIREWALL)["count"]
    return number


def write(tenant: Tenant) -> httpx2.Response:
    return tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 7}])


def test_a_status_is_answered_and_nothing_is_done(tenant: Tenant) -> None:
    tenant.fault(kind="status", route="POST /SoftwareLicence", status=503, text="busy")
    answer = write(tenant)
    assert (answer.status_code, answer.text) == (503, "busy")
    assert count(tenant) == 2.0
    assert write(tenant).status_code == 201


def test_a_status_can_come_after_the_work_was_done(tenant: Tenant) -> None:
    tenant.fault(kind="status_after", route="POST /SoftwareLicence", status=500)
    assert write(tenant).status_code == 500
    assert count(tenant) == 7.0


def test_a_fault_lets_calls_pass_first_and_strikes_as_often_as_asked(tenant: Tenant) -> None:
    tenant.fault(kind="status", route="GET /Client", skip=1, times=2, status=500)
    assert [tenant.get("Client").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert tenant.http.get("/_sim/faults").json()["faults"][0]["struck"] == 2


def test_a_route_matches_itself_and_what_is_below_it_but_no_longer_name(tenant: Tenant) -> None:
    tenant.fault(kind="status", route="get /client", times=-1)
    assert tenant.get("Client").status_code == 500
    assert tenant.get(f"CLIENT/{ACME}").status_code == 500
    assert tenant.get("ClientContract").status_code == 200
    assert tenant.post("Client", [{"name": "x"}]).status_code == 201
    tenant.fault(kind="status", route="* /Site", times=-1)
    assert [tenant.get("Site").status_code, tenant.post("Site", []).status_code] == [500, 500]
    tenant.fault(kind="status", route="POST /auth/token")
    assert tenant.ask_token().status_code == 500
    tenant.fault(kind="status", times=-1)
    assert [tenant.get("Client").status_code, tenant.ask_token().status_code] == [500, 500]
    tenant.http.delete("/_sim/faults")
    assert tenant.get("Client").status_code == 200


def test_several_faults_on_one_route_strike_one_after_the_other(tenant: Tenant) -> None:
    faults = [{"kind": "status", "status": 500}, {"kind": "status", "status": 502, "skip": 1}]
    tenant.http.post("/_sim/faults", json=faults)
    assert [tenant.get("Client").status_code for _ in range(3)] == [500, 502, 200]


def test_a_429_can_be_had_at_will(tenant: Tenant) -> None:
    tenant.fault(kind="rate_limit", retry_after=9)
    answer = tenant.get("Client")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
    assert answer.text.startswith("Rate Limit Reached")


@pytest.mark.parametrize(("kind", "after"), [("cut_before", 2.0), ("cut_after", 7.0)])
def test_a_connection_is_cut_before_or_after_the_work(tenant: Tenant, kind: str, after: float) -> None:
    tenant.fault(kind=kind, route="POST /SoftwareLicence")
    with pytest.raises(httpx2.RemoteProtocolError):
        write(tenant)
    assert count(tenant) == after
    assert tenant.http.get("/_sim/calls").json()["by_status"]["cut"] == 1


def test_a_late_commit_is_carried_out_after_the_client_was_cut_off(tenant: Tenant) -> None:
    tenant.fault(kind="late_commit", route="POST /SoftwareLicence", delay=0.3)
    with pytest.raises(httpx2.RemoteProtocolError):
        write(tenant)
    assert count(tenant) == 2.0
    assert tenant.http.get("/_sim/faults").json()["late_commits_pending"] == 1
    tenant.simulator.faults.settle()
    assert count(tenant) == 7.0
    assert tenant.http.get("/_sim/faults").json()["late_commits_pending"] == 0


def test_a_late_commit_can_keep_the_client_waiting_until_it_gives_up(tenant: Tenant) -> None:
    tenant.fault(kind="late_commit", route="POST /SoftwareLicence", delay=0.4, hold=True)
    with pytest.raises(httpx2.ReadTimeout):
        tenant.http.post("/api/SoftwareLicence", json=[{"id": FIREWALL, "count": 7}], timeout=0.1)
    assert count(tenant) == 2.0
    tenant.simulator.faults.settle()
    assert count(tenant) == 7.0


def test_a_delayed_answer_is_committed_before_it_is_given(tenant: Tenant) -> None:
    tenant.fault(kind="delay", route="POST /SoftwareLicence", delay=5)
    started = time.monotonic()
    with pytest.raises(httpx2.ReadTimeout):
        tenant.http.post("/api/SoftwareLicence", json=[{"id": FIREWALL, "count": 7}], timeout=0.1)
    assert time.monotonic() - started < 2
    assert count(tenant) == 7.0


def test_a_page_of_html_is_answered_with_200(tenant: Tenant) -> None:
    tenant.fault(kind="html")
    answer = tenant.get("Client")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_json_is_cut_in_the_middle_with_a_length_that_fits(tenant: Tenant) -> None:
    whole = tenant.get("Client").content
    tenant.fault(kind="truncate")
    answer = tenant.get("Client")
    assert answer.content == whole[: len(whole) // 2]
    assert answer.headers["Content-Length"] == str(len(answer.content))
    with pytest.raises(ValueError, match="line 1"):
        answer.json()


def pages(tenant: Tenant) -> list[list[int]]:
    found = []
    for number in (1, 2, 3):
        query = {"pageinate": "true", "page_size": 10, "page_no": number, "client_id": BIRCH, "order": "id"}
        content = tenant.get("SoftwareLicence", **query).json()
        assert (content["page_no"], content["record_count"]) == (number, 25)
        found.append([row["id"] for row in content["licences"]])
    return found


@pytest.fixture
def right(tenant: Tenant) -> list[list[int]]:
    rows: list[dict[str, Any]] = [{"client_id": BIRCH, "type": 1, "name": f"S{n}"} for n in range(25)]
    tenant.post("SoftwareLicence", rows)
    return pages(tenant)


def test_a_later_page_repeats_the_first(tenant: Tenant, right: list[list[int]]) -> None:
    tenant.fault(kind="repeat_page", route="GET /SoftwareLicence")
    assert pages(tenant) == [right[0], right[0], right[2]]


def test_a_shifted_page_repeats_one_row_and_loses_another(tenant: Tenant, right: list[list[int]]) -> None:
    tenant.fault(kind="shift_page", route="GET /SoftwareLicence")
    assert pages(tenant) == [right[0], [right[0][-1], *right[1][:-1]], right[2]]


def test_an_element_with_a_certain_value_is_refused_wherever_it_stands(tenant: Tenant) -> None:
    tenant.turn(batch_faulty="skip")
    tenant.fault(
        kind="error_on_key", route="POST /SoftwareLicence", field="product_sku", value="bad", times=-1, text="No."
    )
    rows = [{"client_id": BIRCH, "name": sku, "product_sku": sku} for sku in ("a", "bad", "c")]
    answer = tenant.post("SoftwareLicence", rows)
    assert (answer.status_code, answer.json()) == (400, "No.")
    assert [row["name"] for row in tenant.rows("SoftwareLicence", "licences", client_id=BIRCH)] == ["a", "c"]
    assert tenant.post("SoftwareLicence", rows[1:2]).status_code == 400
    assert tenant.post("SoftwareLicence", rows[:1]).status_code == 201


def test_faults_that_make_no_sense_are_refused_with_what_is_known(tenant: Tenant) -> None:
    for wrong in ({"kind": "explode"}, {"kind": "delay", "seconds": 3}, {"kind": "error_on_key"}, "delay"):
        answer = tenant.http.post("/_sim/faults", json=[wrong])
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert tenant.http.post("/_sim/faults", json={"kind": "delay"}).status_code == 400
