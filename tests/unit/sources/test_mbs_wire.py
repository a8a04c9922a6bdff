"""Getting an answer out of the MBS API: token, repetition, and errors that say what to do."""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any

import httpx2
import pytest

from billbridge.errors import BillbridgeError, InvalidInput, PermanentError, TransientError
from billbridge.sources.mbs.auth import Credentials
from billbridge.sources.mbs.client import Retries

LOGIN = "POST /api/Provider/Login"
COMPANIES = "GET /api/Companies"


class Clock:
    """Monotonic seconds that move by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def text(body: str, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, text=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def said(status: int, value: Any, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, json=value, headers={name.replace("_", "-"): each for name, each in headers.items()}
    )


# --- login and token


def test_the_login_sends_the_credentials_as_json(mbs: Any) -> None:
    mbs.client().log_in()

    (request,) = mbs.asked(LOGIN)
    assert json.loads(request.content) == {"UserName": "xmkf", "Password": "Secret-7"}
    assert request.headers["content-type"] == "application/json"


def test_every_call_carries_the_token_and_asks_for_json(mbs: Any) -> None:
    mbs.client().companies()

    (request,) = mbs.asked(COMPANIES)
    assert request.headers["authorization"] == "Bearer fakeEkt8_niPVUeh"
    assert request.headers["accept"] == "application/json"


def test_one_login_serves_many_calls(mbs: Any) -> None:
    client = mbs.client()
    client.companies()
    client.users()

    assert len(mbs.asked(LOGIN)) == 1


def test_a_token_is_renewed_five_minutes_before_it_ends(mbs: Any) -> None:
    clock = Clock()
    mbs.answers(LOGIN, {"access_token": "t", "expires_in": 7200})
    client = mbs.client(clock=clock)
    client.companies()

    clock.now += 7200 - 301
    client.companies()
    assert len(mbs.asked(LOGIN)) == 1

    clock.now += 1
    client.companies()
    assert len(mbs.asked(LOGIN)) == 2


@pytest.mark.parametrize("life", [{}, {"expires_in": None}, {"expires_in": "soon"}, {"expires_in": 0}])
def test_a_token_without_a_life_lives_an_hour(mbs: Any, life: dict[str, Any]) -> None:
    clock = Clock()
    mbs.answers(LOGIN, {"access_token": "t", **life})
    client = mbs.client(clock=clock)
    client.companies()

    clock.now += 3600 - 301
    client.companies()
    assert len(mbs.asked(LOGIN)) == 1

    clock.now += 1
    client.companies()
    assert len(mbs.asked(LOGIN)) == 2


def test_a_token_of_a_short_life_is_still_used_more_than_once(mbs: Any) -> None:
    mbs.answers(LOGIN, {"access_token": "t", "expires_in": 60})
    client = mbs.client(clock=Clock())
    client.companies()
    client.companies()

    assert len(mbs.asked(LOGIN)) == 1


def test_a_refused_token_is_replaced_once_and_the_call_goes_through(mbs: Any) -> None:
    mbs.answers(LOGIN, {"access_token": "old"}, {"access_token": "new"})
    mbs.answers(COMPANIES, said(401, {"Message": "Authorization has been denied for this request."}), [])

    assert mbs.client().companies() == []
    assert [each.headers["authorization"] for each in mbs.asked(COMPANIES)] == ["Bearer old", "Bearer new"]


def test_a_second_refusal_is_final(mbs: Any) -> None:
    mbs.answers(COMPANIES, said(401, {"Message": "Authorization has been denied for this request."}))

    with pytest.raises(
        PermanentError, match=r"the companies \(GET /api/Companies\), answered 401: Authorization"
    ) as caught:
        mbs.client().companies()

    assert "generate new ones" in caught.value.hint
    assert len(mbs.asked(COMPANIES)) == 2
    assert len(mbs.asked(LOGIN)) == 2


def test_wrong_credentials_are_said_in_the_vendor_s_words_with_where_to_get_right_ones(mbs: Any) -> None:
    mbs.answers(
        LOGIN, said(400, {"error": "invalid_grant", "error_description": "The user name or password is incorrect."})
    )

    with pytest.raises(PermanentError, match="'xmkf': The user name or password is incorrect") as caught:
        mbs.client().companies()

    assert "Settings > General" in caught.value.hint
    assert len(mbs.asked(LOGIN)) == 1


@pytest.mark.parametrize("body", ["", "Forbidden", '{"Message":"Access is denied."}', "<html>403</html>"])
def test_a_login_from_a_place_that_is_not_allowed_is_explained(mbs: Any, body: str) -> None:
    mbs.answers(LOGIN, text(body, 403))

    with pytest.raises(PermanentError, match=r"does not let the API login 'xmkf' in from here \(403") as caught:
        mbs.client().log_in()

    assert "API access is not enabled" in caught.value.hint
    assert "IP addresses" in caught.value.hint


def test_a_login_that_answers_with_an_error_text_and_200_is_an_error(mbs: Any) -> None:
    mbs.answers(LOGIN, "Account is locked")

    with pytest.raises(PermanentError, match=r"a login .* answered 200 with: Account is locked"):
        mbs.client().log_in()


def test_a_login_is_repeated_when_the_server_stumbles(mbs: Any) -> None:
    mbs.answers(LOGIN, text("", 503), {"access_token": "t"})

    mbs.client().log_in()

    assert len(mbs.asked(LOGIN)) == 2


def test_the_password_is_in_no_text_about_the_credentials() -> None:
    assert "Secret" not in repr(Credentials(login="xmkf", password="Secret-7"))


def test_a_server_that_repeats_the_password_or_token_does_not_get_it_into_an_error(mbs: Any) -> None:
    mbs.answers(COMPANIES, said(400, {"Message": "Bad token fakeEkt8_niPVUeh"}))
    with pytest.raises(PermanentError) as caught:
        mbs.client().companies()
    assert "fakeEkt8" not in str(caught.value)
    assert "Bad token ***" in str(caught.value)

    mbs.answers(LOGIN, said(400, {"error": "Secret-7 is wrong"}))
    with pytest.raises(PermanentError) as caught:
        mbs.client().log_in()
    assert "Secret-7" not in str(caught.value)


# --- repetition


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_read_is_repeated_after_trouble_that_may_pass(mbs: Any, status: int) -> None:
    mbs.answers(COMPANIES, text("", status), text("", status), [])

    assert mbs.client().companies() == []


def test_repetition_ends_with_an_error_of_the_transient_family(mbs: Any) -> None:
    mbs.answers(COMPANIES, text("Service Unavailable", 503))

    with pytest.raises(
        TransientError, match=r"the companies \(GET /api/Companies\), answered 503: Service Unavailable"
    ):
        mbs.client().companies()
    assert len(mbs.asked(COMPANIES)) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409])
def test_a_refusal_is_not_repeated(mbs: Any, status: int) -> None:
    mbs.answers(COMPANIES, text("", status))

    with pytest.raises(PermanentError, match=f"answered {status}") as caught:
        mbs.client().companies()
    assert caught.value.hint
    assert len(mbs.asked(COMPANIES)) == 1


def test_the_filters_that_are_sent_as_put_are_reads_and_repeated(mbs: Any) -> None:
    from billbridge.billing.months import Month

    mbs.answers("PUT /api/Billing", text("", 502), {"StatisticBilling": []})

    assert mbs.client().billing(Month(2026, 2)).statistic_billing == []


def test_a_server_that_asks_for_a_short_wait_gets_it(mbs: Any) -> None:
    mbs.answers(COMPANIES, text("", 429, retry_after="0"), [])

    assert mbs.client(retries=Retries(attempts=2, first_wait=100, longest_wait=100)).companies() == []


def test_a_server_that_asks_for_a_long_wait_is_left_to_whoever_runs_the_collection(mbs: Any) -> None:
    mbs.answers(COMPANIES, text("", 429, retry_after="300"))

    with pytest.raises(TransientError) as caught:
        mbs.client().companies()
    assert caught.value.retry_after == 300
    assert len(mbs.asked(COMPANIES)) == 1


def test_a_wait_may_be_given_as_a_date(mbs: Any) -> None:
    mbs.answers(COMPANIES, text("", 503, retry_after="Fri, 31 Dec 2999 23:59:59 GMT"))

    with pytest.raises(TransientError) as caught:
        mbs.client().companies()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 1e9


# --- no answer


def broken(error: Exception, cause: Exception | None = None) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (httpx2.ReadTimeout("timed out"), "did not answer in time"),
        (httpx2.ConnectTimeout("timed out"), "did not answer in time"),
        (httpx2.ConnectError("refused"), "cannot be reached"),
        (
            broken(httpx2.ConnectError("dns"), socket.gaierror(-2, "unknown")),
            "the name in https://mbs.example is not known",
        ),
        (httpx2.RemoteProtocolError("closed"), "the connection broke"),
        (httpx2.ReadError("reset"), "the connection broke"),
    ],
)
def test_an_answer_that_never_comes_is_transient_and_names_what_was_asked(
    mbs: Any, trouble: Exception, words: str
) -> None:
    mbs.answers(COMPANIES, trouble)

    with pytest.raises(TransientError, match=words) as caught:
        mbs.client().companies()
    assert "asked for the companies" in caught.value.message
    assert caught.value.hint


def test_a_connection_that_breaks_once_is_forgotten(mbs: Any) -> None:
    mbs.answers(COMPANIES, httpx2.RemoteProtocolError("closed"), [])

    assert mbs.client().companies() == []


def test_a_certificate_that_is_not_trusted_needs_a_person(mbs: Any) -> None:
    mbs.answers(COMPANIES, broken(httpx2.ConnectError("tls"), ssl.SSLCertVerificationError(1, "expired")))

    with pytest.raises(PermanentError, match=r"the certificate of https://mbs\.example is bad") as caught:
        mbs.client().companies()
    assert "clock" in caught.value.hint
    assert len(mbs.asked(COMPANIES)) == 1


# --- answers that are none


def test_a_redirect_is_not_followed(mbs: Any) -> None:
    mbs.answers(COMPANIES, text("", 302, location="https://elsewhere.example/login?from=%2Fapi"))

    with pytest.raises(
        PermanentError, match=r"pointed to another address, https://elsewhere\.example/login\."
    ) as caught:
        mbs.client().companies()
    assert "API address" in caught.value.hint
    assert len(mbs.requests) == 2


@pytest.mark.parametrize(
    "body", ["<!doctype html><title>Sign in</title>", "  <html></html>", "<?xml version='1.0'?><a/>"]
)
def test_a_web_page_instead_of_json_is_an_error_about_the_address(mbs: Any, body: str) -> None:
    mbs.answers(COMPANIES, text(body))

    with pytest.raises(PermanentError, match="answered with a web page instead of data") as caught:
        mbs.client().companies()
    assert "API address" in caught.value.hint


@pytest.mark.parametrize("body", ['[{"Id": "1', '{"a": 1', '["x"', "", '[{"Id": "1", "Name": "\\ud8'])
def test_an_answer_that_breaks_off_is_asked_for_again(mbs: Any, body: str) -> None:
    mbs.answers(COMPANIES, text(body), [])

    assert mbs.client().companies() == []


def test_an_answer_that_keeps_breaking_off_is_transient(mbs: Any) -> None:
    mbs.answers(COMPANIES, text('[{"Id": "1'))

    with pytest.raises(TransientError, match="breaks off"):
        mbs.client().companies()


@pytest.mark.parametrize(
    "answer", ["License server is not available", {"Message": "License server is not available"}]
)
def test_an_error_that_comes_with_200_is_quoted(mbs: Any, answer: Any) -> None:
    mbs.answers(COMPANIES, answer)

    with pytest.raises(PermanentError, match="answered 200 with an error: License server is not available"):
        mbs.client().companies()


def test_plain_text_with_200_is_quoted(mbs: Any) -> None:
    mbs.answers(COMPANIES, text("Down for maintenance"))

    with pytest.raises(PermanentError, match="text instead of data: Down for maintenance"):
        mbs.client().companies()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Message": "No HTTP resource was found that matches the request URI 'x'."}, "No HTTP resource was found"),
        ({"message": "Not found"}, "Not found"),
        ({"error": "invalid_request"}, "invalid_request"),
        ({"error": "invalid_request", "error_description": "Say it well"}, "Say it well"),
        (
            {"Message": "The request is invalid.", "ModelState": {"filter.Date": ["not a date"]}},
            r"The request is invalid\. not a date",
        ),
        ("a bare string", "a bare string"),
    ],
)
def test_the_message_is_found_in_each_of_the_shapes_asp_net_gives_it(mbs: Any, body: Any, words: str) -> None:
    mbs.answers(COMPANIES, said(400, body))

    with pytest.raises(PermanentError, match=f"answered 400: {words}"):
        mbs.client().companies()


def test_a_long_message_is_cut(mbs: Any) -> None:
    mbs.answers(COMPANIES, said(400, {"Message": "x" * 10_000}))

    with pytest.raises(PermanentError) as caught:
        mbs.client().companies()
    assert len(caught.value.message) < 500


# --- the address


@pytest.mark.parametrize(
    "address",
    ["https://mbs.example", "https://mbs.example/", "https://mbs.example/api/", " https://mbs.example/API "],
)
def test_the_address_may_be_written_with_or_without_its_end(mbs: Any, address: str) -> None:
    mbs.client(address).companies()

    assert str(mbs.asked(COMPANIES)[0].url) == "https://mbs.example/api/Companies"


def test_an_address_may_have_a_path_of_its_own(mbs: Any) -> None:
    mbs.answers("POST /mbsapi/api/Provider/Login", {"access_token": "t"})
    mbs.answers("GET /mbsapi/api/Companies", [])

    assert mbs.client("https://mspbackups.example/mbsapi/").companies() == []


@pytest.mark.parametrize(
    "address",
    ["", "mbs.example", "ftp://mbs.example", "https://", "https://user:pw@mbs.example", "https://mbs.example?x=1"],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(mbs: Any, address: str) -> None:
    with pytest.raises(InvalidInput, match="address"):
        mbs.client(address)


def test_every_error_names_the_remedy(mbs: Any) -> None:
    for answer in (text("", 500), text("", 404), text("<html>"), text("{"), text("", 301), text("oops"), "oops"):
        mbs.answers(COMPANIES, answer)
        with pytest.raises(BillbridgeError) as caught:
            mbs.client().companies()
        assert caught.value.hint, str(caught.value)
