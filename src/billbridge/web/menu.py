"""The menu on the left: where everything is, and which entry is the page's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu; `area` is the namespace of the pages it stands for."""

    label: str
    address: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Lines of the menu under one heading; the first has none."""

    heading: str
    entries: tuple[Entry, ...]


_MENU = (
    (
        "",
        (
            ("Dashboard", "dashboard:dashboard", "gauge"),
            ("Companies", "companies:companies", "building"),
            ("Licenses", "licenses:licenses", "key"),
            ("Storage accounts", "storage:accounts", "drive"),
            ("Bills", "bills:bills", "receipt"),
            ("Sync with HaloPSA", "sync:sync", "arrows"),
            ("Runs", "runs:runs", "clock"),
            ("Background work", "tasks:tasks", "refresh"),
            ("Reconciliation", "reconciliation:reconciliation", "check"),
            ("Drift", "drift:drift", "drift"),
        ),
    ),
    (
        "Settings",
        (
            ("HaloPSA", "halopsa:billing", "plug"),
            ("Sources", "sources:sources", "inbox"),
            ("Provider", "provider:provider", "sliders"),
            ("Notifications", "notifications:notifications", "bell"),
            ("Administrators", "administrators:administrators", "people"),
            ("Audit log", "audit:audit", "list"),
        ),
    ),
)


def menu_for(request: HttpRequest) -> tuple[Group, ...]:
    """The menu, with the entry marked whose area the request's page belongs to."""
    match = request.resolver_match
    area = match.namespace if match else ""
    return tuple(
        Group(
            heading=heading,
            entries=tuple(
                Entry(label=label, address=reverse(name), icon=icon, is_current=name.partition(":")[0] == area)
                for label, name, icon in lines
            ),
        )
        for heading, lines in _MENU
    )
