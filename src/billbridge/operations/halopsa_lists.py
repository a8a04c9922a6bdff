"""Our copy of HaloPSA's lists: what forms offer for choosing, with its age. Pages read it and never wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billbridge.halopsa import resources
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.values import AssetType, Client, ClientContract, Currency, Item, Site, Supplier
from billbridge.store.models import HaloList, Provider

Say = Callable[[str], None]

_VALUES: dict[HaloList.Kind, type[Any]] = {
    HaloList.Kind.CUSTOMERS: Client,
    HaloList.Kind.SITES: Site,
    HaloList.Kind.ASSET_TYPES: AssetType,
    HaloList.Kind.ITEMS: Item,
    HaloList.Kind.SUPPLIERS: Supplier,
    HaloList.Kind.AGREEMENTS: ClientContract,
    HaloList.Kind.CURRENCIES: Currency,
}


def refresh_lists(provider: Provider, halo: HaloPSA, *, say: Say = lambda _: None) -> dict[str, int]:
    """Read every list anew and replace our copy, all of it or nothing; gives how many rows each has."""
    lists: dict[HaloList.Kind, Sequence[Any]] = {}
    for kind, read in _READERS.items():
        say(f"reading {kind.value}")
        lists[kind] = tuple(read(halo))
    with transaction.atomic():
        for kind, records in lists.items():
            HaloList.objects.update_or_create(
                provider=provider,
                kind=kind.value,
                defaults={"rows": [_row(record) for record in records], "read_at": datetime.now(UTC)},
            )
    return {kind.value: len(records) for kind, records in lists.items()}


def age_of_lists(provider: Provider) -> datetime | None:
    """When the oldest of the copied lists was read; `None` when there is no copy yet."""
    return HaloList.objects.filter(provider=provider).order_by("read_at").values_list("read_at", flat=True).first()


def customers(provider: Provider) -> tuple[Client, ...]:
    """HaloPSA's customers by name, as copied."""
    return _sorted(_read(provider, HaloList.Kind.CUSTOMERS))


def customers_by_id(provider: Provider) -> dict[int, Client]:
    """HaloPSA's customers by id, as copied, in no order."""
    return {one.id: one for one in _read(provider, HaloList.Kind.CUSTOMERS)}


def sites_by_id(provider: Provider) -> dict[int, Site]:
    """HaloPSA's sites by id, as copied, in no order."""
    return {one.id: one for one in _read(provider, HaloList.Kind.SITES)}


def customer_names(provider: Provider) -> dict[int, str]:
    """The names of HaloPSA's customers by id, as copied: for showing, in a fraction of the time."""
    copy = HaloList.objects.filter(provider=provider, kind=HaloList.Kind.CUSTOMERS.value).first()
    return {row["id"]: row.get("name", "") for row in copy.rows} if copy else {}


def sites(provider: Provider, customer_id: int | None = None) -> tuple[Site, ...]:
    """HaloPSA's sites by name, as copied; of one customer, or of all."""
    rows = _read(provider, HaloList.Kind.SITES)
    return _sorted(row for row in rows if customer_id is None or row.client_id == customer_id)


def asset_types(provider: Provider) -> tuple[AssetType, ...]:
    """HaloPSA's asset types by name, as copied."""
    return _sorted(_read(provider, HaloList.Kind.ASSET_TYPES))


def items(provider: Provider) -> tuple[Item, ...]:
    """HaloPSA's items by name, as copied."""
    return _sorted(_read(provider, HaloList.Kind.ITEMS))


def suppliers(provider: Provider) -> tuple[Supplier, ...]:
    """HaloPSA's suppliers by name, as copied."""
    return _sorted(_read(provider, HaloList.Kind.SUPPLIERS))


def agreements(provider: Provider, customer_id: int) -> tuple[ClientContract, ...]:
    """A customer's agreements, as copied."""
    rows = _read(provider, HaloList.Kind.AGREEMENTS)
    return tuple(sorted((row for row in rows if row.client_id == customer_id), key=lambda row: row.id))


def _read(provider: Provider, kind: HaloList.Kind) -> tuple[Any, ...]:
    copy = HaloList.objects.filter(provider=provider, kind=kind.value).first()
    value = _VALUES[kind]
    known = {field.name for field in fields(value)}
    return tuple(value(**_back(row, known)) for row in copy.rows) if copy else ()


def _sorted(records: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(records, key=lambda record: (record.name.casefold(), record.id)))


_DAYS = frozenset({"start_date", "end_date"})


def _row(record: Any) -> dict[str, Any]:
    """A record without what is empty; days and amounts as text."""
    return {
        name: str(value) if isinstance(value, date | Decimal) else value
        for name, value in asdict(record).items()
        if value not in (None, "")
    }


def _back(row: dict[str, Any], known: AbstractSet[str]) -> dict[str, Any]:
    """The fields of a record; one that only another version of the program knew is left out."""
    if row.keys() <= known and not row.keys() & _DAYS:
        return row  # nearly every row, of thousands
    return {
        name: date.fromisoformat(value) if name in _DAYS else value for name, value in row.items() if name in known
    }


_READERS: dict[HaloList.Kind, Callable[[HaloPSA], Iterable[Any]]] = {
    HaloList.Kind.CUSTOMERS: resources.clients,
    HaloList.Kind.SITES: resources.sites,
    HaloList.Kind.ASSET_TYPES: resources.asset_types,
    HaloList.Kind.ITEMS: resources.items,
    HaloList.Kind.SUPPLIERS: resources.suppliers,
    HaloList.Kind.AGREEMENTS: resources.contracts,
    HaloList.Kind.CURRENCIES: resources.currencies,
}
