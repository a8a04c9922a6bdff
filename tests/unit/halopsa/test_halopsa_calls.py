from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import ClassVar

import httpx2
import pytest
from fake_halopsa import FakeHaloPSA, FakeTime, reply, sent, text, web_page

from billbridge.errors import PermanentError, TransientError
from billbridge.halopsa.client import Backoff
from billbridge.halopsa.errors import (
    AddressError,
    ModuleRefused,
    NotFound,
    NothingSent,
    OutcomeUnknown,
    RateLimited,
    ServerTrouble,
)
from billbridge.halopsa.limits import InMemoryLimiter, Kind

CLIENTS = "GET /api/Client"
POST = "POST /api/SoftwareLicence"
GOOD = reply({"record_count": 1, "clients": [{"id": 12}]})


@pytest.fixture
def halo() -> FakeHaloPSA:
    return FakeHaloPSA()


def caused_by(cause: Exception) -> httpx2.ConnectError:
    error = httpx2.ConnectError(str(cause))
    error.__cause__ = cause
    return error


def test_fractions_come_as_decimals(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/Item/1", text('{"baseprice": 9.60}'))
    with halo.client() as client:
        assert client.get("Item/1") == {"baseprice": Decimal("9.60")}


def test_yes_and_no_go_into_the_query_in_lower_case(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, GOOD)
    with halo.client() as client:
        client.get("Client", {"includeinactive": True, "orderdesc": False, "page_no": 1})
    assert halo.requests[-1].url.query == b"includeinactive=true&orderdesc=false&page_no=1"


@pytest.mark.parametrize(
    "trouble",
    [
        text("", 500),
        text("", 503),
        text('{"record_count": 3, "cli'),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("peer closed connection"),
        httpx2.ReadError("reset"),
        httpx2.ConnectError("refused"),
    ],
)
def test_a_read_is_repeated_after_transient_trouble(
    halo: FakeHaloPSA, trouble: httpx2.Response | Exception
) -> None:
    halo.on(CLIENTS, trouble, trouble, GOOD)
    with halo.client() as client:
        assert client.get("Client")["record_count"] == 1
    assert halo.time.slept == [1, 2]


def test_a_read_is_given_up_after_its_last_try(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 500))
    with halo.client() as client, pytest.raises(ServerTrouble, match="server error 500"):
        client.get("Client")
    assert (len(halo.arrived(CLIENTS)), halo.time.slept) == (4, [1, 2, 4])


def test_the_wait_a_server_asks_for_is_kept(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 503, retry_after="9"), GOOD)
    with halo.client() as client:
        client.get("Client")
    assert halo.time.slept == [9]


def test_what_needs_a_person_is_not_repeated(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 403))
    with halo.client() as client, pytest.raises(ModuleRefused, match="refuses the customers"):
        client.get("Client")
    assert len(halo.arrived(CLIENTS)) == 1


def test_a_refusal_by_a_firewall_in_between_is_not_taken_for_one_by_halopsa(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, web_page(403))
    with halo.client() as client, pytest.raises(AddressError, match="firewall"):
        client.get("Client")


def test_a_record_that_is_not_there_is_not_found(halo: FakeHaloPSA) -> None:
    with halo.client() as client, pytest.raises(NotFound, match="Client/99"):
        client.get("Client/99")


@pytest.mark.parametrize("page", [web_page(), web_page(404), text("", 302, location="https://login.example")])
def test_an_address_that_never_answered_as_halopsa_is_wrong(halo: FakeHaloPSA, page: httpx2.Response) -> None:
    halo.on(CLIENTS, page)
    with halo.client() as client, pytest.raises(AddressError):
        client.get("Client")


def test_a_web_page_from_an_address_that_answered_before_is_trouble_that_may_pass(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, GOOD, web_page(), GOOD)
    with halo.client() as client:
        client.get("Client")
        assert client.get("Client")["record_count"] == 1


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no host named acme.halopsa.com"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "not trusted"),
        (ssl.SSLError(1, "wrong version number"), "does not speak TLS"),
    ],
)
def test_a_wrong_name_or_certificate_needs_a_person(halo: FakeHaloPSA, cause: Exception, words: str) -> None:
    halo.on("GET /api/authinfo", caused_by(cause))
    with halo.client() as client, pytest.raises(AddressError, match=words):
        client.get("Client")
    assert halo.time.slept == []


