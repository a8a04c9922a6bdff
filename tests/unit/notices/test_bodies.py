"""A message as JSON of our own, as Slack's blocks and as a card of Teams."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from billbridge.notices.bodies import Format, body_of
from billbridge.notices.message import Message, fitting, one_line


def message(**changed: Any) -> Message:
    given: dict[str, Any] = {
        "id": "n-7",
        "event": "conflict",
        "subject": "Acme & Sons <b>",
        "lines": ("Quantity was changed in HaloPSA.", "*Look* at <it> & decide."),
        "facts": {"company": "Acme & Sons"},
        "at": datetime(2026, 11, 2, 8, 30, tzinfo=timezone(timedelta(hours=1))),
        "provider_name": "Northwind IT",
        "link": "https://billing.example.com/x/?a=1&b=2",
    }
    return Message(**(given | changed))


def test_json_of_our_own_says_everything_exactly() -> None:
    assert body_of(message(), Format.JSON) == {
        "version": 1,
        "id": "n-7",
        "event": "conflict",
        "at": "2026-11-02T07:30:00+00:00",
        "provider": "Northwind IT",
        "subject": "Acme & Sons <b>",
        "lines": ["Quantity was changed in HaloPSA.", "*Look* at <it> & decide."],
        "facts": {"company": "Acme & Sons"},
        "link": "https://billing.example.com/x/?a=1&b=2",
    }
    assert body_of(message(link=""), Format.JSON)["link"] is None


def test_slack_gets_a_text_and_blocks_escaped_by_its_rules() -> None:
    body = body_of(message(), Format.SLACK)
    lines = "Quantity was changed in HaloPSA.\n*Look* at &lt;it&gt; &amp; decide."
    assert body["text"] == f"Acme &amp; Sons &lt;b&gt;\n{lines}"
    subject, text, facts, link, footer = body["blocks"]
    assert subject["text"] == {"type": "mrkdwn", "text": "*Acme &amp; Sons &lt;b&gt;*", "verbatim": True}
    assert text["text"]["text"] == lines
    assert [one["text"] for one in facts["fields"]] == ["*company*\nAcme &amp; Sons"]
    assert link["text"]["text"] == "<https://billing.example.com/x/?a=1&amp;b=2|Open in Billbridge>"
    assert footer["elements"][0]["text"] == "Northwind IT: conflict"


def test_nobody_is_called_in_slack_by_what_a_company_is_named() -> None:
    body = json.dumps(body_of(message(subject="<!channel>", lines=("<@U1> <https://evil.test|x>",)), Format.SLACK))
    for sign in ("<!", "<@", "<https://evil"):
        assert sign not in body


def test_teams_gets_an_adaptive_card_in_a_message() -> None:
    body = body_of(message(), Format.TEAMS)
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    texts = ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
    assert texts == [
        "Acme & Sons <b>", "Quantity was changed in HaloPSA.", "*Look* at <it> & decide.", "company: Acme & Sons",
        "Northwind IT: conflict",
    ]  # fmt: skip
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}, "in other blocks names become Markdown"
    assert card["actions"][0]["url"] == "https://billing.example.com/x/?a=1&b=2"


@pytest.mark.parametrize("sign", ["x", "&", "€", "\U0001f4be"])
def test_a_long_message_keeps_within_what_slack_and_teams_take(sign: str) -> None:
    long = message(
        subject=sign * 300,
        lines=tuple(sign * length for length in range(700)),
        facts={f"{sign * 40} {n}": sign * 2000 for n in range(50)},
    )
    slack = body_of(long, Format.SLACK)
    assert len(slack["blocks"]) <= 50
    texts = [block["text"]["text"] for block in slack["blocks"] if "text" in block]
    assert max(map(len, texts)) <= 3000
    fields = next(block["fields"] for block in slack["blocks"] if "fields" in block)
    assert len(fields) <= 10
    assert max(len(one["text"]) for one in fields) <= 2000
    assert "more, which stand in the console." in texts[1]
    teams = json.dumps(body_of(long, Format.TEAMS), ensure_ascii=False).encode()
    assert len(teams) < 28_000


def test_lines_that_do_not_fit_are_counted() -> None:
    assert fitting(["aaaa", "bbbb", "cccc"], characters=9) == (
        "aaaa",
        "bbbb",
        "… and 1 more, which stand in the console.",
    )
    assert fitting(["aaaa", "bbbb"], characters=9) == ("aaaa", "bbbb")


@pytest.mark.parametrize("text", ["a\r\nb", "a\0b", "a\u2028b", "a \t b", "a\u202eb", "\x85a\ud800b "])
def test_one_line_is_one_line_that_prints(text: str) -> None:
    assert one_line(text) == "a b"
