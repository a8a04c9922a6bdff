"""Every page there is, found by the addresses, and the other states of the tables on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from billbridge.billing.months import Month

_FAR = "99999"
"""A page behind the last one: the table shows the last."""


_NO_PAGES = frozenset({"accounts", "status"})
"""Areas that show no data of a provider."""


def pages(month: Month) -> Iterator[tuple[str, str]]:
    """Every address that can be filled, by name: a company's, a bill's, a plan's, ... is the first one's."""
    from django.urls import URLPattern, get_resolver, reverse  # noqa: PLC0415

    from billbridge.store import models  # noqa: PLC0415

    company = models.Company.objects.order_by("pk")[1]
    ids: dict[str, Any] = {
        "bills": models.Bill.objects.filter(company=company, month=month).get(),
        "runs": models.Run.objects.order_by("pk").last(),
        "storage": models.StorageAccount.objects.order_by("pk").first(),
        "tasks": models.Task.objects.order_by("pk").last(),
        "sync": models.Task.objects.filter(kind="plan").order_by("pk").last(),
        "administrators": models.Administrator.objects.first(),
    }
    unmapped = models.Company.objects.filter(client_id=None).order_by("pk").first()
    others: dict[str, Any] = {
        "line": models.BillLine.objects.filter(bill=ids["bills"]).order_by("pk").first(),
        "uid": models.BillingConfiguration.objects.filter(company=company).order_by("pk").first(),
    }
    for resolver in get_resolver().url_patterns:
        for pattern in resolver.url_patterns:
            if not isinstance(pattern, URLPattern) or resolver.namespace in _NO_PAGES:
                continue
            name = f"{resolver.namespace}:{pattern.name}"
            filling: dict[str, Any] = {}
            for key, converter in pattern.pattern.converters.items():
                if type(converter).__name__ == "MonthConverter":
                    filling[key] = month
                elif key == "pk":
                    one = unmapped if name == "halopsa:map-company" else ids.get(resolver.namespace, company)
                    filling[key] = one.pk
                elif key in others:
                    filling[key] = others[key].uid if key == "uid" else others[key].pk
            if filling.keys() == pattern.pattern.converters.keys():
                yield name, reverse(name, kwargs=filling or None)


def states_of(table: Any, address: str) -> Iterator[str]:
    """A table in its other states: other pages, searched, sorted by every column both ways, every filter."""
    yield f"{address}?page={_FAR}"
    yield f"{address}?page={table.page.paginator.num_pages // 2}"
    if table.can_search:
        for text in ("dental", "nothing is called so", "e"):
            yield f"{address}?{urlencode({'q': text})}"
    for header in table.headers:
        if header.address:
            column = header.column.name
            yield f"{address}?{urlencode({'sort': column, 'page': _FAR})}"
            yield f"{address}?{urlencode({'sort': '-' + column})}"
    for one, _ in table.filters:
        for value, _ in one.choices:
            yield f"{address}?{urlencode({one.name: value})}"