def test_names_that_cannot_be_resolved_just_now_are_trouble_that_may_pass(halo: FakeHaloPSA) -> None:
    halo.on("GET /api/authinfo", caused_by(socket.gaierror(socket.EAI_AGAIN, "Temporary failure")))
    with halo.client() as client, pytest.raises(NothingSent):
        client.get("Client")


# Writing


def test_a_post_carries_an_array_with_exact_amounts(halo: FakeHaloPSA) -> None:
    halo.on(POST, reply({"id": 512}, 201))
    with halo.client() as client:
        client.post("SoftwareLicence", [{"count": Decimal("12.0"), "price": Decimal("14.667")}])
    assert halo.requests[-1].content == b'[{"count":12,"price":14.667}]'
    assert halo.requests[-1].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "trouble",
    [
        text("", 500),
        text("", 502),
        web_page(504),
        text("", 408),
        text('{"id": 51', 201),
        web_page(200),
        httpx2.ReadTimeout("slow"),
        httpx2.WriteTimeout("slow"),
        httpx2.RemoteProtocolError("server disconnected"),
        httpx2.ReadError("reset"),
        httpx2.WriteError("broken pipe"),
    ],
)
def test_a_post_without_a_clean_answer_is_sent_once_and_its_outcome_is_unknown(
    halo: FakeHaloPSA, trouble: httpx2.Response | Exception
) -> None:
    halo.on(POST, trouble)
    with halo.client() as client, pytest.raises(OutcomeUnknown, match="read back"):
        client.post("SoftwareLicence", [{"name": "x"}])
    assert len(halo.arrived(POST)) == 1


@pytest.mark.parametrize("refused", [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("no answer")])
def test_a_post_that_never_left_is_repeated(halo: FakeHaloPSA, refused: Exception) -> None:
    halo.on(POST, refused, refused, reply({"id": 512}, 201))
    with halo.client() as client:
        assert client.post("SoftwareLicence", [{"name": "x"}]) == {"id": 512}


def test_a_post_that_never_leaves_is_known_not_to_have_been_sent(halo: FakeHaloPSA) -> None:
    halo.on(POST, httpx2.ConnectError("refused"))
    with halo.client() as client, pytest.raises(NothingSent):
        client.post("SoftwareLicence", [{"name": "x"}])


def test_an_empty_answer_to_a_post_is_a_clean_one(halo: FakeHaloPSA) -> None:
    halo.on(POST, text("", 200))
    with halo.client() as client:
        assert client.post("SoftwareLicence", [{"id": 1, "count": 2}]) is None


def test_what_is_called_before_a_post_can_stop_it(halo: FakeHaloPSA) -> None:
    def lapsed() -> None:
        raise PermanentError("The lease lapsed.")

    halo.on(CLIENTS, GOOD)
    with halo.client(before_post=lapsed) as client:
        client.get("Client")
        with pytest.raises(PermanentError, match="lapsed"):
            client.post("SoftwareLicence", [{"name": "x"}])
    assert halo.arrived(POST) == []


def test_what_is_called_before_a_post_is_called_after_the_wait_for_a_slot(halo: FakeHaloPSA) -> None:
    times: list[float] = []
    limiter = InMemoryLimiter(2, 300, clock=halo.time, sleep=halo.time.sleep)
    halo.on(POST, reply({"id": 1}, 201))
    with halo.client(limiter=limiter, before_post=lambda: times.append(halo.time.now)) as client:
        client.post("SoftwareLicence", [{"name": "x"}])
    assert times == [1300]


# The rate limit


@pytest.mark.parametrize(
    ("method", "route"), [("get", CLIENTS), ("post", "POST /api/Client"), ("token", "POST /auth/token")]
)
def test_a_429_is_waited_out_whatever_was_sent(halo: FakeHaloPSA, method: str, route: str) -> None:
    limited = text("Rate Limit Reached - 300 Requests per rolling 5 minute window.", 429)
    good = reply({"access_token": "a", "expires_in": 3600}) if method == "token" else reply({"id": 1})
    halo.on(CLIENTS, GOOD)
    halo.on(route, limited, limited, good)
    with halo.client() as client:
        client.post("Client", [{"name": "x"}]) if method == "post" else client.get("Client")
    assert (len(halo.arrived(route)), halo.time.slept) == (3, [5, 10])


def test_the_wait_that_a_429_names_is_kept(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("slow down", 429, retry_after="17"), GOOD)
    with halo.client() as client:
        client.get("Client")
    assert halo.time.slept == [17]


