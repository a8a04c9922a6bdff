"""Collecting now, and what each collection brought."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billbridge.errors import InvalidInput
from billbridge.operations.access import NotThere
from billbridge.operations.tasks import TaskKind, ask_for
from billbridge.store.models import Collection
from billbridge.store.queries.sources import collection_of, collections
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, Table, read_table

_COLUMNS = (
    Column(name="began", label="Began", order=("began",)),
    Column(name="day", label="Business day", order=("day",)),
    Column(name="section", label="Section", order=("section",)),
    Column(name="state", label="State", order=("state",)),
    Column(name="figures", label="What came in"),
)


def _in_state(rows: QuerySet[Collection], state: str) -> QuerySet[Collection]:
    return rows.filter(state=state)


def _of_section(rows: QuerySet[Collection], section: str) -> QuerySet[Collection]:
    return rows.filter(section=section)


_FILTERS = (
    Filter(
        name="section",
        label="Section",
        choices=tuple((one.value, one.value) for one in Collection.Section),
        narrow=_of_section,
    ),
    Filter(
        name="state",
        label="State",
        choices=tuple((one.value, one.value) for one in Collection.State),
        narrow=_in_state,
    ),
)


def collections_table(request: ConsoleRequest) -> Table:
    """Every collection, newest first, a page at a time."""
    rows = collections(request.actor.provider)
    return read_table(request, rows, _COLUMNS, search_in=("reason",), filters=_FILTERS, order="-began", per_page=20)


@require_POST
def collect(request: ConsoleRequest) -> HttpResponse:
    """Ask for a collection now; with `accept_losses` a person believes what was held."""
    inputs = {"accept_losses": True} if request.POST.get("accept_losses") == "yes" else {}
    try:
        ask_for(request.actor, TaskKind.COLLECT, inputs)
    except InvalidInput as error:
        messages.error(request, str(error))
    return redirect("sources:sources")


@require_safe
def collection(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One collection of a section: its figures, warnings, and what of it is not billed."""
    one = collection_of(request.actor.provider, pk)
    if one is None:
        raise NotThere("There is no such collection.")
    columns = (
        Column(name="subject", label="What", order=("subject",)),
        Column(name="license_type", label="License type", order=("license_type",)),
        Column(name="user", label="User", order=("user",)),
        Column(name="reason", label="Not billed, because", order=("reason",)),
    )
    rows = [_NotBilled(entry) for entry in one.not_billed]
    table = read_table(
        request, rows, columns, search_in=("subject", "license_type", "user", "reason"), order="reason"
    )
    return render(request, "sources/collection.html", {"tab": "sources", "collection": one, "table": table})


class _NotBilled:
    """An entry of a collection's list, as a table sorts and searches it."""

    __slots__ = ("count", "detail", "license_type", "reason", "subject", "user")

    def __init__(self, entry: dict[str, object]) -> None:
        for name in ("subject", "license_type", "user", "reason", "detail"):
            setattr(self, name, str(entry.get(name) or ""))
        self.count = entry.get("count") or 1
