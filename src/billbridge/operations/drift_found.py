"""Reading of HaloPSA what the drift check compares, with as few calls as a sync; what cannot be read is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Generic, Never, Protocol, TypeVar

from billbridge.billing.changes import Found
from billbridge.billing.drift_values import (
    Expected,
    FoundAgreement,
    FoundCustomer,
    FoundInHaloPSA,
    FoundSite,
    FoundSupplier,
    Listed,
)
from billbridge.billing.months import Month
from billbridge.errors import BillbridgeError
from billbridge.halopsa import resources
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.errors import BadRequest, ModuleRefused, PageError, UnreadableReply
from billbridge.halopsa.listings import Listing
from billbridge.halopsa.subscriptions import found_of
from billbridge.halopsa.tenant import FEW_CONTRACTS, PAGE, Sizes, read_currencies, reads_by_customer
from billbridge.halopsa.values import Client, ClientContract, Currency, Site, SoftwareLicence
from billbridge.operations.destination import currency_of_customer, is_active_in

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

_OF_ONE_LIST = (ModuleRefused, PageError, UnreadableReply, BadRequest)
"""Errors that concern the list that was read alone, so that the others are worth reading."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read(Generic[_T]):
    """What came of a list, why it is not all, and what to do about that; both empty if it is all."""

    rows: Sequence[_T] = ()
    gap: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of HaloPSA is to be read; a list of which nothing is wanted is not asked for.

    `subscriptions` are the known ids, each with the customer at which it stood.
    """

    month: Month
    customers: frozenset[int]
    sites: frozenset[int]
    agreements: frozenset[int]
    subscriptions: Mapping[int, int]
    asset_types: bool
    items: bool
    suppliers: bool

    @classmethod
    def by(cls, expected: Expected, subscriptions: Mapping[int, int]) -> Wanted:
        """What is needed to look at everything expected."""
        return cls(
            month=expected.month,
            customers=frozenset(one.customer_id for one in expected.companies),
            sites=frozenset(one.site_id for one in expected.companies if one.site_id),
            agreements=frozenset(one.agreement_id for one in expected.companies if one.agreement_id is not None),
            subscriptions=subscriptions,
            asset_types=bool(expected.asset_types),
            items=bool(expected.items),
            suppliers=expected.supplier is not None,
        )


def read_for_drift(
    halo: HaloPSA, wanted: Wanted, sizes: Sizes, *, say: Say = lambda _: None, progress: Progress = lambda *_: None
) -> FoundInHaloPSA:
    """Read everything wanted: whole lists, or customer by customer where that costs fewer calls.

    What keeps one list from being read is its gap, and the others are read all the same; what keeps HaloPSA from
    being read at all is the gap of all that were not read yet. Raises nothing of Billbridge's own errors.
    """
    return _Reading(halo, wanted, sizes, say, progress).everything()


def nothing_read(error: BillbridgeError) -> FoundInHaloPSA:
    """What is known of a HaloPSA that could not be asked at all."""
    trouble = _trouble(error)
    return FoundInHaloPSA(
        customers=Listed(gap=trouble),
        sites=Listed(gap=trouble),
        agreements=Listed(gap=trouble),
        asset_types=Listed(gap=trouble),
        items=Listed(gap=trouble),
        suppliers=Listed(gap=trouble),
        subscriptions=Listed(gap=trouble),
        trouble=trouble,
        hint=error.hint,
    )


class _Reading:
    """One reading of HaloPSA; once it can be read no further, nothing more is asked for."""

    def __init__(self, halo: HaloPSA, wanted: Wanted, sizes: Sizes, say: Say, progress: Progress) -> None:
        self._halo = halo
        self._wanted = wanted
        self._sizes = sizes
        self._say = say
        self._progress = progress
        self._by_customer = reads_by_customer(len(wanted.customers), sizes)
        self._trouble: _Read[Never] = _Read()

    def everything(self) -> FoundInHaloPSA:
        wanted = self._wanted
        customers = self._read("customers", self._clients, when=bool(wanted.customers))
        sites = self._read("sites", self._sites, when=bool(wanted.sites))
        subscriptions = self._read("subscriptions", self._licences, when=bool(wanted.subscriptions))
        asset_types = self._list("asset types", resources.asset_types, when=wanted.asset_types)
        items = self._list("items", resources.items, when=wanted.items)
        suppliers = self._list("suppliers", resources.suppliers, when=wanted.suppliers)
        agreements = self._read("agreements", self._contracts, when=bool(wanted.agreements))
        currencies = self._read("currencies", self._currencies, when=bool(wanted.customers))
        return FoundInHaloPSA(
            customers=_listed(customers, lambda row: _customer(row, currencies)),
            sites=_listed(
                sites, lambda row: FoundSite(name=row.name, customer_id=row.client_id, inactive=bool(row.inactive))
            ),
            agreements=_listed(agreements, lambda row: _agreement(row, wanted.month)),
            asset_types=_listed(asset_types, lambda row: row.name),
            items=_listed(items, lambda row: row.name),
            suppliers=_listed(suppliers, lambda row: FoundSupplier(name=row.name, inactive=bool(row.inactive))),
            subscriptions=_subscriptions(subscriptions),
            trouble=self._trouble.gap,
            hint=self._trouble.hint,
        )

    def _read(self, what: str, read: Callable[[], _Read[_T]], *, when: bool) -> _Read[_T]:
        if not when:
            return _Read()
        if self._trouble.gap:
            return _Read(gap=self._trouble.gap)
        self._say(f"reading {what}")
        try:
            return read()
        except _OF_ONE_LIST as error:
            return _Read(gap=error.message.rstrip("."), hint=error.hint)
        except BillbridgeError as error:
            self._trouble = _Read(gap=_trouble(error), hint=error.hint)
            return _Read(gap=self._trouble.gap)

    def _list(self, what: str, read: Callable[[HaloPSA], Listing[_T]], *, when: bool) -> _Read[_T]:
        return self._read(what, lambda: _whole(read(self._halo)), when=when)

    def _clients(self) -> _Read[Client]:
        if self._by_customer:
            asked = (resources.client(self._halo, number) for number in sorted(self._wanted.customers))
            return _Read(rows=[one for one in asked if one is not None])
        return _whole(resources.clients(self._halo, progress=self._advance))

    def _sites(self) -> _Read[Site]:
        if self._by_customer:
            return _joined(resources.sites(self._halo, number) for number in sorted(self._wanted.customers))
        return _whole(resources.sites(self._halo, progress=self._advance))

    def _licences(self) -> _Read[SoftwareLicence]:
        """Subscriptions: those that stand no more at the customers that were looked at are asked for one by one."""
        known = self._wanted.subscriptions
        if not self._by_customer:
            return _whole(resources.licences(self._halo, progress=self._advance))
        places = sorted(self._wanted.customers | (set(known.values()) - {0}))
        read = _joined(resources.licences(self._halo, number) for number in places)
        missing = sorted(known.keys() - {row.id for row in read.rows})
        if len(missing) >= max(1, ceil(self._sizes.licences / PAGE)):
            return _whole(resources.licences(self._halo, progress=self._advance))
        asked = (resources.subscription(self._halo, number) for number in missing)
        return replace(read, rows=[*read.rows, *(row for row in asked if row is not None)])

    def _contracts(self) -> _Read[ClientContract]:
        ids = self._wanted.agreements
        if len(ids) > FEW_CONTRACTS:
            return _whole(resources.contracts(self._halo))
        asked = (resources.contract(self._halo, number) for number in sorted(ids))
        return _Read(rows=[one for one in asked if one is not None])

    def _currencies(self) -> _Read[Currency]:
        currencies, unread = read_currencies(self._halo)
        return _Read(rows=currencies, gap=unread)

    def _advance(self, done: int, total: int | None) -> None:
        self._progress(done, total or 0)


def _trouble(error: BillbridgeError) -> str:
    return f"HaloPSA could not be read: {error.message}".rstrip(".")


def _whole(listing: Listing[_T]) -> _Read[_T]:
    gap = "" if listing.complete else f"HaloPSA's list {listing.name} could not be read whole: {listing.reason}"
    return _Read(rows=listing.rows, gap=gap)


def _joined(listings: Iterable[Listing[_T]]) -> _Read[_T]:
    read = [_whole(listing) for listing in listings]
    return _Read(rows=[row for one in read for row in one.rows], gap=next((one.gap for one in read if one.gap), ""))


class _HasId(Protocol):
    @property
    def id(self) -> int: ...


_Record = TypeVar("_Record", bound=_HasId)
_Row = TypeVar("_Row")


def _listed(read: _Read[_Record], make: Callable[[_Record], _Row]) -> Listed[_Row]:
    return Listed(rows={row.id: make(row) for row in read.rows}, gap=read.gap, hint=read.hint)


def _subscriptions(read: _Read[SoftwareLicence]) -> Listed[Found]:
    rows = {row.id: found_of(row) for row in read.rows if row.is_subscription}
    return Listed(rows=rows, gap=read.gap, hint=read.hint)


def _customer(row: Client, currencies: _Read[Currency]) -> FoundCustomer:
    currency, gap = currency_of_customer(row, currencies.rows, currencies.gap)
    return FoundCustomer(name=row.name, inactive=bool(row.inactive), currency=currency, currency_gap=gap)


def _agreement(row: ClientContract, month: Month) -> FoundAgreement:
    return FoundAgreement(
        name=row.ref or f"agreement {row.id}", customer_id=row.client_id, is_active=is_active_in(row, month)
    )
