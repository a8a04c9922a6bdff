"""Notification channels in a setup file: what is read, what is refused with which remedy, what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from billbridge.notices.events import CHOOSABLE, Event
from billbridge.notices.mail import Security
from billbridge.operations.setup.document import ChannelKind, NotificationSetting, Secret, SetupDocument
from billbridge.operations.setup.problems import SetupError
from billbridge.operations.setup.read import read_setup
from billbridge.operations.setup.write import write_setup
from billbridge.store.models import NotificationChannel

MAIL = """\
[[notifications]]
name = "Billing"
kind = "email"
host = "smtp.example.com"
sender = "billing@example.com"
recipients = ["anna@example.com"]
"""
SLACK = '[[notifications]]\nname = "Ops"\nkind = "slack"\n'
HOOK = '[[notifications]]\nname = "Ops"\nkind = "webhook"\n'
PROVIDER = '[provider]\nname = "N"\ncurrency = "EUR"\ntime_zone = "UTC"\n'


def read(text: str, **environment: str) -> NotificationSetting:
    channels = read_setup(text, "setup.toml", environment=environment).notifications
    assert channels is not None
    return channels[0]


def problem(text: str, **environment: str) -> str:
    with pytest.raises(SetupError) as raised:
        read_setup(text, "setup.toml", environment=environment)
    (found,) = raised.value.problems
    return found


def test_a_mail_channel_has_defaults_for_what_it_leaves_out() -> None:
    assert read(MAIL) == NotificationSetting(
        name="Billing",
        kind=ChannelKind.EMAIL,
        host="smtp.example.com",
        port=587,
        security=Security.STARTTLS,
        sender="billing@example.com",
        recipients=("anna@example.com",),
    )


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_security_has_its_usual_port(security: str, port: int) -> None:
    assert read(f'{MAIL}security = "{security}"\n').port == port


def test_the_address_of_a_webhook_is_a_secret_of_which_scheme_and_host_are_shown() -> None:
    channel = read(SLACK + 'address_env = "HOOK"\n', HOOK="https://hooks.slack.com/services/T/B/hush")
    assert channel.address == "https://hooks.slack.com"
    assert channel.secret == Secret(text="https://hooks.slack.com/services/T/B/hush")
    assert "hush" not in repr(channel)


def test_a_secret_that_is_not_given_stays(tmp_path: Path) -> None:
    assert read(HOOK).secret is None
    assert read(HOOK).signing_key is None
    (tmp_path / "key").write_text("sign\n")
    assert read(HOOK + f'signing_key_file = "{tmp_path}/key"\n').signing_key == Secret(text="sign")


def test_an_empty_signing_key_takes_the_one_kept_away() -> None:
    assert read(HOOK + 'signing_key = ""\n').signing_key == Secret(text="")


def test_events_are_kept_in_one_order_whatever_the_files() -> None:
    assert read(MAIL + 'events = ["drift", "conflict"]\n').events == (Event.CONFLICT, Event.DRIFT)
    assert read(MAIL + "on = false\n").is_on is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAIL + 'events = ["conflicts"]\n', "'conflicts' is nothing that is announced. Did you mean 'conflict'?"),
        (MAIL + 'events = ["test"]\n', "'test' is nothing that is announced."),
        (MAIL.replace("anna@example.com", "anna"), "'anna' is no e-mail address. Write it like billing@"),
        (MAIL.replace("anna@example.com", "Anna <anna@example.com>"), "is no e-mail address"),
        (MAIL.replace("anna@example.com", "a@example.com\\nBcc: b@example.com"), "is no e-mail address"),
        (MAIL.replace("billing@example.com", "@example.com"), "'@example.com' is no e-mail address"),
        (MAIL.replace('["anna@example.com"]', "[]"), "has no recipients. Name at least one e-mail address."),
        (MAIL.replace('["anna@example.com"]', '"anna"'), 'Write it like recipients = ["anna@example.com"].'),
        (MAIL.replace("smtp.example.com", "smtp://example.com"), "Write its name alone, like smtp.example.com"),
        (MAIL.replace("smtp.example.com", "smtp.example.com:25"), "is no name of a mail server"),
        (MAIL.replace('host = "smtp.example.com"\n', ""), "host is missing"),
        (MAIL.replace('"email"', '"e-mail"'), "kind is 'e-mail', which it cannot be. Did you mean 'email'?"),
        (MAIL + "port = 70000\n", "port is 70000. Write a whole number from 1 to 65535"),
        (MAIL + 'security = "ssl"\n', "security is 'ssl'"),
        (MAIL + 'password = "x"\n', "has a password and no user name"),
        (MAIL + 'username = "a"\npassword = "ä"\n', "signs outside ASCII"),
        (MAIL + 'username = "a"\nsecurity = "none"\n', "send its password to smtp.example.com in the clear"),
        (MAIL + 'address = "https://x"\n', "'address' is not known here"),
        (MAIL + MAIL.replace("Billing", "billing "), "this entry has a name that is taken, first in line 1"),
        (SLACK + 'address = "http://hooks.slack.com/hush"\n', "at http://hooks.slack.com is not encrypted"),
        (SLACK + 'address = "hooks.slack.com/hush"\n', "is no web address. Copy the whole address"),
        (SLACK + 'address = ""\n', "address is empty"),
        (SLACK + 'signing_key = "x"\n', "'signing_key' is not known here"),
        (SLACK + 'address_env = "HOOK"\n', "the environment variable HOOK is not set"),
        ('[[notifications]]\nkind = "slack"\n', "name is missing"),
        (SLACK.replace("Ops", "O" * 101), "name has 101 characters"),
        (PROVIDER + "collect_hour = 24\n", "collect_hour is 24. Write a whole number from 0 to 23"),
        (PROVIDER + "silence_hours = 0\n", "silence_hours is 0. Write a whole number from 1 to 720"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_remedy(text: str, said: str) -> None:
    found = problem(text)
    assert said in found
    assert "hush" not in found


def test_a_webhook_of_this_machine_may_be_unencrypted() -> None:
    assert read(HOOK + 'address = "http://127.0.0.1:9000/hook"\n').address == "http://127.0.0.1:9000"


def test_the_daily_hour_and_the_silence_belong_to_the_provider() -> None:
    provider = read_setup(PROVIDER + "collect_hour = 0\nsilence_hours = 720\n", "x", environment={}).provider
    assert provider is not None
    assert (provider.collect_hour, provider.silence_hours) == (0, 720)


def test_an_export_shows_where_a_webhook_leads_and_how_to_change_it() -> None:
    channel = NotificationSetting(
        name="Ops",
        kind=ChannelKind.WEBHOOK,
        address="https://hooks.example.com",
        secret=Secret(text="https://hooks.example.com/hush"),
    )
    text = write_setup(SetupDocument(notifications=(channel,)))
    assert "# address (https://hooks.example.com) is kept; to change it: address_env =" in text
    assert "# signing_key was never entered" in text
    assert "hush" not in text


def test_channels_are_of_the_kinds_and_securities_that_the_database_knows() -> None:
    assert [kind.value for kind in ChannelKind] == list(NotificationChannel.Kind.values)
    assert [security.value for security in Security] == list(NotificationChannel.Security.values)
    assert Event.TEST not in CHOOSABLE
