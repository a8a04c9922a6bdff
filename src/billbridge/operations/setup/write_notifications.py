"""Writing notification channels as [[notifications]], without their secrets."""

from __future__ import annotations

from billbridge.operations.setup.document import ChannelKind, NotificationSetting, Secret, SetupDocument
from billbridge.operations.setup.toml_text import TomlText


def write_notifications(toml: TomlText, document: SetupDocument) -> None:
    """Every channel, with the keys of its kind."""
    for channel in document.notifications or ():
        toml.header("[[notifications]]")
        toml.set("name", channel.name)
        toml.set("kind", channel.kind.value, "email, webhook, slack or teams")
        toml.set("on", channel.is_on)
        toml.set("events", channel.events or None)
        if channel.is_email:
            _email(toml, channel)
        else:
            secret_comment(toml, "address", channel.secret, shown=channel.address)
        if channel.kind is ChannelKind.WEBHOOK:
            secret_comment(toml, "signing_key", channel.signing_key)


def secret_comment(toml: TomlText, key: str, secret: Secret | None, *, shown: str = "") -> None:
    """What stands in the place of a secret: whether there is one, and how to give another."""
    state = "is kept; to change it" if secret else "was never entered"
    of = f" ({shown})" if secret and shown else ""
    toml.comment(f'{key}{of} {state}: {key}_env = "VARIABLE", {key}_file = "path" or {key} = "..."')


def _email(toml: TomlText, channel: NotificationSetting) -> None:
    toml.set("host", channel.host)
    toml.set("port", channel.port)
    toml.set("security", channel.security.value, "starttls, tls or none")
    if channel.username:
        toml.set("username", channel.username)
        secret_comment(toml, "password", channel.secret)
    toml.set("sender", channel.sender)
    toml.set("recipients", channel.recipients)
