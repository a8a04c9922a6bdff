"""The whole way of the vendor's help page, step by step in a real browser, to HaloPSA's *Subscriptions* tab."""

from __future__ import annotations

from datetime import date

import pytest
from installation import Console, small_world
from playwright.sync_api import Page, expect
from served_console import EMAIL, PASSWORD, Served, ServeOn, sign_in

FIRST, CLOSED, TODAY = "2026-10-01", "2026-11-02", "2026-11-12"
COMPANY = "Acme Dental"

MAKE_OWNER = f"""
from billbridge.store.start import start
start()
from billbridge.operations.access import Actor
from billbridge.operations.administrators import add_administrator
from billbridge.operations.provider import the_provider
from billbridge.store.roles import Role
add_administrator(
    Actor.command_line(the_provider()), name="Olivia Owner", email="{EMAIL}", role=Role.OWNER, password="{PASSWORD}"
)
"""


def used_in_october(console: Console) -> None:
    """Connections are set up; Acme Dental used 3 servers and 2 desktops all October, and still does."""
    for license_type, count in {"Server": 3, "Desktop": 2}.items():
        for number in range(count):
            console.world.add_license(
                user=COMPANY.lower(), license_type=license_type, endpoint=f"ACME-{license_type}-{number}"
            )
    console.settings.update(prices=[])
    console.apply_setup().must()
    for day in (FIRST, CLOSED, TODAY):
        console.collect(day)
    console.run("day", TODAY).must()
    made = console.installation.run("-c", MAKE_OWNER)
    assert made.returncode == 0, made.stderr


@pytest.fixture
def served(serve_on: ServeOn) -> Served:
    return serve_on(small_world(COMPANY, "Birch Legal", today=date(2026, 10, 1)), prepare=used_in_october)


def test_from_an_unmapped_company_to_halopsas_subscriptions_tab(served: Served, page: Page):
    sign_in(page, served)

    # Company mapping: HaloPSA's lists are read, and the suggestion with the same name is accepted.
    page.get_by_role("link", name="HaloPSA", exact=True).click()
    page.get_by_role("link", name="Company mapping").click()
    page.get_by_role("button", name="Refresh").click()
    page.get_by_role("button", name=f"Accept {COMPANY} for {COMPANY}").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=COMPANY))
    expect(row.get_by_text("mapped", exact=True)).to_be_visible()

    # Default asset types: the HaloPSA asset type of each license product.
    page.get_by_role("link", name="Default asset types").click()
    page.get_by_label("Server", exact=True).select_option("Server")
    page.get_by_label("Desktop", exact=True).select_option("Workstation")
    page.get_by_role("button", name="Save asset types").click()
    expect(page.get_by_label("Desktop", exact=True)).to_have_value("Workstation")

    # Billing > Additional settings: the supplier.
    page.get_by_role("link", name="Billing", exact=True).click()
    page.get_by_role("link", name="Additional settings").click()
    page.get_by_label("Supplier name").fill("MSP360")
    page.get_by_role("button", name="Save").click()

    # Billing > Cost/Price settings.
    page.get_by_role("link", name="Cost/Price settings").click()
    for product, cost, price in (("Server", "5.00", "12.00"), ("Desktop", "2,50", "6.00")):
        page.get_by_label(f"Cost of {product}", exact=True).fill(cost)
        page.get_by_label(f"Price of {product}", exact=True).fill(price)
    page.get_by_label("Changed prices hold from").fill("2026-10")
    page.get_by_role("button", name="Save prices").click()
    expect(page.get_by_label("Cost of Desktop", exact=True)).to_have_value("2.50")

    # Billing > Edit: site, auto-billing, a configuration with its products, asset types and what is sent.
    page.get_by_role("link", name="HaloPSA billing").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=COMPANY))
    row.get_by_role("link", name="Edit").click()
    page.get_by_label("Enable auto-billing").check()
    page.get_by_role("button", name="Next: configurations").click()
    page.get_by_role("link", name="Add configuration").click()
    page.get_by_label("Name", exact=False).first.fill("Managed Backup")
    page.get_by_role("checkbox", name="Server", exact=True).check()
    page.get_by_role("checkbox", name="Desktop", exact=True).check()
    expect(page.get_by_label("Asset type of Desktop", exact=True)).to_have_value("Workstation")
    page.locator("#mode-average").check()
    page.get_by_role("button", name="Done").click()

    # Check configuration: the line that last month's bill would have, then save.
    page.get_by_role("link", name="Next: check").click()
    line = (
        page.get_by_role("table", name="Lines of October 2026").get_by_role("row").filter(has_text="Managed Backup")
    )
    for figure in ("$20.00", "$48.00", "5", "$4.00", "$9.60"):
        expect(line.get_by_role("cell", name=figure, exact=True)).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()

    # Sync with HaloPSA for the selected row: first the plan, then the confirmation, then the proof.
    page.get_by_role("link", name="HaloPSA", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=COMPANY))
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sync selected with HaloPSA").click()
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_visible(timeout=30_000)
    assert served.console.subscriptions() == []  # a plan writes nothing
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Sync with HaloPSA", exact=True).click()
    expect(page.get_by_role("heading", name="Run")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("done", exact=True).first).to_be_visible()

    # HaloPSA: Customers > customer > Subscriptions.
    page.goto(f"{served.console.halopsa_url}/customers")
    page.get_by_role("link", name=COMPANY).first.click()
    october = page.get_by_role("row").filter(has_text="Managed Backup").filter(has_not_text="current month")
    for figure in ("5", "4.00", "9.60"):
        expect(october.get_by_text(figure, exact=True).first).to_be_visible()
    expect(page.get_by_text("Managed Backup (current month)")).to_be_visible()

    last, current = sorted(served.console.subscriptions(), key=lambda one: len(str(one["name"])))
    assert (float(last["count"]), float(last["purchase_price"]), float(last["price"])) == (5, 4.0, 9.6)
    assert str(last["start_date"]).startswith("2026-10-01")
    assert float(current["count"]) == 5


def test_a_setting_that_somebody_else_changed_is_not_overwritten(served: Served, page: Page):
    sign_in(page, served)
    page.goto(f"{served.address}/settings/halopsa/cost-price/")
    page.get_by_label("Cost of Server", exact=True).fill("5.00")
    page.get_by_label("Price of Server", exact=True).fill("12.00")
    other = page.context.new_page()
    other.goto(f"{served.address}/settings/halopsa/cost-price/")
    other.get_by_label("Cost of Server", exact=True).fill("7.00")
    other.get_by_label("Price of Server", exact=True).fill("14.00")
    other.get_by_role("button", name="Save prices").click()
    expect(other.get_by_text("never set").first).to_be_visible()

    page.get_by_role("button", name="Save prices").click()
    expect(page.get_by_role("alert").first).to_contain_text("changed since you opened")
    expect(page.get_by_label("Cost of Server", exact=True)).to_have_value("5.00")
    other.reload()
    expect(other.get_by_label("Cost of Server", exact=True)).to_have_value("7.00")
