"""Notification channels are settings: applied, exported, compared, changed one by one, with secrets that stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from billbridge.operations.access import Actor, NotAllowed
from billbridge.operations.change_entries import EntryList, entries_of, version_of
from billbridge.operations.change_settings import ChangedMeanwhile, SettingsRefused, change_settings
from billbridge.operations.notification_channels import remove_channel, set_channel
from billbridge.operations.setup import apply_setup, compare, current_setup, export_setup, read_setup
from billbridge.operations.setup.document import ChannelKind, NotificationSetting, Secret, SetupDocument
from billbridge.store.models import AuditEntry, Delivery, Notice, NotificationChannel, Provider
from billbridge.store.roles import Role
from billbridge.store.secrets import read_secret

pytestmark = pytest.mark.django_db

DAY = date(2026, 10, 5)
BOTH = """\
[provider]
name = "Northwind IT"
currency = "EUR"
time_zone = "UTC"
collect_hour = 22
silence_hours = 48

[[notifications]]
name = "Billing"
kind = "email"
events = ["conflict", "not sent"]
host = "smtp.example.com"
port = 2525
username = "anna"
password = "hush mail"
sender = "billing@example.com"
recipients = ["anna@example.com", "ben@example.com"]

[[notifications]]
name = "Ops"
kind = "webhook"
on = false
address = "https://hooks.example.com/hush-hook"
signing_key = "hush sign"
"""
OPS = NotificationSetting(
    name="Ops", kind=ChannelKind.SLACK, secret=Secret(text="https://hooks.slack.com/services/hush")
)


@pytest.fixture
def applied(db: None) -> Provider:
    apply_setup(read_setup(BOTH, "x", environment={}), day=DAY)
    return Provider.objects.get()


def row(name: str) -> NotificationChannel:
    return NotificationChannel.objects.get(name=name)


def change(text: str) -> list[str]:
    return [str(one) for one in apply_setup(read_setup(text, "x", environment={}), day=DAY)]


def owner(provider: Provider) -> Actor:
    return Actor(provider=provider, role=Role.OWNER, who="Olivia")


def channel(provider: Provider, name: str) -> NotificationSetting:
    return next(one for one in entries_of(provider, EntryList.NOTIFICATIONS, lambda one: one.name == name))


def test_what_a_file_says_is_kept_with_its_secrets_encrypted(applied: Provider) -> None:
    assert (applied.collect_hour, applied.silence_hours) == (22, 48)
    mail, hook = row("Billing"), row("Ops")
    assert (mail.port, mail.events, mail.is_on) == (2525, ["not sent", "conflict"], True)
    assert read_secret(mail, "secret") == "hush mail"
    assert (hook.address, hook.is_on) == ("https://hooks.example.com", False)
    assert read_secret(hook, "secret") == "https://hooks.example.com/hush-hook"
    assert read_secret(hook, "signing_key") == "hush sign"
    assert b"hush" not in bytes(mail.secret) + bytes(hook.secret)


def test_an_export_holds_everything_but_the_secrets_and_changes_nothing(applied: Provider) -> None:
    text = export_setup(applied)
    assert "hush" not in text
    exported = read_setup(text, "x", environment={})
    assert compare(current_setup(), exported, day=DAY) == ()
    apply_setup(exported, day=DAY)
    assert read_secret(row("Ops"), "secret") == "https://hooks.example.com/hush-hook"


def test_applying_the_same_file_again_changes_nothing(applied: Provider) -> None:
    assert change(BOTH) == []


def test_every_change_is_told_and_no_secret(applied: Provider) -> None:
    changed = BOTH.replace("hush-hook", "hush-new").replace("hush mail", "hush two").replace("ben@", "eve@")
    assert change(changed) == [
        "notifications[Billing].recipients: anna@example.com, ben@example.com -> anna@example.com, eve@example.com",
        "notifications[Billing].password: set -> changed",
        "notifications[Ops].address: https://hooks.example.com -> https://hooks.example.com (changed)",
    ]
    assert read_secret(row("Ops"), "secret") == "https://hooks.example.com/hush-new"


def test_a_channel_that_is_left_out_goes_and_its_notices_stay(applied: Provider) -> None:
    notice = Notice.objects.create(provider=applied, event="drift", key="1", subject="x", at=datetime.now(UTC))
    Delivery.objects.create(notice=notice, channel=row("Ops"), channel_name="Ops", state="sent")
    changes = change("notifications = []\n")
    assert "notifications[Ops].kind: webhook -> not set" in changes
    assert not NotificationChannel.objects.exists()
    assert Delivery.objects.get().channel_name == "Ops"


def test_a_file_without_notifications_leaves_them_alone(applied: Provider) -> None:
    assert change(BOTH.partition("[[")[0]) == []
    assert NotificationChannel.objects.count() == 2


def test_a_channel_that_becomes_another_kind_forgets_the_secret_of_the_one_before(applied: Provider) -> None:
    changes = change('[[notifications]]\nname = "Billing"\nkind = "slack"\n')
    assert "notifications[Billing].kind: email -> slack" in changes
    assert bytes(row("Billing").secret) == b""


def test_without_a_user_name_the_password_is_forgotten(applied: Provider) -> None:
    change(BOTH.replace('username = "anna"\npassword = "hush mail"\n', ""))
    assert bytes(row("Billing").secret) == b""


def test_a_signing_key_is_taken_away_by_an_empty_one(applied: Provider) -> None:
    assert change(BOTH.replace("hush sign", "")) == ["notifications[Ops].signing_key: set -> removed"]
    assert bytes(row("Ops").signing_key) == b""
    assert change(BOTH.replace("hush sign", "")) == []


def test_a_name_written_in_another_case_is_the_same_channel(applied: Provider) -> None:
    before = row("Ops").pk
    assert change(BOTH.replace('"Ops"', '"OPS"')) == ["notifications[OPS].name: Ops -> OPS"]
    assert row("OPS").pk == before
    assert read_secret(row("OPS"), "signing_key") == "hush sign"


def test_one_channel_is_added_and_the_others_stay(applied: Provider) -> None:
    set_channel(owner(applied), replace(OPS, name="Chat"))
    assert NotificationChannel.objects.count() == 3
    assert read_secret(row("Billing"), "secret") == "hush mail"
    told = AuditEntry.objects.get(subject="notifications[Chat].address")
    assert (told.before, told.after) == ("", "https://hooks.slack.com (set)")
    assert not AuditEntry.objects.filter(after__contains="hush").exists()


def test_a_channel_that_is_renamed_takes_its_secrets_and_what_waits_along(applied: Provider) -> None:
    notice = Notice.objects.create(provider=applied, event="drift", key="1", subject="x", at=datetime.now(UTC))
    Delivery.objects.create(notice=notice, channel=row("Ops"), channel_name="Ops")
    now = channel(applied, "Ops")
    set_channel(
        owner(applied),
        replace(now, name="On call", secret=None, signing_key=None),
        replaces="Ops",
        version=version_of([now]),
    )
    renamed = row("On call")
    assert read_secret(renamed, "secret") == "https://hooks.example.com/hush-hook"
    assert read_secret(renamed, "signing_key") == "hush sign"
    assert Delivery.objects.get().channel == renamed
    assert not NotificationChannel.objects.filter(name="Ops").exists()


def test_a_name_that_is_taken_is_refused_in_the_files_words(applied: Provider) -> None:
    with pytest.raises(SettingsRefused, match="has a name that is taken"):
        set_channel(owner(applied), replace(OPS, name="billing"))


def test_a_change_of_a_channel_that_somebody_else_changed_is_not_saved(applied: Provider) -> None:
    version = version_of([channel(applied, "Ops")])
    set_channel(owner(applied), replace(channel(applied, "Billing"), port=25), replaces="Billing")
    set_channel(owner(applied), replace(channel(applied, "Ops"), is_on=True), replaces="Ops", version=version)
    with pytest.raises(ChangedMeanwhile):
        remove_channel(owner(applied), "Ops", version=version)
    assert row("Ops").is_on


def test_removing_takes_one_channel_away(applied: Provider) -> None:
    remove_channel(owner(applied), "Ops", version=version_of([channel(applied, "Ops")]))
    assert list(NotificationChannel.objects.values_list("name", flat=True)) == ["Billing"]


def test_only_an_owner_changes_channels(applied: Provider) -> None:
    billing = Actor(provider=applied, role=Role.BILLING, who="Ben")
    with pytest.raises(NotAllowed):
        set_channel(billing, OPS)
    with pytest.raises(NotAllowed):
        remove_channel(billing, "Ops")
    with pytest.raises(NotAllowed):
        change_settings(billing, SetupDocument(notifications=()))
