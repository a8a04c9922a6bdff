"""From an empty installation to the first plan, with nothing but the browser."""

from __future__ import annotations

import re
from datetime import date

from installation import Console, small_world
from playwright.sync_api import Page, expect
from served_console import EMAIL, PASSWORD, ServeOn

from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT
from billbridge.simulators.mbs import LOGIN
from billbridge.simulators.mbs import PASSWORD as MBS_PASSWORD

COMPANY = "Acme Dental"


def some_licenses(console: Console) -> None:
    for number in range(2):
        console.world.add_license(user=COMPANY.lower(), license_type="Server", endpoint=f"ACME-SRV-{number}")


def set_up_code(served) -> str:
    """The code as the console keeps it for whoever may read its folder."""
    return str((served.console.data / "setup-code").read_text(encoding="ascii")).strip()


def test_the_assistant_leads_from_nothing_to_the_first_plan(serve_on: ServeOn, page: Page):
    served = serve_on(small_world(COMPANY, today=date(2026, 10, 1)), prepare=some_licenses)
    page.goto(served.address)
    page.get_by_label("Set-up code").fill("a wrong one")
    page.get_by_label("Name of your company, the provider").fill("Northwind IT")
    page.get_by_label("Currency").select_option("USD")
    page.get_by_label("Your name").fill("Olivia Owner")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_contain_text("set-up code is wrong")
    page.get_by_label("Set-up code").fill(set_up_code(served))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()

    # The dashboard of an empty installation leads to the assistant.
    page.get_by_role("link", name=re.compile("first steps|step by step|Begin|Set up", re.IGNORECASE)).first.click()
    expect(page.get_by_text("0 of 8 steps are done")).to_be_visible()

    page.get_by_role("link", name="Connect the source").click()
    page.get_by_label("Address").fill(served.console.mbs_url)
    page.get_by_label("Login").fill(LOGIN)
    page.get_by_label("Password").fill(MBS_PASSWORD)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text("works").first).to_be_visible()

    page.goto(f"{served.address}/start/")
    page.get_by_role("button", name="Collect now").click()
    expect(page.get_by_text("2 of 8 steps are done")).to_be_visible()

    page.get_by_role("link", name="Connect HaloPSA").click()
    page.get_by_label("Resource server").fill(f"{served.console.halopsa_url}/api")
    page.get_by_label("Tenant").fill(TENANT)
    page.get_by_label("Client ID").fill(CLIENT_ID)
    page.get_by_label("Client secret").fill(CLIENT_SECRET)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("heading", name="Test of the connection")).to_be_visible()
    expect(page.get_by_text("works", exact=True).first).to_be_visible()

    page.goto(f"{served.address}/start/")
    page.get_by_role("button", name="Read the lists").click()
    expect(page.get_by_text("4 of 8 steps are done")).to_be_visible()

    page.get_by_role("link", name="Map the companies").click()
    page.get_by_role("link", name="Look at exact matches").click()
    page.get_by_role("button", name=re.compile("^Map")).click()

    page.goto(f"{served.address}/start/")
    page.get_by_role("link", name="Set cost and price").click()
    page.get_by_label("Cost of Server", exact=True).fill("5")
    page.get_by_label("Price of Server", exact=True).fill("12")
    page.get_by_role("button", name="Save prices").click()

    page.goto(f"{served.address}/start/")
    page.get_by_role("link", name="Configure the billing").click()
    page.get_by_role("row").filter(has_text=COMPANY).get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Next: configurations").click()
    page.get_by_role("link", name="Add configuration").click()
    page.get_by_label("Name", exact=False).first.fill("Servers")
    page.get_by_role("checkbox", name="Server", exact=True).check()
    page.locator("#mode-average").check()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="Next: check").click()
    page.get_by_role("button", name="Save", exact=True).click()

    page.goto(f"{served.address}/start/")
    expect(page.get_by_text("7 of 8 steps are done")).to_be_visible()
    page.get_by_role("button", name="Make the first plan").click()
    expect(page.get_by_text("1 of 1")).to_be_visible(timeout=30_000)
    page.goto(f"{served.address}/start/")
    expect(page.get_by_text("8 of 8 steps are done")).to_be_visible()
    assert served.console.subscriptions() == []
