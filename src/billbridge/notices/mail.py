"""Sending a message as a mail: plain text, over a mail server's submission port."""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum

from billbridge.errors import BillbridgeError, PermanentError, TransientError
from billbridge.network import causes
from billbridge.notices.distrust import distrust
from billbridge.notices.message import Message, one_line, shortened
from billbridge.notices.scrub import without_secrets

TIMEOUT = 20.0
"""Seconds the mail server may take for each of its answers."""

_GOODBYE = 3.0
"""Seconds to wait for its goodbye, which says nothing about the mail any more."""
_LONGEST_LINE = 76
_LONGEST_SUBJECT = 300
_LONGEST_NAME = 100
_LONGEST_DOMAIN = 120
_LONGEST_QUOTE = 300
_CHECK = "Check name, port and security of the mail server: TLS usually has port 465, STARTTLS port 587."
_LATER = "It is tried again; if it lasts, look whether the mail server runs and this machine may reach it."


class Security(StrEnum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTarget:
    """A mail server and whom it shall bring mail to; without `username` nobody signs in."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"The mail server {self.host}:{self.port}"


def send_email(
    target: EmailTarget, message: Message, *, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT
) -> None:
    """Send a message to every recipient; it was taken over by the server when this returns.

    `context` decides which certificates are trusted, by default those of this machine. Raises `TransientError` for
    what may pass (no connection, a time-out, a 4xx reply), also when it passed for some of the recipients only:
    those who have the mail then get it again, with the same Message-ID. Raises `PermanentError` with the remedy for
    the rest.
    """
    mail = _mail(target, message)
    with _explained(target), _server(target, context, timeout) as server:
        refused = server.send_message(mail, from_addr=target.sender, to_addrs=list(target.recipients))
    if refused:
        raise _refused_recipients(target, refused)


def _mail(target: EmailTarget, message: Message) -> EmailMessage:
    """The mail; nothing of the message can become another header, because each is one printable line."""
    domain = target.sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP.clone(max_line_length=_LONGEST_LINE))
    name = shortened(one_line(f"Billbridge, {message.provider_name}"), _LONGEST_NAME)
    mail["From"] = Address(display_name=name, addr_spec=target.sender)
    mail["To"] = [Address(addr_spec=one) for one in target.recipients]
    mail["Subject"] = shortened(one_line(message.subject), _LONGEST_SUBJECT)
    mail["Date"] = format_datetime(message.at)
    mark = hashlib.sha256(message.id.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{mark}@{domain if len(domain) <= _LONGEST_DOMAIN else 'billbridge.invalid'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("\n".join(_text(message)) + "\n", charset="utf-8", cte="quoted-printable")
    return mail


def _text(message: Message) -> Iterator[str]:
    yield from map(one_line, message.lines)
    if message.facts:
        yield ""
        yield from (one_line(f"{name}: {value}") for name, value in message.facts.items())
    if message.link:
        yield ""
        yield one_line(message.link)
    yield ""
    yield "-- "
    yield one_line(f"Billbridge, for {message.provider_name}: {message.event}")


@contextlib.contextmanager
def _server(target: EmailTarget, context: ssl.SSLContext | None, timeout: float) -> Iterator[smtplib.SMTP]:
    """The mail server, signed in to."""
    trusted = context or ssl.create_default_context()
    if target.security is Security.TLS:
        server: smtplib.SMTP = smtplib.SMTP_SSL(target.host, target.port, timeout=timeout, context=trusted)
    else:
        server = smtplib.SMTP(target.host, target.port, timeout=timeout)
    try:
        if target.security is Security.STARTTLS:
            _starttls(target, server, trusted)
        if target.username:
            _sign_in(target, server)
        yield server
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if server.sock is not None:
                server.sock.settimeout(_GOODBYE)
            server.quit()
    finally:
        server.close()


def _starttls(target: EmailTarget, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        server.starttls(context=context)
    except smtplib.SMTPNotSupportedError:
        raise PermanentError(
            f"{target} does not offer STARTTLS, so the mail would cross the network in the clear.",
            hint="Check the port (usually 587), or choose TLS (usually port 465).",
        ) from None


def _sign_in(target: EmailTarget, server: smtplib.SMTP) -> None:
    try:
        server.login(target.username, target.password)
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise
        raise PermanentError(
            f"{target} does not accept the user name and password: {_quoted(target, error)}.",
            hint="Enter both again; with two-factor sign-in the server wants a password made for programs.",
        ) from None
    except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
        raise
    except smtplib.SMTPException:
        raise PermanentError(
            f"{target} does not let anybody sign in in a way that is known here.",
            hint="Leave user name and password empty, or choose the server's port for submission, usually 587.",
        ) from None
    except UnicodeEncodeError:
        raise PermanentError(
            f"{target} cannot be signed in to: user name or password hold signs outside ASCII.",
            hint="Use a password of plain letters, digits and marks.",
        ) from None


@contextlib.contextmanager
def _explained(target: EmailTarget) -> Iterator[None]:
    """Turn what goes wrong into an error of ours, without what led to it: that may hold a secret."""
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        raise _trouble(target, error) from None


def _trouble(target: EmailTarget, error: smtplib.SMTPException | OSError) -> BillbridgeError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refused_recipients(target, error.recipients)
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(f"{target} refused the mail: {_quoted(target, error)}.", [error.smtp_code])
    if (never := distrust(str(target), error, check=_CHECK)) is not None:
        return never
    if any(isinstance(cause, TimeoutError) for cause in causes(error)):
        what = "did not answer in time"
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        what = "broke the connection off"
    else:
        what = f"cannot be reached: {error}"
    return TransientError(f"{target} {what}.", hint=_LATER)


def _refused_recipients(target: EmailTarget, refused: dict[str, tuple[int, bytes]]) -> BillbridgeError:
    """Some of the recipients, or all of them, were refused."""
    listed = "; ".join(f"{one} ({code} {_clean(target, said)})" for one, (code, said) in sorted(refused.items()))
    has = len(target.recipients) - len(refused)
    others = f" The other {has} got it." if has > 0 else ""
    return _reply(f"{target} refused {listed}.{others}", [code for code, _ in refused.values()])


def _reply(text: str, codes: Iterable[int]) -> BillbridgeError:
    """A refusal: what a server refuses with 4xx, or in no way known, may pass."""
    if all(500 <= code < 600 for code in codes):
        return PermanentError(
            text, hint="Check sender, recipients and whether this account may send for them, then send a test."
        )
    return TransientError(text, hint=_LATER)


def _quoted(target: EmailTarget, error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_clean(target, error.smtp_error)}".strip()


def _clean(target: EmailTarget, said: bytes | str) -> str:
    """What a server said, on one line and without the password."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return shortened(without_secrets(one_line(text), [target.password]), _LONGEST_QUOTE).rstrip(".")
