"""The customer screens of the simulated HaloPSA."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from halopsa_tenant import ACME, BIRCH, CANCELLED, FIREWALL, INVOICE, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        del tenant.http.headers["Authorization"]
        yield tenant


def screen(tenant: Tenant, path: str, **asked: str) -> str:
    answer = tenant.http.get(path, params=asked or None)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    return answer.text


def edit(tenant: Tenant, **changes: object) -> None:
    order = {"table": "SoftwareLicence", "id": FIREWALL, "changes": changes, "who": "Maria Lopez"}
    assert tenant.http.post("/_sim/edit", json=order).status_code == 200


def test_the_address_alone_leads_to_the_customers(tenant: Tenant) -> None:
    answer = tenant.http.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/customers")


def test_customers_are_listed_with_a_link_to_their_subscriptions(tenant: Tenant) -> None:
    page = screen(tenant, "/customers")
    assert f'<a href="/customers/{ACME}/subscriptions">Acme Dental</a>' in page
    assert "Birch &lt;Law&gt;" in page
    assert page.index("Acme Dental") < page.index("Birch") < page.index("Closed Ltd")
    assert "3 of 3" in page


@pytest.mark.parametrize(
    ("asked", "found", "left_out"),
    [
        ({"name": "LAW"}, ["Birch"], ["Acme Dental", "Closed Ltd"]),
        ({"state": "active"}, ["Acme Dental", "Birch"], ["Closed Ltd"]),
        ({"state": "inactive"}, ["Closed Ltd"], ["Acme Dental", "Birch"]),
        ({"name": "d", "state": "inactive"}, ["Closed Ltd"], ["Acme Dental", "Birch"]),
    ],
)
def test_customers_are_filtered_by_name_and_state(
    tenant: Tenant, asked: dict[str, str], found: list[str], left_out: list[str]
) -> None:
    page = screen(tenant, "/customers", **asked)
    assert all(name in page for name in found)
    assert not any(name in page for name in left_out)
    assert f"{len(found)} of 3" in page
    assert '<a href="/customers">Show all</a>' in page


def test_a_filter_that_finds_nothing_says_so_and_keeps_what_was_asked(tenant: Tenant) -> None:
    page = screen(tenant, "/customers", name='"><b>')
    assert "No customer has that name and state." in page
    assert 'value="&quot;&gt;&lt;b&gt;"' in page


def test_a_state_that_is_none_shows_all(tenant: Tenant) -> None:
    assert "3 of 3" in screen(tenant, "/customers", state="asleep")


def test_the_subscriptions_tab_shows_quantity_unit_and_total(tenant: Tenant) -> None:
    edit(tenant, count=1200, price=14.667, notes="October <2026>", start_date="2026-10-01")
    page = screen(tenant, f"/customers/{ACME}/subscriptions")
    assert "Firewall" in page
    assert "Office 2019" not in page
    for text in ("1200", "4.25", "14.667", "5,100.00", "17,600.40", "2026-10-01", "October &lt;2026&gt;", "Active"):
        assert text in page


def test_other_licences_stand_on_their_own_tab(tenant: Tenant) -> None:
    page = screen(tenant, f"/customers/{ACME}/subscriptions?tab=licences")
    assert "Office 2019" in page
    assert "Firewall" not in page
    tenant.turn(subscription_type=0)
    assert "Office 2019" in screen(tenant, f"/customers/{ACME}/subscriptions")


def test_inactive_and_deleted_subscriptions_stay_visible_and_do_not_count(tenant: Tenant) -> None:
    page = screen(tenant, f"/customers/{BIRCH}/subscriptions")
    assert "Antispam" in page
    assert "Inactive" in page
    assert '<td class="number" data-head="Total price">0.00</td>' in page
    tenant.http.post("/_sim/delete", json={"table": "SoftwareLicence", "id": FIREWALL})
    assert "Deleted" in screen(tenant, f"/customers/{ACME}/subscriptions")


def test_subscriptions_are_filtered_and_the_totals_are_those_of_what_is_shown(tenant: Tenant) -> None:
    tenant.http.post("/_sim/delete", json={"table": "SoftwareLicence", "id": CANCELLED})
    page = screen(tenant, f"/customers/{ACME}/subscriptions", name="fire", state="active")
    assert "1 of 1, 1 active" in page
    assert '<td class="number" data-head="Total price">0.00</td>' not in page
    page = screen(tenant, f"/customers/{ACME}/subscriptions", name="fire", state="inactive")
    assert "0 of 1, 0 active" in page
    assert "Nothing here has that name and state." in page
    assert "Antispam" in screen(tenant, f"/customers/{BIRCH}/subscriptions", state="inactive")


def test_a_filter_of_the_other_tab_stays_on_it(tenant: Tenant) -> None:
    page = screen(tenant, f"/customers/{ACME}/subscriptions", tab="licences", name="office")
    assert '<input type="hidden" name="tab" value="licences">' in page
    assert f'<a href="/customers/{ACME}/subscriptions?tab=licences">Show all</a>' in page
    assert "Office 2019" in page


def test_a_subscription_shows_its_fields(tenant: Tenant) -> None:
    edit(tenant, count=1200, price=14.667, notes="October <2026>", start_date="2026-10-01", status="billed")
    page = screen(tenant, f"/customers/{ACME}/subscriptions/{FIREWALL}")
    for text in ("1200", "4.25", "14.667", "5,100.00", "17,600.40", "2026-10-01", "billed", "Active"):
        assert f"<dd>{text}</dd>" in page or f">{text}</span></dd>" in page
    assert "October &lt;2026&gt;" in page


def test_a_subscription_shows_who_changed_it_and_what_bills_it(tenant: Tenant) -> None:
    edit(tenant, price=11)
    page = screen(tenant, f"/customers/{ACME}/subscriptions/{FIREWALL}")
    for text in ("Maria Lopez", "price", "9.5", "11", f"Monthly services ({INVOICE})"):
        assert text in page


def test_a_screen_asks_for_nothing_that_is_not_there(tenant: Tenant) -> None:
    page = screen(tenant, "/customers")
    assert '<link rel="icon" href="data:,">' in page, "or a browser asks for /favicon.ico"
    assert re.findall(r'(?:src|href)="(/[^"]*\.[a-z]+)"', page) == ["/halopsa.css"]


def test_the_stylesheet_is_served(tenant: Tenant) -> None:
    assert '<link rel="stylesheet" href="/halopsa.css">' in screen(tenant, "/customers")
    answer = tenant.http.get("/halopsa.css")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize(
    "path", ["/customers/999/subscriptions", "/customers/x/subscriptions", f"/customers/{BIRCH}/subscriptions/301"]
)
def test_what_does_not_exist_is_not_found(tenant: Tenant, path: str) -> None:
    assert tenant.http.get(path).status_code == 404


def test_screens_only_show(tenant: Tenant) -> None:
    assert tenant.http.post("/customers").status_code == 405
