"""Every address of the console, found by itself, so that a new one is tested without being listed anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Address:
    """A named address with the names and kinds of what it takes, for example `(("pk", "id"),)`."""

    name: str
    takes: tuple[tuple[str, str], ...]


def every_address() -> list[Address]:
    return sorted(_addresses(get_resolver(), "", ()), key=lambda address: address.name)


def _addresses(resolver: URLResolver, prefix: str, takes: tuple[tuple[str, str], ...]) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        own = takes + tuple(
            (name, type(converter).__name__) for name, converter in pattern.pattern.converters.items()
        )
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _addresses(pattern, namespace, own)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield Address(f"{prefix}{pattern.name}", own)


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with their values."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith(("/", "?")):
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if not self.forms or ("name" not in given and tag != "option"):
            return
        fields = self.forms[-1].fields
        if tag == "input" and given.get("type") == "file":
            self.forms[-1].files.append(given["name"])
        elif tag in ("input", "textarea", "button"):
            fields.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "select":
            self._select = given["name"]
            fields.setdefault(self._select, [])
        elif tag == "option" and self._select:
            fields[self._select].append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def read_page(html: str) -> tuple[list[Form], list[str]]:
    """The forms and the links within the console of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms, reader.links
