"""A console as its user has it: an installation, a setup file, commands, and the two services it talks to.

The simulators run in the test's process on ports of their own; every command is a process of its own, on the
database under test, unless the console is a `ConsoleInProcess`. Days are moved by hand: `run(..., day=...)` moves
the world to that day first.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import psycopg
import tomlkit
from psycopg.rows import dict_row

from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator
from billbridge.simulators.halopsa import Switches as HaloSwitches
from billbridge.simulators.mbs import LOGIN, PASSWORD, MBSSimulator
from billbridge.simulators.mbs import Switches as MBSSwitches
from billbridge.simulators.world import World
from billbridge.simulators.world_halopsa import HaloCustomer, HaloSite, HaloWorld
from billbridge.simulators.world_halopsa_seed import ASSET_TYPES, CURRENCIES, ITEMS, SUPPLIERS
from billbridge.simulators.world_values import AccountDestination, Package, StorageAccount
from databases import Installation

ACCOUNT_ID = "33333333-0000-4000-8000-000000000001"
ACCOUNT = "CorporateS3"
PACKAGE = 27755
GIB = 2**30

FIRST_CUSTOMER_ID = 12
FIRST_SITE_ID = 40

KEY_PREFIX = "billbridge-"

PRICES = {"Server": ("5.00", "12.00"), "Desktop": ("2.50", "6.00"), "Ultimate": ("9.00", "20.00")}
"""Cost and price per unit, as in the worked examples."""


def small_world(*companies: str, today: date, start: date | None = None) -> World:
    """A world of some companies that use nothing yet, each with one user, named like the company in lower case.

    HaloPSA knows each of them by the same name: the first as customer 12 with site 40, and so on. There is one
    storage account, ACCOUNT, and one storage limit, PACKAGE.
    """
    begins = start or today
    account = StorageAccount(
        id=ACCOUNT_ID,
        reseller_id="66666666-0000-4000-8000-000000000001",
        created=datetime(2024, 1, 16, 14, 34, 23, tzinfo=UTC),
        name=ACCOUNT,
        type="AmazonS3",
        destinations=(
            AccountDestination(
                id="d0000000-0000-4000-8000-000000000001", name="backups", display_name="Cloud Account"
            ),
        ),
        backup_price=Decimal("0.05"),
        restore_price=Decimal("0.10"),
    )
    package = Package(
        id=PACKAGE, name="1000 GB", description="1 TB plan", cost=Decimal("30.00"), storage_limit_gb=Decimal(1000)
    )
    world = World(
        seed=7,
        start=begins,
        today=today,
        companies=(),
        users=(),
        licenses=(),
        lives=(),
        accounts=(account,),
        packages=(package,),
        prices=(),
        storage={},
        domains=(),
        domain_storage={},
        administrators=(),
        halopsa=_tenant(companies),
    )
    for name in companies:
        world.add_company(name=name, day=begins)
        world.add_user(login=name.lower(), company=name, day=begins)
    return world


def _tenant(companies: Iterable[str]) -> HaloWorld:
    customers = tuple(
        HaloCustomer(
            id=FIRST_CUSTOMER_ID + number,
            name=name,
            main_site_id=FIRST_SITE_ID + number,
            main_site_name="Main",
        )
        for number, name in enumerate(companies)
    )
    return HaloWorld(
        currencies=CURRENCIES,
        customers=customers,
        sites=tuple(HaloSite(id=one.main_site_id, client_id=one.id, name="Main") for one in customers),
        asset_types=ASSET_TYPES,
        items=ITEMS,
        suppliers=SUPPLIERS,
        agreements=(),
        subscriptions=(),
        recurring_invoices=(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What --json printed."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything a person would see, on one line: a terminal may wrap anywhere."""
        return " ".join(f"{self.err} {self.out}".split())

    def must(self, code: int = 0) -> Self:
        """This, after seeing that it ended with `code`."""
        command = " ".join(self.arguments)
        assert self.code == code, f"{command} ended with {self.code}, not {code}:\n{self.err}\n{self.out}"
        return self


