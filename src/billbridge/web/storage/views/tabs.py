"""The tabs of a storage account's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from billbridge.operations.storage_settings import account_of
from billbridge.store.models import StorageAccount
from billbridge.web.middleware import ConsoleRequest

_TABS = (("account", "Usage"), ("costs", "Storage cost settings"), ("limits", "Storage limits"))


def account_in(request: ConsoleRequest, pk: int) -> StorageAccount:
    """The storage account of an address; raises `NotThere` for one of another provider."""
    return account_of(request.actor.provider, pk)


def context_of(account: StorageAccount, tab: str, **more: Any) -> dict[str, Any]:
    """What every tab's template needs: the account, and the tabs with the one that is open."""
    tabs = [
        {"label": label, "address": reverse(f"storage:{name}", args=[account.pk]), "is_open": name == tab}
        for name, label in _TABS
    ]
    return {"account": account, "tabs": tabs, **more}
