"""Filling a page's form as a browser does: every field as it stands, but for those that are changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

KEEP = "as it stands"


@dataclass(slots=True, kw_only=True)
class PageForm:
    """A form of a page, with what stands in its fields."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, changed: Mapping[str, str | None]) -> dict[str, list[str]]:
        """The fields with some changed: `None` leaves one out, as a box without its tick, `KEEP` leaves it be."""
        given = dict(self.fields)
        for name, value in changed.items():
            if value is None:
                given.pop(name, None)
            elif value != KEEP:
                given[name] = [value]
        return given


def form_with(page: str, name: str) -> PageForm:
    """The form of the page that has a field of this name."""
    reader = _Reader()
    reader.feed(page)
    found = [form for form in reader.forms if name in reader.names[id(form)]]
    if not found:
        raise LookupError(f"no form has a field {name!r}")
    return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.names: dict[int, set[str]] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append(PageForm(action=given.get("action", "")))
            self.names[id(self.forms[-1])] = set()
        elif not self.forms:
            return
        elif tag == "select":
            self._select = name
            self.names[id(self.forms[-1])].add(name)
        elif tag == "option" and self._select and "selected" in given:
            self._add(self._select, given.get("value", ""))
        elif tag == "input" and name:
            self.names[id(self.forms[-1])].add(name)
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._add(name, given.get("value", "on" if given.get("type") == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""

    def _add(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, []).append(value)
