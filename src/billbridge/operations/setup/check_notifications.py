"""What a notification channel may not be, whether a file or a form says it."""

from __future__ import annotations

from collections.abc import Callable

from billbridge.errors import InvalidInput
from billbridge.network import is_loopback
from billbridge.notices.addresses import check_mail_address, check_mail_server, check_webhook_address
from billbridge.notices.mail import Security
from billbridge.operations.setup.document import NotificationSetting
from billbridge.operations.setup.lines import Path
from billbridge.operations.setup.problems import Problems


def check_notification(channel: NotificationSetting, path: Path, problems: Problems) -> None:
    """Add everything that is wrong with a channel to `problems`. A secret is looked at only if it is given."""
    if channel.is_email:
        _check_email(channel, path, problems)
    elif channel.secret is not None and channel.secret.text is not None:
        _check(channel, (*path, "address"), problems, check_webhook_address, channel.secret.text)


def _check_email(channel: NotificationSetting, path: Path, problems: Problems) -> None:
    name = channel.name
    _check(channel, (*path, "host"), problems, check_mail_server, channel.host)
    _check(channel, (*path, "sender"), problems, check_mail_address, channel.sender)
    for recipient in channel.recipients:
        _check(channel, (*path, "recipients"), problems, check_mail_address, recipient)
    if not channel.recipients:
        problems.add(path, f"The channel {name!r} has no recipients.", "Name at least one e-mail address.")
    password = channel.secret.text if channel.secret else None
    if password and not channel.username:
        problems.add(
            (*path, "password"),
            f"The channel {name!r} has a password and no user name.",
            "Add the user name, or remove the password.",
        )
    if password and not password.isascii():
        problems.add(
            (*path, "password"),
            f"The password of the channel {name!r} holds signs outside ASCII, which mail servers are not given.",
            "Choose one of plain letters, digits and marks.",
        )
    if channel.username and channel.security is Security.NONE and not is_loopback(channel.host):
        problems.add(
            (*path, "security"),
            f"The channel {name!r} would send its password to {channel.host} in the clear.",
            "Choose starttls or tls, or a server that needs no user name.",
        )


def _check(
    channel: NotificationSetting, path: Path, problems: Problems, check: Callable[[str], None], text: str
) -> None:
    try:
        check(text)
    except InvalidInput as error:
        problems.add(path, f"The channel {channel.name!r}: {error.message}", error.hint)
