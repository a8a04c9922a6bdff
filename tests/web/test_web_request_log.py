"""One log line per request: who asked for what and what came of it, and never what was sent."""

from __future__ import annotations

import logging

import pytest
import structlog
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from structlog.testing import capture_logs

from billbridge import logs
from billbridge.store.models import Administrator
from billbridge.web.request_log import RequestLogMiddleware


@pytest.fixture(autouse=True)
def _written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("billbridge.web.request_log"), "level", logging.DEBUG)


def logged(client: Client, path: str, **headers: str) -> tuple[HttpResponse, dict[str, object]]:
    """The answer, and the one line of the request."""
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = client.get(path, headers=headers)
    (line,) = [line for line in lines if line["event"] == "request"]
    return answer, line  # type: ignore[return-value]  # the test client's own kind of answer


def test_a_request_is_logged_with_who_what_and_how_long(viewer: Administrator, client_of):
    answer, line = logged(client_of(viewer), "/bills/?q=Acme")

    assert line.pop("duration_ms") > 0  # type: ignore[operator]
    assert line == {
        "event": "request", "log_level": "info", "method": "GET", "path": "/bills/", "status": 200,
        "actor": viewer.pk, "request": answer["X-Request-ID"],
    }  # fmt: skip


def test_a_request_of_nobody_has_no_actor(db: None):
    answer, line = logged(Client(), "/bills/")

    assert (line["status"], line["actor"]) == (answer.status_code, None) == (302, None)


def test_an_address_that_leads_nowhere_is_logged_on_one_line(db: None):
    _, line = logged(Client(), "/no%0Athing/")

    assert (line["path"], line["status"]) == ("/no%0Athing/", 404)


def test_what_is_sent_is_not_logged(db: None):
    with capture_logs() as lines:
        Client().post("/account/sign-in/?next=/bills/", {"username": "a@b.test", "password": "open sesame"})

    (line,) = [line for line in lines if line["event"] == "request"]
    for sent in ("sesame", "a@b.test", "next"):
        assert sent not in str(line)


@pytest.mark.parametrize("page", ["/health", "/ready", "/metrics"])
def test_what_is_asked_every_few_seconds_is_logged_for_debugging_only(db: None, page: str):
    assert logged(Client(headers={"host": "localhost"}), page)[1]["log_level"] == "debug"


def test_every_request_has_an_id_of_its_own(db: None):
    ids = {logged(Client(), "/account/sign-in/")[0]["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3


def test_the_id_that_a_web_server_in_front_gave_is_kept(db: None):
    answer, line = logged(Client(), "/account/sign-in/", **{"x-request-id": "edge-0000-4711"})

    assert answer["X-Request-ID"] == line["request"] == "edge-0000-4711"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with blanks in it", "<script>alert</script>", "é" * 10])
def test_an_id_that_is_none_is_replaced(db: None, given: str):
    assert logged(Client(), "/account/sign-in/", **{"x-request-id": given})[0]["X-Request-ID"] != given


def test_what_is_logged_meanwhile_carries_the_id_and_what_comes_after_does_not():
    def page(request: HttpRequest) -> HttpResponse:
        structlog.get_logger().warning("meanwhile")
        return HttpResponse()

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = RequestLogMiddleware(page)(RequestFactory().get("/"))
        logs.logger("billbridge.web.request_log").warning("after")

    by_event = {line["event"]: line.get("request") for line in lines}
    assert by_event == {"meanwhile": answer["X-Request-ID"], "request": answer["X-Request-ID"], "after": None}


def test_it_stands_around_everything_else():
    assert django_settings.MIDDLEWARE[0] == "billbridge.web.request_log.RequestLogMiddleware"
