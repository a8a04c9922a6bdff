"""An installation whose companies are customers of a HaloPSA that has many more customers and subscriptions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil
from typing import Any

from billbridge.billing.months import Month
from billbridge.halopsa.auth import Credentials
from billbridge.halopsa.client import HaloPSA
from billbridge.operations.bill import BillRequest
from billbridge.operations.sync import SyncResult, apply, prepare
from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator
from billbridge.simulators.world import World
from billbridge.store.limiter import DatabaseLimiter
from billbridge.store.models import (
    ActivationRow,
    BilledProduct,
    BillingConfiguration,
    Collection,
    Company,
    HaloConnection,
    LicensePrice,
    Provider,
)
from billbridge.store.secrets import put_secret

TODAY = date(2026, 11, 12)
PAGE = 100
"""Rows HaloPSA gives per page."""

BESIDES = 8
"""Calls a run may cost besides the pages of its three lists: tokens, discovery, reference data."""


def world(*, companies: int, extra_customers: int, extra_subscriptions: int) -> World:
    """A world whose HaloPSA has the companies' customers and subscriptions of others."""
    return World.generate(
        companies=companies,
        licenses=companies,
        today=TODAY,
        extra_customers=extra_customers,
        extra_subscriptions=extra_subscriptions,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The installation in the test's own database, and the simulated HaloPSA it syncs with."""

    provider: Provider
    connection: HaloConnection
    simulator: HaloPSASimulator

    def sync(self, *, names: Sequence[str] = (), waits: list[float] | None = None) -> SyncResult:
        """One run, of all companies or of some. The limiter's waits are noted in `waits`."""
        chosen = frozenset(Company.objects.filter(name__in=names).values_list("pk", flat=True))
        request = BillRequest(day=TODAY, company_ids=chosen if names else None)
        with self.client(waits) as halo:
            return apply(prepare(self.provider, halo, request), halo)

    def client(self, waits: list[float] | None = None) -> HaloPSA:
        """A client whose calls pass the installation's limiter."""
        limiter = DatabaseLimiter(
            self.connection.pk,
            self.connection.calls_per_window,
            self.connection.window_seconds,
            sleep=_noting(waits if waits is not None else []),
        )
        credentials = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, tenant=TENANT, scope="all")
        return HaloPSA(self.connection.address, credentials, limiter=limiter)

    def rows(self, table: str) -> int:
        """How many rows a table of HaloPSA's has."""
        return len(self.simulator.tables[table].rows)

    def pages(self) -> int:
        """Calls that reading customers, sites and subscriptions whole costs now."""
        return sum(ceil(self.rows(table) / PAGE) for table in ("Client", "Site", "SoftwareLicence"))

    def calls(self) -> Calls:
        """What HaloPSA counted since the last look."""
        counted = self.simulator.calls.describe()
        self.simulator.calls.reset()
        routes: dict[str, int] = counted["by_route"]
        return Calls(total=counted["total"], by_route=routes, refused=counted["by_status"].get("429", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls HaloPSA counted: all, by route, and those it answered with 429."""

    total: int
    by_route: dict[str, int]
    refused: int

    @property
    def writes(self) -> int:
        return sum(n for route, n in self.by_route.items() if route.startswith("POST ") and "auth" not in route)


def install(
    world: World, simulator: HaloPSASimulator, address: str, *, companies: int, **settings: Any
) -> Installation:
    """Fill the database: so many companies, each mapped to a HaloPSA customer and billed for one Server license.

    October is over and November runs, so each company has two bills and gets two subscriptions.
    """
    provider = Provider.objects.create(name="Northwind IT", currency="USD")
    connection = HaloConnection.objects.create(
        provider=provider,
        address=f"{address}/api",
        client_id=CLIENT_ID,
        tenant=TENANT,
        settle_seconds=0.2,
        **{"calls_per_window": 10_000, "window_seconds": 60.0, **settings},
    )
    put_secret(connection, "client_secret", CLIENT_SECRET)
    LicensePrice.objects.create(
        provider=provider, license_type="Server", from_month=Month(2026, 9), cost=Decimal(5), price=Decimal(12)
    )
    for day in (date(2026, 10, 1), date(2026, 11, 1), TODAY):
        Collection.objects.create(
            provider=provider, source="mbs", section="licenses", began=datetime.now(UTC), day=day, state="done"
        )
    customers = [one for one in world.halopsa.customers if not one.inactive and not one.default_currency_code]
    rows = Company.objects.bulk_create(
        Company(
            provider=provider,
            source_id=f"company-{number}",
            name=f"Company {number}",
            client_id=customer.id,
            site_id=customer.main_site_id,
        )
        for number, customer in enumerate(customers[:companies])
    )
    configurations = BillingConfiguration.objects.bulk_create(
        BillingConfiguration(company=row, name="Managed Backup", mode="average") for row in rows
    )
    BilledProduct.objects.bulk_create(
        BilledProduct(configuration=one, company_id=one.company_id, product="license:Server")
        for one in configurations
    )
    ActivationRow.objects.bulk_create(
        ActivationRow(
            provider=provider,
            company=row,
            endpoint="DC01",
            endpoint_key="dc01",
            license_type="Server",
            first_day=date(2026, 10, 1),
            last_seen=TODAY,
            origin="observed",
        )
        for row in rows
    )
    assert len(rows) == companies
    return Installation(provider=provider, connection=connection, simulator=simulator)


def _noting(waits: list[float]) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    return sleep
