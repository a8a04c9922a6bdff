"""The customer screens of the simulated HaloPSA."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from halopsa_tenant import ACME, BIRCH, FIREWALL, INVOICE, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with Tenant() as tenant:
        del tenant.http.headers["Authorization"]
        yield tenant


def screen(tenant: Tenant, path: str) -> str:
    answer = tenant.http.get(path)
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
    assert '<td class="number">0.00</td>' in page
    tenant.http.post("/_sim/delete", json={"table": "SoftwareLicence", "id": FIREWALL})
    assert "Deleted" in screen(tenant, f"/customers/{ACME}/subscriptions")


def test_a_subscription_shows_who_changed_it_and_what_bills_it(tenant: Tenant) -> None:
    edit(tenant, price=11)
    page = screen(tenant, f"/customers/{ACME}/subscriptions/{FIREWALL}")
    for text in ("Maria Lopez", "price", "9.5", "11", f"Monthly services ({INVOICE})"):
        assert text in page


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
