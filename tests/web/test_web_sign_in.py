"""Signing in: who gets in, who is led there and back, and what stops guessing."""

from __future__ import annotations

import pytest
from client_of import ClientOf
from django.test import Client

from billbridge.operations.access import Actor
from billbridge.operations.administrators import add_administrator
from billbridge.store.models import Administrator, Provider
from billbridge.store.roles import Role

ADDRESS, PASSWORD = "olivia@northwind.test", "correct horse battery"
SIGN_IN = "/account/sign-in/"


@pytest.fixture
def olivia(provider: Provider) -> Administrator:
    return add_administrator(
        Actor.command_line(provider), name="Olivia", email=ADDRESS, role=Role.OWNER, password=PASSWORD
    )


def try_(password: str, *, address: str = ADDRESS, browser: Client | None = None, **more: str):
    return (browser or Client()).post(SIGN_IN, {"username": address, "password": password, **more})


@pytest.mark.usefixtures("olivia")
def test_who_signs_in_comes_back_to_the_page_they_asked_for():
    browser = Client()
    there = browser.get("/bills/?month=closed")
    assert there["Location"] == "/account/sign-in/?next=/bills/%3Fmonth%3Dclosed"
    assert 'value="/bills/?month=closed"' in browser.get(there["Location"]).content.decode()
    assert try_(PASSWORD, browser=browser, next="/bills/?month=closed")["Location"] == "/bills/?month=closed"


@pytest.mark.usefixtures("olivia")
@pytest.mark.parametrize("place", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "/\\evil.test"])
def test_sign_in_leads_to_no_other_host(place: str):
    assert try_(PASSWORD, next=place)["Location"] == "/"


@pytest.mark.usefixtures("olivia")
def test_part_of_a_page_that_is_asked_for_after_the_session_ended_leads_the_whole_page_to_the_sign_in():
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/sync/plan/7/?kind=create"}
    for method in (Client().get, Client().post):
        answer = method("/tasks/7/", headers=headers)
        assert answer["HX-Redirect"] == "/account/sign-in/?next=/sync/plan/7/%3Fkind%3Dcreate"
        assert answer.content == b""


def test_a_form_that_is_sent_after_the_session_ended_leads_back_to_its_page(db: None):
    answer = Client().post("/sync/plan/", headers={"Referer": "http://testserver/sync/?q=acme"})
    assert answer["Location"] == "/account/sign-in/?next=/sync/%3Fq%3Dacme"
    assert Client().post("/sync/plan/")["Location"] == "/account/sign-in/?next=/"


@pytest.mark.usefixtures("olivia")
def test_after_ten_wrong_passwords_the_address_is_blocked_in_words_however_it_is_written():
    for number in range(10):
        answer = try_("wrong", address=ADDRESS.upper() if number % 2 else f" {ADDRESS}")
    assert answer.status_code == 429
    answer = try_(PASSWORD)
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()
    assert try_(PASSWORD, address="other@northwind.test").status_code == 200


@pytest.mark.usefixtures("olivia")
def test_tries_before_a_right_password_are_forgotten():
    for _ in range(3):
        for _ in range(6):
            assert try_("wrong").status_code == 200
        assert try_(PASSWORD).status_code == 302


@pytest.mark.usefixtures("olivia")
def test_the_session_cannot_be_read_by_scripts_or_sent_by_other_sites():
    cookie = try_(PASSWORD).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_who_was_switched_off_is_signed_out(owner: Administrator, client_of: ClientOf):
    browser = client_of(owner)
    assert browser.get("/").status_code == 200
    Administrator.objects.filter(pk=owner.pk).update(is_active=False)
    assert browser.get("/")["Location"].startswith(SIGN_IN)


def test_signing_out_ends_the_session(owner: Administrator, client_of: ClientOf):
    browser = client_of(owner)
    assert browser.post("/account/sign-out/")["Location"] == SIGN_IN
    assert browser.get("/")["Location"].startswith(SIGN_IN)
