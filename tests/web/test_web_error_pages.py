"""Whatever goes wrong is said in words: as a page, or in the part of a page that asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from client_of import ClientOf
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.urls import path

from billbridge.store.models import Administrator
from billbridge.web.urls import *  # noqa: F403  # the console's handlers
from billbridge.web.urls import urlpatterns as console


def _breaks(request: object) -> None:
    raise RuntimeError("the password is hunter2")


def _is_locked(request: object) -> None:
    raise OperationalError("database is locked")


def _refuses(request: object) -> None:
    raise PermissionDenied("inner reasons")


urlpatterns = [
    *console, path("breaks/", _breaks), path("refuses/", _refuses), path("locked/", _is_locked),
]  # fmt: skip
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(owner: Administrator, client_of: ClientOf) -> Client:
    signed_in = client_of(owner)
    signed_in.raise_request_exception = False
    return signed_in


@pytest.fixture
def trouble() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        ("/nowhere/", 404, "Not found"),
        ("/bills/99999/", 404, "Not found"),
        ("/breaks/", 500, "Something is broken"),
        ("/locked/", 503, "Not now"),
        ("/refuses/", 403, "Not allowed"),
        ("/sync/plan/", 405, "Nothing to see here"),
    ],
)
def test_trouble_is_a_page_with_the_menu_or_a_part_of_one_in_words(
    browser: Client, address: str, status: int, title: str
) -> None:
    page, part = browser.get(address), browser.get(address, headers=HTMX)
    assert (page.status_code, part.status_code) == (status, status)
    assert f"<h1>{title}</h1>" in page.content.decode()
    assert 'aria-label="Main menu"' in page.content.decode()
    assert f"<strong>{title}.</strong>" in part.content.decode()
    assert "<html" not in part.content.decode()
    for inner in ("hunter2", "inner reasons", "Traceback", "is locked", "RuntimeError"):
        assert inner not in page.content.decode() + part.content.decode()


@pytest.mark.usefixtures("trouble")
def test_trouble_before_sign_in_is_a_page_too(db: None) -> None:
    browser = Client(raise_request_exception=False)
    assert "There is nothing at this address" in browser.get("/nowhere/").content.decode()


@pytest.mark.usefixtures("db")
def test_a_database_that_is_away_is_told_even_before_it_is_known_who_asks(browser: Client) -> None:
    with connection.execute_wrapper(_away):
        answer = browser.get("/")
    assert answer.status_code == 503
    assert "The database cannot be used now." in answer.content.decode()


def _away(*_: object) -> None:
    raise OperationalError("could not connect to server at 10.0.0.5")


def test_a_form_without_its_token_is_refused_in_words(owner: Administrator) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner, backend="billbridge.web.accounts.backend.AdministratorBackend")
    answer = browser.post("/account/password/", {"old": "x"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused_without_its_name(browser: Client) -> None:
    answer = browser.get("/", headers={"Host": "evil.test"})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()
    assert "Add the name to BILLBRIDGE_HOSTS" in answer.content.decode()


def test_every_page_answers_head_and_refuses_other_methods(browser: Client) -> None:
    assert browser.head("/bills/?month=recent").status_code == 200
    assert browser.options("/bills/").status_code == 405
    assert browser.delete("/bills/").status_code == 405


def test_a_missing_slash_is_mended_with_the_question_kept(browser: Client) -> None:
    assert browser.get("/bills?month=closed")["Location"] == "/bills/?month=closed"


def test_a_very_long_address_is_answered(browser: Client) -> None:
    assert browser.get("/bills/?month=recent&q=" + "x" * 20_000).status_code == 200
    assert browser.get("/" + "x" * 20_000).status_code == 404