@dataclass(kw_only=True)
class Console:
    """An installation between a simulated MBS and a simulated HaloPSA of one world; a context manager.

    `settings` is the setup file as plain dicts and lists; change it and `apply_setup` again.
    """

    installation: Installation
    world: World
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    halopsa_switches: HaloSwitches | None = None
    mbs_switches: MBSSwitches | None = None

    def __enter__(self) -> Self:
        self._open = ExitStack()
        self.halopsa = HaloPSASimulator(
            self.world.halopsa, switches=self.halopsa_switches, today=lambda: self.world.today
        )
        self.mbs = MBSSimulator(self.world, switches=self.mbs_switches)
        # Delayed faults are given up before the servers stop, or stopping would wait for them.
        self.halopsa_url = self._open.enter_context(self.halopsa.start()).url
        self.mbs_url = self._open.enter_context(self.mbs.start()).url
        self._open.callback(self.halopsa.close)
        self._open.callback(self.mbs.close)
        self.settings = self._first_settings() | self.settings
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def data(self) -> Path:
        """The data folder."""
        data: Path = self.installation.data
        return data

    def run(self, *arguments: str, day: str = "", timeout: float = 60) -> Ran:
        """Run `billbridge` with some arguments to its end; with `day` on that business day, also in the world."""
        if day:
            self.world.today = date.fromisoformat(day)
            arguments = (*arguments, "--day", day)
        ended = subprocess.run(
            self.command(*arguments),
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(arguments=arguments, code=ended.returncode, out=ended.stdout, err=ended.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `billbridge` and leave it running; the caller ends it."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The command line of `billbridge` with these arguments, in this Python."""
        return [sys.executable, "-m", "billbridge", *arguments]

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command: this installation, no proxy, plain and wide output."""
        plain = {"NO_COLOR": "1", "COLUMNS": "300", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return {**self.installation.env, **plain, **self.environment}

    def setup_text(self) -> str:
        """The setup file as it now stands."""
        return tomlkit.dumps(self.settings)

    def apply_setup(self, *options: str, day: str = "") -> Ran:
        """Write the settings to a setup file beside the installation and run `setup apply`."""
        file = self.data.parent / "setup.toml"
        file.write_text(self.setup_text(), encoding="utf-8")
        return self.run("setup", "apply", str(file), "--yes", *options, day=day or self.world.today.isoformat())

    def collect(self, day: str) -> Ran:
        """Collect on a day; ends with code 0 or fails the test."""
        return self.run("collect", "--json", day=day).must()

    def sync(self, day: str, *options: str) -> Ran:
        """Sync on a day without being asked."""
        return self.run("sync", "--yes", "--json", *options, day=day)

    def subscriptions(self) -> list[dict[str, Any]]:
        """The subscriptions of ours in HaloPSA's own books, in the order in which they were made."""
        rows = self.halopsa.tables["SoftwareLicence"].rows.values()
        return [dict(row) for row in rows if str(row["product_sku"]).startswith(KEY_PREFIX)]

    def books(self) -> list[dict[str, Any]]:
        """Every write HaloPSA ever carried out, whoever made it."""
        return [dict(write) for write in self.halopsa.books.writes]

    def calls(self) -> dict[str, int]:
        """Calls of HaloPSA's API by route, since the start or the last `reset`."""
        by_route: dict[str, int] = self.halopsa.calls.describe()["by_route"]
        return by_route

    def query(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Rows of the installation's database as another program reads them; `?` stands for a value."""
        address = self.installation.env["BILLBRIDGE_DATABASE_URL"]
        if address:
            with psycopg.connect(address, row_factory=dict_row) as postgresql:
                return postgresql.execute(statement.replace("?", "%s"), values).fetchall()
        with closing(sqlite3.connect(self.data / "billbridge.sqlite3")) as sqlite:
            sqlite.row_factory = sqlite3.Row
            return [dict(row) for row in sqlite.execute(statement, values)]

    def rows_of(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        """All rows of some of the store's tables, to see that nothing changed in them."""
        return {table: self.query(f"SELECT * FROM store_{table} ORDER BY id") for table in tables}

    def delete_in_halopsa(self, table: str, row: int) -> None:
        """Delete a record as a person would."""
        order = {"table": table, "id": row}
        httpx2.post(f"{self.halopsa_url}/_sim/delete", json=order, trust_env=False).raise_for_status()

    def edit_in_halopsa(self, table: str, row: int, **changes: object) -> None:
        """Change a record as a person would."""
        order = {"table": table, "id": row, "changes": changes}
        httpx2.post(f"{self.halopsa_url}/_sim/edit", json=order, trust_env=False).raise_for_status()

    def bills(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Kind and state of every bill, by company and month."""
        rows = self.query(
            "SELECT c.name, b.month, b.kind, b.state FROM store_bill b JOIN store_company c ON c.id = b.company_id"
        )
        return {(row["name"], row["month"]): (row["kind"], row["state"]) for row in rows}

    def company_id(self, name: str) -> str:
        """The id that MBS gives a company of this name."""
        (found,) = [one.id for one in self.world.companies.values() if one.names[-1].value == name]
        return found

    def _first_settings(self) -> dict[str, Any]:
        return {
            "provider": {"name": "Northwind IT", "currency": "USD", "time_zone": "UTC"},
            "halopsa": {
                "address": f"{self.halopsa_url}/api",
                "tenant": TENANT,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "settle_seconds": 0.2,
                "window_seconds": 1,
                "calls_per_window": 1000,
            },
            "sources": {"mbs": {"address": self.mbs_url, "login": LOGIN, "password": PASSWORD}},
            "storage_accounts": [{"id": ACCOUNT_ID, "name": ACCOUNT}],
            "prices": prices(PRICES),
            "companies": [],
        }

    def company(self, name: str, *configurations: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A company's part of the setup file: mapped to the HaloPSA customer of its name."""
        customer = next(one for one in self.world.halopsa.customers if one.name == name)
        return {
            "id": self.company_id(name),
            "name": name,
            "customer_id": customer.id,
            "site_id": customer.main_site_id,
            **more,
            "configurations": [dict(one) for one in configurations],
        }


class ConsoleInProcess(Console):
    """A console whose commands run in the test's process, which is many times as fast.

    They run on the process's own database; a test marked `django_db(transaction=True)` begins with an empty one.
    """

    @staticmethod
    def this_process() -> Installation:
        """The installation of the test's process."""
        return Installation(data=Path(os.environ["BILLBRIDGE_DATA"]), env=dict(os.environ))

    def run(self, *arguments: str, day: str = "", timeout: float = 60) -> Ran:
        """Run `billbridge` as its process does, error messages and exit code included."""
        from billbridge.cli import main

        if day:
            self.world.today = date.fromisoformat(day)
            arguments = (*arguments, "--day", day)
        out, err = io.StringIO(), io.StringIO()
        before, sys.argv = sys.argv, ["billbridge", *arguments]
        code: object = 0
        try:
            with redirect_stdout(out), redirect_stderr(err):
                main()
        except SystemExit as end:
            code = end.code
        finally:
            sys.argv = before
        return Ran(arguments=arguments, code=int(str(code or 0)), out=out.getvalue(), err=err.getvalue())


def configuration(name: str, mode: str, *products: str, **more: Any) -> dict[str, Any]:
    """A billing configuration's part of the setup file; storage products are written `storage:<account>`."""
    return {"name": name, "mode": mode, "products": list(products), **more}


def prices(by_type: Mapping[str, tuple[str, str]], *, from_month: str = "2026-01") -> list[dict[str, Any]]:
    """The prices' part of the setup file, of cost and price per license type."""
    return [
        {"license_type": name, "from_month": from_month, "cost": cost, "price": price}
        for name, (cost, price) in by_type.items()
    ]


OpenConsole = Callable[..., Console]
"""The fixture `open_console`: opens the console of a test's installation on a world."""
