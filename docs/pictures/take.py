"""Takes a picture of each screen of the console on the demo's world: light and dark, at 1280 and at 390 pixels.

    make pictures            # all of them into build/pictures; those the documentation shows into docs/pictures

It needs the test tools and a Chromium.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

HERE = Path(__file__).parent
ALL = HERE.parent.parent / "build" / "pictures"
SHOWN = {"dashboard", "bill", "billing", "check", "plan", "dashboard-dark"}

SCREENS = {
    "dashboard": "/",
    "companies": "/companies/",
    "company": "/companies/1/",
    "licenses": "/licenses/",
    "not-billed": "/licenses/not-billed/",
    "storage-accounts": "/storage/",
    "storage-account": "/storage/1/",
    "bills": "/bills/",
    "bill": "/bills/1/",
    "connection": "/settings/halopsa/connection/",
    "mapping": "/settings/halopsa/mapping/",
    "asset-types": "/settings/halopsa/asset-types/",
    "billing": "/settings/halopsa/",
    "cost-price": "/settings/halopsa/cost-price/",
    "additional-settings": "/settings/halopsa/additional-settings/",
    "site": "/settings/halopsa/company/1/",
    "configurations": "/settings/halopsa/company/1/configurations/",
    "configuration": "/settings/halopsa/company/1/configurations/add/",
    "check": "/settings/halopsa/company/1/check/",
    "sync": "/sync/",
    "drift": "/drift/",
    "runs": "/runs/",
    "run": "/runs/2/",
    "sources": "/settings/sources/",
    "usage-history": "/settings/sources/usage-history/",
    "provider": "/settings/provider/",
    "notifications": "/settings/notifications/",
    "administrators": "/settings/administrators/",
    "audit-log": "/settings/audit-log/",
    "first-steps": "/start/",
}


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("There is no Chromium on this machine.", file=sys.stderr)
        return 1
    shutil.rmtree(ALL, ignore_errors=True)
    ALL.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="billbridge-pictures-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        demo = subprocess.Popen(
            [sys.executable, "-m", "billbridge", "demo", "--data", f"{folder}/demo", "--port", str(port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            password = _password(demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                for scheme in ("light", "dark"):
                    for width in (1280, 390):
                        _take(browser, f"http://127.0.0.1:{port}", password, scheme, width)
        finally:
            demo.terminate()
            demo.wait(60)
    print(f"{len(list(ALL.iterdir()))} pictures in {ALL}")
    return 0


def _password(demo: subprocess.Popen[str]) -> str:
    """What the demo prints when its console is open."""
    assert demo.stdout is not None
    password = ""
    for line in demo.stdout:
        found = re.search(r"sign in as owner@example.com with (\S+)\)", line)
        password = found[1] if found else password
        if "Everything stops with Ctrl-C" in line:
            return password
    raise SystemExit("the demo ended before its console was open")


def _take(browser: Browser, address: str, password: str, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for _ in range(100):
        try:
            page.goto(f"{address}/account/sign-in/")
            break
        except Error:  # the server is not listening yet
            page.wait_for_timeout(200)
    page.get_by_label("E-mail address").fill("owner@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    for name, path in SCREENS.items():
        page.goto(address + path)
        _keep(page, name, scheme, width)
    page.goto(f"{address}/sync/")
    page.get_by_role("button", name="Make the plan", exact=True).click()
    page.get_by_text("To write").wait_for(timeout=60_000)
    _keep(page, "plan", scheme, width)
    context.close()


def _keep(page: Page, name: str, scheme: str, width: int) -> None:
    page.wait_for_timeout(200)
    page.screenshot(path=ALL / f"{name}-{scheme}-{width}.png", full_page=True)
    shown = name if scheme == "light" else f"{name}-dark"
    if width == 1280 and shown in SHOWN:
        page.screenshot(path=HERE / f"{shown}.png")


if __name__ == "__main__":
    sys.exit(main())
