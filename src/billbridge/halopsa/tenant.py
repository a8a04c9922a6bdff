"""Reading what a sync needs of a HaloPSA tenant, with the fewest calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TypeVar

from billbridge.billing.changes import Found
from billbridge.halopsa import resources
from billbridge.halopsa.apply import Reader
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.errors import ModuleRefused
from billbridge.halopsa.paging import Progress
from billbridge.halopsa.subscriptions import found_of
from billbridge.halopsa.values import (
    AssetType,
    Client,
    ClientContract,
    Currency,
    Item,
    Site,
    SoftwareLicence,
    Supplier,
)

PAGE = 100
"""Rows HaloPSA gives per page at the most."""

FEW_CONTRACTS = 2
"""Up to so many agreements are read one by one."""

_Record = TypeVar("_Record", Client, Site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many rows the tenant's lists had at the last run; zero when it is not known."""

    clients: int = 0
    sites: int = 0
    licences: int = 0

    @property
    def pages(self) -> int:
        """Calls to read all three lists whole."""
        return sum(max(1, ceil(rows / PAGE)) for rows in (self.clients, self.sites, self.licences))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """What stands in HaloPSA now: customers and sites by id, reference data, and subscriptions."""

    clients: Mapping[int, Client]
    sites: Mapping[int, Site]
    asset_types: Sequence[AssetType]
    items: Sequence[Item]
    suppliers: Sequence[Supplier]
    currencies: Sequence[Currency]
    contracts: Mapping[int, ClientContract]
    found: Sequence[Found]
    sizes: Sizes
    complete: bool = True
    reason: str = ""
    """Why the list of subscriptions is not whole; nothing may be created then."""
    currencies_unread: str = ""
    """Why there are no currencies: HaloPSA keeps them closed, and a sync can do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What of the reference data a sync needs beyond customers, sites and subscriptions."""

    client_ids: frozenset[int]
    contract_ids: frozenset[int] = field(default_factory=frozenset)
    asset_types: bool = True
    items: bool = True
    suppliers: bool = False
    currencies: bool = True


def read_tenant(halo: HaloPSA, needs: Needs, sizes: Sizes, *, progress: Progress | None = None) -> Tenant:
    """Read everything a plan compares with: whole lists, or customer by customer where that costs fewer calls."""
    if reads_by_customer(len(needs.client_ids), sizes):
        clients = [c for i in sorted(needs.client_ids) if (c := resources.client(halo, i)) is not None]
        known = [client.id for client in clients]
        sites = [site for i in known for site in resources.sites(halo, i).require_complete()]
        licences = [licence for i in known for licence in resources.licences(halo, i).require_complete()]
        found_sizes, complete, reason = sizes, True, ""
    else:
        clients = list(resources.clients(halo, progress=progress).require_complete())
        sites = list(resources.sites(halo, progress=progress).require_complete())
        listing = resources.licences(halo, progress=progress)
        licences = list(listing)
        complete, reason = listing.complete, listing.reason
        found_sizes = Sizes(clients=len(clients), sites=len(sites), licences=len(licences))
    currencies, unread = read_currencies(halo) if needs.currencies else ((), "")
    return Tenant(
        clients=_by_id(clients),
        sites=_by_id(sites),
        asset_types=resources.asset_types(halo).require_complete() if needs.asset_types else (),
        items=resources.items(halo).require_complete() if needs.items else (),
        suppliers=resources.suppliers(halo).require_complete() if needs.suppliers else (),
        currencies=currencies,
        currencies_unread=unread,
        contracts=_contracts(halo, needs.contract_ids),
        found=_subscriptions(licences),
        sizes=found_sizes,
        complete=complete,
        reason=reason,
    )


def read_currencies(halo: HaloPSA) -> tuple[Sequence[Currency], str]:
    """The currencies, or why HaloPSA does not give them: the one module a plan only checks with."""
    try:
        return resources.currencies(halo).require_complete(), ""
    except ModuleRefused as refusal:
        return (), "HaloPSA refuses the currencies: " + refusal.hint[:1].lower() + refusal.hint[1:].rstrip(".")


def _contracts(halo: HaloPSA, ids: frozenset[int]) -> dict[int, ClientContract]:
    """The agreements asked for: one by one when they are few, else from the whole list."""
    if len(ids) > FEW_CONTRACTS:
        return {c.id: c for c in resources.contracts(halo).require_complete() if c.id in ids}
    return {i: contract for i in sorted(ids) if (contract := resources.contract(halo, i)) is not None}


def reads_by_customer(customers: int, sizes: Sizes) -> bool:
    """Whether reading three lists per customer costs fewer calls than reading the tenant's lists whole."""
    return bool(sizes.licences or sizes.clients) and 3 * customers < sizes.pages


def subscription_reader(halo: HaloPSA, sizes: Callable[[], Sizes]) -> Reader:
    """Reads subscriptions anew: of the given customers one by one, or the whole list where that is cheaper."""

    def read(client_ids: frozenset[int]) -> Sequence[Found]:
        if len(client_ids) < max(1, ceil(sizes().licences / PAGE)):
            return _subscriptions(
                row for i in sorted(client_ids) for row in resources.licences(halo, i).require_complete()
            )
        return _subscriptions(resources.licences(halo).require_complete())

    return read


def _subscriptions(licences: Iterable[SoftwareLicence]) -> tuple[Found, ...]:
    return tuple(found_of(licence) for licence in licences if licence.is_subscription)


def _by_id(records: Iterable[_Record]) -> dict[int, _Record]:
    return {record.id: record for record in records}
