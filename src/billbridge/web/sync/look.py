"""A plan in words: what it would write, what it would make of the money, and which companies it bills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from billbridge.billing.changes import OWNED, ChangeKind
from billbridge.billing.months import Month
from billbridge.operations.plans import ORDER
from billbridge.store.models import PlannedEntry, Task
from billbridge.store.queries.runs import CoveredCompany, covered_companies
from billbridge.store.queries.sync import names_of
from billbridge.web.sync.fields import ShownFields, shown_fields
from billbridge.web.tables import Column, Filter, Table, csv_response, read_table

_NOT_CONFIGURED = "not configured"
_BILLED = "billed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLook:
    """A plan that can be looked at. Money is quantity times price, summed over all subscriptions of the plan."""

    counts: tuple[tuple[str, int], ...]
    """How many changes there are of each kind that occurs, as a person should see them."""
    writes: int
    """Changes that are sent without any further agreement: all but adoptions."""
    adoptions: int
    conflicts: int
    keeps: int
    price_before: Decimal
    price_after: Decimal
    warnings: tuple[str, ...]
    covered: tuple[CoveredCompany, ...]
    states: tuple[tuple[str, int], ...]
    """How many companies are in each state but the good one."""
    billed: int
    chosen: tuple[str, ...]
    """The companies that were chosen; empty is all."""
    month: Month | None
    accept_partial: bool
    on_conflict: str
    changed_meanwhile: bool
    """Whether it is the plan of a sync that sent nothing because the one looked at held no longer."""
    has_entries: bool

    @property
    def difference(self) -> Decimal:
        return self.price_after - self.price_before


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One change of a plan as a row of its table."""

    entry: PlannedEntry
    fields: ShownFields

    @property
    def can_overwrite(self) -> bool:
        """Whether it is a conflict only because a person changed figures, which ours may overwrite."""
        entry = self.entry
        is_edit = bool(entry.fields) and all(field["field"] in OWNED for field in entry.fields)
        return entry.kind == ChangeKind.CONFLICT and is_edit and entry.company_id is not None


def look_of_plan(task: Task) -> PlanLook | None:
    """The plan that a task ended with; none for a sync that sent it."""
    document: dict[str, Any] | None = task.result.get("plan")
    if document is None or "run" in task.result:
        return None
    counts = Counter(document["counts"])
    chosen = tuple(names_of(task.provider, task.inputs.get("companies", ())))
    covered = _about(covered_companies(document["coverage"]), chosen)
    states = Counter(one.state for one in covered)
    month = task.inputs.get("month")
    return PlanLook(
        counts=tuple((kind.value, counts[kind.value]) for kind in ORDER if counts[kind.value]),
        writes=counts["create"] + counts["update"] + counts["close"],
        adoptions=counts["adopt"],
        conflicts=counts["conflict"],
        keeps=counts["keep"] + counts["skip"],
        price_before=Decimal(document["money"]["price_before"]),
        price_after=Decimal(document["money"]["price_after"]),
        warnings=tuple(document["warnings"]),
        covered=covered,
        states=tuple((state, number) for state, number in states.most_common() if state != _BILLED),
        billed=states[_BILLED],
        chosen=chosen,
        month=Month.parse(month) if month else None,
        accept_partial=bool(task.inputs.get("accept_partial")),
        on_conflict=task.inputs.get("on_conflict", ""),
        changed_meanwhile=bool(task.result.get("changed")),
        has_entries=not counts or task.entries.exists(),
    )


def _about(covered: list[CoveredCompany], chosen: tuple[str, ...]) -> tuple[CoveredCompany, ...]:
    """The companies a plan is about: of those that are not configured only the ones that were chosen."""
    if not chosen:
        return tuple(covered)
    return tuple(one for one in covered if one.state != _NOT_CONFIGURED or one.company in chosen)


_COLUMNS = (
    Column(name="change", label="Change", order=("rank", "position")),
    Column(name="company", label="Company", order=("company_name", "position")),
    Column(name="name", label="Subscription and month", order=("name", "month")),
    Column(name="figures", label="Figures in HaloPSA, now and after"),
    Column(name="remarks", label="Remarks"),
)


def entry_table(request: HttpRequest, look: PlanLook, entries: QuerySet[PlannedEntry]) -> Table:
    """One page of a plan's changes."""
    by_kind = Filter(
        name="kind",
        label="Change",
        choices=tuple((kind, f"{kind} ({number})") for kind, number in look.counts),
        narrow=lambda rows, kind: rows.filter(kind=kind),
    )
    return read_table(
        request,
        entries,
        _COLUMNS,
        search_in=("company_name", "name", "reason"),
        filters=(by_kind,),
        order="change",
    )


def entry_rows(entries: Iterable[PlannedEntry], currency: str) -> list[EntryRow]:
    """The entries of a page as rows."""
    return [EntryRow(entry=entry, fields=shown_fields(entry.fields, currency)) for entry in entries]


def entries_csv(table: Table, task: Task) -> HttpResponse:
    """A plan's changes as a CSV file: the figures before and after, and why."""
    header = ["change", "company", "subscription", "id", "month"]
    header += [f"{name} {when}" for name in OWNED for when in ("before", "after")] + ["remarks"]
    return csv_response(f"plan-{task.pk}", header, (_csv_row(entry) for entry in table.all_rows))


def _csv_row(entry: PlannedEntry) -> list[object]:
    fields = {field["field"]: field for field in entry.fields}
    figures = [fields.get(name, {}).get(when) for name in OWNED for when in ("before", "after")]
    remarks = "; ".join(part for part in (entry.reason, *entry.warnings) if part)
    first = [entry.kind, entry.company_name, entry.name, entry.subscription_id, entry.month]
    return [*first, *figures, remarks]
