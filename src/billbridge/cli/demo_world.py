"""The demo's settings: what an MSP would have entered for the simulated world, as a setup file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from billbridge.simulators.world import World

CLIENT = ("Server", "Desktop", "Ultimate", "File Backup")
DATABASES = ("MS SQL Server", "MS Exchange", "MS SQL Server + MS Exchange")
VIRTUAL = ("VM Server", "VM Server Socket")
MAILBOXES = "Microsoft 365 / Google Workspace"
SHARED = "SharePoint / Teams / Shared Drives"

PRICES = {
    "Server": ("5.00", "12.00"), "Desktop": ("2.50", "6.00"), "Ultimate": ("9.00", "20.00"),
    "File Backup": ("1.75", "4.50"), "MS SQL Server": ("7.20", "16.00"), "MS Exchange": ("7.20", "16.00"),
    "MS SQL Server + MS Exchange": ("11.40", "25.00"), "VM Server": ("12.00", "29.00"),
    "VM Server Socket": ("6.00", "14.50"), MAILBOXES: ("1.50", "3.20"),
}  # fmt: skip
"""Cost and price per unit in USD; SharePoint is left out, so that a product without a price is seen."""

ASSET_TYPES = {
    "Server": ("Server", 61), "Desktop": ("Workstation", 62), "Ultimate": ("Server", 61),
    "File Backup": ("Workstation", 62),
    "MS SQL Server": ("Database server", None), "MS Exchange": ("Database server", None),
    "MS SQL Server + MS Exchange": ("Database server", None), "VM Server": ("Virtual host", 63),
    "VM Server Socket": ("Virtual host", 63), MAILBOXES: ("Mailbox", 65), SHARED: ("Mailbox", 65),
}  # fmt: skip

MODES = ("average", "total", "quantity")
FIRST_MONTH = "2026-09"
EVERY_FIFTH = 5
EVERY_NINTH = 9


def demo_setup(world: World, *, halopsa: str, mbs: str, secrets: dict[str, str]) -> str:
    """The setup file of the demo for simulators at the given addresses."""
    return "\n".join(_lines(world, halopsa, mbs, secrets)) + "\n"


def _lines(world: World, halopsa: str, mbs: str, secrets: dict[str, str]) -> Iterator[str]:
    yield from (
        "[provider]", 'name = "Example MSP"', 'currency = "USD"', 'time_zone = "America/New_York"',
        "[halopsa]", f'address = {_text(halopsa + "/api")}', f"tenant = {_text(secrets['tenant'])}",
        f"client_id = {_text(secrets['client_id'])}", f"client_secret = {_text(secrets['client_secret'])}",
        "[halopsa.additional_settings]", 'supplier_name = "MSP360"',
        "[sources.mbs]", f"address = {_text(mbs)}", f"login = {_text(secrets['login'])}",
        f"password = {_text(secrets['password'])}",
    )  # fmt: skip
    for name, (asset_type, item) in ASSET_TYPES.items():
        yield from ("[[default_asset_types]]", f"product = {_text(name)}", f"asset_type = {_text(asset_type)}")
        if item is not None:
            yield f"item_id = {item}"
    for name, (cost, price) in PRICES.items():
        yield from (
            "[[prices]]", f"license_type = {_text(name)}", f'from_month = "{FIRST_MONTH}"',
            f'cost = "{cost}"', f'price = "{price}"',
        )  # fmt: skip
    for account in world.accounts.values():
        yield from (
            "[[storage_accounts]]", f"id = {_text(account.id)}", f"name = {_text(account.name)}",
            "[[default_asset_types]]", f"product = {_text('storage:' + account.id)}",
            'asset_type = "Cloud storage"',
            "[[storage_costs]]", f"account = {_text(account.id)}", f'from_month = "{FIRST_MONTH}"',
            'backup_cost = "0.008"', f'backup_price = "{account.backup_price}"',
            'restore_cost = "0.01"', f'restore_price = "{account.restore_price}"',
        )  # fmt: skip
    yield from _companies(world)
    for domain in world.domains.values():
        yield from (
            "[[domains]]", f"name = {_text(domain.name)}", f"company = {_text(domain.company_id or '')}",
            f"license_type = {_text(MAILBOXES)}",
        )  # fmt: skip


def _companies(world: World) -> Iterator[str]:
    customers = {c.company_id: c for c in world.halopsa.customers if c.company_id}
    accounts = _accounts_by_company(world)
    mail = {domain.company_id for domain in world.domains.values()}
    mixed_done = False
    limited = False
    for position, company in enumerate(world.companies.values()):
        storage = sorted(accounts.get(company.id, ()))
        yield from ("[[companies]]", f"id = {_text(company.id)}", f"name = {_text(company.names[-1].value)}")
        customer = customers.get(company.id)
        if customer is not None:
            yield from (f"customer_id = {customer.id}", f"site_id = {customer.main_site_id}")
        if position % EVERY_FIFTH == 0:
            yield "auto_billing = true"
        products = [*CLIENT, *([f"storage:{a}" for a in storage] if storage and not mixed_done else [])]
        mode = "total" if len(products) > len(CLIENT) else MODES[position % len(MODES)]
        yield from _configuration("Managed Backup", mode, products)
        if position % 2 == 0:
            yield from _configuration("Databases", "average", list(DATABASES))
        if position % EVERY_NINTH != 0:
            yield from _configuration(
                "Virtual hosts", "quantity" if position % 4 == 0 else "average", list(VIRTUAL)
            )
        if company.id in mail:
            yield from _configuration("Microsoft 365", "average", [MAILBOXES, SHARED])
        if storage and mixed_done:
            yield from _configuration("Cloud storage", "average", [f"storage:{a}" for a in storage])
            if not limited:
                limited = True
                yield from _limit(company.id, storage[0])
        mixed_done = mixed_done or bool(storage)


def _configuration(name: str, mode: str, products: list[str]) -> Iterator[str]:
    listed = ", ".join(_text(product) for product in products)
    yield from (
        "[[companies.configurations]]", f"name = {_text(name)}", f'mode = "{mode}"', f"products = [{listed}]"
    )  # fmt: skip


def _limit(company_id: str, account_id: str) -> Iterator[str]:
    yield from (
        "[[storage_limits]]", f"account = {_text(account_id)}", f"company = {_text(company_id)}",
        'name = "500 GB"', 'backup_gb = "500"', 'cost = "6.00"', 'price = "17.50"',
    )  # fmt: skip


def _accounts_by_company(world: World) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for user in world.users.values():
        company = user.companies[-1].value
        if company:
            found[company].update(
                d.account_id for d in user.destinations if (user.id, d.account_id) in world.storage
            )
    return found


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False)
