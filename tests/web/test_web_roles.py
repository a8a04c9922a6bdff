"""What a role may not do is not offered: on no page stands a button whose form would be refused for the role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from addresses import Form, read_page
from client_of import ClientOf
from django.db import transaction
from django.test import Client
from django.urls import reverse
from furnished import furnish

from billbridge.store.models import Administrator, Provider

FOR_ALL = ("accounts:sign-out", "accounts:password")
"""What everybody may do with their own account."""


class Buttons(HTMLParser):
    """Finds the actions of forms that change something and have a button that can be pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[str] = []
        self._action: str | None = None
        self._by_id: dict[str, str] = {}
        self._fieldsets: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            changes = (given.get("method") or "").lower() == "post"
            self._action = (given.get("action") or "") if changes else None
            if changes and given.get("id"):
                self._by_id[given["id"] or ""] = given.get("action") or ""
            if "hx-post" in given and self._action is not None:
                self.actions.append(self._action)
        if tag == "fieldset":
            self._fieldsets.append("disabled" in given)
        sends = tag == "button" and given.get("type", "submit") == "submit"
        sends = sends or (tag == "input" and given.get("type") in ("submit", "image"))
        if sends and "disabled" not in given and not any(self._fieldsets):
            action = self._by_id.get(given["form"] or "") if "form" in given else self._action
            if action is not None:
                self.actions.append(action)
        if tag != "form" and "hx-post" in given:
            self.actions.append(given["hx-post"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = None
        if tag == "fieldset":
            self._fieldsets.pop()


@pytest.fixture
def furnished(provider: Provider) -> None:
    furnish(provider, "OWN", number=11)


def pages(browser: Client) -> Iterator[tuple[str, str]]:
    """Every page that links lead to, once for each shape of address, with its text."""
    waiting, shapes, number = ["/", "/start/", "/tasks/"], set(), 0
    while waiting:
        address = waiting.pop(0)
        shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\d+", "N", address.split("?")[0])
        if shape in shapes:
            continue
        shapes.add(shape)
        response = browser.get(address, follow=True)
        if response.status_code != 200 or "html" not in response["Content-Type"]:
            continue
        text = response.content.decode()
        number += 1
        yield address, text
        waiting += [urljoin(address, link) for link in read_page(text)[1]]
    assert number > 30, "the test looks at too little"


def offered(browser: Client) -> dict[str, Form]:
    """Every form with a button that can be pressed, by where it is sent, but for those everybody may send."""
    own = {reverse(name) for name in FOR_ALL}
    found: dict[str, Form] = {}
    for address, text in pages(browser):
        buttons = Buttons()
        buttons.feed(text)
        pressed = {urljoin(address, action) for action in buttons.actions} - own
        for form in read_page(text)[0]:
            action = urljoin(address, form.action)
            if form.method == "post" and action in pressed:
                found.setdefault(action, form)
        assert pressed <= found.keys(), f"{address}: {pressed} can be pressed but stand in no form"
    return found


@pytest.mark.usefixtures("furnished")
def test_a_viewer_is_offered_nothing_that_changes_something(viewer: Administrator, client_of: ClientOf) -> None:
    assert set(offered(client_of(viewer))) == set()


@pytest.mark.usefixtures("furnished")
def test_a_billing_person_may_do_everything_they_are_offered(
    billing_person: Administrator, client_of: ClientOf
) -> None:
    browser = client_of(billing_person)
    forms = offered(browser)
    assert len(forms) > 10, "the test looks at too little"
    for action, form in forms.items():
        with transaction.atomic():
            answer = browser.post(
                action, {name: values[0] if values else "" for name, values in form.fields.items()}
            )
            transaction.set_rollback(True)
        assert answer.status_code != 403, action
