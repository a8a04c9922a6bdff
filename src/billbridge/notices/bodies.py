"""A message in the formats of those who get it: JSON of our own, Slack's blocks, an Adaptive Card for Teams."""

from __future__ import annotations

from datetime import UTC
from enum import StrEnum
from typing import Any

from billbridge.notices.message import Message, fitting, one_line, shortened

SCHEMA_VERSION = 1
"""The version of the JSON of our own; a field that is added later does not change it."""

_OPEN = "Open in Billbridge"


class Format(StrEnum):
    """How a webhook wants to be told."""

    JSON = "webhook"
    SLACK = "slack"
    TEAMS = "teams"


def body_of(message: Message, format_: Format) -> dict[str, Any]:
    """What a webhook of this format is sent, as JSON."""
    match format_:
        case Format.JSON:
            return _json(message)
        case Format.SLACK:
            return _slack(message)
        case Format.TEAMS:
            return _teams(message)


def _json(message: Message) -> dict[str, Any]:
    """The documented schema: docs/reference/notifications.md."""
    return {
        "version": SCHEMA_VERSION,
        "id": message.id,
        "event": message.event,
        "at": message.at.astimezone(UTC).isoformat(timespec="seconds"),
        "provider": message.provider_name,
        "subject": message.subject,
        "lines": list(message.lines),
        "facts": dict(message.facts),
        "link": message.link or None,
    }


_SLACK_TEXT = 2900
"""Slack takes 3,000 characters in a text, as they are written: what is escaped counts more."""
_SLACK_FACTS = 10


def _slack(message: Message) -> dict[str, Any]:
    """An incoming webhook of Slack: blocks, and a text for where blocks are not shown."""
    subject = _escaped(shortened(one_line(message.subject), 250))
    escaped = (_escaped(_paragraph_text(line)) for line in message.lines)
    lines = "\n".join(fitting(escaped, characters=_SLACK_TEXT))
    blocks: list[dict[str, Any]] = [{"type": "section", "text": _mrkdwn(f"*{subject}*")}]
    if lines:
        blocks.append({"type": "section", "text": _mrkdwn(lines)})
    facts = [_mrkdwn(f"*{_escaped(name)}*\n{_escaped(value)}") for name, value in _few_facts(message, _SLACK_FACTS)]
    if facts:
        blocks.append({"type": "section", "fields": facts})
    if message.link:
        blocks.append({"type": "section", "text": _mrkdwn(f"<{_escaped(message.link)}|{_OPEN}>")})
    footer = _escaped(one_line(f"{message.provider_name}: {message.event}"))
    blocks.append({"type": "context", "elements": [_mrkdwn(footer)]})
    return {"text": f"{subject}\n{lines}".strip(), "blocks": blocks}


def _mrkdwn(text: str) -> dict[str, Any]:
    """A text in which Slack makes nothing of names and addresses by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str) -> str:
    """A text by Slack's rules: these three signs, and no others, would be read as commands."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_TEAMS_TEXT = 5000
"""Teams takes messages of 28 kB, and a character takes up to four bytes."""
_TEAMS_FACTS = 10


def _teams(message: Message) -> dict[str, Any]:
    """An Adaptive Card, as a Workflow of Teams or its older incoming webhook takes it.

    The texts are RichTextBlocks, in which nothing is Markdown: a TextBlock would make links and lists of names.
    """
    subject = {"type": "TextRun", "text": one_line(message.subject), "weight": "Bolder", "size": "Medium"}
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": one_line(message.subject),
        "body": [
            {"type": "RichTextBlock", "inlines": [subject]},
            *(_paragraph(line) for line in fitting(map(_paragraph_text, message.lines), characters=_TEAMS_TEXT)),
            *(_card_fact(name, value) for name, value in _few_facts(message, _TEAMS_FACTS)),
            _paragraph(one_line(f"{message.provider_name}: {message.event}"), isSubtle=True, size="Small"),
        ],
        "msteams": {"width": "Full"},
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": _OPEN, "url": message.link}]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _paragraph(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _card_fact(name: str, value: str) -> dict[str, Any]:
    title = {"type": "TextRun", "text": f"{name}: ", "weight": "Bolder"}
    return {"type": "RichTextBlock", "inlines": [title, {"type": "TextRun", "text": value}]}


def _paragraph_text(line: str) -> str:
    return shortened(one_line(line), 500)


def _few_facts(message: Message, most: int) -> list[tuple[str, str]]:
    """The first facts, for people: programs get all of them as JSON of our own."""
    facts = list(message.facts.items())[:most]
    return [(shortened(one_line(name), 60), shortened(one_line(value), 150)) for name, value in facts]
