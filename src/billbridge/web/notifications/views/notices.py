"""The channels at a glance, everything that was announced, and one notice."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.notices.events import Event
from billbridge.operations.access import NotThere
from billbridge.operations.setup.document import ChannelKind
from billbridge.store.models import Delivery, Notice
from billbridge.store.queries.notices import (
    channel_names,
    channels_of,
    notices_of,
    through_channel,
    told_to_nobody,
    with_delivery,
)
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.notifications.look import KIND_NAMES, look_of
from billbridge.web.tables import Column, Filter, read_table

_COLUMNS = (
    Column(name="at", label="When", order=("at",)),
    Column(name="event", label="About", order=("event",)),
    Column(name="subject", label="Notice", order=("subject",)),
    Column(name="deliveries", label="Told through"),
)
_TO_NOBODY = "nobody"
_STATES = (
    (Delivery.State.WAITING.value, "waiting"),
    (Delivery.State.SENT.value, "sent"),
    (Delivery.State.FAILED.value, "failed"),
    (_TO_NOBODY, "told to nobody"),
)


@require_safe
def notifications(request: ConsoleRequest) -> HttpResponse:
    """Who is told of what, and what was announced."""
    provider = request.actor.provider
    names = tuple((name, name) for name in channel_names(provider))
    filters = (
        Filter(name="event", label="About", choices=tuple((e.value, e.value) for e in Event), narrow=_about),
        Filter(name="state", label="Delivery", choices=_STATES, narrow=_in_state),
        Filter(name="channel", label="Channel", choices=names, narrow=through_channel),
    )
    table = read_table(
        request, notices_of(provider), _COLUMNS, search_in=("subject",), filters=filters, order="-at"
    )
    context = {
        "table": table,
        "channels": [look_of(row) for row in channels_of(provider)],
        "kinds": [(f"notifications:add-{kind.value}", KIND_NAMES[kind]) for kind in ChannelKind],
    }
    return render(request, "notifications/notifications.html", context)


@require_safe
def notice(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One notice, with what became of each delivery."""
    one = notices_of(request.actor.provider).filter(pk=pk).first()
    if one is None:
        raise NotThere("There is no such notice.", hint="Look for it among the notifications.")
    return render(request, "notifications/notice.html", {"notice": one})


def _about(rows: QuerySet[Notice], event: str) -> QuerySet[Notice]:
    return rows.filter(event=event)


def _in_state(rows: QuerySet[Notice], state: str) -> QuerySet[Notice]:
    return told_to_nobody(rows) if state == _TO_NOBODY else with_delivery(rows, state)
