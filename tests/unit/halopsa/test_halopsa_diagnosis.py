from __future__ import annotations

from urllib.parse import parse_qs

import httpx2
import pytest
from fake_halopsa import FakeHaloPSA, reply, text, web_page

from billbridge.halopsa.diagnosis import Finding, diagnose
from billbridge.halopsa.modules import LEAST_SCOPES, MODULES

TOKENS = "POST /auth/token"


@pytest.fixture
def halo() -> FakeHaloPSA:
    fake = FakeHaloPSA()
    for module in MODULES:
        fake.on(f"GET /api/{module.path}", reply([]))
    fake.on("GET /api/Currency", reply([{"id": 1, "code": "USD", "conversion_rate": 1}]))
    return fake


def diagnosed(halo: FakeHaloPSA, **settings: str) -> dict[str, Finding]:
    with halo.client(**settings) as client:
        return {finding.step: finding for finding in diagnose(client)}


def test_a_sound_connection_passes_every_step_and_is_only_read(halo: FakeHaloPSA) -> None:
    findings = diagnosed(halo, tenant="acme")
    assert [step for step, finding in findings.items() if not finding.ok] == []
    assert list(findings)[:5] == ["Address", "Tenant", "Sign-in", "Scopes", "Customers"]
    assert {request.method for request in halo.requests if request.url.path != "/auth/token"} == {"GET"}


def test_writing_is_judged_from_the_scope_alone_and_says_so(halo: FakeHaloPSA) -> None:
    writing = diagnosed(halo)["Subscriptions: writing"]
    assert writing.ok
    assert "seen only when something is written" in writing.message


def test_a_wrong_address_ends_the_diagnosis(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/authinfo", web_page())
    findings = diagnosed(halo)
    assert list(findings) == ["Address"]
    assert "Resource Server" in findings["Address"].remedy


def test_a_host_that_cannot_be_reached_ends_the_diagnosis(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/authinfo", httpx2.ConnectError("refused"))
    findings = diagnosed(halo)
    assert (list(findings), findings["Address"].ok) == (["Address"], False)


def test_a_wrong_tenant_names_the_right_one(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, text("", 500))
    findings = diagnosed(halo, tenant="acmee")
    assert findings["Tenant"].remedy == "Enter acme as the tenant."
    assert not findings["Sign-in"].ok


def test_a_wrong_secret_ends_the_diagnosis(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, reply({"error": "invalid_client"}, 401))
    findings = diagnosed(halo)
    assert list(findings) == ["Address", "Tenant", "Sign-in"]
    assert "new secret" in findings["Sign-in"].remedy


def answering_scopes(*ticked: str) -> object:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = parse_qs(request.content.decode())["scope"][0].split()
        if set(asked) <= set(ticked):
            return reply({"access_token": "t", "expires_in": 3600, "scope": " ".join(asked)})
        return reply({"error": "invalid_scope"}, 400)

    return answer


def test_scopes_that_are_not_ticked_are_named_one_by_one(halo: FakeHaloPSA) -> None:
    ticked = [scope for scope in LEAST_SCOPES if scope not in ("edit:suppliers", "read:items")]
    halo.on(TOKENS, answering_scopes(*ticked))  # type: ignore[arg-type]
    remedy = diagnosed(halo)["Scopes"].remedy
    assert "tick edit:suppliers, read:items." in remedy
    assert "enter as the scope: read:customers read:assets" in remedy


def test_a_scope_that_asks_for_too_much_is_answered_with_the_one_that_suffices(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, answering_scopes(*LEAST_SCOPES))  # type: ignore[arg-type]
    assert diagnosed(halo)["Scopes"].remedy == f"Enter as the scope: {' '.join(LEAST_SCOPES)}"


def test_scopes_that_were_not_granted_are_named(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, answering_scopes("read:customers", "read:softwarelicensing"))  # type: ignore[arg-type]
    findings = diagnosed(halo, scope="read:customers read:softwarelicensing")
    assert "edit:softwarelicensing" in findings["Scopes"].message
    assert not findings["Subscriptions: writing"].ok
    assert "tick it" in findings["Subscriptions: writing"].remedy


def test_a_closed_module_names_the_access_level_of_the_agent(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/Site", text("", 401))
    sites = diagnosed(halo)["Sites"]
    assert (sites.ok, sites.needed) == (False, True)
    assert "Customers: Read Only" in sites.remedy


def test_a_closed_module_that_is_not_needed_says_what_is_lost(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/ClientContract", text("", 403))
    agreements = diagnosed(halo)["Agreements"]
    assert (agreements.ok, agreements.needed) == (False, False)
    assert "billing in accordance with an agreement cannot be used" in agreements.message


def test_a_halopsa_that_does_not_introduce_itself_is_diagnosed_all_the_same(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/authinfo", text("", 404))
    findings = diagnosed(halo)
    assert "the sign-in will tell" in findings["Address"].message
    assert findings["Customers"].ok
