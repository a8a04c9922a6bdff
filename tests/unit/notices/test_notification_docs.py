"""What the documentation of notifications says is so: the schema, the signature, the set-up files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billbridge.notices.bodies import Format, body_of
from billbridge.notices.events import Event
from billbridge.notices.message import Message
from billbridge.notices.webhook import signature
from billbridge.operations.setup.read import read_setup

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "notifications.md").read_text(encoding="utf-8")
SECRETS = {"SMTP_PASSWORD": "x", "HALOPSA_CLIENT_SECRET": "x"}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_schema_describes_what_is_sent() -> None:
    example, schema = map(json.loads, blocks(REFERENCE, "json"))
    message = Message(
        id="7", event="test", subject="x", lines=("y",), at=datetime.now(UTC), provider_name="N", facts={"a": "1"}
    )
    sent = body_of(message, Format.JSON)
    assert sent.keys() == example.keys() == schema["properties"].keys() == set(schema["required"])
    assert sent["version"] == schema["properties"]["version"]["const"]
    assert schema["properties"]["event"]["enum"] == [event.value for event in Event]
    assert all(f"| `{event}` |" in REFERENCE for event in Event)


def test_a_receiver_made_by_the_documentation_believes_what_is_signed_and_nothing_else() -> None:
    made: dict[str, Any] = {}
    exec(blocks(REFERENCE, "python")[0], made)
    is_genuine: Callable[[bytes, dict[str, str], bytes], bool] = made["is_genuine"]
    headers = {"webhook-id": "7", "webhook-timestamp": "17", "webhook-signature": signature("key", "7", 17, b"{}")}
    assert is_genuine(b"key", headers, b"{}")
    assert not is_genuine(b"key", headers, b"{ }")
    assert not is_genuine(b"key", headers | {"webhook-timestamp": "18"}, b"{}")


@pytest.mark.parametrize("page", ["get-notified.md", "set-up-file.md"])
def test_the_channels_of_a_set_up_file_in_the_documentation_can_be_applied(page: str, tmp_path: Path) -> None:
    (tmp_path / "slack-webhook.txt").write_text("https://hooks.slack.com/services/x")
    (tmp_path / "mbs-password.txt").write_text("x")
    text = (DOCS / "how-to" / page).read_text(encoding="utf-8")
    files = [block for block in blocks(text, "toml") if "[[notifications]]" in block]
    for block in files:
        assert read_setup(block, str(tmp_path / "billbridge.toml"), environment=SECRETS).notifications
    assert files
