from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from fake_halopsa import SECRET, TOKEN, FakeHaloPSA, reply, text, web_page

from billbridge.halopsa.auth import Credentials
from billbridge.halopsa.errors import AddressError, ModuleRefused, NothingSent, TokenRefused

TOKENS = "POST /auth/token"
EMPTY = reply({"record_count": 0, "clients": []})


@pytest.fixture
def halo() -> FakeHaloPSA:
    fake = FakeHaloPSA()
    fake.on("GET /api/Client", EMPTY)
    return fake


def token_reply(**changes: Any) -> httpx2.Response:
    return reply({"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600, "scope": "all", **changes})


def test_a_token_is_asked_for_by_a_form_and_sent_as_bearer(halo: FakeHaloPSA) -> None:
    with halo.client(scope="read:customers edit:softwarelicensing") as client:
        client.get("Client")
    asked = halo.arrived(TOKENS)[0]
    assert parse_qs(asked.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["an-id"],
        "client_secret": [SECRET],
        "scope": ["read:customers edit:softwarelicensing"],
    }
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert halo.arrived("GET /api/Client")[0].headers["authorization"] == f"Bearer {TOKEN}1"


@pytest.mark.parametrize(("tenant", "query"), [("", b""), ("acme", b"tenant=acme")])
def test_the_tenant_is_in_the_query_only_when_one_is_given(halo: FakeHaloPSA, tenant: str, query: bytes) -> None:
    with halo.client(tenant=tenant) as client:
        client.sign_in()
    assert halo.arrived(TOKENS)[0].url.query == query


def test_the_authorisation_server_is_the_one_halopsa_names(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/authinfo", reply({"auth_url": "https://login.halo.example/", "tenant_id": "acme"}))
    halo.on("POST /token", token_reply())
    with halo.client() as client:
        client.sign_in()
    assert str(halo.requests[-1].url) == "https://login.halo.example/token?tenant=acme"


@pytest.mark.parametrize(
    "authinfo",
    [
        text("", 404),
        text("nonsense"),
        reply({}),
        reply({"auth_url": "http://acme.halopsa.com/auth"}),
        text("", 500),
    ],
)
def test_without_a_usable_hint_tokens_come_from_auth_beside_the_api(
    halo: FakeHaloPSA, authinfo: httpx2.Response
) -> None:
    halo.on("GET /api/authinfo", authinfo)
    with halo.client() as client:
        client.sign_in()
    assert str(halo.requests[-1].url) == "https://acme.halopsa.com/auth/token"


def test_an_authorisation_server_that_was_entered_is_not_asked_for(halo: FakeHaloPSA) -> None:
    halo.on("POST /token", token_reply())
    with halo.client(authorisation_server="https://login.halo.example/") as client:
        client.sign_in()
    assert [str(request.url) for request in halo.requests] == ["https://login.halo.example/token"]


def test_the_secret_is_not_sent_to_an_address_that_shows_a_web_page(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/authinfo", web_page())
    with halo.client() as client, pytest.raises(AddressError, match=r"A web page \(200\) came back"):
        client.sign_in()
    assert halo.arrived(TOKENS) == []


def test_blanks_that_were_copied_with_the_secret_do_no_harm(halo: FakeHaloPSA) -> None:
    with halo.client(secret=f" {SECRET}\n") as client:
        client.sign_in()
    assert parse_qs(halo.arrived(TOKENS)[0].content.decode())["client_secret"] == [SECRET]


def test_one_token_serves_many_calls(halo: FakeHaloPSA) -> None:
    with halo.client() as client:
        for _ in range(3):
            client.get("Client")
    assert (halo.tokens, client.calls.reads, client.calls.tokens) == (1, 3, 2)


@pytest.mark.parametrize(("seconds", "tokens"), [(3479, 1), (3541, 2)])
def test_a_token_is_renewed_between_two_minutes_and_one_before_its_end(
    halo: FakeHaloPSA, seconds: float, tokens: int
) -> None:
    with halo.client() as client:
        client.get("Client")
        halo.time.now += seconds
        client.get("Client")
    assert halo.tokens == tokens


def test_a_token_with_a_short_life_is_used_for_three_quarters_of_it(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, token_reply(expires_in="40"))
    with halo.client() as client:
        client.get("Client")
        halo.time.now += 29
        client.get("Client")
        assert len(halo.arrived(TOKENS)) == 1
        halo.time.now += 2
        client.get("Client")
    assert len(halo.arrived(TOKENS)) == 2


def test_a_refused_token_is_replaced_once_and_the_call_repeated(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/Client", text("", 401), EMPTY)
    with halo.client() as client:
        client.get("Client")
    bearers = [request.headers["authorization"] for request in halo.arrived("GET /api/Client")]
    assert bearers == [f"Bearer {TOKEN}1", f"Bearer {TOKEN}2"]


def test_a_fresh_token_that_is_refused_too_means_that_the_module_is_closed(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/SoftwareLicence", text("", 401))
    with halo.client() as client, pytest.raises(ModuleRefused) as refused:
        client.get("SoftwareLicence")
    assert (halo.tokens, len(halo.arrived("GET /api/SoftwareLicence"))) == (2, 2)
    assert refused.value.module == "SoftwareLicence"
    assert refused.value.scope == "read:softwarelicensing"
    assert "Software Licensing: Read and Modify" in str(refused.value)


def test_a_post_is_repeated_with_a_fresh_token_after_a_401(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/Supplier", text("", 401), reply({"id": 21}, 201))
    with halo.client() as client:
        assert client.post("Supplier", [{"name": "MSP360"}]) == {"id": 21}


def test_threads_that_need_a_token_at_once_share_one(halo: FakeHaloPSA) -> None:
    with halo.client() as client:
        threads = [threading.Thread(target=client.sign_in) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert halo.tokens == 1


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (reply({"error": "invalid_client", "error_description": "The client credentials are invalid."}, 401),
         "invalid_client", "does not accept the client ID and secret.*Make a new secret"),
        (reply({"error": "invalid_client", "error_description": "The specified 'client_id' is invalid."}, 401),
         "invalid_client", "no application with this client ID"),
        (reply({"error": "invalid_scope"}, 400), "invalid_scope", "may not ask for the scope 'all'.*Tick it"),
        (reply({"error": "unsupported_grant_type"}, 400), "unsupported_grant_type", "Client ID and Secret"),
        (reply({"error": "invalid_request"}, 400), "invalid_request", "incomplete"),
        (reply({"error": "something_new"}, 400), "something_new", "refused the sign-in"),
        (text("", 401), "invalid_client", "refused the sign-in"),
    ],
)  # fmt: skip
def test_a_refused_sign_in_says_what_is_wrong_and_what_to_do(
    halo: FakeHaloPSA, answer: httpx2.Response, reason: str, words: str
) -> None:
    halo.on(TOKENS, answer)
    with halo.client() as client, pytest.raises(TokenRefused, match=words) as refused:
        client.get("Client")
    assert refused.value.reason == reason
    assert len(halo.arrived(TOKENS)) == 1


def test_a_server_error_means_a_wrong_tenant_if_halopsa_calls_itself_otherwise(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, text("", 500))
    with (
        halo.client(tenant="acmee") as client,
        pytest.raises(TokenRefused, match="Enter acme as the tenant") as refused,
    ):
        client.sign_in()
    assert refused.value.reason == "wrong_tenant"


def test_a_server_error_with_the_right_tenant_is_trouble_that_may_pass(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, text("", 500), text("", 503), token_reply())
    with halo.client(tenant="ACME") as client:
        assert client.sign_in().granted == frozenset({"all"})


def test_a_post_that_could_not_even_sign_in_was_not_sent(halo: FakeHaloPSA) -> None:
    halo.on(TOKENS, httpx2.ReadTimeout("slow"))
    with halo.client() as client, pytest.raises(NothingSent):
        client.post("Supplier", [{"name": "MSP360"}])
    assert halo.arrived("POST /api/Supplier") == []


@pytest.mark.parametrize("answer", [web_page(), web_page(404), text("", 404), reply({"hello": 1}), text("", 302)])
def test_a_place_that_gives_no_tokens_is_a_wrong_address(halo: FakeHaloPSA, answer: httpx2.Response) -> None:
    halo.on(TOKENS, answer)
    with halo.client() as client, pytest.raises(AddressError):
        client.sign_in()


@pytest.mark.parametrize("body", ['{"access_token": "abc', ""], ids=["cut off", "empty"])
def test_a_token_answer_that_breaks_off_is_trouble_that_may_pass(halo: FakeHaloPSA, body: str) -> None:
    halo.on("POST /auth/token", text(body))
    with halo.client() as client, pytest.raises(NothingSent, match="cut off"):
        client.get("Client")


def test_neither_secret_nor_token_is_shown_anywhere(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/Supplier", reply(f"Bearer {TOKEN}1 may not, nor may {SECRET}", 400))
    credentials = Credentials(client_id="an-id", client_secret=SECRET)
    with halo.client() as client:
        shown = [repr(client), repr(credentials), repr(client.sign_in()), repr(client.credentials)]
        with pytest.raises(Exception, match="may not, nor may") as refused:
            client.post("Supplier", [{"name": "x"}])
        shown += [str(refused.value), repr(refused.value)]
        halo.on(TOKENS, reply({"error": "invalid_client", "error_description": f"{SECRET} is wrong"}, 401))
        halo.time.now += 4000
        with pytest.raises(TokenRefused) as unknown:
            client.sign_in()
        shown += [str(unknown.value), repr(unknown.value)]
    assert [text for text in shown if SECRET in text or TOKEN in text] == []
