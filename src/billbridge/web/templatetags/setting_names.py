"""Settings as a person knows them: the audit log's paths and values without the marks and ids of a setup file."""

from __future__ import annotations

import re

from django import template

register = template.Library()

_ID = re.compile(r" \([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)")
_ONE = r"(\w+)(?:\[(.*?)\](?=\.|$))?"
_PART = re.compile(rf"\.?{_ONE}")
_PATH = re.compile(rf"{_ONE}(?:\.{_ONE})*")
_LISTS_OF_NAMES = frozenset({"companies", "configurations"})
"""Lists whose entries are known by their names alone."""


@register.filter
def setting_name(path: str, without: str = "") -> str:
    """A path in words: `companies[Acme (id)].configurations[Backup].mode` is `Acme: Backup: mode`.

    `without` is a name left out at the beginning, where the page is about it anyway.
    """
    words: list[str] = []
    path = _ID.sub("", path)
    if _PATH.fullmatch(path) is None:
        return path
    for found in _PART.finditer(path):
        name, label = found[1], found[2]
        if label is None or name not in _LISTS_OF_NAMES:
            words.append(name.replace("_", " "))
        if label:
            words.append(label)
    if without and words[:1] == [without]:
        del words[0]
    return ": ".join(words)


@register.filter
def without_ids(text: str) -> str:
    """A value without the ids that stand in brackets behind names."""
    return _ID.sub("", text)
