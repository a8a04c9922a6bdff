"""The MBS client against an MBS over HTTP that is in trouble, or lets nobody in."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billbridge.billing.months import Month
from billbridge.errors import BillbridgeError, PermanentError, TransientError
from billbridge.simulators.mbs import MBSSimulator
from billbridge.simulators.world import World
from billbridge.sources.mbs.auth import Credentials
from billbridge.sources.mbs.client import MbsClient, Retries
from billbridge.sources.mbs.collect import MbsSource

TODAY = date(2026, 11, 12)
CREDENTIALS = Credentials(login="billing-api", password="Contract-7")
RETRIES = Retries(attempts=3, first_wait=0, longest_wait=0.05)
LISTS = ["GET /Companies", "GET /Users", "GET /Licenses", "GET /apps/domains", "GET /Computers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mbs:
    """An MBS that answers over HTTP and goes wrong on request."""

    control: httpx2.Client
    url: str
    client: MbsClient

    @property
    def source(self) -> MbsSource:
        return MbsSource(self.client)

    def faults(self, *faults: dict[str, Any]) -> None:
        """Go wrong in these ways and no other."""
        self.control.post("/_sim/faults", json=faults).raise_for_status()

    def fault(self, kind: str, **fields: Any) -> None:
        self.faults({"kind": kind, **fields})

    def switch(self, **switches: Any) -> None:
        self.control.post("/_sim/switches", json=switches).raise_for_status()

    def calls(self, route: str) -> int:
        return int(self.control.get("/_sim/calls").json()["by_route"].get(route, 0))


@pytest.fixture
def mbs() -> Iterator[Mbs]:
    world = World.generate(companies=2, licenses=20, today=TODAY)
    simulator = MBSSimulator(world, login=CREDENTIALS.login, password=CREDENTIALS.password)
    server = simulator.start()
    with (
        MbsClient(server.url, CREDENTIALS, retries=RETRIES) as client,
        httpx2.Client(base_url=server.url) as control,
    ):
        yield Mbs(control=control, url=server.url, client=client)
    server.stop()
    simulator.close()


# --- trouble that passes


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "status_after", "status": 500, "times": 2},
        {"kind": "rate_limit", "times": 2},
        {"kind": "cut_before", "times": 2},
        {"kind": "cut_after", "times": 2},
        {"kind": "truncate", "times": 2},
    ],
    ids=lambda trouble: trouble["kind"],
)
def test_trouble_that_passes_is_not_noticed(mbs: Mbs, route: str, trouble: dict[str, Any]) -> None:
    calm = mbs.source.licenses(TODAY)
    mbs.fault(route=route, **trouble)

    assert mbs.source.licenses(TODAY) == calm


def test_trouble_that_passes_while_storage_is_read_is_not_noticed(mbs: Mbs) -> None:
    users = [each.id for each in mbs.source.licenses(TODAY).users]
    calm = mbs.source.storage(TODAY, users, [Month(2026, 10)])
    mbs.faults(
        {"kind": "cut_after", "route": "PUT /Billing", "times": 2},
        {"kind": "truncate", "route": "GET /Packages", "times": 2},
    )

    assert mbs.source.storage(TODAY, users, [Month(2026, 10)]) == calm


# --- trouble that stays


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize("kind", ["status", "rate_limit", "cut_before", "truncate"])
def test_trouble_that_stays_is_transient_and_leaves_no_snapshot(mbs: Mbs, route: str, kind: str) -> None:
    mbs.fault(kind, route=route, times=-1, status=500)

    with pytest.raises(TransientError) as caught:
        mbs.source.licenses(TODAY)
    assert f"/api/{route.split('/', 1)[1]}" in caught.value.message


def test_a_wait_the_server_asks_for_is_handed_on(mbs: Mbs) -> None:
    mbs.fault("rate_limit", route="GET /Users", times=-1, retry_after=120)

    with pytest.raises(TransientError, match="429") as caught:
        mbs.source.licenses(TODAY)
    assert caught.value.retry_after == 120


def test_a_server_that_does_not_answer_in_time_is_given_up(mbs: Mbs) -> None:
    mbs.fault("delay", route="GET /Companies", times=-1, delay=0.5)
    hasty = Retries(attempts=1, first_wait=0, longest_wait=0)

    with (
        MbsClient(mbs.url, CREDENTIALS, timeout=0.1, retries=hasty) as client,
        pytest.raises(TransientError, match="did not answer in time"),
    ):
        client.companies()


@pytest.mark.parametrize("route", [*LISTS, "POST /Provider/Login"])
def test_a_web_page_instead_of_data_needs_a_person(mbs: Mbs, route: str) -> None:
    mbs.fault("html", route=route, times=-1)

    with pytest.raises(PermanentError) as caught:
        mbs.source.licenses(TODAY)
    assert caught.value.hint


def test_a_server_that_is_not_there_is_transient() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        MbsClient(f"http://127.0.0.1:{port}", CREDENTIALS, retries=RETRIES) as client,
        pytest.raises(TransientError, match="cannot be reached"),
    ):
        client.companies()


def test_a_path_that_does_not_exist_is_about_the_address(mbs: Mbs) -> None:
    with MbsClient(f"{mbs.url}/elsewhere", CREDENTIALS, retries=RETRIES) as client:
        with pytest.raises(PermanentError, match="answered 404: No HTTP resource was found") as caught:
            client.companies()
        assert "API address" in caught.value.hint


def test_the_second_address_of_the_api_works_too(mbs: Mbs) -> None:
    with MbsClient(f"{mbs.url}/mbsapi/", CREDENTIALS, retries=RETRIES) as client:
        assert client.companies() == mbs.client.companies()


# --- login


def test_wrong_credentials_are_refused_with_their_remedy(mbs: Mbs) -> None:
    wrong = Credentials(login=CREDENTIALS.login, password="nonsense")
    with (
        MbsClient(mbs.url, wrong, retries=RETRIES) as client,
        pytest.raises(PermanentError, match="The user name or password is incorrect") as caught,
    ):
        client.companies()
    assert "Settings > General" in caught.value.hint
    assert mbs.calls("POST /Provider/Login") == 1


@pytest.mark.parametrize("reason", ["ip_restricted", "api_disabled"])
def test_a_login_that_is_not_allowed_is_explained(mbs: Mbs, reason: str) -> None:
    mbs.switch(login_refused=reason)

    with pytest.raises(PermanentError, match="403") as caught:
        mbs.client.companies()
    assert "IP addresses" in caught.value.hint


def test_tokens_that_are_forgotten_are_replaced_without_anybody_noticing(mbs: Mbs) -> None:
    before = mbs.source.licenses(TODAY)
    mbs.control.delete("/_sim/tokens").raise_for_status()

    assert mbs.source.licenses(TODAY) == before
    assert mbs.calls("POST /Provider/Login") == 2


def test_a_token_lost_while_many_calls_run_is_replaced_once(mbs: Mbs) -> None:
    mbs.switch(one_token_per_login=True)
    users = [each.id for each in mbs.source.licenses(TODAY).users]
    before = mbs.source.storage(TODAY, users, [])
    mbs.control.delete("/_sim/tokens").raise_for_status()

    assert mbs.source.storage(TODAY, users, []) == before
    assert mbs.calls("POST /Provider/Login") == 2


def test_credentials_that_were_replaced_end_at_once(mbs: Mbs) -> None:
    mbs.client.companies()
    mbs.control.post("/_sim/credentials", json={"login": "new", "password": "new"}).raise_for_status()

    with pytest.raises(PermanentError, match="refused the API login 'billing-api'"):
        mbs.client.companies()


def test_tokens_of_a_second_are_lived_with(mbs: Mbs) -> None:
    mbs.switch(token_life_seconds=1)

    assert len(mbs.source.licenses(TODAY).companies) > 0


@pytest.mark.parametrize("fault", ["html", "truncate", "cut_before", "status"])
def test_no_error_shows_password_or_token(mbs: Mbs, fault: str) -> None:
    mbs.fault(fault, times=-1, text="Contract-7 is no password")

    with pytest.raises(BillbridgeError) as caught:
        mbs.source.licenses(TODAY)
    assert "Contract-7" not in str(caught.value)


def test_the_connection_test_names_the_step_that_fails(mbs: Mbs) -> None:
    mbs.fault("status", route="GET /Accounts", times=-1, status=403, text="No access to storage")

    failed = [each for each in mbs.source.test() if not each.ok]

    assert [each.step for each in failed] == ["Storage accounts"]
    assert "No access to storage" in failed[0].message
    assert failed[0].remedy


# --- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MBS of a test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "mbs.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure_url(certificate: Path) -> Iterator[str]:
    """An MBS that speaks HTTPS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    world = World.generate(companies=1, licenses=5, today=TODAY)
    simulator = MBSSimulator(world, login=CREDENTIALS.login, password=CREDENTIALS.password)
    server = simulator.start(tls=context)
    yield server.url
    server.stop()
    simulator.close()


def test_a_certificate_nobody_vouches_for_is_refused_before_the_password_leaves(secure_url: str) -> None:
    with (
        MbsClient(secure_url, CREDENTIALS, retries=RETRIES) as client,
        pytest.raises(PermanentError, match=r"the certificate of https://127\.0\.0\.1") as caught,
    ):
        client.companies()
    assert "certificate store" in caught.value.hint


def test_a_certificate_that_is_trusted_here_is_accepted(secure_url: str, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with MbsClient(secure_url, CREDENTIALS, verify=trusting, retries=RETRIES) as client:
        assert len(client.companies()) > 0


def test_https_to_a_server_that_speaks_http_is_about_the_address(mbs: Mbs) -> None:
    with (
        MbsClient(mbs.url.replace("http:", "https:"), CREDENTIALS, retries=RETRIES) as client,
        pytest.raises(PermanentError, match="does not speak TLS") as caught,
    ):
        client.companies()
    assert "API address" in caught.value.hint