def test_the_wait_that_a_429_names_may_be_a_date(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 429, retry_after="Thu, 01 Jan 2026 00:00:00 GMT"), GOOD)
    with halo.client() as client:
        client.get("Client")
    assert halo.time.slept == [1]


@pytest.mark.parametrize("odd", ["soon", "²", "-5"])
def test_a_wait_that_cannot_be_read_is_as_good_as_none(halo: FakeHaloPSA, odd: str) -> None:
    halo.on(CLIENTS, httpx2.Response(429, headers=[(b"retry-after", odd.encode("latin-1"))]), GOOD)
    with halo.client() as client:
        client.get("Client")
    assert halo.time.slept == [5]


def test_a_429_that_does_not_end_is_given_up(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("Rate Limit Reached", 429))
    with halo.client() as client, pytest.raises(RateLimited, match="Rate Limit Reached") as limited:
        client.get("Client")
    assert len(halo.arrived(CLIENTS)) == 10
    assert isinstance(limited.value, TransientError)
    assert limited.value.retry_after == 60
    assert 300 < sum(halo.time.slept) < 600


def test_an_hour_is_not_waited_for_but_reported(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 429, retry_after="3600"))
    with halo.client() as client, pytest.raises(RateLimited) as limited:
        client.get("Client")
    assert (limited.value.retry_after, halo.time.slept) == (3600, [])


def test_a_429_holds_back_everybody_who_shares_the_limiter(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 429, retry_after="3600"), GOOD)
    limiter = InMemoryLimiter(clock=halo.time, sleep=halo.time.sleep)
    with halo.client(limiter=limiter) as first, pytest.raises(RateLimited):
        first.get("Client")
    with halo.client(limiter=limiter) as second:
        second.get("Client")
    assert halo.time.slept == [600]


# Counting and patience


def test_every_call_that_was_made_is_counted(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 500), GOOD)
    halo.on(POST, reply({"id": 1}, 201))
    with halo.client() as client:
        client.get("Client")
        client.post("SoftwareLicence", [{"name": "x"}])
        calls = client.calls
    assert (calls.reads, calls.writes, calls.tokens, calls.total, calls.limited) == (2, 1, 2, 5, 0)


def test_calls_answered_with_429_are_counted_once_more_beside_the_others(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 429), text("", 429), GOOD)
    with halo.client() as client:
        client.get("Client")
        calls = client.calls
    assert (calls.reads, calls.limited, calls.total) == (3, 2, 5)


def test_a_429_that_is_not_waited_for_is_counted(halo: FakeHaloPSA) -> None:
    halo.on(CLIENTS, text("", 429, retry_after="3600"))
    with halo.client() as client:
        with pytest.raises(RateLimited):
            client.get("Client")
        assert client.calls.limited == 1


def test_the_limiter_is_told_what_each_call_is_for(halo: FakeHaloPSA) -> None:
    class Noting(InMemoryLimiter):
        kinds: ClassVar[list[Kind]] = []

        def call(self, kind: Kind = "reads") -> AbstractContextManager[None]:
            self.kinds.append(kind)
            return super().call(kind)

    halo.on(POST, reply({"id": 1}, 201))
    halo.on(CLIENTS, GOOD)
    with halo.client(limiter=Noting()) as client:
        client.get("Client")
        client.post("SoftwareLicence", [{"name": "x"}])
    assert Noting.kinds == ["tokens", "tokens", "reads", "writes"]


class Dripping(httpx2.SyncByteStream):
    """A body of which a piece comes every half minute."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            self._time.now += 30
            yield b" "


def test_an_answer_that_drips_in_is_not_waited_for_for_ever(halo: FakeHaloPSA) -> None:
    def dripping(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, stream=Dripping(halo.time))

    halo.on(CLIENTS, dripping)
    with halo.client(backoff=Backoff(tries=1)) as client, pytest.raises(ServerTrouble, match="within 60 seconds"):
        client.get("Client")
    assert halo.time.now == 1090


def test_the_payload_is_what_was_given(halo: FakeHaloPSA) -> None:
    halo.on("POST /api/Supplier", reply({"id": 21}, 201))
    with halo.client() as client:
        client.post("Supplier", [{"name": "MSP360"}])
    assert sent(halo.requests[-1]) == [{"name": "MSP360"}]
