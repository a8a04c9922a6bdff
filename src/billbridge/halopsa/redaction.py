"""Keeps secrets out of everything that is quoted from a server's answer."""

from __future__ import annotations

import threading


class Redaction:
    """The client secret and the tokens of one client, and how to quote a text without them."""

    def __init__(self, *secrets: str) -> None:
        self._lock = threading.Lock()
        self._secrets = {secret for secret in secrets if secret}

    def __repr__(self) -> str:
        return "Redaction(...)"

    def add(self, secret: str) -> None:
        """Keep `secret` out of every text from now on."""
        with self._lock:
            self._secrets.add(secret)

    def of(self, text: str) -> str:
        """`text` with every secret in it replaced."""
        with self._lock:
            for secret in sorted(self._secrets, key=len, reverse=True):
                text = text.replace(secret, "[hidden]")
        return text
