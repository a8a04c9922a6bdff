"""What is announced: once for each fact, to every channel that is told of it, and never with a secret in it."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from at_once import TOGETHER, at_once
from django.db import transaction

from billbridge.errors import PermanentError, TransientError
from billbridge.operations.access import Actor, NotAllowed, NotThere
from billbridge.operations.notices import (
    Event,
    announce,
    deliver,
    give_up,
    send_test,
    try_now,
    waiting_deliveries,
)
from billbridge.store.models import (
    Delivery,
    HaloConnection,
    Notice,
    NotificationChannel,
    Provider,
    SourceConnection,
    Task,
)
from billbridge.store.roles import Role
from billbridge.store.secrets import put_secret
from hook_server import hook_server
from smtp_server import smtp_server

pytestmark = pytest.mark.django_db(transaction=True)

HOOK = "https://hooks.slack.com/services/T00000000/B00000000/aVeryLongKey0123456789"


def owner(provider: Provider) -> Actor:
    return Actor(provider=provider, role=Role.OWNER, who="Olivia")


def tell(
    provider: Provider, event: Event = Event.CONFLICT, *, key: str = "conflict 7", **given: Any
) -> Notice | None:
    said: dict[str, Any] = {"subject": "A conflict", "lines": ["Acme was changed.", "Decide."], **given}
    return announce(provider, event, key=key, **said)


def webhook(provider: Provider, address: str = HOOK, *, name: str = "Ops", **given: Any) -> NotificationChannel:
    row = NotificationChannel.objects.create(
        provider=provider, name=name, **({"kind": "webhook", "address": "https://shown"} | given)
    )
    put_secret(row, "secret", address)
    return row


def mailbox(provider: Provider, port: int, **given: Any) -> NotificationChannel:
    return NotificationChannel.objects.create(
        provider=provider, name="Mail", kind="email", host="127.0.0.1", port=port, security="none",
        sender="billing@northwind.test", recipients=["anna@northwind.test"], **given,
    )  # fmt: skip


def only() -> Delivery:
    return Delivery.objects.get()


def test_a_notice_is_kept_although_there_is_no_channel(provider: Provider) -> None:
    notice = tell(provider, facts={"company": "Acme"})
    assert notice is not None
    kept = Notice.objects.get()
    assert (kept.event, kept.subject, kept.lines, kept.facts) == (
        "conflict", "A conflict", ["Acme was changed.", "Decide."], {"company": "Acme"},
    )  # fmt: skip
    assert not Delivery.objects.exists()


def test_a_fact_is_announced_once(provider: Provider) -> None:
    assert tell(provider) is not None
    assert tell(provider, subject="Again") is None
    assert Notice.objects.get().subject == "A conflict"


def test_two_providers_announce_facts_of_the_same_key(provider: Provider) -> None:
    other = Provider.objects.create(name="Contoso")
    assert tell(provider) is not None
    assert tell(other) is not None


def test_keys_too_long_for_the_database_stay_apart(provider: Provider) -> None:
    long = "x" * 300
    assert tell(provider, key=long + "1") is not None
    assert tell(provider, key=long + "2") is not None
    assert tell(provider, key=long + "1") is None


def test_a_fact_announced_by_several_at_once_is_told_once(provider: Provider) -> None:
    webhook(provider)
    meet = Barrier(TOGETHER, timeout=30)

    def announced() -> bool:
        meet.wait()
        return tell(provider) is not None

    assert sorted(at_once(announced)) == [False] * (TOGETHER - 1) + [True]
    assert Notice.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_what_was_announced_within_a_transaction_is_undone_with_it(provider: Provider) -> None:
    with transaction.atomic():
        assert tell(provider) is not None
        transaction.set_rollback(True)
    assert tell(provider) is not None


def test_a_fact_announced_twice_within_a_transaction_does_not_spoil_it(provider: Provider) -> None:
    with transaction.atomic():
        tell(provider)
        tell(provider)
        Provider.objects.filter(pk=provider.pk).update(name="Renamed")
    provider.refresh_from_db()
    assert provider.name == "Renamed"


def test_only_channels_that_are_on_and_told_of_the_event_get_it(provider: Provider) -> None:
    webhook(provider, name="everything")
    webhook(provider, name="conflicts", events=["conflict", "drift"])
    webhook(provider, name="silence", events=["source silent"])
    webhook(provider, name="off", is_on=False)
    webhook(Provider.objects.create(name="Contoso"), name="another's")
    tell(provider)
    told = Delivery.objects.order_by("pk").values_list("channel_name", flat=True)
    assert list(told) == ["everything", "conflicts"]


def test_no_secret_of_the_provider_is_kept_or_told(provider: Provider, halopsa: HaloConnection) -> None:
    source = SourceConnection.objects.create(provider=provider, address="https://mbs.test", login="x")
    mail = mailbox(provider, 25, username="anna")
    hook = webhook(provider)
    for row, field in ((halopsa, "client_secret"), (source, "password"), (mail, "secret"), (hook, "signing_key")):
        put_secret(row, field, f"{row._meta.model_name} hush")
    said = [
        "haloconnection hush", "sourceconnection hush", "notificationchannel hush", HOOK,
        "path /services/T00000000/B00000000/aVeryLongKey0123456789", "key aVeryLongKey0123456789",
    ]  # fmt: skip
    notice = tell(provider, subject="; ".join(said), lines=said, facts={one: one for one in said})
    assert notice is not None
    kept = f"{notice.subject} {notice.lines} {notice.facts}"
    assert "hush" not in kept
    assert "aVeryLongKey" not in kept
    assert "[hidden]" in notice.subject


def test_a_secret_of_another_provider_means_nothing(provider: Provider) -> None:
    webhook(Provider.objects.create(name="Contoso"), "https://hooks.slack.com/" + "b" * 20)
    notice = tell(provider, subject="b" * 20)
    assert notice is not None
    assert notice.subject == "b" * 20


def test_a_secret_that_does_not_open_does_not_keep_people_from_being_told(provider: Provider) -> None:
    NotificationChannel.objects.filter(pk=webhook(provider).pk).update(secret=b"damaged")
    assert tell(provider) is not None


def test_whatever_stands_in_names_can_be_kept(provider: Provider) -> None:
    notice = tell(provider, subject="a\0b\r\n\ud800" + "c" * 500, lines=["\0"], facts={"\0": "\ud800"})
    assert notice is not None
    notice.refresh_from_db()
    assert notice.subject.startswith("a b c")
    assert len(notice.subject) == 300


def test_a_delivery_is_sent_as_json_and_marked(provider: Provider) -> None:
    with hook_server() as server:
        hook = webhook(provider, f"{server.address}/hook")
        put_secret(hook, "signing_key", "sign")
        notice = tell(provider, facts={"company": "Acme"})
        deliver(only().pk)
        deliver(only().pk)
    (call,) = server.calls
    assert call.headers["webhook-id"] == f"{provider.pk}-{notice.pk if notice else ''}"
    assert call.headers["webhook-signature"].startswith("v1,")
    assert call.document["provider"] == "Northwind IT"
    assert call.document["facts"] == {"company": "Acme"}
    sent = only()
    assert (sent.state, sent.reason) == ("sent", "")
    assert sent.ended is not None


@pytest.mark.parametrize(("kind", "key"), [("slack", "blocks"), ("teams", "attachments")])
def test_a_delivery_speaks_the_format_of_its_channel(provider: Provider, kind: str, key: str) -> None:
    with hook_server() as server:
        webhook(provider, f"{server.address}/hook", kind=kind)
        tell(provider)
        deliver(only().pk)
    assert key in server.calls[0].document


def test_a_delivery_by_mail_signs_in_with_the_password_kept(provider: Provider) -> None:
    with smtp_server(users={"anna": "hush"}) as server:
        put_secret(mailbox(provider, server.port, username="anna"), "secret", "hush")
        tell(provider)
        deliver(only().pk)
    assert server.mails[0].parsed["Subject"] == "A conflict"
    assert server.signed_in == ["anna"]


def test_trouble_that_may_pass_leaves_it_waiting_with_the_reason(provider: Provider) -> None:
    with hook_server(status=429, headers={"Retry-After": "30"}, text="slow down") as server:
        webhook(provider, f"{server.address}/hook")
        tell(provider)
        with pytest.raises(TransientError) as raised:
            deliver(only().pk)
        assert raised.value.retry_after == 30
        assert (only().state, only().ended) == ("waiting", None)
        assert "answered 429: slow down" in only().reason
        server.status = 200
        deliver(only().pk)
    assert (only().state, only().reason) == ("sent", "")


def test_what_needs_a_person_fails_with_the_reason_and_can_be_tried_again(provider: Provider) -> None:
    with hook_server(status=404, text="no_service") as server:
        webhook(provider, f"{server.address}/hook", kind="slack")
        tell(provider)
        with pytest.raises(PermanentError):
            deliver(only().pk)
        failed = only()
        assert failed.state == "failed"
        assert failed.ended is not None
        assert "answered 404: no_service. Make a new incoming webhook in Slack" in failed.reason
        server.status = 200
        deliver(failed.pk)
    assert only().state == "sent"


def test_a_reason_holds_no_secret_even_if_the_server_repeats_one(provider: Provider) -> None:
    with smtp_server(users={"anna": "other"}) as server:
        put_secret(mailbox(provider, server.port, username="anna"), "secret", "swordfish")
        tell(provider)
        with pytest.raises(PermanentError) as raised:
            deliver(only().pk)
    assert "swordfish" not in only().reason + str(raised.value)
    assert "[hidden] is not accepted" in only().reason


def test_a_channel_that_was_removed_cannot_be_told_any_more(provider: Provider) -> None:
    row = webhook(provider)
    tell(provider)
    row.delete()
    with pytest.raises(PermanentError, match="The channel Ops was removed"):
        deliver(only().pk)
    assert only().state == "failed"


def test_a_channel_that_was_switched_off_is_not_told_any_more(provider: Provider) -> None:
    with hook_server() as server:
        row = webhook(provider, f"{server.address}/hook")
        tell(provider)
        NotificationChannel.objects.filter(pk=row.pk).update(is_on=False)
        with pytest.raises(PermanentError, match="was switched off"):
            deliver(only().pk)
    assert not server.calls


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "slack"}, "has no address"),
        ({"kind": "email", "username": "anna"}, "has a user name and no password"),
    ],
)
def test_a_channel_without_its_secret_says_so(provider: Provider, given: dict[str, str], said: str) -> None:
    NotificationChannel.objects.create(provider=provider, name="Ops", **given)
    tell(provider)
    with pytest.raises(PermanentError, match=said):
        deliver(only().pk)


def test_giving_up_keeps_the_reason_and_never_undoes_what_was_sent(provider: Provider) -> None:
    webhook(provider)
    tell(provider)
    give_up(only().pk, "Tried for two days.")
    assert (only().state, only().reason) == ("failed", "Tried for two days.")
    Delivery.objects.update(state="sent")
    give_up(only().pk, "Tried for two days.")
    assert only().state == "sent"


def test_a_delivery_that_does_not_exist_is_not_there() -> None:
    with pytest.raises(NotThere):
        deliver(12345)


def test_those_that_wait_for_a_task_are_found(provider: Provider) -> None:
    for name in ("a", "b", "c"):
        webhook(provider, name=name)
    tell(provider)
    task = Task.objects.create(provider=provider, kind="notification", asked_by="x", asked=datetime.now(UTC))
    Delivery.objects.filter(channel_name="a").update(task=task)
    Delivery.objects.filter(channel_name="b").update(state="sent")
    assert [one.channel_name for one in waiting_deliveries()] == ["c"]


def test_a_test_goes_to_its_channel_alone_and_waits_for_a_task(provider: Provider) -> None:
    webhook(provider, name="other")
    row = webhook(provider, name="off", is_on=False, events=["drift"])
    send_test(owner(provider), row.pk)
    send_test(owner(provider), row.pk)
    assert [one.channel_name for one in waiting_deliveries()] == ["off", "off"]
    assert Notice.objects.filter(event="test", lines__0__startswith="Olivia tries out").count() == 2


def test_a_test_arrives_although_the_channel_is_off(provider: Provider) -> None:
    with hook_server() as server:
        row = webhook(provider, f"{server.address}/hook", is_on=False)
        send_test(owner(provider), row.pk)
        deliver(only().pk)
    assert server.calls[0].document["subject"] == "Test of Ops"


def test_only_an_owner_sends_tests_and_only_through_own_channels(provider: Provider) -> None:
    row = webhook(provider)
    with pytest.raises(NotAllowed):
        send_test(Actor(provider=provider, role=Role.BILLING, who="Ben"), row.pk)
    with pytest.raises(NotThere):
        send_test(owner(Provider.objects.create(name="Contoso")), row.pk)
    assert not Notice.objects.exists()


def test_a_test_at_once_says_how_it_went_and_leaves_nothing_to_a_task(provider: Provider) -> None:
    with hook_server() as server:
        webhook(provider, f"{server.address}/hook")
        assert try_now(owner(provider), "Ops").state == "sent"
        server.status = 500
        with pytest.raises(TransientError):
            try_now(owner(provider), "Ops")
    assert not waiting_deliveries().exists()
    assert Delivery.objects.filter(state="failed", reason__contains="answered 500").count() == 1


def test_a_test_of_a_channel_that_is_not_known_offers_the_closest(provider: Provider) -> None:
    webhook(provider, name="Operations")
    with pytest.raises(NotThere) as raised:
        try_now(owner(provider), "operation")
    assert raised.value.hint == "Did you mean 'Operations'?"
