"""Sending a delivery through its channel: from rows of the database to a mail server or a webhook."""

from __future__ import annotations

from billbridge.errors import PermanentError
from billbridge.notices.bodies import Format
from billbridge.notices.events import Event
from billbridge.notices.mail import EmailTarget, Security, send_email
from billbridge.notices.message import Message
from billbridge.notices.webhook import WebhookTarget, send_webhook
from billbridge.store.models import Delivery, Notice, NotificationChannel
from billbridge.store.secrets import read_secret
from billbridge.store.start import installation

NOTICE_PATH = "/settings/notifications/notices/{id}/"
"""Where the console shows a notice."""


def send(delivery: Delivery) -> None:
    """Send it now. Raises `TransientError` or `PermanentError`, neither with a secret in it."""
    channel, notice = delivery.channel, delivery.notice
    if channel is None:
        raise PermanentError(
            f"The channel {delivery.channel_name} was removed.", hint="The notice stands in the console."
        )
    if not channel.is_on and notice.event != Event.TEST.value:
        raise PermanentError(
            f"The channel {channel.name} was switched off before this was sent.",
            hint="Switch it on to be told of what comes.",
        )
    message = _message(notice)
    if channel.kind == NotificationChannel.Kind.EMAIL:
        send_email(_mail_server(channel), message)
    else:
        send_webhook(_webhook(channel), message)


def _message(notice: Notice) -> Message:
    provider = notice.provider
    return Message(
        id=f"{provider.pk}-{notice.pk}",
        event=notice.event,
        subject=notice.subject,
        lines=tuple(notice.lines),
        facts=notice.facts,
        at=notice.at,
        provider_name=provider.name,
        link=_link(notice),
    )


def _link(notice: Notice) -> str:
    """The notice in the console; empty unless the name that people reach it by is known, and how."""
    settings = installation()
    public = [host for host in settings.hosts if host not in ("localhost", "127.0.0.1", "[::1]")]
    if not settings.https or not public or "*" in public[0]:
        return ""
    return f"https://{public[0]}{NOTICE_PATH.format(id=notice.pk)}"


def _mail_server(channel: NotificationChannel) -> EmailTarget:
    if channel.username and not channel.secret:
        raise PermanentError(
            f"The channel {channel.name} has a user name and no password.", hint="Enter the password."
        )
    return EmailTarget(
        host=channel.host,
        port=channel.port,
        security=Security(channel.security),
        sender=channel.sender,
        recipients=tuple(channel.recipients),
        username=channel.username,
        password=read_secret(channel, "secret") if channel.username else "",
    )


def _webhook(channel: NotificationChannel) -> WebhookTarget:
    if not channel.secret:
        raise PermanentError(f"The channel {channel.name} has no address.", hint="Enter the webhook's address.")
    return WebhookTarget(
        format=Format(channel.kind),
        address=read_secret(channel, "secret"),
        signing_key=read_secret(channel, "signing_key") if channel.signing_key else "",
    )
