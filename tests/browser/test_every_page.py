"""Every page of the console: readable for everybody by axe's rules, within the screen, and usable by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from urllib.parse import urljoin

import pytest
from addresses import read_page
from axe_playwright_python.sync_playwright import Axe
from installation import Console, configuration, small_world
from playwright.sync_api import Browser, Page, expect
from served_console import EMAIL, PASSWORD, Served, served_console, sign_in
from test_vendor_page import CLOSED, FIRST, MAKE_OWNER, TODAY

import databases

COMPANIES = ("Acme Dental", "Birch Legal", "Cobalt Freight")
WITHOUT_A_PAGE = ("/file/", "format=csv", "/bills/month/?")
"""Parts of addresses that lead to files."""


CHANNELS = [
    {
        "name": "Billing", "kind": "email", "host": "smtp.example.com", "sender": "billing@example.com",
        "recipients": ["anna@example.com", "ben@example.com"], "events": ["conflict", "not sent"],
    },
    {"name": "Ops", "kind": "webhook", "address": "https://hooks.example.com/x", "signing_key": "x"},
]  # fmt: skip
ANNOUNCE = """
from billbridge.store.start import start
start()
from billbridge.operations.notices import Event, announce, give_up, waiting_deliveries
from billbridge.operations.provider import the_provider
announce(
    the_provider(), Event.CONFLICT, key="1", subject="A figure of Acme Dental was changed in HaloPSA",
    lines=["Quantity of Managed Backup: 5 instead of 3."], facts={"company": "Acme Dental"},
)
give_up(waiting_deliveries()[0].pk, "The mail server smtp.example.com:587 did not answer in time.")
"""


def a_month_of_work(console: Console) -> None:
    """One company billed and synced, one held because it is mapped to nothing, one that is not configured."""
    for company in COMPANIES:
        for number in range(3):
            console.world.add_license(user=company.lower(), license_type="Server", endpoint=f"SRV-{number}")
    held = console.company(COMPANIES[1], configuration("Backup", "total", "Server"))
    held = {name: value for name, value in held.items() if name not in ("customer_id", "site_id")}
    billed = console.company(COMPANIES[0], configuration("Managed Backup", "average", "Server"))
    console.settings["companies"] = [billed, held]
    console.settings["notifications"] = CHANNELS
    console.apply_setup(day=FIRST).must()
    for day in (FIRST, CLOSED, TODAY):
        console.collect(day)
    console.sync(TODAY)
    console.run("day", TODAY).must()
    for script in (MAKE_OWNER, ANNOUNCE):
        made = console.installation.run("-c", script)
        assert made.returncode == 0, made.stderr


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One console for all pages: looking changes nothing."""
    with ExitStack() as opened:
        data = tmp_path_factory.mktemp("pages") / "installation"
        installation = opened.enter_context(databases.new_installation(data))
        console = opened.enter_context(
            Console(installation=installation, world=small_world(*COMPANIES, today=date(2026, 10, 1)))
        )
        a_month_of_work(console)
        yield opened.enter_context(served_console(console))


@pytest.fixture(scope="module")
def pages(served: Served, browser: Browser) -> list[str]:
    """Every page that links lead to from the dashboard on, once for each shape of address."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, served)
    found = _found_from_the_dashboard_on(page, served)
    context.close()
    return found


def _found_from_the_dashboard_on(page: Page, served: Served) -> list[str]:
    waiting, seen, shapes = ["/"], [], set()
    while waiting:
        path = waiting.pop(0)
        shape = "/".join("N" if part.isdigit() or "-" in part else part for part in path.split("?")[0].split("/"))
        if shape in shapes or any(part in path for part in WITHOUT_A_PAGE):
            continue
        shapes.add(shape)
        answer = page.goto(urljoin(served.address, path))
        if answer is None or answer.status != 200 or "html" not in answer.headers.get("content-type", ""):
            continue
        seen.append(path)
        waiting += [urljoin(path, link) for link in read_page(page.content())[1]]
    assert len(seen) > 30, f"only {seen} were found: the test looks at too little"
    return seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(served: Served, pages: list[str], browser: Browser, scheme: str):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    sign_in(page, served)
    found: list[str] = []
    for path in pages:
        page.goto(urljoin(served.address, path))
        for violation in Axe().run(page).response["violations"]:
            where = "; ".join(node["html"][:150] for node in violation["nodes"][:3])
            found.append(f"{path}: {violation['id']}: {violation['help']}: {where}")
    context.close()
    assert not found, "\n".join(found)


def test_no_page_is_wider_than_the_screen(served: Served, pages: list[str], page: Page):
    sign_in(page, served)
    wide = []
    for path in pages:
        page.goto(urljoin(served.address, path))
        for width in (1280, 390, 360):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((path, width))
    assert not wide


def test_sign_in_search_and_menu_work_by_keyboard_alone(served: Served, page: Page):
    page.goto(served.address)
    page.keyboard.type(EMAIL)  # the first field has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    _tab_to(page, "Companies")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Companies", exact=True)).to_be_visible()

    page.get_by_role("searchbox").focus()
    page.keyboard.type("Birch")
    expect(page.get_by_role("row").filter(has_text="Acme Dental")).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_be_focused()  # and the next key still goes there
    assert "q=Birch" in page.url
    page.reload()
    expect(page.get_by_role("row").filter(has_text="Acme Dental")).to_have_count(0)


def test_every_control_of_every_page_can_be_reached_and_seen_by_keyboard(
    served: Served, pages: list[str], page: Page
):
    sign_in(page, served)
    for path in pages:
        page.goto(urljoin(served.address, path))
        hidden = page.evaluate(
            """() => [...document.querySelectorAll("a[href], button, input, select, summary")]
                .filter(one => one.checkVisibility() && !one.disabled && one.type !== "hidden")
                .filter(one => { one.focus(); return document.activeElement !== one; })
                .map(one => one.outerHTML.slice(0, 120))"""
        )
        assert not hidden, f"{path}: {hidden}"


def _tab_to(page: Page, name: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"{name} is not reached by the tab key")


def test_ticks_are_kept_while_a_search_hides_their_rows(served: Served, page: Page):
    sign_in(page, served)
    page.goto(f"{served.address}/settings/halopsa/")
    page.get_by_label(f"Select {COMPANIES[0]}").check()
    page.get_by_role("searchbox").fill("Birch")
    expect(page.get_by_text("1 chosen, 1 of them not shown below.")).to_be_visible()
    page.get_by_label(f"Select {COMPANIES[1]}").check()
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_text("2 chosen.")).to_be_visible()
    for name, ticked in zip(COMPANIES, (True, True, False), strict=True):
        expect(page.get_by_label(f"Select {name}")).to_be_checked(checked=ticked)
    page.get_by_role("button", name="Choose none").click()
    expect(page.get_by_label(f"Select {COMPANIES[0]}")).not_to_be_checked()


def test_when_the_session_has_ended_a_search_leads_to_the_sign_in_and_back(served: Served, page: Page):
    sign_in(page, served)
    page.goto(f"{served.address}/companies/")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("searchbox").fill("Birch")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Companies", exact=True)).to_be_visible()


def test_signing_out_works_by_keyboard_alone(served: Served, page: Page):
    sign_in(page, served)
    page.get_by_role("button", name="Olivia").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
