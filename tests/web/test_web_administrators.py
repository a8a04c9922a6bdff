"""Settings > Administrators: the list, adding, changing, switching off, a new password."""

from __future__ import annotations

from typing import Any

import pytest
from acme import ClientOf
from django.test import Client

from billbridge.store.models import Administrator, AuditEntry, Provider
from billbridge.store.roles import Role

ADDRESS = "/settings/administrators/"
PASSWORD = "correct horse battery"
NEW = {"name": "Nora", "email": "Nora@Northwind.test", "role": "billing", "password": PASSWORD}


@pytest.fixture
def browser(client_of: ClientOf, owner: Administrator) -> Client:
    return client_of(owner)


def change(browser: Client, person: Administrator, **given: Any) -> Any:
    fields = {"name": person.name, "role": person.role, "is_active": "on", "password": "", **given}
    return browser.post(
        f"{ADDRESS}{person.pk}/", {key: value for key, value in fields.items() if value is not None}
    )


def test_everybody_is_listed_with_role_and_whether_they_may_sign_in(browser: Client, viewer: Administrator) -> None:
    viewer.is_active = False
    viewer.save()
    text = browser.get(ADDRESS).content.decode()
    assert viewer.email in text
    assert "switched off" in text


def test_somebody_new_can_sign_in_with_the_first_password(browser: Client) -> None:
    assert browser.post(f"{ADDRESS}add/", NEW).status_code == 302
    nora = Administrator.objects.get(email="nora@northwind.test")
    assert (nora.role, nora.check_password(PASSWORD)) == (Role.BILLING, True)
    assert AuditEntry.objects.filter(action="administrator", after="added, billing").exists()
    assert Client().post("/account/sign-in/", {"username": nora.email, "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short"}, "too short"),
        ({"email": "owner@northwind.test"}, "signs in as owner@northwind.test already"),
        ({"email": "nobody"}, "valid email address"),
        ({"name": "  "}, "This field is required"),
        ({"name": "x" * 10_000}, "at most 200 characters"),
        ({"role": "emperor"}, "Select a valid choice"),
        ({"password": "a\0bcdefghijklmnop"}, "Null characters"),
    ],
)
def test_what_cannot_be_is_refused_in_words(browser: Client, wrong: dict[str, str], said: str) -> None:
    response = browser.post(f"{ADDRESS}add/", NEW | wrong)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert Administrator.objects.count() == 1


def test_name_role_and_password_can_be_changed(browser: Client, viewer: Administrator) -> None:
    assert change(browser, viewer, name="Vera", role="billing", password=PASSWORD).status_code == 302
    viewer.refresh_from_db()
    assert (viewer.name, viewer.role, viewer.check_password(PASSWORD)) == ("Vera", "billing", True)


def test_somebody_switched_off_is_signed_out_at_once(
    browser: Client, client_of: ClientOf, viewer: Administrator
) -> None:
    theirs = client_of(viewer)
    assert theirs.get(ADDRESS).status_code == 200
    change(browser, viewer, is_active=None)
    assert theirs.get(ADDRESS).status_code == 302


@pytest.mark.parametrize("given", [{"role": "viewer"}, {"is_active": None}])
def test_the_only_owner_stays(browser: Client, owner: Administrator, given: dict[str, Any]) -> None:
    response = change(browser, owner, **given)
    assert response.status_code == 400
    assert "This is the only owner." in response.content.decode()
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == ("owner", True)


def test_an_owner_who_gives_themselves_a_new_password_stays_signed_in(
    browser: Client, owner: Administrator
) -> None:
    change(browser, owner, password=PASSWORD)
    assert browser.get(ADDRESS).status_code == 200


def test_others_see_the_list_and_change_nothing(
    client_of: ClientOf, owner: Administrator, billing_person: Administrator, viewer: Administrator
) -> None:
    for person in (billing_person, viewer):
        browser = client_of(person)
        text = browser.get(ADDRESS).content.decode()
        assert owner.email in text
        assert f"{ADDRESS}add/" not in text
        assert browser.get(f"{ADDRESS}add/").status_code == 403
        assert browser.post(f"{ADDRESS}add/", NEW).status_code == 403
        assert change(browser, viewer, role="owner").status_code == 403


def test_administrators_of_another_provider_are_not_there(browser: Client, other_provider: Provider) -> None:
    foreign = Administrator.objects.create(
        provider=other_provider, name="Foreign", email="f@contoso.test", role="owner"
    )
    assert "Foreign" not in browser.get(ADDRESS).content.decode()
    assert browser.get(f"{ADDRESS}{foreign.pk}/").status_code == 404
    assert change(browser, foreign, role="viewer").status_code == 404
