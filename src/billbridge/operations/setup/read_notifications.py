"""Reading notification channels: each kind has keys of its own."""

from __future__ import annotations

from billbridge.notices.addresses import shown_address
from billbridge.notices.events import CHOOSABLE, Event
from billbridge.notices.mail import Security
from billbridge.operations.names import did_you_mean
from billbridge.operations.setup.cells import Cells, or_default
from billbridge.operations.setup.document import ChannelKind, NotificationSetting
from billbridge.operations.setup.read_connections import Secrets

LONGEST_NAME = 100
LONGEST_HOST = 300
LAST_PORT = 65_535
USUAL_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


def read_notification(cells: Cells, secrets: Secrets) -> NotificationSetting:
    """One of the [[notifications]]."""
    name = cells.text("name", required=True, longest=LONGEST_NAME)
    kind = cells.choice("kind", ChannelKind)
    is_on = cells.flag("on", default=True)
    events = _events(cells)
    if kind is ChannelKind.EMAIL:
        security = cells.choice("security", Security, Security.STARTTLS)
        setting = NotificationSetting(
            name=name,
            kind=kind,
            is_on=is_on,
            events=events,
            host=cells.text("host", required=True, longest=LONGEST_HOST),
            port=or_default(cells.whole("port", most=LAST_PORT), USUAL_PORTS[security]),
            security=security,
            username=cells.text("username"),
            sender=cells.text("sender", required=True, longest=LONGEST_HOST),
            recipients=cells.texts("recipients", like='["anna@example.com"]'),
            secret=secrets.read(cells, "password"),
        )
    else:
        address = secrets.read(cells, "address")
        signs = kind is ChannelKind.WEBHOOK
        setting = NotificationSetting(
            name=name,
            kind=kind,
            is_on=is_on,
            events=events,
            address=shown_address(address.text or "") if address else "",
            secret=address,
            signing_key=secrets.read(cells, "signing_key", may_be_empty=True) if signs else None,
        )
    cells.finish()
    return setting


def _events(cells: Cells) -> tuple[Event, ...]:
    """What the channel is told of, in the order in which events are listed; empty is everything."""
    known = [str(event) for event in CHOOSABLE]
    written = cells.texts("events", like='["conflict", "source silent"]')
    for one in written:
        if one not in known:
            remedy = did_you_mean(one, known) or f"Write some of {', '.join(known)}; without any it is told of all."
            cells.problem("events", f"{one!r} is nothing that is announced.", remedy)
    return tuple(event for event in CHOOSABLE if event in written)
