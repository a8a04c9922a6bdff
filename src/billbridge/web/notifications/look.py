"""How a channel looks on a page: its kind, where it leads and what it lacks, in words."""

from __future__ import annotations

from dataclasses import dataclass

from billbridge.operations.setup.document import ChannelKind
from billbridge.store.models import Delivery, NotificationChannel
from billbridge.store.queries.notices import ChannelRow

KIND_NAMES = {
    ChannelKind.EMAIL: "E-mail",
    ChannelKind.WEBHOOK: "Webhook",
    ChannelKind.SLACK: "Slack",
    ChannelKind.TEAMS: "Microsoft Teams",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLook:
    """A channel in words; `lacks` is what it cannot work without, if that is missing."""

    pk: int
    name: str
    kind: str
    is_on: bool
    goes_to: str
    server: str
    """The mail server; empty for a webhook."""
    told_of: str
    lacks: str
    last: Delivery | None


def look_of(row: ChannelRow) -> ChannelLook:
    """How a channel looks now."""
    channel = row.channel
    return ChannelLook(
        pk=channel.pk,
        name=channel.name,
        kind=KIND_NAMES[ChannelKind(channel.kind)],
        is_on=channel.is_on,
        goes_to=_goes_to(channel),
        server=f"{channel.host}:{channel.port}" if channel.kind == NotificationChannel.Kind.EMAIL else "",
        told_of=", ".join(channel.events) or "everything",
        lacks=_lacks(channel),
        last=row.last,
    )


def _goes_to(channel: NotificationChannel) -> str:
    if channel.kind != NotificationChannel.Kind.EMAIL:
        return channel.address
    first, *others = channel.recipients or ["nobody"]
    return f"{first} and {len(others)} more" if others else str(first)


def _lacks(channel: NotificationChannel) -> str:
    if channel.secret:
        return ""
    if channel.kind != NotificationChannel.Kind.EMAIL:
        return "address missing"
    return "password missing" if channel.username else ""
