"""The tab Connection: who may change it, what is refused, and that a secret is never shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from billbridge.operations.change_settings import Part, settings_version
from billbridge.store.models import AuditEntry, Company, HaloConnection, Provider, Task
from billbridge.store.secrets import put_secret, read_secret

ADDRESS = "/settings/halopsa/connection/"
SECRET = "a-secret-nobody-may-see"
GIVEN = {
    "address": "https://acme.halopsa.test/api",
    "auth_address": "",
    "tenant": "acme",
    "client_id": "billbridge",
    "client_secret": SECRET,
    "scope": "all",
    "layout": "rolling",
    "temporary_bills": "on",
    "on_conflict": "hold",
    "missing_price": "bill at 0",
    "unit_price_decimals": "4",
    "calls_per_window": "250",
    "window_seconds": "300",
    "batch_size": "50",
    "settle_seconds": "60",
}


@pytest.fixture
def halopsa(provider: Provider) -> HaloConnection:
    made = HaloConnection.objects.create(
        provider=provider, address="https://acme.halopsa.test/api", tenant="acme", client_id="billbridge"
    )
    put_secret(made, "client_secret", SECRET)
    return made


@pytest.fixture
def browser(owner, client_of) -> Client:
    return client_of(owner)


def test_an_owner_connects_a_new_installation(provider, browser):
    assert "not connected yet" in browser.get(ADDRESS).content.decode()
    answer = browser.post(ADDRESS, GIVEN)
    assert answer.status_code == 302
    made = HaloConnection.objects.get(provider=provider)
    assert (made.address, made.tenant, made.temporary_bills) == ("https://acme.halopsa.test/api", "acme", True)
    assert read_secret(made, "client_secret") == SECRET


def test_the_secret_is_shown_nowhere_and_an_empty_field_keeps_it(halopsa, browser):
    assert SECRET not in browser.get(ADDRESS).content.decode()
    browser.post(ADDRESS, {**GIVEN, "client_secret": "", "batch_size": "20", "settle_seconds": "0.5"})
    halopsa.refresh_from_db()
    assert (halopsa.batch_size, halopsa.settle_seconds) == (20, 0.5)
    assert read_secret(halopsa, "client_secret") == SECRET
    refused = browser.post(ADDRESS, {**GIVEN, "client_secret": "typed-by-mistake", "address": "x y"})
    assert "typed-by-mistake" not in refused.content.decode()
    assert not AuditEntry.objects.filter(after__contains=SECRET).exists()


def test_a_new_secret_replaces_the_one_kept(halopsa, browser):
    browser.post(ADDRESS, {**GIVEN, "client_secret": "another one"})
    halopsa.refresh_from_db()
    assert read_secret(halopsa, "client_secret") == "another one"


def test_the_setting_for_missing_prices_belongs_to_the_provider(provider, halopsa, browser):
    browser.post(ADDRESS, {**GIVEN, "missing_price": "hold the bill"})
    provider.refresh_from_db()
    assert provider.missing_price == "hold the bill"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("address", "http://acme.halopsa.test", "is not encrypted"),
        ("address", "ftp://x", "instead of https"),
        ("address", "", "This field is required"),
        ("address", "https://" + "x" * 10_000, "at most 300 characters"),
        ("auth_address", "https://me:secret@x.test", "must not hold a user name"),
        ("tenant", "a\tb", "control character"),
        ("client_id", "a\0b", "Null characters"),
        ("unit_price_decimals", "7", "less than or equal to 6"),
        ("calls_per_window", "0", "greater than or equal to 1"),
        ("window_seconds", "NaN", "Enter a number"),
        ("window_seconds", "0.0001", "greater than or equal to 1"),
        ("settle_seconds", "-1", "greater than or equal to 0"),
        ("batch_size", "99999999999999999999", "less than or equal to 1000"),
        ("layout", "diagonal", "Select a valid choice"),
        ("scope", "<script>alert(1)</script>\n", ""),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_kept(halopsa, browser, field, value, says):
    answer = browser.post(ADDRESS, {**GIVEN, field: value})
    text = answer.content.decode()
    assert "<script>alert" not in text
    if says:
        assert answer.status_code == 400
        assert says in text
        assert f'id="id_{field}_error"' in text


def test_a_first_connection_needs_a_secret(provider, browser):
    answer = browser.post(ADDRESS, {**GIVEN, "client_secret": ""})
    assert answer.status_code == 400
    assert "Enter the client secret" in answer.content.decode()
    assert not HaloConnection.objects.exists()


def test_another_address_asks_whether_it_is_another_halopsa(provider, halopsa, browser):
    acme = Company.objects.create(provider=provider, source_id="a", name="Acme", client_id=12, site_id=31)
    moved = {**GIVEN, "client_secret": "", "address": "https://other.halopsa.test/api", "tenant": "other"}
    answer = browser.post(ADDRESS, moved)
    assert answer.status_code == 400
    assert 'id="id_instance_error"' in answer.content.decode()
    assert "--new-instance" not in answer.content.decode()
    browser.post(ADDRESS, {**moved, "instance": "SAME"})
    acme.refresh_from_db()
    assert acme.client_id == 12
    browser.post(ADDRESS, {**GIVEN, "client_secret": "", "instance": "NEW"})
    acme.refresh_from_db()
    assert acme.client_id is None


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(provider, halopsa, browser):
    version = settings_version(provider, Part(name="halopsa"), Part(name="provider"))
    HaloConnection.objects.update(batch_size=7)
    answer = browser.post(ADDRESS, {**GIVEN, "version": version})
    assert answer.status_code == 409
    halopsa.refresh_from_db()
    assert halopsa.batch_size == 7


def test_others_see_the_connection_and_may_not_change_it(halopsa, billing_person, viewer, client_of):
    for person in (billing_person, viewer):
        browser = client_of(person)
        text = browser.get(ADDRESS).content.decode()
        assert "https://acme.halopsa.test/api" in text
        assert SECRET not in text
        assert "<input" not in text.partition('id="content"')[2]
        assert browser.post(ADDRESS, {**GIVEN, "tenant": "evil"}).status_code == 403
        assert browser.post(f"{ADDRESS}test/").status_code == 403
    halopsa.refresh_from_db()
    assert halopsa.tenant == "acme"


def test_a_test_is_asked_for_and_its_findings_are_shown_with_what_to_do(provider, halopsa, browser):
    browser.post(f"{ADDRESS}test/")
    task = Task.objects.get(provider=provider)
    assert (task.kind, task.state) == ("test HaloPSA", "queued")
    task.state, task.ended = "done", datetime.now(UTC)
    task.result = {
        "findings": [
            {"step": "Address", "ok": True, "message": "HaloPSA answers.", "remedy": "", "needed": True},
            {"step": "Items", "ok": False, "message": "<b>403</b>", "remedy": "Tick read:items.", "needed": True},
        ]
    }
    task.save()
    text = browser.get(ADDRESS).content.decode()
    assert "1 to repair" in text
    assert "Tick read:items." in text
    assert "&lt;b&gt;403" in text


def test_another_providers_connection_is_not_seen(other_provider, browser):
    HaloConnection.objects.create(provider=other_provider, address="https://theirs.test/api", client_id="x")
    assert "theirs.test" not in browser.get(ADDRESS).content.decode()
