"""What is said to people, before it becomes a mail or a call of a webhook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice in words. `id` is the same each time the notice is sent, so that a repetition is recognisable.

    `lines` are its sentences; `facts` say the same to programs: ids, counts and money as text. `at` is when it was
    noticed, with its zone. `link` leads to it in the console; empty where the console's address is not known.
    """

    id: str
    event: str
    subject: str
    lines: tuple[str, ...]
    at: datetime
    provider_name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    link: str = ""


def one_line(text: str) -> str:
    """A text on one line: whatever does not print, line breaks and signs that turn text around, is a space."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def shortened(text: str, longest: int) -> str:
    """A text of at most so many characters; what was cut is marked."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def fitting(lines: Iterable[str], *, characters: int, most: int = 40) -> tuple[str, ...]:
    """The first lines, so many at most and of so many characters together, and how many were left out."""
    every = tuple(lines)
    fits: list[str] = []
    for line in every[:most]:
        if sum(map(len, fits)) + len(fits) + len(line) > characters:
            break
        fits.append(line)
    left_out = len(every) - len(fits)
    return (*fits, f"… and {left_out} more, which stand in the console.") if left_out else every
