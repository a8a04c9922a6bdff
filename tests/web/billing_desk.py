"""A billing desk: the console in this process between a simulated MBS and a simulated HaloPSA, with its worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.test import Client
from installation import ConsoleInProcess, configuration, small_world

from billbridge.operations.provider import move_day, the_provider
from billbridge.simulators.halopsa import Switches
from billbridge.store.models import Administrator, LicensePrice, Provider
from billbridge.store.roles import Role
from inline_worker import work_once

FEBRUARY_1, MARCH_2 = "2026-02-01", "2026-03-02"
ACME, BOLT = "Acme Dental", "Bolt Logistics"
HELD = {ACME: {"Server": 3, "Desktop": 2}, BOLT: {"Server": 1}}
"""Licenses that each company's user holds all February and March."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Two companies, collected since the first of February, on the second of March; nothing was sent yet."""

    console: ConsoleInProcess
    provider: Provider
    browser: Client

    def plan(self, **given: object) -> str:
        """Ask for a plan and let the worker make it; gives its address."""
        address = self.browser.post("/sync/plan/", given)["Location"]
        self.work()
        return address

    def send(self, plan: str, **given: object) -> str:
        """Ask for the sync of a plan and let the worker do it; gives its address."""
        address = self.browser.post(f"{plan}send/", given)["Location"]
        self.work()
        return address

    def page(self, address: str) -> str:
        """A page's text, after any redirect."""
        return self.browser.get(address, follow=True).content.decode()

    @staticmethod
    def work() -> None:
        """Do everything that waits."""
        while work_once():
            pass

    @staticmethod
    def set_price(license_type: str, price: str) -> None:
        """Change what a license type is sold for."""
        LicensePrice.objects.filter(license_type=license_type).update(price=price)


def make_desk(console: ConsoleInProcess, browser_of: Callable[[Administrator], Client]) -> Desk:
    """The desk of a console that was opened by `open_console`."""
    for company, products in ((ACME, ("Server", "Desktop")), (BOLT, ("Server",))):
        one = console.company(company, configuration("Managed Backup", "average", *products))
        console.settings["companies"].append(one)
    console.apply_setup(day=FEBRUARY_1).must()
    for day in (FEBRUARY_1, MARCH_2):
        console.collect(day)
    provider = the_provider()
    move_day(provider, console.world.today)
    owner = Administrator.objects.create(
        provider=provider, name="Olivia", email="olivia@northwind.test", role=Role.OWNER.value
    )
    return Desk(console=console, provider=provider, browser=browser_of(owner))


def open_console() -> ConsoleInProcess:
    """A console on a world of two companies; HaloPSA answers as often as it is asked."""
    world = small_world(ACME, BOLT, today=date.fromisoformat(FEBRUARY_1))
    for company, counts in HELD.items():
        for license_type, count in counts.items():
            for number in range(count):
                world.add_license(
                    user=company.lower(), license_type=license_type, endpoint=f"{license_type}-{number}"
                )
    return ConsoleInProcess(
        installation=ConsoleInProcess.this_process(), world=world, halopsa_switches=Switches(rate_limit=None)
    )
