"""The HaloPSA client signs in, writes and meets trouble at a HaloPSA that answers over HTTP."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from halopsa_tenant import ACME, ACME_MAIN, FIREWALL, WORLD, Tenant

from billbridge.halopsa import resources
from billbridge.halopsa.auth import Credentials
from billbridge.halopsa.client import Backoff, HaloPSA
from billbridge.halopsa.diagnosis import diagnose
from billbridge.halopsa.errors import (
    AddressError,
    BadRequest,
    ModuleRefused,
    NothingSent,
    OutcomeUnknown,
    RateLimited,
    ServerTrouble,
    TokenRefused,
)
from billbridge.halopsa.limits import InMemoryLimiter, Limiter
from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator

BACKUP: dict[str, Any] = {
    "client_id": ACME, "site_id": ACME_MAIN, "type": 1, "name": "Managed backup", "count": 12,
    "purchase_price": Decimal("7.5"), "price": Decimal("14.667"), "start_date": date(2026, 10, 1),
    "billing_cycle": "Monthly", "product_sku": "bb-1234", "notes": "October 2026", "is_active": True,
}  # fmt: skip


RIGHT = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, tenant=TENANT)


def client_of(address: str, credentials: Credentials = RIGHT, *, limiter: Limiter | None = None) -> HaloPSA:
    return HaloPSA(
        address,
        credentials,
        limiter=limiter or InMemoryLimiter(limit=10_000),
        backoff=Backoff(tries=3, first=0.01),
        timeout=5,
    )


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        yield tenant


@pytest.fixture
def halo(tenant: Tenant) -> Iterator[HaloPSA]:
    with client_of(tenant.server.url) as halo:
        yield halo


def backups(tenant: Tenant) -> list[dict[str, Any]]:
    return [
        row for row in tenant.rows("SoftwareLicence", "licences", client_id=ACME) if row["name"] == BACKUP["name"]
    ]


# Writing


def test_a_subscription_is_created_as_it_was_sent(halo: HaloPSA) -> None:
    shown = resources.post_subscriptions(halo, [BACKUP])
    created = resources.subscription(halo, shown[0].id)
    assert created is not None
    assert {name: getattr(created, name) for name in BACKUP} == BACKUP


def test_an_update_changes_the_fields_it_sends_and_no_others(halo: HaloPSA) -> None:
    before = resources.subscription(halo, FIREWALL)
    resources.post_subscriptions(halo, [{"id": FIREWALL, "count": 5}])
    after = resources.subscription(halo, FIREWALL)
    assert before is not None
    assert after is not None
    assert after.count == 5
    assert (after.price, after.name) == (before.price, before.name)


@pytest.mark.parametrize(("reply", "shown"), [("array", 3), ("always_array", 3), ("last_object", 1)])
def test_the_answer_to_several_elements_is_read_in_every_shape(
    halo: HaloPSA, tenant: Tenant, reply: str, shown: int
) -> None:
    tenant.turn(batch_reply=reply)
    assert len(resources.post_subscriptions(halo, [BACKUP] * 3)) == shown
    assert len(backups(tenant)) == 3


@pytest.mark.parametrize("status", [200, 201])
def test_both_statuses_of_a_success_are_one(halo: HaloPSA, tenant: Tenant, status: int) -> None:
    tenant.turn(post_status=status)
    supplier = resources.create_supplier(halo, "MSP360")
    assert supplier is not None
    assert [found.id for found in resources.suppliers(halo, "MSP360")] == [supplier.id]


def test_whole_counts_are_taken_by_a_halopsa_that_knows_no_fractions(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.turn(count_type="int")
    shown = resources.post_subscriptions(halo, [{**BACKUP, "count": Decimal("12.0")}])
    assert shown[0].count == 12


def test_a_fraction_is_kept_by_a_halopsa_that_knows_fractions(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.turn(count_fractions="keep")
    shown = resources.post_subscriptions(halo, [{**BACKUP, "count": Decimal("2.5")}], counts="double")
    assert shown[0].count == Decimal("2.5")


def test_a_faulty_element_is_named(halo: HaloPSA, tenant: Tenant) -> None:
    with pytest.raises(BadRequest) as refused:
        halo.post("SoftwareLicence", [BACKUP, {**BACKUP, "count": "many"}])
    assert refused.value.elements == {1}
    assert backups(tenant) == []


@pytest.mark.parametrize("shape", ["string", "exception"])
def test_an_update_of_a_record_that_is_gone_is_refused_in_words(halo: HaloPSA, tenant: Tenant, shape: str) -> None:
    tenant.turn(record_not_found=shape)
    with pytest.raises(BadRequest, match="not found"):
        resources.post_subscriptions(halo, [{"id": 99_999, "count": 1}])


# Trouble


@pytest.mark.parametrize(
    ("fault", "created"),
    [
        ({"kind": "cut_after"}, 1),
        ({"kind": "cut_before"}, 0),
        ({"kind": "status_after", "status": 500}, 1),
        ({"kind": "status", "status": 503}, 0),
        ({"kind": "truncate"}, 1),
        ({"kind": "html"}, 0),
        ({"kind": "late_commit", "delay": 0.05}, 1),
    ],
)
def test_a_create_that_is_not_answered_cleanly_is_sent_once_and_its_outcome_is_unknown(
    halo: HaloPSA, tenant: Tenant, fault: dict[str, Any], created: int
) -> None:
    tenant.fault(route="POST /SoftwareLicence", times=-1, **fault)
    with pytest.raises(OutcomeUnknown):
        resources.post_subscriptions(halo, [BACKUP])
    tenant.simulator.faults.settle()
    assert halo.calls.writes == 1
    assert len(backups(tenant)) == created


def test_a_create_that_halopsa_answers_too_late_is_of_unknown_outcome(tenant: Tenant) -> None:
    tenant.fault(kind="delay", route="POST /SoftwareLicence", delay=1.0)
    with (
        HaloPSA(tenant.server.url, RIGHT, limiter=InMemoryLimiter(), timeout=0.3) as halo,
        pytest.raises(OutcomeUnknown, match=r"did not answer within 0\.3 seconds"),
    ):
        resources.post_subscriptions(halo, [BACKUP])


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "status", "truncate"])
def test_a_read_gets_over_trouble_that_passes(halo: HaloPSA, tenant: Tenant, kind: str) -> None:
    tenant.fault(kind=kind, route="GET /SoftwareLicence", times=2)
    assert resources.licences(halo).complete
    assert halo.calls.reads == 3


def test_a_read_is_given_up_when_trouble_stays(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.fault(kind="status", route="GET /Client", status=500, times=-1)
    with pytest.raises(ServerTrouble, match="server error 500"):
        resources.clients(halo)


def test_a_web_page_in_place_of_the_api_means_a_wrong_address(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.fault(kind="html", route="GET /authinfo", times=-1)
    with pytest.raises(AddressError, match=r"A web page \(200\) came back"):
        resources.clients(halo)


# The rate limit


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_429_is_waited_out(halo: HaloPSA, tenant: Tenant, method: str) -> None:
    tenant.fault(kind="rate_limit", route="* /SoftwareLicence", times=1, retry_after=1)
    started = time.monotonic()
    if method == "read":
        assert resources.licences(halo).complete
    else:
        assert len(resources.post_subscriptions(halo, [BACKUP])) == 1
    assert time.monotonic() - started >= 1


def test_the_limiter_keeps_the_client_below_the_limit_of_halopsa(tenant: Tenant) -> None:
    tenant.turn(rate_limit=5, rate_window_seconds=0.4, token_calls_count=True, refused_calls_count=True)
    time.sleep(0.4)
    limiter = InMemoryLimiter(limit=5, window=0.4)
    with client_of(tenant.server.url, limiter=limiter) as halo:
        for _ in range(14):
            halo.get("Client/12")
    statuses = tenant.http.get("/_sim/calls").json()["by_status"]
    assert "429" not in statuses
    assert statuses["200"] >= 14


def test_a_limit_that_is_used_up_is_reported_with_the_words_of_halopsa(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.fault(kind="rate_limit", times=-1, retry_after=3600)
    with pytest.raises(RateLimited, match="Rate Limit Reached") as limited:
        resources.clients(halo)
    assert limited.value.retry_after == 3600


# Signing in


def test_an_expired_token_is_renewed_and_the_call_repeated() -> None:
    now = [0.0]
    with Tenant(clock=lambda: now[0]) as tenant, client_of(tenant.server.url) as halo:
        resources.clients(halo)
        now[0] += 4000
        assert len(resources.post_subscriptions(halo, [BACKUP])) == 1
        assert resources.clients(halo).complete
        assert (halo.calls.writes, halo.calls.tokens) == (2, 3)


def test_a_token_is_renewed_before_it_ends(tenant: Tenant) -> None:
    tenant.turn(expires_in=1)
    with client_of(tenant.server.url) as halo:
        resources.clients(halo)
        time.sleep(0.8)
        resources.clients(halo)
        assert (halo.calls.reads, halo.calls.tokens) == (2, 3)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, "invalid_client"),
        ({"tenant": "acmee"}, "wrong_tenant"),
        ({"scope": "read:nonsense"}, "invalid_scope"),
    ],
)
def test_a_wrong_credential_is_told_from_the_others(tenant: Tenant, wrong: dict[str, str], reason: str) -> None:
    with client_of(tenant.server.url, replace(RIGHT, **wrong)) as halo, pytest.raises(TokenRefused) as refused:
        resources.clients(halo)
    assert refused.value.reason == reason


@pytest.mark.parametrize("status", [401, 403])
def test_a_module_that_is_closed_to_the_agent_is_named(halo: HaloPSA, tenant: Tenant, status: int) -> None:
    tenant.turn(agent_access={"suppliers": "none"}, no_access_status={"suppliers": status})
    with pytest.raises(ModuleRefused, match="refuses the suppliers") as refused:
        resources.suppliers(halo)
    assert refused.value.scope == "read:suppliers"


def test_an_agent_that_may_only_read_is_refused_when_something_is_written(halo: HaloPSA, tenant: Tenant) -> None:
    tenant.turn(agent_access={"softwarelicensing": "read"})
    assert resources.licences(halo).complete
    with pytest.raises(ModuleRefused, match="Software Licensing: Read and Modify"):
        resources.post_subscriptions(halo, [BACKUP])


# Addresses


def test_a_host_that_refuses_connections_is_trouble_that_may_pass_and_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with client_of(f"http://127.0.0.1:{port}") as halo, pytest.raises(NothingSent, match="cannot be reached"):
        resources.post_subscriptions(halo, [BACKUP])


def test_a_server_without_tls_is_named(tenant: Tenant) -> None:
    address = tenant.server.url.replace("http://", "https://")
    with client_of(address) as halo, pytest.raises(AddressError, match="TLS"):
        resources.clients(halo)


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(encoding))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_a_certificate_nobody_trusts_is_named(self_signed: ssl.SSLContext) -> None:
    simulator = HaloPSASimulator(WORLD)
    server = simulator.start(tls=self_signed)
    try:
        address = server.url.replace("127.0.0.1", "localhost")
        with client_of(address) as halo, pytest.raises(AddressError, match="certificate that is not trusted"):
            resources.clients(halo)
    finally:
        server.stop()
        simulator.close()


# Diagnosis


def test_a_sound_connection_has_nothing_to_mend(halo: HaloPSA) -> None:
    findings = diagnose(halo)
    assert [finding for finding in findings if not finding.ok] == []
    assert halo.calls.writes == 0


def test_the_diagnosis_names_the_agents_closed_modules_and_the_scopes_not_ticked(tenant: Tenant) -> None:
    tenant.turn(
        agent_access={"items": "none"},
        application_scopes=[
            "read:customers",
            "read:assets",
            "read:suppliers",
            "read:items",
            "read:softwarelicensing",
        ],
    )
    with client_of(tenant.server.url) as halo:
        scopes = next(finding for finding in diagnose(halo) if finding.step == "Scopes")
    assert not scopes.ok
    assert "edit:suppliers, edit:softwarelicensing" in scopes.remedy
    with client_of(tenant.server.url, replace(RIGHT, scope="read:customers read:items read:assets")) as halo:
        closed = [finding.step for finding in diagnose(halo) if not finding.ok and finding.needed]
    assert {"Items", "Suppliers", "Subscriptions", "Scopes"} <= set(closed)
    assert not {"Customers", "Sites", "Asset types"} & set(closed)
