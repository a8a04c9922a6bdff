"""The newest notices as a plain JSON document: the shape of `billbridge notices --json`."""

from __future__ import annotations

from typing import Any

from billbridge.store.models import Delivery, Notice, Provider
from billbridge.store.queries.notices import notices_of


def newest_notices(provider: Provider, number: int) -> dict[str, Any]:
    """`{"notices": [...]}`: so many of the newest, newest first, each with its deliveries."""
    return {"notices": [_notice(one) for one in notices_of(provider)[:number]]}


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "at": notice.at.isoformat(),
        "event": notice.event,
        "subject": notice.subject,
        "lines": notice.lines,
        "facts": notice.facts,
        "deliveries": [_delivery(one) for one in notice.deliveries.all()],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "channel": delivery.channel_name,
        "state": delivery.state,
        "reason": delivery.reason,
        "ended": delivery.ended.isoformat() if delivery.ended else None,
    }
