"""The simulated MBS: its day, its edits, its truth, its counters and its faults."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import httpx2
import pytest
from mbs_provider import Provider

from billbridge.simulators.world import EDITS


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def test_the_day_can_be_read_and_moved(provider: Provider) -> None:
    assert provider.client.get("/_sim/day").json() == {"day": "2026-02-28"}
    provider.move_to("2026-03-02")
    assert provider.client.get("/_sim/day").json() == {"day": "2026-03-02"}


@pytest.mark.parametrize("body", [{}, {"day": "tomorrow"}, {"day": 20260302.5}])
def test_what_is_no_day_is_refused(provider: Provider, body: dict[str, object]) -> None:
    answer = provider.client.post("/_sim/day", json=body)
    assert answer.status_code == 400
    assert "YYYY-MM-DD" in answer.json()["error"]


def test_an_unknown_edit_is_refused_with_the_known_ones(provider: Provider) -> None:
    for body in ({"do": "explode"}, {}):
        answer = provider.client.post("/_sim/edit", json=body)
        assert answer.status_code == 400
        assert all(edit in answer.json()["error"] for edit in EDITS)


def test_an_edit_of_something_unknown_is_refused(provider: Provider) -> None:
    answer = provider.client.post("/_sim/edit", json={"do": "remove_company", "company": "Nobody"})
    assert answer.status_code == 400
    assert "There is no company 'Nobody'" in answer.json()["error"]


def test_an_edit_answers_what_it_made(provider: Provider) -> None:
    company = provider.edit("add_company", name="Brand New Ltd")
    assert provider.get(f"Companies/{company}")["Name"] == "Brand New Ltd"


def test_the_truth_of_a_month_is_told_per_company_and_domain(provider: Provider) -> None:
    user = provider.edit("add_user", login="new.user", company="Acme Dental", day="2026-02-01")
    for endpoint in ("T-1", "T-2"):
        arguments = {"user": user, "license_type": "VM Server Socket", "endpoint": endpoint, "day": "2026-02-03"}
        provider.edit("add_license", **arguments)
    truth = provider.client.get("/_sim/truth", params={"month": "2026-02"}).json()
    assert (truth["month"], truth["through"]) == ("2026-02", "2026-02-28")
    acme = next(company for company in truth["companies"] if company["name"] == "Acme Dental")
    sockets = acme["licenses"]["VM Server Socket"]
    assert sockets == {"active_in_month": 2, "active_at_end": 2, "peak": 2, "endpoint_days": 52}
    assert [domain["domain"] for domain in truth["domains"]] == ["acme-dental.example"]


def test_the_usage_history_is_served_as_a_file(provider: Provider) -> None:
    answer = provider.client.get("/_sim/usage-history.csv", params={"month": "2026-02"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="usage-history-2026-02.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["Company"] for row in rows} >= {"Acme Dental", "Birch & Co, Ltd."}


def test_the_usage_history_is_written_as_the_switches_say(provider: Provider) -> None:
    switches = {"csv_delimiter": ";", "csv_dates": "us", "csv_byte_order_mark": True}
    provider.client.post("/_sim/switches", json=switches)
    answer = provider.client.get("/_sim/usage-history.csv", params={"month": "2026-02"})
    assert answer.content.startswith(b"\xef\xbb\xbfType;Company;")


@pytest.mark.parametrize("path", ["truth", "usage-history.csv", "truth?month=2026-2", "usage-history.csv?month=x"])
def test_a_month_must_be_given_as_year_and_month(provider: Provider, path: str) -> None:
    answer = provider.client.get(f"/_sim/{path}")
    assert answer.status_code == 400
    assert "YYYY-MM" in answer.json()["error"]


def test_an_unknown_switch_is_refused_with_the_known_ones(provider: Provider) -> None:
    answer = provider.client.post("/_sim/switches", json={"nothing": True})
    assert answer.status_code == 400
    assert "details_running_month" in answer.json()["error"]


def test_switches_can_be_read_and_turned_one_by_one(provider: Provider) -> None:
    provider.client.post("/_sim/switches", json={"unknown_id": "404"})
    switches = provider.client.get("/_sim/switches").json()
    assert (switches["unknown_id"], switches["details_running_month"]) == ("404", "average_to_date")


def test_an_unknown_control_path_is_refused(provider: Provider) -> None:
    assert provider.client.get("/_sim/nothing").status_code == 400


def test_calls_are_counted_under_one_route_for_both_addresses(provider: Provider) -> None:
    provider.client.delete("/_sim/calls")
    provider.client.get("/api/Users")
    provider.client.get("/mbsapi/api/users")
    provider.client.get("/_sim/day")
    calls = provider.client.get("/_sim/calls").json()
    assert calls == {"total": 2, "by_route": {"GET /Users": 2}, "by_status": {"200": 2}}


def test_faults_strike_the_named_route_under_both_addresses(provider: Provider) -> None:
    provider.client.post(
        "/_sim/faults", json=[{"kind": "status", "route": "GET /Licenses", "status": 503, "times": 2}]
    )
    assert provider.client.get("/api/Users").status_code == 200
    assert provider.client.get("/api/Licenses").status_code == 503
    assert provider.client.get("/mbsapi/api/Licenses").status_code == 503
    assert provider.client.get("/api/Licenses").status_code == 200


def test_a_connection_can_be_cut_instead_of_answered(provider: Provider) -> None:
    provider.client.post("/_sim/faults", json=[{"kind": "cut_before", "route": "PUT /Billing"}])
    with pytest.raises(httpx2.TransportError):
        provider.client.put("/api/Billing", json={})
    assert provider.client.put("/api/Billing", json={}).status_code == 200


def test_an_html_page_can_come_in_the_place_of_data(provider: Provider) -> None:
    provider.client.post("/_sim/faults", json=[{"kind": "html", "route": "GET /Companies"}])
    assert provider.client.get("/api/Companies").headers["content-type"].startswith("text/html")
