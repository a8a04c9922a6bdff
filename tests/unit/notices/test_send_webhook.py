"""Calling a webhook, over a real connection to a web server on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

import certificates
from billbridge.errors import BillbridgeError, InvalidInput, PermanentError, TransientError
from billbridge.notices.bodies import Format
from billbridge.notices.message import Message
from billbridge.notices.webhook import WebhookTarget, send_webhook
from hook_server import HookServer, hook_server

TOKEN = "VERYLONGSECRETTOKEN"
PATH = f"/services/T0SECRET/B0SECRET/XXSECRET?token={TOKEN}"
MESSAGE = Message(
    id="notice-7",
    event="source silent",
    subject="No usage was collected for 40 hours",
    lines=("The last good collection was on 1 November.",),
    facts={"hours": "40"},
    at=datetime(2026, 11, 2, 7, 30, tzinfo=UTC),
    provider_name="Northwind IT",
)


def target_of(server: HookServer, format_: Format = Format.JSON, **given: Any) -> WebhookTarget:
    return WebhookTarget(format=format_, address=server.address + PATH, **given)


def error_of(target: WebhookTarget, **options: Any) -> BillbridgeError:
    with pytest.raises((TransientError, PermanentError)) as raised:
        send_webhook(target, MESSAGE, **({"timeout": 5.0} | options))
    shown = "".join(traceback.format_exception(raised.value)) + repr(target) + str(target)
    assert "SECRET" not in shown
    return raised.value


def test_a_webhook_gets_the_message_as_json_with_its_id() -> None:
    with hook_server(status=204, text="") as server:
        send_webhook(target_of(server), MESSAGE)
    (call,) = server.calls
    assert call.path == PATH
    assert call.headers["content-type"] == "application/json"
    assert call.headers["webhook-id"] == "notice-7"
    assert "webhook-signature" not in call.headers
    assert call.document["event"] == "source silent"


@pytest.mark.parametrize(
    ("key", "secret"),
    [("a plain key", b"a plain key"), ("whsec_" + base64.b64encode(b"\0raw\xff").decode(), b"\0raw\xff")],
)
def test_a_signing_key_signs_id_time_and_body(key: str, secret: bytes) -> None:
    with hook_server() as server:
        send_webhook(target_of(server, signing_key=key), MESSAGE, clock=lambda: 1_793_000_000.9)
    (call,) = server.calls
    assert call.headers["webhook-timestamp"] == "1793000000"
    signed = hmac.new(secret, b"notice-7.1793000000." + call.body, hashlib.sha256).digest()
    assert call.headers["webhook-signature"] == "v1," + base64.b64encode(signed).decode()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_trouble_that_may_pass_is_worth_another_try(status: int) -> None:
    with hook_server(status=status, text="busy", headers={"Retry-After": "17"}) as server:
        error = error_of(target_of(server))
    assert isinstance(error, TransientError)
    assert error.retry_after == 17
    assert f"answered {status}: busy" in error.message


def test_a_wait_may_be_given_as_a_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    with hook_server(status=429, headers={"Retry-After": until}) as server:
        error = error_of(target_of(server))
    assert isinstance(error, TransientError)
    assert error.retry_after is not None
    assert 90 < error.retry_after <= 100


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_refusal_needs_a_person(status: int) -> None:
    with hook_server(status=status, text="no_service") as server:
        error = error_of(target_of(server, Format.SLACK))
    assert isinstance(error, PermanentError)
    assert f"The webhook at {server.address} answered {status}: no_service." in error.message
    assert error.hint


def test_a_redirect_is_not_followed() -> None:
    with hook_server() as elsewhere:
        moved = {"Location": elsewhere.address + PATH}
        with hook_server(status=307, headers=moved) as server:
            error = error_of(target_of(server))
    assert isinstance(error, PermanentError)
    assert "points to another address, which is not followed" in error.message
    assert not elsewhere.calls


def test_what_an_answer_repeats_of_the_address_is_blotted_out() -> None:
    with hook_server(status=400, text=f"POST {PATH} is wrong, says {TOKEN}") as server:
        error = error_of(target_of(server))
    assert "[hidden]" in error.message


def test_the_address_stands_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hook_server() as server:
        send_webhook(target_of(server), MESSAGE)
    assert server.calls
    assert "SECRET" not in caplog.text


def test_the_log_of_other_calls_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hook_server() as server:
        send_webhook(target_of(server), MESSAGE)
    logging.getLogger("httpx2").info("another call")
    assert "another call" in caplog.text


def test_a_connection_that_breaks_off_may_be_tried_again() -> None:
    with hook_server(cut=True) as server:
        error = error_of(target_of(server))
    assert isinstance(error, TransientError)
    assert "broke off" in error.message


def test_no_answer_in_time_may_be_tried_again() -> None:
    with hook_server(slow_seconds=1.0) as server:
        error = error_of(target_of(server), timeout=0.2)
    assert isinstance(error, TransientError)
    assert "did not answer in time" in error.message


def test_nobody_at_the_port_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = error_of(target_of(HookServer(port=taken.getsockname()[1])))
    assert isinstance(error, TransientError)
    assert "cannot be reached" in error.message


def test_https_needs_a_certificate_that_is_trusted() -> None:
    with hook_server(tls=certificates.server_side()) as server:
        error = error_of(target_of(server))
        assert isinstance(error, PermanentError)
        assert "certificate that is not trusted" in error.message
        send_webhook(target_of(server), MESSAGE, verify=certificates.trusting())
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/SECRET",
        "ftp://hooks.example.com/SECRET",
        "https://",
        "SECRET",
        "https://user:SECRET@hooks.example.com/",
        "https://hooks.example.com/SECRET#x",
        "https://hooks.example.com:99999/SECRET",
        "https://hooks.example.com/SECRET with spaces",
    ],
)
def test_an_address_that_no_webhook_can_have_is_refused_before_anything_is_sent(address: str) -> None:
    error = error_of(WebhookTarget(format=Format.JSON, address=address))
    assert isinstance(error, InvalidInput)
    assert error.hint


def test_teams_that_reports_a_failure_in_a_good_answer_has_not_got_it() -> None:
    said = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ..."
    with hook_server(text=said) as server:
        error = error_of(target_of(server, Format.TEAMS))
        send_webhook(target_of(server, Format.SLACK), MESSAGE)
    assert isinstance(error, TransientError)
