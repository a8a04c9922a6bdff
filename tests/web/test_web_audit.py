"""The audit log: who did what and when, before and after."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from acme import ClientOf
from django.test import Client

from billbridge.store.models import Administrator, AuditEntry, Provider

ADDRESS = "/settings/audit-log/"
LONG_AGO = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


def wrote(provider: Provider, subject: str, *, at: datetime = LONG_AGO, **more: str) -> None:
    given = {"who": "Olivia <o@x.test>", "action": "setting", "before": "1", "after": "2", **more}
    AuditEntry.objects.create(provider=provider, at=at, subject=subject, **given)


@pytest.fixture
def browser(client_of: ClientOf, viewer: Administrator) -> Client:
    return client_of(viewer)


def shown(browser: Client, question: str = "") -> str:
    return browser.get(ADDRESS + question).content.decode()


def test_an_entry_shows_who_what_before_and_after_in_the_providers_time(
    browser: Client, provider: Provider
) -> None:
    wrote(provider, "prices[Server from 2026-01]", before="cost 5.00", after="cost 6.00")
    text = shown(browser)
    for part in ("Olivia &lt;o@x.test&gt;", "<del>cost 5.00</del>", "<ins>cost 6.00</ins>", "2 Mar 2026, 00:30"):
        assert part in text


def test_the_newest_entry_stands_first(browser: Client, provider: Provider) -> None:
    wrote(provider, "first entry")
    wrote(provider, "second entry", at=LONG_AGO + timedelta(days=1))
    text = shown(browser)
    assert text.index("second entry") < text.index("first entry")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("?q=currency", {"currency setting"}),
        ("?q=olga", {"someone"}),
        ("?action=import", {"usage.csv"}),
        ("?who=Olga+%3Co%40x.test%3E", {"someone"}),
        ("?since=7", {"recent"}),
        ("?since=nonsense&action=nothing", {"currency setting", "someone", "usage.csv", "recent"}),
    ],
)
def test_search_and_filters_narrow_the_entries(
    browser: Client, provider: Provider, question: str, found: set[str]
) -> None:
    wrote(provider, "currency setting")
    wrote(provider, "someone", who="Olga <o@x.test>")
    wrote(provider, "usage.csv", action="import")
    wrote(provider, "recent", at=datetime.now(UTC))
    text = shown(browser, question)
    table = text[text.index("<tbody>") :]
    assert {one for one in ("currency setting", "someone", "usage.csv", "recent") if one in table} == found


def test_the_csv_holds_every_entry_that_fits_and_runs_no_formula(browser: Client, provider: Provider) -> None:
    for number in range(60):
        wrote(provider, f"entry {number}")
    wrote(provider, "=cmd|' /C calc'!A0")
    response = browser.get(f"{ADDRESS}?format=csv&q=entry")
    rows = list(csv.reader(response.content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["When", "Who", "What", "To what", "Before", "After"]
    assert len(rows) == 61
    everything = browser.get(f"{ADDRESS}?format=csv").content.decode()
    assert "'=cmd" in everything


def test_a_hostile_subject_is_plain_text(browser: Client, provider: Provider) -> None:
    wrote(provider, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in shown(browser)


def test_another_providers_entries_are_not_there(browser: Client, other_provider: Provider) -> None:
    wrote(other_provider, "theirs", who="Stranger", action="strange")
    text = shown(browser)
    assert "theirs" not in text
    assert "Stranger" not in text
    assert "strange" not in text
    assert "Nobody changed anything yet" in text


def test_a_setting_is_named_in_words(browser: Client, provider: Provider) -> None:
    uid = "991aae89-31ac-4634-bfc4-5ec7fe8c1491"
    wrote(provider, f"companies[Acme [North] ({uid})].configurations[Backup].asset_types", after=f"vault ({uid})")
    text = shown(browser)
    assert "Acme [North]: Backup: asset types" in text
    assert "<ins>vault</ins>" in text
