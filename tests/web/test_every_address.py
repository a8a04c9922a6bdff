"""Whatever is sent to whichever address, nobody sees another provider's data, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from urllib.parse import urljoin

import pytest
from addresses import Form, every_address, read_page
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.urls import reverse
from furnished import SECRET, furnish

from billbridge.billing.months import Month
from billbridge.store.models import Provider, Worker

SCRIPT = "<script>alert('hostile')</script>"
HOSTILE = {
    "script": SCRIPT,
    "very long": "x" * 10_000,
    "negative": "-1",
    "huge": "9" * 30,
    "NUL": "a\0b",
    "markup of other languages": "{{ 7|add:7 }} ${7*7} =1+1 ' \" ; --",
    "empty": "",
}
OWN, OTHERS = "OWNDATA", "OTHERSDATA"
FAR = 1e12
GOES_AWAY = {"accounts:sign-out"}
"""Addresses that end the session, so that what follows would not be tested."""


@pytest.fixture
def furnished(provider: Provider, other_provider: Provider) -> None:
    furnish(provider, OWN, number=11)
    furnish(other_provider, OTHERS, number=22)
    Worker.objects.create(name="test", machine="test", began=datetime.now(UTC), alive_until=FAR)


def _ids(wanted: Provider) -> set[int]:
    """The ids of every row that belongs to a provider, whatever table it stands in."""
    found: set[int] = set()
    for model in apps.get_app_config("store").get_models():
        if model is Provider or model._meta.pk is None:
            continue
        paths = ("provider", "company__provider", "connection__provider", "bill__provider", "run__provider",
                 "configuration__company__provider", "administrator__provider")  # fmt: skip
        for path in paths:
            first = path.split("__")[0]
            if any(one.name == first and one.is_relation for one in model._meta.get_fields()):
                found |= set(model.objects.filter(**{path: wanted}).values_list("pk", flat=True))
                break
    return {one for one in found if isinstance(one, int)}


def _fillings(takes: tuple[tuple[str, str], ...], ids: set[int]) -> Iterator[dict[str, object]]:
    """Every way to fill what an address takes."""
    values = {
        "IdConverter": sorted(ids),
        "MonthConverter": [Month.parse("2026-10"), Month.parse("9999-12"), Month.parse("0001-01")],
        "IntConverter": sorted(ids),
        "StringConverter": ["x", "..", SCRIPT.replace("/", "")],
        "SlugConverter": ["x", "mbs"],
        "UUIDConverter": ["00000000-0000-0000-0000-000000000000"],
    }
    names = [name for name, _ in takes]
    for chosen in product(*(values[kind] for _, kind in takes)):
        yield dict(zip(names, chosen, strict=True))


def _pages(ids: set[int]) -> Iterator[str]:
    for address in every_address():
        if address.name not in GOES_AWAY:
            for filling in _fillings(address.takes, ids):
                yield reverse(address.name, kwargs=filling or None)


def _check(response: object, where: str) -> str:
    assert response.status_code < 500, f"{where}: {response.status_code}"  # type: ignore[attr-defined]
    if response.streaming:  # type: ignore[attr-defined]
        return ""
    text = response.content.decode("utf-8", "replace")  # type: ignore[attr-defined]
    assert SCRIPT not in text, f"{where} shows a script"
    assert SECRET not in text, f"{where} shows a secret"
    assert OTHERS not in text, f"{where} shows another provider's data"
    assert OTHERS.lower() not in text, f"{where} shows another provider's data"
    return text


@pytest.mark.usefixtures("furnished")
def test_every_address_needs_sign_in():
    names = ("accounts:sign-in", "accounts:first-administrator", "status:health", "status:ready",
             "status:metrics")  # fmt: skip
    open_to_all = {reverse(name) for name in names}
    for page in _pages({1}):
        response = Client().get(page)
        assert page in open_to_all or response.status_code == 302, page
        if response.status_code == 302:
            assert response["Location"].startswith(reverse("accounts:sign-in")), page


@pytest.mark.usefixtures("furnished")
def test_every_address_answers_with_own_data_and_refuses_anothers(provider, other_provider, owner, client_of):
    client = client_of(owner)
    own, others = _ids(provider), _ids(other_provider) - _ids(provider)
    shown = False
    for page in _pages(own | others | {0, 999_999_999_999_999_999}):
        text = _check(client.get(page), page)
        shown = shown or OWN in text
    assert shown, "no page showed the provider's own data: the test looks at nothing"


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_every_query_string_is_read_tolerantly(provider, owner, client_of, value):
    client = client_of(owner)
    names = ("q", "sort", "page", "month", "state", "kind", "company", "tab", "format", "next", "product", "status",
             "year", "customer", "step", "filter", "account", "id",
             "thing", "harm")  # fmt: skip
    for page in _pages(_ids(provider)):
        _check(client.get(page, dict.fromkeys(names, value)), f"{page} with {value[:20]!r}")


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_every_form_survives_hostile_input(provider, other_provider, owner, client_of, value):
    client = client_of(owner)
    forms = _forms(client, _ids(provider))
    assert forms, "no form was found: the test looks at nothing"
    other_id = str(max(_ids(other_provider)))
    for (action, _), form in forms.items():
        filled = {
            "hostile": dict.fromkeys(form.fields, value),
            "another's ids": {name: _swapped(values, other_id) for name, values in form.fields.items()},
        }
        for what, fields in filled.items():
            with transaction.atomic():
                response = client.post(action, fields)
                _check(response, f"{action} with {what} {value[:20]!r}")
                if response.status_code == 302:
                    _check(client.get(response["Location"]), response["Location"])
                transaction.set_rollback(True)
            client = client_of(get_user_model().objects.get(pk=owner.pk))


def _forms(client: Client, ids: set[int]) -> dict[tuple[str, tuple[str, ...]], Form]:
    found: dict[tuple[str, tuple[str, ...]], Form] = {}
    for page in _pages(ids):
        response = client.get(page)
        if response.status_code != 200 or "html" not in response["Content-Type"]:
            continue
        for form in read_page(response.content.decode())[0]:
            action = urljoin(page, form.action) or page
            if form.method == "post" and action != reverse("accounts:sign-out"):
                found.setdefault((action, tuple(form.fields)), form)
    return found


def _swapped(values: list[str], other_id: str) -> str:
    """Ids become another provider's; other values stay as the page gave them."""
    value = next((one for one in values if one), "")
    return other_id if value.isdigit() else value
