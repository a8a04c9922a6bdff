"""The HTTP server beneath the simulators."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billbridge.simulators.server import Request, Response, SimulatorServer


def echo(request: Request) -> Response:
    return Response.json(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "kind": request.headers.get("content-type"),
            "body": request.body.decode(),
        }
    )


def test_a_request_arrives_whole() -> None:
    with SimulatorServer(echo) as server, httpx2.Client(base_url=server.url) as client:
        answer = client.post("/a%20b?x=1&x=2&y=", content="ü", headers={"Content-Type": "text/plain"})
        assert answer.json() == {
            "method": "POST", "path": "/a b", "query": {"x": ["1", "2"], "y": [""]}, "kind": "text/plain",
            "body": "ü",
        }  # fmt: skip


def test_a_body_in_chunks_is_put_together() -> None:
    with SimulatorServer(echo) as server, httpx2.Client(base_url=server.url) as client:
        assert client.post("/", content=iter([b"one", b"two"])).json()["body"] == "onetwo"
        assert client.get("/next").json()["path"] == "/next"


def test_a_connection_is_kept_alive() -> None:
    ports = set()
    with SimulatorServer(lambda _: Response.text("x")) as server, httpx2.Client(base_url=server.url) as client:
        for _ in range(3):
            with client.stream("GET", "/") as answer:
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                answer.read()
    assert len(ports) == 1


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    with SimulatorServer(echo) as server, httpx2.Client(base_url=server.url) as client:
        started = time.monotonic()
        for _ in range(50):
            client.get("/")
        assert time.monotonic() - started < 50 * 0.02


def test_a_failure_of_the_handler_is_a_500_that_tells_why() -> None:
    def fail(_: Request) -> Response:
        raise RuntimeError("out of ink")

    with SimulatorServer(fail) as server:
        answer = httpx2.get(server.url)
        assert answer.status_code == 500
        assert "out of ink" in answer.text


def test_a_cut_closes_the_connection_without_an_answer() -> None:
    with SimulatorServer(lambda _: Response(cut=True)) as server, pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(server.url)


def test_a_client_that_goes_away_disturbs_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    release = threading.Event()

    def slow(request: Request) -> Response:
        if request.path == "/slow":
            release.wait(5)
        return Response(body=b"x" * 1_000_000)

    with SimulatorServer(slow) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        release.set()
        assert len(httpx2.get(server.url).content) == 1_000_000
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "half", [b"Content-Length: 10\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"]
)
def test_a_request_that_never_came_whole_is_not_carried_out(half: bytes) -> None:
    asked: list[str] = []

    def note(request: Request) -> Response:
        asked.append(request.method)
        return Response()

    with SimulatorServer(note) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\n" + half)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100) == b""
        httpx2.get(server.url)
    assert asked == ["GET"]


def test_stopping_frees_the_port_and_may_be_repeated() -> None:
    server = SimulatorServer(echo)
    server.start()
    with httpx2.Client(base_url=server.url) as client:
        client.get("/")
        server.stop()
        server.stop()
        with pytest.raises(httpx2.TransportError):
            client.get("/")
    again = SimulatorServer(echo, port=server.port)
    again.stop()


def test_it_speaks_https(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=certificate)
    with SimulatorServer(echo, host="localhost", tls=context) as server:
        assert server.url.startswith("https://localhost:")
        with socket.create_connection(("localhost", server.port)):  # shakes no hand, and must hold up nobody
            assert httpx2.get(server.url, verify=trust).status_code == 200


def self_signed(folder: Path) -> tuple[Path, Path]:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(secret.public_key()), critical=False)
        .sign(secret, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def test_a_server_that_serves_in_the_foreground_is_stopped_from_elsewhere() -> None:
    server = SimulatorServer(echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert httpx2.get(server.url).status_code == 200
    server.stop()
    thread.join(5)
    assert not thread.is_alive()
