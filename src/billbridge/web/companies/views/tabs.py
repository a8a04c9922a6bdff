"""The tabs of a company's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from billbridge.operations.companies import company_of
from billbridge.store.models import Company
from billbridge.web.middleware import ConsoleRequest

_TABS = (
    ("company", "Overview"),
    ("licenses", "Licenses"),
    ("storage", "Storage"),
    ("prices", "Prices"),
    ("configurations", "Configurations"),
    ("exceptions", "Exceptions"),
    ("bills", "Bills"),
    ("mapping", "Mapping"),
    ("history", "History"),
)


def company_in(request: ConsoleRequest, pk: int) -> Company:
    """The company of an address; raises `NotThere` for one of another provider."""
    return company_of(request.actor.provider, pk)


def context_of(company: Company, tab: str, **more: Any) -> dict[str, Any]:
    """What every tab's template needs: the company, and the tabs with the one that is open."""
    tabs = [
        {"label": label, "address": reverse(f"companies:{name}", args=[company.pk]), "is_open": name == tab}
        for name, label in _TABS
    ]
    return {"company": company, "tabs": tabs, **more}
