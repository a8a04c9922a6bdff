"""Sending a message as a mail, over a real connection to a mail server on this machine."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest

import certificates
from billbridge.errors import BillbridgeError, PermanentError, TransientError
from billbridge.notices.mail import EmailTarget, Security, send_email
from billbridge.notices.message import Message
from smtp_server import SmtpServer, smtp_server

PASSWORD = "correct-horse-battery"
MESSAGE = Message(
    id="notice-7",
    event="auto-billing held",
    subject="2 bills of October 2026 are held – Bäckerei",
    lines=("Bäckerei Müller: a price was never set.", ".A line that begins with a dot."),
    facts={"month": "2026-10", "held": "2"},
    at=datetime(2026, 11, 2, 7, 30, tzinfo=UTC),
    provider_name="Northwind IT",
    link="https://billing.example.com/settings/notifications/notices/7/",
)


def target_of(server: SmtpServer, **changed: Any) -> EmailTarget:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": Security.NONE,
        "sender": "billing@northwind.test",
        "recipients": ("anna@northwind.test", "ben@northwind.test"),
    }
    return EmailTarget(**(given | changed))


def error_of(target: EmailTarget, message: Message = MESSAGE, **options: Any) -> BillbridgeError:
    with pytest.raises((TransientError, PermanentError)) as raised:
        send_email(target, message, **({"timeout": 5.0} | options))
    return raised.value


def test_every_recipient_gets_the_message_as_one_plain_text() -> None:
    with smtp_server() as server:
        send_email(target_of(server), MESSAGE)
    (mail,) = server.mails
    assert mail.sender == "billing@northwind.test"
    assert mail.recipients == ["anna@northwind.test", "ben@northwind.test"]
    parsed = mail.parsed
    assert parsed["Subject"] == MESSAGE.subject
    assert parsed["From"] == '"Billbridge, Northwind IT" <billing@northwind.test>'
    assert parsed["Date"].datetime == MESSAGE.at
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed.get_content_type() == "text/plain"
    assert parsed.get_content().splitlines() == [
        *MESSAGE.lines, "", "month: 2026-10", "held: 2", "", MESSAGE.link, "", "-- ",
        "Billbridge, for Northwind IT: auto-billing held",
    ]  # fmt: skip
    assert max(map(len, mail.raw.splitlines())) <= 78


def test_a_repeated_mail_has_the_same_message_id_and_another_notice_another() -> None:
    other = Message(id="notice-8", event="test", subject="x", lines=(), at=MESSAGE.at, provider_name="N")
    with smtp_server() as server:
        for message in (MESSAGE, MESSAGE, other):
            send_email(target_of(server), message)
    first, again, another = (mail.parsed["Message-ID"] for mail in server.mails)
    assert first == again != another
    assert first.endswith("@northwind.test>")


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\0", "\x85"])
def test_no_name_or_subject_can_add_a_header(sign: str) -> None:
    hostile = f"Acme{sign}Bcc: everybody@evil.test"
    message = Message(
        id=hostile, event=hostile, subject=hostile, lines=(hostile,), at=MESSAGE.at, provider_name=hostile,
        facts={hostile: hostile}, link=hostile,
    )  # fmt: skip
    with smtp_server() as server:
        send_email(target_of(server), message)
    (mail,) = server.mails
    assert mail.recipients == ["anna@northwind.test", "ben@northwind.test"]
    assert mail.parsed["Bcc"] is None
    assert mail.parsed["Subject"] == "Acme Bcc: everybody@evil.test"


def test_a_text_that_is_no_text_is_sent_all_the_same() -> None:
    message = Message(
        id="1", event="x", subject="\ud800", lines=("\udfff", "a" * 5000), at=MESSAGE.at, provider_name=""
    )
    with smtp_server() as server:
        send_email(target_of(server), message)
    assert "a" * 5000 in server.mails[0].parsed.get_content()


def test_who_must_sign_in_does() -> None:
    with smtp_server(users={"anna": PASSWORD}) as server:
        send_email(target_of(server, username="anna", password=PASSWORD), MESSAGE)
    assert server.signed_in == ["anna"]


def test_a_wrong_password_needs_a_person_and_is_never_repeated() -> None:
    with smtp_server(users={"anna": "another"}) as server:
        target = target_of(server, username="anna", password=PASSWORD)
        error = error_of(target)
    assert isinstance(error, PermanentError)
    assert "does not accept the user name and password: 535" in error.message
    assert "Enter both again" in error.hint
    assert PASSWORD not in f"{error}{target!r}"
    assert "[hidden]" in error.message


def test_a_sign_in_that_is_refused_for_now_may_pass() -> None:
    with smtp_server(users={"anna": PASSWORD}, replies={"AUTH": "454 4.7.0 later"}) as server:
        assert isinstance(error_of(target_of(server, username="anna", password=PASSWORD)), TransientError)


def test_a_server_without_sign_in_needs_a_person() -> None:
    with smtp_server() as server:
        error = error_of(target_of(server, username="anna", password=PASSWORD))
    assert isinstance(error, PermanentError)
    assert "does not let anybody sign in" in error.message
    assert not server.mails


def test_a_password_that_mail_cannot_carry_needs_a_person() -> None:
    with smtp_server(users={"anna": PASSWORD}) as server:
        error = error_of(target_of(server, username="anna", password="pässword"))
    assert isinstance(error, PermanentError)
    assert "outside ASCII" in error.message


def test_starttls_encrypts_before_anybody_signs_in() -> None:
    with smtp_server(users={"anna": PASSWORD}, tls=certificates.server_side()) as server:
        target = target_of(server, security=Security.STARTTLS, username="anna", password=PASSWORD)
        send_email(target, MESSAGE, context=certificates.trusting())
    assert len(server.mails) == 1


def test_tls_is_spoken_from_the_first_byte_on() -> None:
    with smtp_server(users={"anna": PASSWORD}, tls=certificates.server_side(), tls_at_once=True) as server:
        target = target_of(server, security=Security.TLS, username="anna", password=PASSWORD)
        send_email(target, MESSAGE, context=certificates.trusting())
    assert (len(server.mails), server.signed_in) == (1, ["anna"])


def test_a_server_that_offers_no_starttls_gets_nothing() -> None:
    with smtp_server() as server:
        error = error_of(target_of(server, security=Security.STARTTLS))
    assert isinstance(error, PermanentError)
    assert "does not offer STARTTLS" in error.message
    assert not server.mails


def test_a_starttls_that_is_refused_for_now_may_pass() -> None:
    with smtp_server(tls=certificates.server_side(), replies={"STARTTLS": "454 TLS not available"}) as server:
        assert isinstance(error_of(target_of(server, security=Security.STARTTLS)), TransientError)
    assert not server.mails


def test_a_certificate_nobody_trusts_needs_a_person() -> None:
    with smtp_server(tls=certificates.server_side()) as server:
        error = error_of(target_of(server, security=Security.STARTTLS))
    assert isinstance(error, PermanentError)
    assert "certificate that is not trusted" in error.message


def test_tls_on_a_port_without_it_needs_a_person() -> None:
    with smtp_server() as server:
        error = error_of(target_of(server, security=Security.TLS))
    assert isinstance(error, PermanentError)
    assert "does not speak TLS" in error.message


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_4xx_reply_may_pass_and_a_5xx_needs_a_person(command: str) -> None:
    for code, family in ((451, TransientError), (550, PermanentError)):
        replies = {command: f"{code} because"}
        if command == "EHLO":
            replies["HELO"] = replies["EHLO"]
        with smtp_server(replies=replies) as server:
            error = error_of(target_of(server))
        assert isinstance(error, family)
        assert f"{code} because" in error.message
        assert not server.mails


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "DATA", "."])
def test_a_connection_that_breaks_off_may_be_tried_again(command: str) -> None:
    with smtp_server(cut_at=command) as server:
        assert isinstance(error_of(target_of(server)), TransientError)


def test_a_server_that_breaks_off_at_the_goodbye_has_the_mail() -> None:
    with smtp_server(cut_at="QUIT") as server:
        send_email(target_of(server), MESSAGE)
    assert len(server.mails) == 1


def test_a_server_that_does_not_answer_in_time_may_be_tried_again() -> None:
    with smtp_server(slow_at="MAIL", slow_seconds=1.0) as server:
        error = error_of(target_of(server), timeout=0.2)
    assert isinstance(error, TransientError)
    assert "did not answer in time" in error.message


def test_a_recipient_that_does_not_exist_is_named_and_the_others_have_the_mail() -> None:
    with smtp_server(refused={"ben@northwind.test": "550 no such person"}) as server:
        error = error_of(target_of(server))
    assert isinstance(error, PermanentError)
    assert "ben@northwind.test (550 no such person). The other 1 got it." in error.message
    assert server.mails[0].recipients == ["anna@northwind.test"]


def test_a_recipient_that_is_refused_for_now_gets_it_later() -> None:
    with smtp_server(refused={"ben@northwind.test": "450 greylisted"}) as server:
        assert isinstance(error_of(target_of(server)), TransientError)


def test_nobody_at_the_port_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = SmtpServer(port=taken.getsockname()[1])
        error = error_of(target_of(server))
    assert isinstance(error, TransientError)
    assert f"The mail server 127.0.0.1:{server.port} cannot be reached" in error.message
