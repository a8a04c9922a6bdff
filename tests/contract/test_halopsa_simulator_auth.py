"""Tokens, tenants, scopes and rights of the simulated HaloPSA."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from halopsa_tenant import FIREWALL, Tenant

from billbridge.simulators.halopsa import Switches


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


def test_a_token_is_given_with_and_without_the_tenant(tenant: Tenant) -> None:
    for name in ("acme", "ACME", None):
        answer = tenant.ask_token(tenant=name)
        assert answer.status_code == 200
        content = answer.json()
        assert content["token_type"] == "Bearer"
        assert content["expires_in"] == 3600
        assert content["scope"] == "all"
        assert content["access_token"].startswith("eyJ")


def test_a_wrong_tenant_is_an_empty_500(tenant: Tenant) -> None:
    answer = tenant.ask_token(tenant="other")
    assert (answer.status_code, answer.content) == (500, b"")


def test_a_tenant_can_be_required_or_ignored(tenant: Tenant) -> None:
    tenant.turn(tenant_check="required")
    assert tenant.ask_token(tenant=None).status_code == 500
    tenant.turn(tenant_check="ignored")
    assert tenant.ask_token(tenant="undefined").status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "read:everything"}, 400, "invalid_scope"),
    ],
)
def test_errors_are_those_of_openiddict(
    tenant: Tenant, form: dict[str, str | None], status: int, error: str
) -> None:
    answer = tenant.ask_token(**form)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_uri"].startswith("https://documentation.openiddict.com/errors/ID")


def test_parameters_in_json_are_not_read(tenant: Tenant) -> None:
    answer = tenant.http.post("/auth/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_scope_that_is_not_ticked_is_refused(tenant: Tenant) -> None:
    tenant.turn(application_scopes=["read:customers", "edit:softwarelicensing"])
    assert tenant.ask_token(scope="all").json()["error"] == "invalid_scope"
    assert tenant.ask_token(scope="read:customers edit:softwarelicensing").status_code == 200


def test_a_ticked_all_can_be_made_to_cover_only_itself(tenant: Tenant) -> None:
    assert tenant.ask_token(scope="read:customers").status_code == 200
    tenant.turn(all_covers_every_scope=False)
    assert tenant.ask_token(scope="read:customers").json()["error"] == "invalid_scope"


def test_a_token_without_a_scope_may_do_nothing(tenant: Tenant) -> None:
    tenant.http.headers["Authorization"] = f"Bearer {tenant.ask_token(scope=None).json()['access_token']}"
    assert tenant.get("Client").status_code == 403
    tenant.turn(scope_omitted="refuse")
    assert tenant.ask_token(scope=None).json()["error"] == "invalid_request"


def test_an_expired_token_is_an_empty_401() -> None:
    now = 0.0
    with Tenant(clock=lambda: now, expires_in=60) as tenant:
        now = 59.9
        assert tenant.get("Client").status_code == 200
        now = 60.0
        answer = tenant.get("Client")
        assert (answer.status_code, answer.content) == (401, b"")


def test_all_tokens_can_be_made_invalid_at_once(tenant: Tenant) -> None:
    tenant.http.delete("/_sim/tokens")
    assert tenant.get("Client").status_code == 401


def test_calls_without_a_bearer_token_are_an_empty_401(tenant: Tenant) -> None:
    for header in ("", "Bearer nonsense", "Basic dXNlcg=="):
        answer = tenant.http.get("/api/Client", headers={"Authorization": header})
        assert (answer.status_code, answer.content) == (401, b"")


def test_discovery_needs_no_token(tenant: Tenant) -> None:
    del tenant.http.headers["Authorization"]
    found = tenant.http.get("/api/authinfo").json()
    assert found == {"auth_url": f"{tenant.server.url}/auth", "tenant_id": "acme"}
    assert tenant.http.get("/api/InstanceInfo").json()["app_name"] == "Halo PSA"


def test_the_short_token_path_is_off_unless_switched_on(tenant: Tenant) -> None:
    assert tenant.http.post("/token", data={"grant_type": "x"}).status_code == 404
    tenant.turn(short_token_path=True)
    assert tenant.http.post("/token", data={"grant_type": "x"}).json()["error"] == "unsupported_grant_type"


def test_a_missing_scope_is_an_empty_403_by_default(tenant: Tenant) -> None:
    tenant.use_scope("read:customers")
    assert tenant.get("Site").status_code == 200
    answer = tenant.get("SoftwareLicence")
    assert (answer.status_code, answer.content) == (403, b"")
    tenant.turn(missing_scope_status={"softwarelicensing": 401})
    assert tenant.get("SoftwareLicence").status_code == 401
    assert tenant.get("Item").status_code == 403


def test_a_scope_to_edit_includes_reading_and_one_to_read_does_not_include_editing(tenant: Tenant) -> None:
    tenant.use_scope("edit:softwarelicensing")
    assert tenant.get("SoftwareLicence").status_code == 200
    assert tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 3}]).status_code == 201
    tenant.use_scope("read:softwarelicensing")
    assert tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 4}]).status_code == 403


def test_a_module_that_the_agent_may_not_enter_is_an_empty_401_whatever_the_scope(tenant: Tenant) -> None:
    tenant.turn(agent_access={"contracts": "none", "suppliers": "read"})
    answer = tenant.get("ClientContract")
    assert (answer.status_code, answer.content) == (401, b"")
    assert tenant.get("Supplier").status_code == 200
    assert tenant.post("Supplier", [{"name": "x"}]).status_code == 403
    tenant.turn(no_access_status={"contracts": 403})
    assert tenant.get("ClientContract").status_code == 403


def test_currencies_taxes_and_the_own_agent_need_no_scope_but_a_token(tenant: Tenant) -> None:
    tenant.use_scope("read:customers")
    for path in ("Currency", "Tax", "Agent/me", "Control"):
        assert tenant.get(path).status_code == 200
    assert "claims" in tenant.get("Agent/me").json()


def test_switches_that_make_no_sense_are_refused_with_what_is_known(tenant: Tenant) -> None:
    for wrong in (
        {"page_capp": 3},
        {"page_cap": 0},
        {"page_cap": "many"},
        {"batch_faulty": "half"},
        {"agent_access": {"billing": "none"}},
        {"retry_after": 1},
    ):
        answer = tenant.http.post("/_sim/switches", json=wrong)
        assert answer.status_code == 400
        assert next(iter(wrong)) in answer.json()["error"] or "billing" in answer.json()["error"]
    assert tenant.http.get("/_sim/switches").json()["page_cap"] == Switches().page_cap == 100
