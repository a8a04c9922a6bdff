"""A copy of HaloPSA's lists, as tests of pages that offer them need it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from billbridge.store.models import HaloList, Provider

CUSTOMERS = [
    {"id": 12, "name": "Acme Dental"},
    {"id": 13, "name": "Birch & Co Ltd"},
    {"id": 14, "name": "Closed Bakery", "inactive": True},
    {"id": 15, "name": "Dunmore Haulage"},
]
SITES = [
    {"id": 31, "name": "Main", "client_id": 12},
    {"id": 32, "name": "Harbour", "client_id": 13},
    {"id": 33, "name": "Hill", "client_id": 13},
    {"id": 34, "name": "Depot", "client_id": 15},
]
ASSET_TYPES = [{"id": 101, "name": "Server"}, {"id": 102, "name": "Workstation"}]
ITEMS = [
    {"id": 61, "name": "Managed Backup: Server", "assettype_id": 101},
    {"id": 62, "name": "Backup of a Workstation", "assettype_id": 102},
    {"id": 63, "name": "Laptop", "assettype_id": 102},
]


def copy_lists(provider: Provider, **lists: list[dict[str, Any]]) -> None:
    """Store a copy; `lists` replace some of the ones above, by the names of `HaloList.Kind`."""
    rows = {"CUSTOMERS": CUSTOMERS, "SITES": SITES, "ASSET_TYPES": ASSET_TYPES, "ITEMS": ITEMS} | lists
    for kind in HaloList.Kind:
        HaloList.objects.update_or_create(
            provider=provider,
            kind=kind.value,
            defaults={"rows": rows.get(kind.name, []), "read_at": datetime.now(UTC)},
        )
