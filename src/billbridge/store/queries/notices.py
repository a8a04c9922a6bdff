"""Notification channels with what last became of them, and notices with their deliveries, as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from billbridge.store.models import Delivery, Notice, NotificationChannel, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel, and its newest delivery if there was one."""

    channel: NotificationChannel
    last: Delivery | None


def channels_of(provider: Provider) -> list[ChannelRow]:
    """The provider's channels by name, each with its newest delivery."""
    newest = Delivery.objects.filter(channel=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    rows = NotificationChannel.objects.filter(provider=provider).annotate(newest=Subquery(newest))
    channels = sorted(rows, key=lambda row: (row.name.casefold(), row.pk))
    deliveries = Delivery.objects.select_related("notice").in_bulk([one.newest for one in channels if one.newest])
    return [ChannelRow(channel=one, last=deliveries.get(one.newest)) for one in channels]


def notices_of(provider: Provider) -> QuerySet[Notice]:
    """The provider's notices, newest first, each with its deliveries in the order of their channels."""
    deliveries = Prefetch("deliveries", queryset=Delivery.objects.order_by("pk"))
    return Notice.objects.filter(provider=provider).order_by("-at", "-pk").prefetch_related(deliveries)


def with_delivery(notices: QuerySet[Notice], state: str) -> QuerySet[Notice]:
    """Those of which a delivery has this state."""
    return notices.filter(pk__in=Delivery.objects.filter(state=state).values("notice"))


def told_to_nobody(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Those that no channel is told of."""
    return notices.filter(deliveries=None)


def through_channel(notices: QuerySet[Notice], name: str) -> QuerySet[Notice]:
    """Those with a delivery through the channel of this name, which may be gone by now."""
    return notices.filter(pk__in=Delivery.objects.filter(channel_name=name).values("notice"))


def channel_names(provider: Provider, most: int = 100) -> Sequence[str]:
    """The names of channels that notices were delivered through."""
    names = Delivery.objects.filter(notice__provider=provider).order_by("channel_name")
    return list(names.values_list("channel_name", flat=True).distinct()[:most])
