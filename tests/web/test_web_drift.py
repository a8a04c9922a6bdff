"""The drift check on the pages: asking for it, its findings with their age, and where else they are told."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from billing_desk import ACME, Desk, make_desk, open_console
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billbridge.store.models import Company, DriftCheck, DriftFinding, HaloConnection, Provider, Task

DAY = date(2026, 11, 12)


@pytest.fixture
def desk(transactional_db: None, client_of, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with open_console() as console:
        made = make_desk(console, client_of)
        made.send(made.plan())
        yield made


@pytest.fixture
def checked(provider: Provider) -> Provider:
    """A provider whose HaloPSA was checked on November 12."""
    provider.moved_day = DAY
    provider.save()
    HaloConnection.objects.create(provider=provider, address="http://127.0.0.1:1/api", client_id="billbridge")
    DriftCheck.objects.create(provider=provider, day=DAY, read_at=datetime.now(UTC), things=5)
    return provider


def finding(provider: Provider, key: str, **given: object) -> DriftFinding:
    values = {
        "thing": "item", "name": f"Item of {key}", "finding": "It no longer exists.", "effect": "Bills are held.",
        "first_seen": DAY, "last_seen": DAY,
    }  # fmt: skip
    return DriftFinding.objects.create(provider=provider, key=key, **(values | given))


def page(browser: Client, address: str = "/drift/") -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return " ".join(html.unescape(response.content.decode()).split())


def test_check_now_finds_what_a_person_changed_and_tells_it_wherever_it_matters(desk: Desk) -> None:
    row = next(row for row in desk.console.subscriptions() if row["name"] == "Managed Backup")
    writes = desk.console.books()
    desk.console.edit_in_halopsa("SoftwareLicence", row["id"], count=row["count"] + 2)

    assert desk.browser.post("/drift/start/")["Location"] == "/drift/"
    desk.work()

    shown = page(desk.browser)
    assert "Checked 8 of 8, 0 unknown" in shown
    assert (
        f"Its quantity is {row['count'] + 2:.0f}, and was {row['count']:.0f} when it was last read back." in shown
    )
    assert 'state-warning">harmful<' in shown
    assert "just now" in shown
    assert "HaloPSA was changed" in page(desk.browser, "/")
    company = Company.objects.get(name=ACME)
    assert f"Subscription Managed Backup #{row['id']}: Its quantity is" in page(
        desk.browser, f"/companies/{company.pk}/"
    )
    assert Task.objects.get(kind="drift check").result["harmful"] == 1
    assert len(desk.console.books()) == len(writes) + 1  # the person's


def test_a_halopsa_that_stands_as_we_rely_on_it_shows_so(desk: Desk) -> None:
    desk.browser.post("/drift/start/")
    desk.work()

    shown = page(desk.browser)
    assert "alert-success" in shown
    assert "Nothing has drifted" in shown
    assert "HaloPSA was changed" not in page(desk.browser, "/")


def test_a_halopsa_that_was_never_checked_says_so(provider: Provider, owner, client_of) -> None:
    shown = page(client_of(owner))
    assert "HaloPSA was not checked for drift yet" in shown
    assert "alert-success" not in shown


def test_what_was_not_looked_at_is_never_shown_as_clean(checked: Provider, owner, client_of) -> None:
    DriftCheck.objects.update(unknown={"HaloPSA refuses the items": 2})
    finding(checked, "unknown:items|unread", kind="unknown")
    shown = page(client_of(owner))
    assert "Checked 3 of 5, 2 unknown because HaloPSA refuses the items (2)" in shown
    assert "alert-success" not in shown
    assert "HaloPSA could not be checked whole" in page(client_of(owner), "/")


def test_harmful_findings_come_first_and_each_can_be_chosen(checked: Provider, owner, client_of) -> None:
    acme = Company.objects.create(provider=checked, source_id="acme", name="Acme")
    finding(checked, "a", thing="customer", name="Aaa", harms=False)
    finding(checked, "b", thing="subscription", name="Zzz", company=acme)
    finding(checked, "c", kind="unknown", name="Unread")
    browser = client_of(owner)

    shown = page(browser)
    assert shown.index("Zzz") < shown.index("Aaa")
    for query, there in (
        ("thing=customer", "Aaa"),
        (f"company={acme.pk}", "Zzz"),
        ("harm=harmful", "Zzz"),
        ("harm=note", "Aaa"),
        ("harm=unknown", "Unread"),
        ("q=zzz", "Zzz"),
    ):
        chosen = page(browser, f"/drift/?{query}")
        assert [name for name in ("Aaa", "Zzz", "Unread") if f">{name}<" in chosen] == [there]


def test_what_is_over_is_not_shown(checked: Provider, owner, client_of) -> None:
    finding(checked, "a", name="Long gone", over_on=DAY)
    assert "Long gone" not in page(client_of(owner))


def test_the_findings_can_be_taken_as_csv(checked: Provider, owner, client_of) -> None:
    finding(checked, "a", remedy="Choose another.")
    lines = client_of(owner).get("/drift/?format=csv").content.decode("utf-8-sig").splitlines()
    assert lines[1] == (
        "item,Item of a,,It no longer exists.,Bills are held.,Choose another.,harmful,2026-11-12,2026-11-12"
    )


def test_a_note_does_not_call_for_a_person(checked: Provider, owner, client_of) -> None:
    acme = Company.objects.create(provider=checked, source_id="acme", name="Acme")
    finding(checked, "a", harms=False, company=acme)
    browser = client_of(owner)
    assert "HaloPSA was changed" not in page(browser, "/")
    assert "It no longer exists." not in page(browser, f"/companies/{acme.pk}/")


def test_a_check_that_led_to_nothing_is_told_beside_the_last_findings(checked: Provider, owner, client_of) -> None:
    finding(checked, "a")
    Task.objects.create(
        provider=checked, kind="drift check", state="failed", reason="The worker was stopped.", asked_by="Olivia",
        asked=datetime.now(UTC), ended=datetime.now(UTC),
    )  # fmt: skip
    shown = page(client_of(owner))
    assert "led to nothing: The worker was stopped." in shown
    assert "Item of a" in shown
    assert "Checking HaloPSA for drift failed" in page(client_of(owner), "/")


def test_a_viewer_sees_the_findings_and_cannot_ask(checked: Provider, viewer, client_of) -> None:
    finding(checked, "a")
    browser = client_of(viewer)
    shown = page(browser)
    assert "Item of a" in shown
    assert "Check now" not in shown
    assert browser.post("/drift/start/").status_code == 403
    assert not Task.objects.exists()


def test_a_page_of_many_findings_needs_few_queries(checked: Provider, owner, client_of) -> None:
    acme = Company.objects.create(provider=checked, source_id="acme", name="Acme")
    for number in range(120):
        finding(checked, str(number), company=acme)
    browser = client_of(owner)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get("/drift/").status_code == 200
    assert len(queries) <= 16
