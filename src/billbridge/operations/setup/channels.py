"""Loading and writing notification channels, and any row's secret: one that is not given stays."""

from __future__ import annotations

from collections.abc import Sequence

from billbridge.errors import PermanentError
from billbridge.notices.addresses import shown_address
from billbridge.notices.events import CHOOSABLE
from billbridge.notices.mail import Security
from billbridge.operations.names import folded
from billbridge.operations.setup.document import ChannelKind, NotificationSetting, Secret
from billbridge.store.models import HaloConnection, NotificationChannel, Provider, SourceConnection
from billbridge.store.secrets import put_secret, read_secret

Row = HaloConnection | SourceConnection | NotificationChannel


def current_notifications(provider: Provider) -> tuple[NotificationSetting, ...]:
    """The provider's channels by their names, in an order that is the same on every database."""
    rows = NotificationChannel.objects.filter(provider=provider)
    return tuple(notification_setting(row) for row in sorted(rows, key=lambda row: (folded(row.name), row.name)))


def notification_setting(row: NotificationChannel) -> NotificationSetting:
    """One channel as a setting."""
    return NotificationSetting(
        name=row.name,
        kind=ChannelKind(row.kind),
        is_on=row.is_on,
        events=tuple(event for event in CHOOSABLE if event.value in row.events),
        host=row.host,
        port=row.port,
        security=Security(row.security),
        username=row.username,
        sender=row.sender,
        recipients=tuple(row.recipients),
        address=row.address,
        secret=kept_secret(row, "secret"),
        signing_key=kept_secret(row, "signing_key"),
    )


def store_notifications(
    provider: Provider, wanted: Sequence[NotificationSetting] | None, current: Sequence[NotificationSetting]
) -> None:
    """Make the channels what is wanted; those that are left out go, and their notices stay."""
    if wanted is None:
        return
    rows = {folded(row.name): row for row in NotificationChannel.objects.filter(provider=provider)}
    before = {folded(one.name): one for one in current}
    names = {folded(one.name) for one in wanted}
    gone = [row.pk for name, row in rows.items() if name not in names]
    NotificationChannel.objects.filter(pk__in=gone).delete()
    for one in wanted:
        row = rows.get(folded(one.name)) or NotificationChannel(provider=provider)
        _store(row, one, before.get(folded(one.name)))


def kept_secret(row: Row, field: str) -> Secret | None:
    """The secret kept in a row, `None` if there is none; without text if it does not open any more."""
    if not getattr(row, field):
        return None
    try:
        return Secret(text=read_secret(row, field))
    except PermanentError:
        return Secret()


def store_secret(row: Row, field: str, was: Secret | None, becomes: Secret | None) -> None:
    """Keep a secret that is given and not the one kept already."""
    if becomes is not None and becomes.text is not None and becomes.differs_from(was):
        put_secret(row, field, becomes.text)


def _store(row: NotificationChannel, one: NotificationSetting, was: NotificationSetting | None) -> None:
    """Write one channel. A password is of no use for a webhook, and the other way round: neither stays then."""
    row.name, row.kind, row.is_on = one.name, one.kind.value, one.is_on
    row.events = [event.value for event in one.events]
    row.host, row.port, row.security = one.host, one.port, one.security.value
    row.username, row.sender, row.recipients = one.username, one.sender, list(one.recipients)
    if was is not None and (was.is_email != one.is_email or (one.is_email and not one.username)):
        row.secret, row.address = b"", ""
    if one.kind is not ChannelKind.WEBHOOK:
        row.signing_key = b""
    if not one.is_email and one.secret is not None and one.secret.text is not None:
        row.address = shown_address(one.secret.text)
    row.save()
    store_secret(row, "secret", was.secret if was and row.secret else None, one.secret)
    store_secret(row, "signing_key", was.signing_key if was and row.signing_key else None, one.signing_key)
