"""Telling people what they should know: a notice once for each fact, and its way through every channel.

A notice is kept whether or not anybody is told of it: the console shows it. Each channel that is told gets a
delivery, which a background task takes from here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billbridge.errors import PermanentError, TransientError
from billbridge.notices.events import Event
from billbridge.notices.message import one_line, shortened
from billbridge.notices.scrub import secret_parts, without_secrets
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.names import did_you_mean
from billbridge.operations.sending import send
from billbridge.store.models import Delivery, Notice, NotificationChannel, Provider
from billbridge.store.roles import Role
from billbridge.store.secrets import secrets_of

__all__ = [
    "Event", "announce", "deliver", "give_up", "scrubbed", "send_test", "try_now", "waiting_deliveries",
]  # fmt: skip

_LONGEST_KEY = 120
_LONGEST_SUBJECT = 300
_BEGUN = "A person tried the channel out, and it was not finished."


def announce(
    provider: Provider,
    event: Event,
    *,
    key: str,
    subject: str,
    lines: Sequence[str],
    facts: Mapping[str, str] | None = None,
) -> Notice | None:
    """Keep a notice and a delivery to every channel that is told of it; `None` if `key` was announced before.

    `key` names the fact: however often and by however many processes it is announced, people are told once. It
    joins the caller's transaction, if there is one. Secrets of the provider are blotted out of every text.
    """
    with transaction.atomic():
        if Notice.objects.filter(provider=provider, key=_shortened_key(key)).exists():
            return None
        notice = _keep(provider, event, key, subject, lines, facts or {})
        if notice is not None:
            channels = NotificationChannel.objects.filter(provider=provider, is_on=True).order_by("pk")
            _address(notice, [one for one in channels if not one.events or event.value in one.events])
    return notice


def send_test(actor: Actor, channel_id: int) -> Notice:
    """Announce a test to one channel, on or off, by the background task that delivers everything else."""
    actor.require(Role.OWNER)
    return _test(actor, _channel_of(actor.provider, pk=channel_id))


def try_now(actor: Actor, name: str) -> Delivery:
    """Send a test through the channel of this name now, and give how it went.

    It is not left to a background task if that fails. Raises as `deliver` does, or `NotThere`.
    """
    actor.require(Role.OWNER)
    notice = _test(actor, _channel_of(actor.provider, name=name), state=Delivery.State.FAILED, reason=_BEGUN)
    delivery = notice.deliveries.get()
    deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def deliver(delivery_id: int) -> None:
    """Send one delivery through its channel, and keep what became of it; does nothing if it was sent already.

    Raises `TransientError` for what may pass: it stays waiting, with the reason. Raises `PermanentError` when it
    failed for good; a person may have it tried again. Call it outside of a transaction: it waits for others.
    """
    rows = Delivery.objects.select_related("notice__provider", "channel")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:
        raise NotThere("There is no such delivery.")
    if delivery.state == Delivery.State.SENT:
        return
    try:
        send(delivery)
    except TransientError as error:
        _unsent(delivery_id).update(reason=_reason(delivery, str(error)))
        raise
    except PermanentError as error:
        give_up(delivery_id, _reason(delivery, str(error)))
        raise
    Delivery.objects.filter(pk=delivery_id).update(state=Delivery.State.SENT, reason="", ended=datetime.now(UTC))


def give_up(delivery_id: int, reason: str) -> None:
    """Mark a delivery that was not sent as failed for good."""
    _unsent(delivery_id).update(state=Delivery.State.FAILED, reason=reason, ended=datetime.now(UTC))


def waiting_deliveries() -> QuerySet[Delivery]:
    """Every delivery that waits and that no background task has taken yet, oldest first, with its notice."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, task=None)
    return waiting.select_related("notice__provider").order_by("pk")


def scrubbed(provider: Provider, texts: Iterable[str]) -> list[str]:
    """Texts on one line each, with every secret that is kept for the provider blotted out."""
    kept = [part for secret in secrets_of(provider) for part in _parts(secret)]
    hidden = {*kept, *map(one_line, kept)}
    return [without_secrets(one_line(without_secrets(text, hidden)), hidden) for text in texts]


def _parts(secret: str) -> tuple[str, ...]:
    return secret_parts(secret) if "://" in secret else (secret,)


def _reason(delivery: Delivery, text: str) -> str:
    return scrubbed(delivery.notice.provider, [text])[0]


def _unsent(delivery_id: int) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery_id).exclude(state=Delivery.State.SENT)


def _keep(
    provider: Provider, event: Event, key: str, subject: str, lines: Sequence[str], facts: Mapping[str, str]
) -> Notice | None:
    """Keep a notice without secrets; `None` if another process has announced its key meanwhile."""
    texts = scrubbed(provider, [subject, *lines, *facts, *map(str, facts.values())])
    told, rest = texts[1 : 1 + len(lines)], texts[1 + len(lines) :]
    try:
        with transaction.atomic():
            return Notice.objects.create(
                provider=provider,
                event=event.value,
                key=_shortened_key(key),
                subject=shortened(texts[0], _LONGEST_SUBJECT),
                lines=told,
                facts=dict(zip(rest[: len(facts)], rest[len(facts) :], strict=True)),
                at=datetime.now(UTC),
            )
    except IntegrityError:  # a fact is announced once
        return None


def _address(notice: Notice, channels: Iterable[NotificationChannel], **how: str) -> None:
    Delivery.objects.bulk_create(
        Delivery(notice=notice, channel=channel, channel_name=channel.name, **how) for channel in channels
    )


def _test(actor: Actor, channel: NotificationChannel, **how: str) -> Notice:
    """A notice that is a test, and its one delivery."""
    lines = (f"{actor.who} tries out the channel {channel.name}.", "If you read this, notices arrive here.")
    subject = f"Test of {channel.name}"
    with transaction.atomic():
        notice = _keep(actor.provider, Event.TEST, f"test {uuid4()}", subject, lines, {"channel": channel.name})
        assert notice is not None, "a new key was announced before"
        _address(notice, [channel], **how)
    return notice


def _channel_of(provider: Provider, **which: object) -> NotificationChannel:
    channels = NotificationChannel.objects.filter(provider=provider)
    channel = channels.filter(**which).first()
    if channel is None:
        known = list(channels.values_list("name", flat=True))
        offer = did_you_mean(str(which.get("name", "")), known)
        listed = f"The channels are {', '.join(sorted(known))}." if known else "There is none yet: add one."
        raise NotThere("There is no such notification channel.", hint=offer or listed)
    return channel


def _shortened_key(key: str) -> str:
    """A key as the database holds it: one that is too long keeps its beginning, and stays one of its own."""
    if len(key) <= _LONGEST_KEY:
        return key
    mark = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{key[: _LONGEST_KEY - len(mark) - 1]} {mark}"
