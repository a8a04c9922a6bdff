"""Settings > Notifications: channels of every kind, their forms, tests, and what was announced."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from client_of import ClientOf
from django.test import Client
from django.urls import reverse
from furnished import furnish

from billbridge.notices.events import CHOOSABLE
from billbridge.operations.sending import NOTICE_PATH
from billbridge.store.models import Administrator, AuditEntry, Delivery, Notice, NotificationChannel, Provider
from billbridge.store.secrets import put_secret, read_secret

ADDRESS = "/settings/notifications/"
ALL = [event.value for event in CHOOSABLE]
MAIL = {
    "name": "Billing",
    "host": "smtp.northwind.test",
    "security": "starttls",
    "port": "587",
    "username": "anna",
    "password": "hush mail",
    "sender": "billing@northwind.test",
    "recipients": "anna@northwind.test\r\n ben@northwind.test, anna@northwind.test",
    "events": ALL,
    "is_on": "on",
}
HOOK = {"name": "Ops", "address": "https://hooks.slack.com/services/hush", "events": ["conflict"], "is_on": "on"}


@pytest.fixture
def browser(client_of: ClientOf, owner: Administrator) -> Client:
    return client_of(owner)


def row(name: str) -> NotificationChannel:
    return NotificationChannel.objects.get(name=name)


def add(browser: Client, kind: str, given: dict[str, Any], **changed: Any) -> Any:
    return browser.post(f"{ADDRESS}add/{kind}/", given | changed)


def page_of(browser: Client, name: str) -> str:
    return browser.get(f"{ADDRESS}channels/{row(name).pk}/").content.decode()


def change(browser: Client, name: str, given: dict[str, Any], **changed: Any) -> Any:
    found = re.search(r'name="version" value="(\w+)"', page_of(browser, name))
    assert found is not None
    return browser.post(f"{ADDRESS}channels/{row(name).pk}/", {"version": found[1], **given, **changed})


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def test_without_a_channel_the_page_says_that_nobody_is_told(browser: Client) -> None:
    text = browser.get(ADDRESS).content.decode()
    assert "Nobody is told of anything" in text
    for kind in ("email", "webhook", "slack", "teams"):
        assert f'href="{ADDRESS}add/{kind}/"' in text


def test_a_mail_channel_is_added_and_listed_without_its_password(browser: Client) -> None:
    assert add(browser, "email", MAIL).status_code == 302
    channel = row("Billing")
    assert channel.recipients == ["anna@northwind.test", "ben@northwind.test"]
    assert channel.events == []
    assert read_secret(channel, "secret") == "hush mail"
    text = browser.get(ADDRESS).content.decode()
    assert "anna@northwind.test and 1 more" in text
    assert "by smtp.northwind.test:587" in text
    assert "everything" in text
    assert "hush" not in text + page_of(browser, "Billing")
    assert AuditEntry.objects.filter(subject="notifications[Billing].password", after="set").exists()


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams"])
def test_a_webhook_shows_scheme_and_host_alone(browser: Client, kind: str) -> None:
    assert add(browser, kind, HOOK).status_code == 302
    assert (row("Ops").kind, row("Ops").events) == (kind, ["conflict"])
    assert read_secret(row("Ops"), "secret") == HOOK["address"]
    text = browser.get(ADDRESS).content.decode() + page_of(browser, "Ops")
    assert "https://hooks.slack.com" in text
    assert "hush" not in text


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("email", MAIL | {"recipients": "anna"}, "&#x27;anna&#x27; is no e-mail address"),
        ("email", MAIL | {"recipients": " , \r\n"}, "is no e-mail address"),
        ("email", MAIL | {"sender": "Anna <anna@northwind.test>"}, "is no e-mail address"),
        ("email", MAIL | {"host": "smtp://northwind.test"}, "is no name of a mail server"),
        ("email", MAIL | {"port": "99999"}, "less than or equal to 65535"),
        ("email", MAIL | {"password": ""}, "Enter the password of this user."),
        ("email", MAIL | {"username": ""}, "has a password and no user name"),
        ("email", MAIL | {"security": "none"}, "send its password to smtp.northwind.test in the clear"),
        ("email", MAIL | {"events": []}, "Tick at least one"),
        ("email", MAIL | {"events": ["gossip"]}, "gossip is not one of the available choices"),
        ("email", MAIL | {"name": "a\tb"}, "Write it on one line"),
        ("slack", HOOK | {"address": ""}, "Enter the address of the webhook."),
        ("slack", HOOK | {"address": "http://hooks.slack.com/hush"}, "is not encrypted"),
        ("slack", HOOK | {"address": "hush"}, "is no web address"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    browser: Client, kind: str, given: dict[str, Any], said: str
) -> None:
    response = add(browser, kind, given)
    assert response.status_code == 400
    text = response.content.decode()
    assert said in text
    assert "hush" not in text
    assert not NotificationChannel.objects.exists()


def test_a_name_that_is_taken_is_refused(browser: Client) -> None:
    add(browser, "slack", HOOK)
    response = add(browser, "teams", HOOK | {"name": "OPS"})
    assert response.status_code == 400
    assert "has a name that is taken" in response.content.decode()


def test_a_secret_that_is_left_empty_stays(browser: Client) -> None:
    add(browser, "email", MAIL)
    assert change(browser, "Billing", MAIL, password="", port="2525").status_code == 302
    assert row("Billing").port == 2525
    assert read_secret(row("Billing"), "secret") == "hush mail"


def test_a_renamed_channel_keeps_its_secrets(browser: Client) -> None:
    add(browser, "webhook", HOOK, signing_key="hush sign")
    assert change(browser, "Ops", HOOK | {"name": "On call"}, address="").status_code == 302
    assert read_secret(row("On call"), "secret") == HOOK["address"]
    assert read_secret(row("On call"), "signing_key") == "hush sign"


def test_a_signing_key_is_replaced_and_taken_away(browser: Client) -> None:
    add(browser, "webhook", HOOK, signing_key="hush sign")
    change(browser, "Ops", HOOK, address="", signing_key="hush other")
    assert read_secret(row("Ops"), "signing_key") == "hush other"
    change(browser, "Ops", HOOK, address="", no_signing_key="on")
    assert bytes(row("Ops").signing_key) == b""


def test_a_channel_is_switched_off_and_told_of_less(browser: Client) -> None:
    add(browser, "slack", HOOK)
    change(browser, "Ops", without(HOOK, "is_on"), address="", events=["drift", "not sent"])
    assert (row("Ops").is_on, row("Ops").events) == (False, ["not sent", "drift"])


def test_saving_what_is_there_already_changes_nothing(browser: Client) -> None:
    add(browser, "email", MAIL)
    before = AuditEntry.objects.count()
    assert change(browser, "Billing", MAIL, password="").status_code == 302
    assert AuditEntry.objects.count() == before


def test_a_form_opened_before_another_change_saves_nothing(browser: Client) -> None:
    add(browser, "slack", HOOK)
    stale = re.search(r'name="version" value="(\w+)"', page_of(browser, "Ops"))
    assert stale is not None
    change(browser, "Ops", HOOK, address="", events=["drift"])
    response = browser.post(
        f"{ADDRESS}channels/{row('Ops').pk}/", {**HOOK, "name": "Mine", "address": "", "version": stale[1]}
    )
    assert response.status_code == 409
    assert "Somebody changed these entries" in response.content.decode()
    assert row("Ops").events == ["drift"]


def test_a_channel_is_removed_and_what_it_was_is_said(browser: Client) -> None:
    add(browser, "slack", HOOK)
    response = browser.post(f"{ADDRESS}channels/{row('Ops').pk}/remove/", follow=True)
    assert "The channel Ops was removed." in response.content.decode()
    assert "hush" not in response.content.decode()
    assert not NotificationChannel.objects.exists()


def test_a_test_waits_for_the_background_and_its_page_shows_that(browser: Client) -> None:
    add(browser, "slack", HOOK)
    response = browser.post(f"{ADDRESS}channels/{row('Ops').pk}/test/", follow=True)
    text = response.content.decode()
    assert "Test of Ops" in text
    assert "waiting" in text
    assert Delivery.objects.get().channel == row("Ops")
    assert "Test of Ops" in browser.get(ADDRESS).content.decode()


def test_the_list_says_what_became_of_the_last_delivery(browser: Client, provider: Provider) -> None:
    add(browser, "slack", HOOK)
    browser.post(f"{ADDRESS}channels/{row('Ops').pk}/test/")
    Delivery.objects.update(state="failed", reason="It answered 404.", ended=datetime.now(UTC))
    text = browser.get(ADDRESS).content.decode()
    assert text.count("It answered 404.") == 2  # beside the channel, and beside the notice


def test_a_channel_that_lacks_its_address_says_so(browser: Client, provider: Provider) -> None:
    NotificationChannel.objects.create(provider=provider, name="Ops", kind="slack")
    NotificationChannel.objects.create(provider=provider, name="Mail", kind="email", host="x", username="anna")
    text = browser.get(ADDRESS).content.decode()
    assert "address missing" in text
    assert "password missing" in text


def test_notices_are_searched_filtered_and_paged(browser: Client, provider: Provider) -> None:
    now = datetime.now(UTC)
    for number in range(60):
        Notice.objects.create(
            provider=provider, event="drift" if number % 2 else "conflict", key=str(number),
            subject=f"Subject {number:02}", at=now - timedelta(minutes=number),
        )  # fmt: skip
    notice = Notice.objects.get(subject="Subject 07")
    Delivery.objects.create(notice=notice, channel_name="Gone", state="failed")

    def shown(**query: str) -> list[str]:
        return re.findall(r"Subject \d\d", browser.get(ADDRESS, query).content.decode())

    assert shown()[:2] == ["Subject 00", "Subject 01"]
    assert len(shown()) == 50
    assert len(shown(page="2")) == 10
    assert shown(q="07") == ["Subject 07"]
    assert len(shown(event="drift")) == 30
    assert shown(state="failed") == ["Subject 07"]
    assert shown(channel="Gone") == ["Subject 07"]
    assert "Subject 07" not in shown(state="nobody")


def test_a_notice_shows_all_it_says_and_every_delivery(browser: Client, provider: Provider) -> None:
    furnish(provider, "OWN", number=11)
    text = browser.get(f"{ADDRESS}notices/{Notice.objects.get().pk}/").content.decode()
    for part in ("OWN conflict", "OWN line", "OWN Bakery", "OWN mail", "OWN hook", "OWN refused", "failed"):
        assert part in text


def test_the_link_in_a_message_leads_to_the_notice() -> None:
    assert reverse("notifications:notice", args=[7]) == NOTICE_PATH.format(id=7)


def test_others_than_owners_read_and_change_nothing(
    client_of: ClientOf, billing_person: Administrator, viewer: Administrator, provider: Provider
) -> None:
    furnish(provider, "OWN", number=11)
    channel = row("OWN hook")
    put_secret(channel, "secret", "https://hooks.example.com/hush")
    for person in (billing_person, viewer):
        browser = client_of(person)
        text = browser.get(ADDRESS).content.decode()
        assert "OWN hook" in text
        assert "Send a test" not in text
        assert browser.get(f"{ADDRESS}notices/{Notice.objects.get().pk}/").status_code == 200
        one = f"{ADDRESS}channels/{channel.pk}/"
        assert browser.get(one).status_code == 403
        for address in (one, f"{one}remove/", f"{one}test/", f"{ADDRESS}add/slack/"):
            assert browser.post(address, HOOK).status_code == 403, address
    assert NotificationChannel.objects.count() == 2


def test_a_channel_or_notice_of_another_provider_is_not_there(browser: Client, other_provider: Provider) -> None:
    furnish(other_provider, "OTHERS", number=22)
    channel = row("OTHERS hook")
    assert browser.get(f"{ADDRESS}channels/{channel.pk}/").status_code == 404
    assert browser.post(f"{ADDRESS}channels/{channel.pk}/remove/").status_code == 404
    assert browser.post(f"{ADDRESS}channels/{channel.pk}/test/").status_code == 404
    assert browser.get(f"{ADDRESS}notices/{Notice.objects.get().pk}/").status_code == 404
    assert "OTHERS" not in browser.get(ADDRESS).content.decode()
