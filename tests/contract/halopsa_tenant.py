"""A small HaloPSA tenant on a real port, with a client that has a token."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import httpx2

from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator, Switches
from billbridge.simulators.world_halopsa import (
    HaloAgreement,
    HaloAssetType,
    HaloCurrency,
    HaloCustomer,
    HaloItem,
    HaloRecurringInvoiceLineSeed,
    HaloRecurringInvoiceSeed,
    HaloSite,
    HaloSubscriptionSeed,
    HaloSupplier,
    HaloWorld,
)

ACME, BIRCH, CLOSED = 12, 13, 14
ACME_MAIN, ACME_DEPOT, BIRCH_MAIN = 40, 41, 42
FIREWALL, OLD_LICENCE, CANCELLED = 301, 302, 303
INVOICE = -94
TODAY = date(2026, 11, 12)

WORLD = HaloWorld(
    currencies=(
        HaloCurrency(id=1, code="USD", symbol="$", name="US Dollar", conversion_rate=Decimal(1)),
        HaloCurrency(id=2, code="EUR", symbol="€", name="Euro", conversion_rate=Decimal("0.92")),
    ),
    customers=(
        HaloCustomer(id=ACME, name="Acme Dental", main_site_id=ACME_MAIN, main_site_name="Main"),
        HaloCustomer(id=BIRCH, name="Birch <Law>", main_site_id=BIRCH_MAIN, main_site_name="Main"),
        HaloCustomer(id=CLOSED, name="Closed Ltd", main_site_id=43, main_site_name="Main", inactive=True),
    ),
    sites=(
        HaloSite(id=ACME_MAIN, client_id=ACME, name="Main"),
        HaloSite(id=ACME_DEPOT, client_id=ACME, name="Depot"),
        HaloSite(id=BIRCH_MAIN, client_id=BIRCH, name="Main"),
        HaloSite(id=43, client_id=CLOSED, name="Main", inactive=True),
    ),
    asset_types=(
        HaloAssetType(id=101, name="Server", assetgroup_id=11, assetgroup_name="Computers"),
        HaloAssetType(id=102, name="Mailbox", assetgroup_id=12, assetgroup_name="Cloud"),
    ),
    items=(
        HaloItem(id=61, name="Backup, server", assettype_id=101, baseprice=Decimal(15), costprice=Decimal("7.5")),
        HaloItem(id=62, name="Laptop", assettype_id=None, baseprice=Decimal(1190), costprice=Decimal(940)),
    ),
    suppliers=(HaloSupplier(id=21, name="Northwind"), HaloSupplier(id=22, name="northwind")),
    agreements=(
        HaloAgreement(
            id=201, client_id=ACME, client_name="Acme Dental", site_id=ACME_MAIN, ref="MSA-1",
            start=date(2026, 1, 1), end=None, active=True,
        ),
        HaloAgreement(
            id=202, client_id=ACME, client_name="Acme Dental", site_id=None, ref="MSA-0",
            start=date(2025, 1, 1), end=date(2025, 12, 31), active=True,
        ),
    ),
    subscriptions=(
        HaloSubscriptionSeed(
            id=FIREWALL, type=1, name="Firewall", client_id=ACME, site_id=ACME_MAIN, count=2,
            purchase_price=Decimal("4.25"), price=Decimal("9.5"), start_date=date(2026, 3, 1),
        ),
        HaloSubscriptionSeed(
            id=OLD_LICENCE, type=0, name="Office 2019", client_id=ACME, site_id=-1, count=5,
            purchase_price=Decimal(0), price=Decimal(0), start_date=date(2020, 1, 1),
        ),
        HaloSubscriptionSeed(
            id=CANCELLED, type=1, name="Antispam", client_id=BIRCH, site_id=BIRCH_MAIN, count=9,
            purchase_price=Decimal(1), price=Decimal(2), start_date=date(2026, 3, 1), is_active=False,
        ),
    ),
    recurring_invoices=(
        HaloRecurringInvoiceSeed(
            id=INVOICE, client_id=ACME, client_name="Acme Dental", site_id=ACME_MAIN, site_name="Main",
            name="Monthly services", contract_id=201, startdate=date(2026, 1, 1),
            nextcreationdate=date(2026, 12, 1), disabled=False,
            lines=(
                HaloRecurringInvoiceLineSeed(
                    id=901, item_id=62, item_shortdescription="Support", qty_order=Decimal(1),
                    unit_price=Decimal(100), unit_cost=Decimal(40),
                ),
                HaloRecurringInvoiceLineSeed(
                    id=902, item_id=None, item_shortdescription="Firewall", qty_order=Decimal(0),
                    unit_price=Decimal(0), unit_cost=Decimal(0), licence_id=FIREWALL,
                    use_linked_subscription_price=True, use_linked_subscription_cost=True,
                ),
            ),
        ),
    ),
)  # fmt: skip


class Tenant:
    """A started simulator and a client of it; switches are given by name."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        state_file: Path | None = None,
        **switches: Any,
    ) -> None:
        self.simulator = HaloPSASimulator(
            WORLD, switches=Switches(**switches), state_file=state_file, today=lambda: TODAY, clock=clock
        )
        self.server = self.simulator.start()
        self.http = httpx2.Client(base_url=self.server.url, timeout=10)

    def __enter__(self) -> Self:
        answer = self.ask_token()
        if answer.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def __exit__(self, *_: object) -> None:
        self.simulator.close()
        self.http.close()
        self.server.stop()

    def ask_token(self, tenant: str | None = TENANT, **form: str | None) -> httpx2.Response:
        """Ask for a token with the right form, except for what is given (None leaves a parameter out)."""
        right: dict[str, str | None] = {
            "grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "scope": "all",
        }  # fmt: skip
        data = {name: value for name, value in {**right, **form}.items() if value is not None}
        return self.http.post("/auth/token", params={} if tenant is None else {"tenant": tenant}, data=data)

    def use_scope(self, scope: str) -> None:
        """Go on with a token of this scope."""
        self.http.headers["Authorization"] = f"Bearer {self.ask_token(scope=scope).json()['access_token']}"

    def turn(self, **switches: Any) -> None:
        """Turn switches through the control API."""
        assert self.http.post("/_sim/switches", json=switches).status_code == 200

    def fault(self, **fault: Any) -> None:
        """Put one fault in force through the control API."""
        assert self.http.post("/_sim/faults", json=[fault]).status_code == 200

    def get(self, path: str, **query: Any) -> httpx2.Response:
        """GET below /api."""
        return self.http.get(f"/api/{path}", params=query)

    def rows(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        """The rows of an enveloped list, in order of their ids."""
        rows: list[dict[str, Any]] = self.get(path, order="id", **query).json()[key]
        return rows

    def post(self, path: str, body: Any) -> httpx2.Response:
        """POST below /api."""
        return self.http.post(f"/api/{path}", json=body)

    def create(self, **fields: Any) -> int:
        """Create a subscription of Acme and give its id."""
        answer = self.post("SoftwareLicence", [{"client_id": ACME, "type": 1, "name": "Backup", **fields}])
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["id"]
        return number

    def licence(self, number: int) -> dict[str, Any]:
        """One subscription."""
        licence: dict[str, Any] = self.get(f"SoftwareLicence/{number}").json()
        return licence
