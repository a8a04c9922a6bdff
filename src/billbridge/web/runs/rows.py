"""Rows of the tables of runs and of a run's changes, and how they are narrowed and written as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from billbridge.billing.bills import Trigger
from billbridge.billing.changes import OWNED, ChangeKind
from billbridge.operations.report import LIMITED, calls_made
from billbridge.store.models import PlannedChange, Provider, Run
from billbridge.store.queries.runs import RunFigures, changes_of, figures_of, runs_of
from billbridge.web.sync.fields import ShownFields, shown_fields
from billbridge.web.tables import Column, Filter, Table, csv_response, read_table

_RUN_COLUMNS = (
    Column(name="run", label="Run", order=("pk",)),
    Column(name="began", label="Began", order=("began",)),
    Column(name="day", label="Business day", order=("day",)),
    Column(name="trigger", label="Trigger", order=("trigger",)),
    Column(name="who", label="Started by", order=("started_by",)),
    Column(name="state", label="State", order=("state",)),
    Column(name="written", label="Written", is_figure=True),
    Column(name="failed", label="Failed", is_figure=True),
    Column(name="calls", label="Calls", is_figure=True),
)
_CHANGE_COLUMNS = (
    Column(name="change", label="Change", order=("kind", "position")),
    Column(name="company", label="Company", order=("company__name", "position")),
    Column(name="name", label="Subscription and month", order=("name", "month")),
    Column(name="figures", label="Sent: before and after"),
    Column(name="read_back", label="Read back"),
    Column(name="state", label="Proof", order=("state", "position")),
)
_WRITING = tuple(kind for kind in ChangeKind if kind.writes)
PROOFS = {
    PlannedChange.State.INTENDED.value: "not sent",
    PlannedChange.State.SENDING.value: "not known",
    PlannedChange.State.SENT.value: "not known",
    PlannedChange.State.VERIFIED.value: "verified",
    PlannedChange.State.FAILED.value: "failed",
    PlannedChange.State.ABANDONED.value: "settled later",
}
"""What is known of a change, by the state in which it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run of the history, with what its changes came to."""

    run: Run
    figures: RunFigures

    @property
    def calls(self) -> int:
        return calls_made(self.run.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A change of a run, with its fields in words."""

    change: PlannedChange
    fields: ShownFields

    @property
    def proof(self) -> str:
        """What is known of it."""
        return PROOFS[self.change.state]


def calls_in_words(calls: Mapping[str, int]) -> str:
    """A run's calls to HaloPSA by kind, and how many of them HaloPSA refused for now, if any."""
    words = ", ".join(f"{number} {kind}" for kind, number in calls.items() if kind != LIMITED)
    limited = calls.get(LIMITED, 0)
    return f"{words}; {limited} of them answered with 429" if limited else words


def run_table(request: HttpRequest, provider: Provider) -> Table:
    """One page of the provider's runs."""
    table = read_table(
        request,
        runs_of(provider),
        _RUN_COLUMNS,
        search_in=("started_by", "reason"),
        filters=(
            _field_filter("state", "State", tuple((state.value, state.value) for state in Run.State)),
            _field_filter("trigger", "Trigger", tuple((one.value, one.value) for one in Trigger)),
        ),
        order="-run",
    )
    runs = list(table.page.object_list)
    figures = figures_of(runs)
    table.page.object_list = [RunRow(run=run, figures=figures[run.pk]) for run in runs]
    return table


def change_table(request: HttpRequest, run: Run) -> Table:
    """One page of a run's changes; its rows are the changes as kept."""
    return read_table(
        request,
        changes_of(run),
        _CHANGE_COLUMNS,
        search_in=("name", "company__name", "error"),
        filters=(
            _field_filter("kind", "Change", tuple((kind.value, kind.value) for kind in _WRITING)),
            _field_filter("state", "Proof", tuple(PROOFS.items())),
        ),
    )


def change_rows(changes: Iterable[PlannedChange], currency: str) -> list[ChangeRow]:
    """The changes of a page as rows."""
    return [
        ChangeRow(
            change=change,
            fields=shown_fields(
                ({"field": name, **values} for name, values in change.fields.items()), currency, change.read_back
            ),
        )
        for change in changes
    ]


def changes_csv(table: Table, run: Run) -> HttpResponse:
    """A run's changes as a CSV file: the figures before, after and read back."""
    header = ["change", "company", "subscription", "id", "month"]
    header += [f"{name} {when}" for name in OWNED for when in ("before", "after", "read back")]
    return csv_response(
        f"run-{run.pk}", [*header, "proof", "remarks"], (_csv_row(change) for change in table.all_rows)
    )


def _csv_row(change: PlannedChange) -> list[object]:
    first = [change.kind, change.company.name if change.company else "", change.name, change.subscription_id]
    figures = [
        value
        for name in OWNED
        for value in (
            change.fields.get(name, {}).get("before"),
            change.fields.get(name, {}).get("after"),
            change.read_back.get(name),
        )
    ]
    return [*first, change.month, *figures, PROOFS[change.state], change.error]


def _field_filter(field: str, label: str, choices: tuple[tuple[str, str], ...]) -> Filter:
    """A filter by a field's value."""

    def narrow(rows: QuerySet[PlannedChange], value: str) -> QuerySet[PlannedChange]:
        return rows.filter(**{field: value})

    return Filter(name=field, label=label, choices=choices, narrow=narrow)
