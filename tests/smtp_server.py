"""A mail server on this machine that does what a test wants: takes mail, refuses it, breaks off, or is slow.

It speaks EHLO, STARTTLS, AUTH PLAIN and LOGIN, MAIL, RCPT, DATA, RSET and QUIT.
"""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass(kw_only=True)
class Mail:
    """One mail that was taken over: the envelope, and the mail itself."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        made = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(made, EmailMessage)
        return made


@dataclass(kw_only=True)
class SmtpServer:
    """What it does, and what it got. `replies` are what it says instead, by command: `{"DATA": "452 full"}`."""

    users: dict[str, str] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Recipients it does not take, with the reply."""
    cut_at: str = ""
    """The command at which it breaks the connection off; `.` is the end of the data, when it has the mail."""
    slow_at: str = ""
    """The command it answers only after `slow_seconds`."""
    slow_seconds: float = 1.0
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    """Whether it speaks TLS from the first byte on, instead of offering STARTTLS."""
    mails: list[Mail] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0


class _Cut(Exception):
    """The connection is broken off."""


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.desk = self.server.desk
        self.desk.connections += 1
        self.is_encrypted = False
        self.sender, self.recipients = "", list[str]()
        try:
            if self.desk.tls_at_once:
                self._encrypt()
            self._say("CONNECT", "220 mail.test ready")
            while line := self.rfile.readline():
                command, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
                if not self._answer(command.upper(), argument):
                    return
        except (_Cut, OSError):
            return

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _say(self, command: str, reply: str) -> bool:
        """Reply; gives whether it was a good reply."""
        if self.desk.slow_at == command:
            time.sleep(self.desk.slow_seconds)
        if self.desk.cut_at == command:
            raise _Cut
        reply = self.desk.replies.get(command, reply)
        self.wfile.write(reply.encode() + b"\r\n")
        return reply[0] in "23"

    def _answer(self, command: str, argument: str) -> bool:
        match command:
            case "EHLO":
                offers = ["mail.test", *(["STARTTLS"] if self.desk.tls and not self.is_encrypted else []),
                          *(["AUTH PLAIN LOGIN"] if self.desk.users else []), "8BITMIME"]  # fmt: skip
                lines = [f"250{'-' if n < len(offers) - 1 else ' '}{one}" for n, one in enumerate(offers)]
                self._say(command, "\r\n".join(lines))
            case "STARTTLS":
                if self._say(command, "220 go ahead") and self.desk.tls:
                    self._encrypt()
            case "AUTH":
                self._sign_in(argument)
            case "MAIL":
                if self._say(command, "250 ok"):
                    self.sender, self.recipients = _address(argument), []
            case "RCPT":
                address = _address(argument)
                if (
                    self._say(command, self.desk.refused.get(address, "250 ok"))
                    and address not in self.desk.refused
                ):
                    self.recipients.append(address)
            case "DATA":
                if self._say(command, "354 go on"):
                    self._take()
            case "QUIT":
                self._say(command, "221 bye")
                return False
            case _:
                self._say(command, "250 ok")
        return True

    def _encrypt(self) -> None:
        assert self.desk.tls is not None
        try:
            self.connection = self.desk.tls.wrap_socket(self.connection, server_side=True)
        except ssl.SSLError:
            raise _Cut from None
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.is_encrypted = True

    def _sign_in(self, argument: str) -> None:
        way, _, first = argument.partition(" ")
        if way.upper() == "PLAIN":
            _, user, password = base64.b64decode(first).decode().split("\0")
        else:
            user = base64.b64decode(first).decode()
            self.wfile.write(b"334 " + base64.b64encode(b"Password:") + b"\r\n")
            password = base64.b64decode(self.rfile.readline()).decode()
        if self.desk.users.get(user) == password:
            self.desk.signed_in.append(user)
            self._say("AUTH", "235 welcome")
        else:
            self._say("AUTH", f"535 5.7.8 {user} with {password} is not accepted")

    def _take(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        mail = Mail(sender=self.sender, recipients=self.recipients, raw=b"".join(lines))
        if self.desk.replies.get(".", "250").startswith("2"):
            self.desk.mails.append(mail)
        self._say(".", "250 taken over")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, desk: SmtpServer) -> None:
        self.desk = desk
        super().__init__(("127.0.0.1", 0), _Conversation)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is none of the server's business."""


@contextmanager
def smtp_server(**does: Any) -> Iterator[SmtpServer]:
    """A mail server on a free port while the block runs."""
    desk = SmtpServer(**does)
    with _Server(desk) as server:
        desk.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield desk
        server.shutdown()


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]
