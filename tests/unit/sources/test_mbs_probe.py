"""The connection test of the MBS API."""

from __future__ import annotations

from typing import Any

import httpx2

from billbridge.sources.mbs.collect import MbsSource
from billbridge.sources.port import Finding


def findings(mbs: Any, address: str = "https://mbs.example", **options: Any) -> dict[str, Finding]:
    return {each.step: each for each in MbsSource(mbs.client(address), **options).test()}


def test_a_connection_that_works_says_what_it_found(mbs: Any) -> None:
    found = findings(mbs)

    assert all(each.ok for each in found.values())
    assert list(found) == [
        "Address",
        "Login",
        "Companies",
        "Users",
        "Licenses",
        "Storage accounts",
        "Storage limits",
        "Storage billing",
        "Domains",
        "Computers",
    ]
    assert found["Companies"].message == "3 companies"
    assert found["Storage accounts"].message == "1 storage account"


def test_wrong_credentials_end_the_test_with_their_remedy(mbs: Any) -> None:
    mbs.answers("POST /api/Provider/Login", httpx2.Response(400, json={"error": "invalid_grant"}))
    found = findings(mbs)

    assert not found["Login"].ok
    assert "Settings > General" in found["Login"].remedy
    assert found["Companies"].message == "Not tried, because login failed."
    assert len(mbs.requests) == 1


def test_one_list_that_is_refused_does_not_hide_the_others(mbs: Any) -> None:
    mbs.answers("GET /api/apps/domains", httpx2.Response(403))
    found = findings(mbs)

    assert [step for step, each in found.items() if not each.ok] == ["Domains"]
    assert found["Domains"].remedy


def test_a_server_that_does_not_answer_is_not_asked_for_everything_else(mbs: Any) -> None:
    mbs.answers("GET /api/Users", httpx2.ReadTimeout("timed out"))
    found = findings(mbs)

    assert [step for step, each in found.items() if each.ok] == ["Address", "Login", "Companies"]
    assert not mbs.asked("GET /api/Licenses")


def test_lists_that_are_switched_off_are_not_tried(mbs: Any) -> None:
    found = findings(mbs, with_domains=False, with_computers=False)

    assert "Domains" not in found
    assert "Computers" not in found


def test_an_address_without_encryption_is_a_finding_unless_it_is_this_machine(mbs: Any) -> None:
    assert not findings(mbs, "http://mbs.example")["Address"].ok
    assert findings(mbs, "http://127.0.0.1:8700")["Address"].ok
    assert findings(mbs, "http://localhost:8700")["Address"].ok
