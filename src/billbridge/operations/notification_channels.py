"""Adding, changing and removing notification channels in a person's name; the others stay whatever they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction

from billbridge.operations.access import Actor, NotThere
from billbridge.operations.change_entries import EntryList, Mine, change_entries
from billbridge.operations.names import folded
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.document import NotificationSetting
from billbridge.store.models import Delivery, NotificationChannel, Provider


def channel_row(provider: Provider, channel_id: int) -> NotificationChannel:
    """A provider's channel; raises `NotThere` for any other."""
    row = NotificationChannel.objects.filter(provider=provider, pk=channel_id).first()
    if row is None:
        raise NotThere("There is no such notification channel.", hint="Look for it among the notifications.")
    return row


def set_channel(
    actor: Actor, channel: NotificationSetting, *, replaces: str = "", version: str = ""
) -> tuple[SettingChange, ...]:
    """Add a channel, or put it in the place of the one called `replaces`.

    It keeps the secrets that it does not give anew, and what waits to be delivered, also under another name.
    `version` is that of the channel replaced, when the form was opened. Raises as `change_entries` does.
    """

    def change(before: tuple[NotificationSetting, ...]) -> Iterable[NotificationSetting]:
        return (_with_kept_secrets(channel, *before),)

    with transaction.atomic():
        changes = change_entries(actor, EntryList.NOTIFICATIONS, _called(replaces), change, version=version)
        if replaces and folded(replaces) != folded(channel.name):
            _hand_over(actor.provider, replaces, channel.name)
    return changes


def remove_channel(actor: Actor, name: str, *, version: str = "") -> tuple[SettingChange, ...]:
    """Remove a channel; what was announced stays, and what still waits for it is not sent."""
    return change_entries(actor, EntryList.NOTIFICATIONS, _called(name), lambda _: (), version=version)


def _called(name: str) -> Mine[NotificationSetting]:
    return lambda channel: bool(name) and folded(channel.name) == folded(name)


def _with_kept_secrets(channel: NotificationSetting, *before: NotificationSetting) -> NotificationSetting:
    """A channel that is called otherwise takes the secrets of the one it replaces along."""
    was = next((one for one in before if one.is_email == channel.is_email), None)
    if was is None or folded(was.name) == folded(channel.name):
        return channel
    has_password = channel.username or not channel.is_email
    return replace(
        channel,
        secret=channel.secret or (was.secret if has_password else None),
        signing_key=channel.signing_key or was.signing_key,
    )


def _hand_over(provider: Provider, was: str, name: str) -> None:
    """Give the deliveries that wait for the channel under its old name to it under the new one."""
    row = NotificationChannel.objects.get(provider=provider, name=name)
    waiting = Delivery.objects.filter(
        notice__provider=provider, channel=None, channel_name=was, state=Delivery.State.WAITING
    )
    waiting.update(channel=row, channel_name=name)
