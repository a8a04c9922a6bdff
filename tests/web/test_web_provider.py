"""Settings > Provider: name, currency, time zone, billing rules, and added license types."""

from __future__ import annotations

import re
from typing import Any

import pytest
from acme import ClientOf, configured, make_acme
from django.test import Client

from billbridge.store.models import Administrator, AuditEntry, KnownLicenseType, Provider

ADDRESS = "/settings/provider/"
GIVEN = {
    "name": "Northwind IT",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "counting_rule": "active_in_month",
    "change_of_type": "both",
    "storage_basis": "mean",
    "missing_price": "bill at 0",
    "collect_hour": "4",
    "silence_hours": "36",
}


@pytest.fixture
def browser(client_of: ClientOf, owner: Administrator) -> Client:
    return client_of(owner)


def version(browser: Client, which: int = 0) -> str:
    return re.findall(r'name="version" value="(\w+)"', browser.get(ADDRESS).content.decode())[which]


def send(browser: Client, **changed: Any) -> Any:
    return browser.post(ADDRESS, {**GIVEN, "version": version(browser), **changed})


def test_the_page_explains_every_rule_and_shows_the_ones_in_force(browser: Client, provider: Provider) -> None:
    provider.counting_rule = "peak"
    provider.save()
    text = browser.get(ADDRESS).content.decode()
    assert "The highest number of licenses active on one day counts." in text
    assert re.search(r'value="peak"[^>]*checked', text)
    assert '<option value="Europe/Berlin" selected>' in text


def test_saving_changes_the_settings_and_writes_the_audit_log(browser: Client, provider: Provider) -> None:
    assert send(browser, counting_rule="days", missing_price="hold the bill", currency="USD").status_code == 302
    provider.refresh_from_db()
    assert (provider.counting_rule, provider.missing_price, provider.currency) == ("days", "hold the bill", "USD")
    entry = AuditEntry.objects.get(subject="provider.currency")
    assert (entry.before, entry.after) == ("EUR", "USD")


def test_the_hour_of_the_collection_and_the_silence_are_saved(browser: Client, provider: Provider) -> None:
    assert send(browser, collect_hour="0", silence_hours="720").status_code == 302
    provider.refresh_from_db()
    assert (provider.collect_hour, provider.silence_hours) == (0, 720)
    assert AuditEntry.objects.get(subject="provider.silence_hours").before == "36"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 10_000},
        {"name": "a\0b"},
        {"currency": "XXXX"},
        {"time_zone": "Mars/Olympus"},
        {"counting_rule": "guess"},
        {"storage_basis": ""},
        {"collect_hour": "24"},
        {"collect_hour": "-1"},
        {"collect_hour": ""},
        {"silence_hours": "0"},
        {"silence_hours": "721"},
        {"silence_hours": "soon"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    browser: Client, provider: Provider, wrong: dict[str, str]
) -> None:
    response = send(browser, **{"missing_price": "hold the bill", **wrong})
    assert response.status_code == 400
    assert re.search(r'value="hold the bill"[^>]*checked', response.content.decode()), "the input is kept"
    provider.refresh_from_db()
    assert provider.missing_price == "bill at 0"


def test_a_form_opened_before_another_change_saves_nothing(browser: Client, provider: Provider) -> None:
    stale = version(browser)
    send(browser, name="Renamed")
    response = send(browser, name="Mine", version=stale)
    assert response.status_code == 409
    assert "changed since you opened the form" in response.content.decode()
    provider.refresh_from_db()
    assert provider.name == "Renamed"


def test_only_an_owner_changes_the_provider(
    client_of: ClientOf, billing_person: Administrator, viewer: Administrator
) -> None:
    for person in (billing_person, viewer):
        browser = client_of(person)
        assert "Only an owner" in browser.get(ADDRESS).content.decode()
        assert browser.post(ADDRESS, GIVEN | {"name": "Mine"}).status_code == 403
        assert browser.post(f"{ADDRESS}license-types/add/", {"name": "X", "unit": "x"}).status_code == 403


def test_a_license_type_is_added_and_removed(browser: Client) -> None:
    given = {"name": " Linux   Server ", "unit": "host", "billable": "on", "version": version(browser, 1)}
    assert browser.post(f"{ADDRESS}license-types/add/", given).status_code == 302
    row = KnownLicenseType.objects.get()
    assert (row.name, row.unit, row.billable, row.count_only) == ("Linux Server", "host", True, False)
    named = {"name": "Linux Server", "version": version(browser, 1)}
    answer = browser.post(f"{ADDRESS}license-types/remove/", named, follow=True)
    assert not KnownLicenseType.objects.exists()
    assert "It was: per host, billed to companies." in answer.content.decode()


def test_a_license_type_that_is_known_already_is_refused_beside_its_field(browser: Client) -> None:
    response = browser.post(f"{ADDRESS}license-types/add/", {"name": "server", "unit": "host"})
    assert response.status_code == 400
    assert "is known already" in response.content.decode()


def test_a_license_type_that_a_configuration_bills_stays(browser: Client, provider: Provider) -> None:
    KnownLicenseType.objects.create(provider=provider, name="Linux Server")
    configured(make_acme(provider), "license:Linux Server")
    response = browser.post(f"{ADDRESS}license-types/remove/", {"name": "Linux Server"}, follow=True)
    assert "Linux Server cannot be removed" in response.content.decode()
    assert KnownLicenseType.objects.exists()


def test_a_license_type_of_another_provider_is_not_there(browser: Client, other_provider: Provider) -> None:
    KnownLicenseType.objects.create(provider=other_provider, name="Theirs")
    assert "Theirs" not in browser.get(ADDRESS).content.decode()
    assert browser.post(f"{ADDRESS}license-types/remove/", {"name": "Theirs"}).status_code == 404
    assert KnownLicenseType.objects.exists()
