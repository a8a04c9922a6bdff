"""The simulated MBS: login, tokens, and what is refused before any data is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx2
import pytest
from mbs_provider import LOGIN, PASSWORD, Provider

from billbridge.simulators.mbs import Switches

DENIED = {"Message": "Authorization has been denied for this request."}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def test_a_login_gives_a_token_for_two_weeks(provider: Provider) -> None:
    answer = provider.login()
    assert answer.status_code == 200
    token = answer.json()
    assert set(token) == {"access_token", "token_type", "expires_in", "userName", ".issued", ".expires"}
    assert (token["token_type"], token["expires_in"], token["userName"]) == ("bearer", 1209599, LOGIN)
    life = parsedate_to_datetime(token[".expires"]) - parsedate_to_datetime(token[".issued"])
    assert life.days == 14


def test_a_login_may_be_a_form(provider: Provider) -> None:
    answer = provider.client.post("/api/Provider/Login", data={"UserName": LOGIN, "Password": PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize(("login", "password"), [(LOGIN, "wrong"), ("wrong", PASSWORD), (LOGIN.lower(), PASSWORD)])
def test_wrong_credentials_are_an_invalid_grant(provider: Provider, login: str, password: str) -> None:
    answer = provider.login(login, password)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "The user name or password is incorrect.",
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"UserName": "x"}', b'{"UserName": 1, "Password": 2}'])
def test_a_login_that_cannot_be_read_is_an_invalid_request(provider: Provider, body: bytes) -> None:
    answer = provider.client.post("/api/Provider/Login", content=body)
    assert answer.status_code == 400
    assert answer.json()["Message"] == "The request is invalid."


@pytest.mark.parametrize(("why", "text"), [("ip_restricted", "IP address"), ("api_disabled", "not enabled")])
def test_a_login_may_be_forbidden_altogether(why: str, text: str) -> None:
    with Provider(login_refused=why) as provider:
        answer = provider.login()
    assert answer.status_code == 403
    assert text in answer.json()["Message"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", "Basic eDp5"])
def test_data_needs_a_token(provider: Provider, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = httpx2.get(f"{provider.server.url}/api/Companies", headers=headers)
    assert (answer.status_code, answer.json()) == (401, DENIED)


def test_a_token_expires_and_a_new_login_helps() -> None:
    now = 1_000_000.0
    with Provider(clock=lambda: now, token_life_seconds=60) as provider:
        assert provider.login().json()["expires_in"] == 59
        now += 59
        assert provider.client.get("/api/Companies").status_code == 200
        now += 1
        assert provider.client.get("/api/Companies").json() == DENIED
        provider.authorise()
        assert provider.client.get("/api/Companies").status_code == 200


def test_new_credentials_end_the_old_ones_and_their_tokens(provider: Provider) -> None:
    provider.client.post("/_sim/credentials", json={"login": "new", "password": "secret"})
    assert provider.client.get("/api/Companies").status_code == 401
    assert provider.login().status_code == 400
    assert provider.login("new", "secret").status_code == 200


def test_tokens_can_be_ended_by_hand(provider: Provider) -> None:
    assert provider.client.delete("/_sim/tokens").status_code == 204
    assert provider.client.get("/api/Companies").status_code == 401
    assert provider.login().status_code == 200


@pytest.mark.parametrize(("alone", "status"), [(False, 200), (True, 401)])
def test_a_second_login_ends_the_first_token_only_by_switch(alone: bool, status: int) -> None:
    with Provider(one_token_per_login=alone) as provider:
        provider.login()
        assert provider.client.get("/api/Companies").status_code == status


def test_an_unknown_path_is_not_found_even_without_a_token(provider: Provider) -> None:
    answer = httpx2.get(f"{provider.server.url}/api/Nothing")
    assert answer.status_code == 404
    uri = f"{provider.server.url}/api/Nothing"
    assert answer.json() == {"Message": f"No HTTP resource was found that matches the request URI '{uri}'."}


@pytest.mark.parametrize(
    ("verb", "path"), [("DELETE", "Companies"), ("POST", "Billing"), ("GET", "Provider/Login")]
)
def test_a_verb_without_a_route_is_not_supported(provider: Provider, verb: str, path: str) -> None:
    answer = provider.client.request(verb, f"/api/{path}")
    assert answer.status_code == 405
    assert answer.json()["Message"] == f"The requested resource does not support http method '{verb}'."


@pytest.mark.parametrize(
    "path", ["/mbsapi/api/Companies", "/MBSAPI/api/companies", "/API/COMPANIES", "/api/Companies/"]
)
def test_paths_have_an_alias_and_no_case(provider: Provider, path: str) -> None:
    assert provider.client.get(path).json() == provider.get("Companies")


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "*/*"])
def test_the_answer_is_json_whatever_is_accepted(provider: Provider, accept: str) -> None:
    answer = provider.client.get("/api/Companies", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/json")
    assert isinstance(answer.json(), list)


def test_calls_above_the_limit_of_a_minute_wait_for_the_window_to_roll() -> None:
    now = 1_000_000.0
    with Provider(clock=lambda: now, calls_per_minute=3) as provider:
        statuses = [provider.client.get("/api/Companies").status_code for _ in range(3)]
        assert statuses == [200, 200, 429], "the login was the first of the three calls"
        now += 60
        assert provider.client.get("/api/Companies").status_code == 200


def test_an_unknown_switch_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"There is no switch speed; there are login_refused, token_life_seconds"):
        Switches().changed({"speed": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_life_seconds", 0), ("token_life_seconds", True), ("unknown_id", "500"), ("money_decimals", 11),
        ("billing_zero_rows", 1), ("license_type_names", {"Server": 1}), ("calls_per_minute", -1),
        ("csv_dates", "german"),
    ],
)  # fmt: skip
def test_a_switch_refuses_a_value_it_cannot_have(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Switches().changed({name: value})
