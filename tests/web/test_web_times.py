"""Times stand in the provider's zone wherever they are shown: here one in which it is tomorrow already."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from client_of import ClientOf
from django.test import Client

from billbridge.store.models import Administrator, AuditEntry, Collection, Provider, Run, Task

AT = datetime(2026, 10, 31, 11, 30, tzinfo=UTC)
THERE = "1 Nov 2026, 00:30"


@pytest.fixture
def browser(provider: Provider, owner: Administrator, client_of: ClientOf) -> Client:
    Provider.objects.filter(pk=provider.pk).update(time_zone="Pacific/Auckland")
    Administrator.objects.filter(pk=owner.pk).update(last_login=AT, created=AT)
    day = AT.date()
    Run.objects.create(
        provider=provider, trigger="manual sync", started_by="Ann", day=day, began=AT, ended=AT, state="done",
        coverage={}, calls={},
    )  # fmt: skip
    Task.objects.create(provider=provider, kind="collect", state="done", asked_by="Ann", asked=AT, ended=AT)
    AuditEntry.objects.create(provider=provider, at=AT, who="Ann", action="setting", subject="name")
    for section in ("licenses", "storage"):
        Collection.objects.create(provider=provider, source="mbs", section=section, began=AT, day=day, state="done")
    return client_of(owner)


@pytest.mark.parametrize(
    "page", ["/runs/", "/tasks/", "/settings/audit-log/", "/settings/sources/", "/settings/administrators/"]
)
def test_a_list_shows_the_time_of_the_providers_zone(browser: Client, page: str) -> None:
    shown = browser.get(page).content.decode()
    assert THERE in shown
    assert "31 Oct 2026, 11:30" not in shown


def test_a_run_shows_the_time_of_the_providers_zone(browser: Client) -> None:
    assert THERE in browser.get(f"/runs/{Run.objects.get().pk}/").content.decode()


def test_the_audit_log_as_csv_has_the_time_of_the_providers_zone(browser: Client) -> None:
    assert "2026-11-01 00:30:00+13:00" in browser.get("/settings/audit-log/?format=csv").content.decode()
