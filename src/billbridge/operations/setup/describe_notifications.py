"""Notification channels in words, for showing what would change; their secrets are only told as set or changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billbridge.notices.addresses import shown_address
from billbridge.operations.names import folded
from billbridge.operations.setup import figures
from billbridge.operations.setup.document import NotificationSetting


def described_notifications(
    channels: Sequence[NotificationSetting],
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Every setting of the channels but their secrets: what tells it from others, its path, and its text."""
    for channel in channels:
        for key, text in _settings(channel):
            yield ("notifications", folded(channel.name), key), _path(channel, key), text


def changed_secrets(
    current: Sequence[NotificationSetting], wanted: Sequence[NotificationSetting]
) -> Iterator[tuple[str, str, str]]:
    """The secrets that channels get: the path of each, what stood there, and what then does."""
    before = {folded(one.name): one for one in current}
    for channel in wanted:
        was = before.get(folded(channel.name))
        kept = was.secret if was is not None and was.is_email == channel.is_email else None
        if channel.secret is not None and channel.secret.differs_from(kept):
            if channel.is_email:
                path, now, then = _path(channel, "password"), "set" if kept else "", "changed" if kept else "set"
            else:
                then = f"{shown_address(channel.secret.text or '')} ({'changed' if kept else 'set'})"
                path, now = _path(channel, "address"), was.address if was is not None and kept else ""
            yield path, now, then
        key, kept_key = channel.signing_key, was.signing_key if was is not None else None
        if key is not None and key.differs_from(kept_key) and (key.text or kept_key):
            after = ("changed" if kept_key else "set") if key.text else "removed"
            yield _path(channel, "signing_key"), "set" if kept_key else "", after


def _path(channel: NotificationSetting, key: str) -> str:
    return f"notifications[{channel.name}].{key}"


def _settings(channel: NotificationSetting) -> Iterator[tuple[str, str]]:
    yield "name", channel.name
    yield "kind", channel.kind.value
    yield "on", figures.yes_or_no(channel.is_on)
    yield "events", ", ".join(channel.events) or "all"
    if channel.is_email:
        yield "host", channel.host
        yield "port", str(channel.port)
        yield "security", channel.security.value
        yield "username", channel.username
        yield "sender", channel.sender
        yield "recipients", ", ".join(channel.recipients)
