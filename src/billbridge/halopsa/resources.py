"""HaloPSA's lists and records as functions: what Billbridge reads, and the two things it writes.

Every function takes the client first and raises the errors of `billbridge.halopsa.errors`. Lists come as a
`Listing`, whose `complete` the caller must look at before it concludes that something is missing. Inactive records
are asked for too: HaloPSA hides them otherwise, and a hidden record would be created a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeVar

from billbridge.errors import InvalidInput
from billbridge.halopsa.client import HaloPSA, Query
from billbridge.halopsa.errors import NotFound
from billbridge.halopsa.listings import Listing
from billbridge.halopsa.paging import Progress, read_list, read_unpaged
from billbridge.halopsa.rows import listing_of, value_of, values_of
from billbridge.halopsa.values import (
    AssetType,
    Client,
    ClientContract,
    Currency,
    Item,
    LicenceChange,
    RecurringInvoice,
    Site,
    SoftwareLicence,
    Supplier,
)

Counts = Literal["int", "double"]
"""How a HaloPSA keeps a subscription's count: whole numbers only (until 2025), or with fractions."""

_ALL: Query = {"includeactive": True, "includeinactive": True}
_Record = TypeVar("_Record")


def clients(halo: HaloPSA, *, progress: Progress | None = None) -> Listing[Client]:
    """All customers."""
    return listing_of(Client, read_list(halo, "Client", "clients", _ALL, progress=progress))


def client(halo: HaloPSA, client_id: int) -> Client | None:
    """One customer; None if HaloPSA has none with this id."""
    return _one(halo, Client, f"Client/{client_id}")


def sites(halo: HaloPSA, client_id: int | None = None, *, progress: Progress | None = None) -> Listing[Site]:
    """All sites, or those of one customer."""
    query = {**_ALL, **_of_client(client_id)}
    found = listing_of(Site, read_list(halo, "Site", "sites", query, progress=progress))
    return found.where(lambda site: client_id is None or site.client_id == client_id)


def asset_types(halo: HaloPSA) -> Listing[AssetType]:
    """All asset types; HaloPSA gives them in one piece."""
    return listing_of(AssetType, read_unpaged(halo, "AssetType", "assettypes"))


def suppliers(halo: HaloPSA, search: str | None = None, *, progress: Progress | None = None) -> Listing[Supplier]:
    """All suppliers, or those HaloPSA finds for `search`, which looks for a part and not for the exact name."""
    query = _ALL if search is None else {**_ALL, "search": search}
    return listing_of(Supplier, read_list(halo, "Supplier", "suppliers", query, progress=progress))


def create_supplier(halo: HaloPSA, name: str) -> Supplier | None:
    """Create a supplier; None if HaloPSA's answer does not show it, which the caller then reads back.

    HaloPSA would create a second supplier of the same name: look for it first.
    """
    created = values_of(Supplier, halo.post("Supplier", [{"name": name}]))
    return created[0] if created else None


def items(halo: HaloPSA, *, progress: Progress | None = None) -> Listing[Item]:
    """All items (HaloPSA's products)."""
    return listing_of(Item, read_list(halo, "Item", "items", _ALL, progress=progress))


def currencies(halo: HaloPSA) -> Listing[Currency]:
    """All currencies; HaloPSA gives them in one piece."""
    return listing_of(Currency, read_unpaged(halo, "Currency", "currencies"))


def contracts(
    halo: HaloPSA, client_id: int | None = None, *, progress: Progress | None = None
) -> Listing[ClientContract]:
    """All agreements, or those of one customer."""
    query = {"includeinactive": True, **_of_client(client_id)}
    found = listing_of(ClientContract, read_list(halo, "ClientContract", "contracts", query, progress=progress))
    return found.where(lambda contract: client_id is None or contract.client_id == client_id)


def contract(halo: HaloPSA, contract_id: int) -> ClientContract | None:
    """One agreement; None if HaloPSA has none with this id."""
    return _one(halo, ClientContract, f"ClientContract/{contract_id}")


def licences(
    halo: HaloPSA, client_id: int | None = None, *, progress: Progress | None = None
) -> Listing[SoftwareLicence]:
    """All rows of the licence table, software licences and subscriptions alike, inactive and deleted ones too."""
    query = {"includeinactive": True, **_of_client(client_id)}
    found = listing_of(SoftwareLicence, read_list(halo, "SoftwareLicence", "licences", query, progress=progress))
    return found.where(lambda licence: client_id is None or licence.client_id == client_id)


def subscriptions(
    halo: HaloPSA, client_id: int | None = None, *, progress: Progress | None = None
) -> Listing[SoftwareLicence]:
    """All subscriptions, or those of one customer, inactive and deleted ones too.

    They are picked out here, since what HaloPSA's own filter by type means is not documented.
    """
    return licences(halo, client_id, progress=progress).where(lambda licence: licence.is_subscription)


def subscription(halo: HaloPSA, licence_id: int) -> SoftwareLicence | None:
    """One row of the licence table; None if HaloPSA has none with this id, or deleted it."""
    return _one(halo, SoftwareLicence, f"SoftwareLicence/{licence_id}")


def post_subscriptions(
    halo: HaloPSA, payloads: Sequence[Mapping[str, Any]], *, counts: Counts = "int"
) -> tuple[SoftwareLicence, ...]:
    """Create (without `id`) or update (with `id`) subscriptions in one call; only the fields sent are changed.

    Amounts go as Decimal or int, days as `date`. Returns what HaloPSA showed of them in its answer, which may be
    fewer or none: only reading back tells what was written. With `counts="int"` a count with a fraction raises
    InvalidInput before anything is sent. Raises what `HaloPSA.post` raises.
    """
    if counts == "int":
        for payload in payloads:
            _require_whole_count(payload)
    return values_of(SoftwareLicence, halo.post("SoftwareLicence", payloads))


def licence_changes(halo: HaloPSA, licence_id: int) -> Listing[LicenceChange]:
    """The change history of one subscription as HaloPSA wrote it."""
    found = listing_of(LicenceChange, read_list(halo, "LicenceChange", "changes", {"licence_id": licence_id}))
    return found.where(lambda change: change.licence_id in (None, licence_id))


def recurring_invoices(
    halo: HaloPSA, client_id: int | None = None, *, progress: Progress | None = None
) -> Listing[RecurringInvoice]:
    """All recurring invoices, or those of one customer, with their lines."""
    query = {"includelines": True, **_of_client(client_id)}
    found = listing_of(RecurringInvoice, read_list(halo, "RecurringInvoice", "invoices", query, progress=progress))
    return found.where(lambda invoice: client_id is None or invoice.client_id == client_id)


def recurring_invoice(halo: HaloPSA, invoice_id: int) -> RecurringInvoice | None:
    """One recurring invoice with its lines and the subscriptions on them; None if there is none with this id."""
    return _one(halo, RecurringInvoice, f"RecurringInvoice/{invoice_id}")


def _one(halo: HaloPSA, kind: type[_Record], path: str) -> _Record | None:
    try:
        body = halo.get(path, {"includedetails": True})
    except NotFound:
        return None
    return value_of(kind, body)


def _of_client(client_id: int | None) -> Query:
    return {} if client_id is None else {"client_id": client_id}


def _require_whole_count(payload: Mapping[str, Any]) -> None:
    count = payload.get("count")
    if isinstance(count, Decimal) and count != count.to_integral_value():
        raise InvalidInput(
            f"The count {count} of {payload.get('name') or payload.get('id')} has a fraction.",
            hint="Round it up, or set the connection to a HaloPSA that keeps fractions.",
        )
