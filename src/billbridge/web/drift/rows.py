"""The open findings of the drift check as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from billbridge.billing.drift_findings import Thing
from billbridge.store.models import DriftFinding
from billbridge.web.tables import Column, Filter, Table, csv_response, read_table

_COLUMNS = (
    Column(name="thing", label="What", order=("thing", "name", "pk")),
    Column(name="company", label="Company", order=("company__name", "thing", "name", "pk")),
    Column(name="finding", label="What became of it"),
    Column(name="effect", label="What that does to the next bill"),
    Column(name="seen", label="First seen", order=("first_seen", "pk")),
    Column(name="harms", label="Harm", order=("harms", "thing", "name", "pk")),
)
_CSV_HEADER = ("Thing", "Name", "Company", "Finding", "Effect", "Remedy", "Harm", "First seen", "Last seen")

_Rows = QuerySet[DriftFinding]
_HARM: dict[str, tuple[str, Callable[[_Rows], _Rows]]] = {
    "harmful": ("harmful", lambda rows: rows.filter(harms=True, kind=DriftFinding.Kind.CHANGE)),
    "unknown": ("unknown", lambda rows: rows.filter(kind=DriftFinding.Kind.UNKNOWN)),
    "note": ("notes", lambda rows: rows.filter(harms=False, kind=DriftFinding.Kind.CHANGE)),
}


def finding_table(request: HttpRequest, rows: _Rows, companies: Sequence[tuple[int, str]]) -> Table:
    """One page of the findings, at first in their own order. `companies` can be chosen from."""
    filters = (
        Filter(
            name="thing",
            label="What",
            choices=tuple((thing.value, thing.value) for thing in Thing),
            narrow=lambda rows, thing: rows.filter(thing=thing),
        ),
        Filter(
            name="company",
            label="Company",
            choices=tuple((str(pk), name) for pk, name in companies),
            narrow=lambda rows, pk: rows.filter(company_id=int(pk)),
        ),
        Filter(
            name="harm",
            label="Harm",
            choices=tuple((value, label) for value, (label, _) in _HARM.items()),
            narrow=lambda rows, value: _HARM[value][1](rows),
        ),
    )
    return read_table(
        request,
        rows,
        _COLUMNS,
        search_in=("name", "company__name", "finding", "effect"),
        filters=filters,
    )


def findings_csv(table: Table) -> HttpResponse:
    """All findings that fit as a CSV file."""
    return csv_response("drift", _CSV_HEADER, (_csv_row(one) for one in table.all_rows))


def _csv_row(one: DriftFinding) -> tuple[object, ...]:
    company = one.company.name if one.company else ""
    harm = "unknown" if one.kind == DriftFinding.Kind.UNKNOWN else "harmful" if one.harms else "note"
    return one.thing, one.name, company, one.finding, one.effect, one.remedy, harm, one.first_seen, one.last_seen
