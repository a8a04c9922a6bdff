"""What the drift check says: its findings, their keys, and how much could be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256


class Thing(StrEnum):
    """What a finding is about."""

    CUSTOMER = "customer"
    SITE = "site"
    AGREEMENT = "agreement"
    ASSET_TYPE = "asset type"
    ITEM = "item"
    SUPPLIER = "supplier"
    CURRENCY = "currency"
    SUBSCRIPTION = "subscription"
    HALOPSA = "HaloPSA"
    """All of it: nothing could be looked at."""


class DriftKind(StrEnum):
    """Whether something became of a thing, or whether that could not be looked at."""

    CHANGE = "change"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that is no more as we rely on it, what that does to the next bill, and what to do.

    `key` names the thing and what became of it, so that tomorrow's finding of the same is known again. `harms` is
    false for a note: the next bill does not suffer from it. `company_id` is empty if it concerns several or none.
    """

    key: str
    kind: DriftKind = DriftKind.CHANGE
    harms: bool = True
    thing: Thing
    name: str
    company_id: str = ""
    finding: str
    effect: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much could be checked: `unknown` are the subjects that could not, each with the reason.

    `besides` are subjects that are counted with another one and could not be checked, such as a currency.
    """

    things: int
    unknown: Mapping[str, str] = field(default_factory=dict)
    besides: frozenset[str] = frozenset()

    @property
    def checked(self) -> int:
        return self.things - len(self.unknown)

    @property
    def because(self) -> dict[str, int]:
        """How many could not be checked for each reason."""
        return dict(Counter(self.unknown.values()).most_common())

    @property
    def text(self) -> str:
        """In words, how much was checked, and why the rest was not."""
        return coverage_text(self.things, self.because)

    def leaves_open(self, key: str) -> bool:
        """Whether nothing can be said about a finding of this key, because its subject could not be looked at."""
        subject = key.partition(_SEPARATOR)[0]
        return subject in self.unknown or subject in self.besides


def coverage_text(things: int, because: Mapping[str, int]) -> str:
    """`checked 10 of 12, 2 unknown because ...`."""
    if not things:
        return "checked 0 of 0: nothing is billed in HaloPSA yet"
    unknown = sum(because.values())
    reasons = "; ".join(f"{reason} ({number})" for reason, number in because.items())
    return f"checked {things - unknown} of {things}, {unknown} unknown{f' because {reasons}' if reasons else ''}"


_SEPARATOR = "|"
_LONGEST = 90
"""Characters of a subject, so that a key has no more than 120."""


def subject_of(kind: str, *ids: object) -> str:
    """What the keys of all findings about one thing begin with; a long one is shortened by a sum."""
    text = ":".join((kind, *(str(one).replace(_SEPARATOR, "/") for one in ids)))
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 17]}-{sha256(text.encode()).hexdigest()[:16]}"


def key_of(subject: str, became: str) -> str:
    """A finding's key: its subject, and in a word what became of it."""
    return f"{subject}{_SEPARATOR}{became}"


def some(names: Sequence[str], most: int = 3) -> str:
    """Some names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


HELD = "The next bills of {} are held, and nothing of them is sent."
"""What anything does that keeps a company's bills from going out."""


def renamed(
    *, subject: str, thing: Thing, before: str, after: str, company_id: str = "", effect: str = ""
) -> Drift:
    """A note about a thing that is known by its id, so that its name means nothing."""
    return Drift(
        key=key_of(subject, "renamed"),
        harms=False,
        thing=thing,
        name=before,
        company_id=company_id,
        finding=f"It is called {after!r} now.",
        effect=effect or "None: it is known by its id.",
        remedy="Nothing needs doing. Refreshing the copy of HaloPSA's lists ends this note.",
    )


def is_renamed(before: str, after: str) -> bool:
    """Whether a thing has another name than the one we know; without one nothing can be said."""
    return bool(before) and before != after
