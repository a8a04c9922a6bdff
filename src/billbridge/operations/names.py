"""How names that people write are compared with names that are known."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

_CLOSE_ENOUGH = 60.0
"""Similarity, 0 to 100, below which a name is no help to somebody who mistyped another."""


def folded(name: str) -> str:
    """A name as compared: without regard to case, outer spaces and repeated spaces."""
    return " ".join(name.split()).casefold()


def closest(written: str, known: Iterable[str]) -> str:
    """The known name most like what was written, or an empty text when none is like it."""
    found = process.extractOne(
        written, sorted(known), scorer=fuzz.ratio, processor=folded, score_cutoff=_CLOSE_ENOUGH
    )
    return found[0] if found else ""


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """A sentence that offers the closest known name; empty when there is none."""
    name = closest(written, known)
    return f"Did you mean {name!r}?" if name else ""
