"""Reading the history of runs: what each did, and what HaloPSA read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from billbridge.store.clock import database_now
from billbridge.store.models import Lock, PlannedChange, Provider, Run, Task

State = PlannedChange.State


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """How many changes of a run came to what."""

    total: int = 0
    written: int = 0
    """Sent, and read back as they were sent."""
    failed: int = 0
    unknown: int = 0
    """Stored or sent, but not read back: the run was cut short, or is still at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredCompany:
    """What a plan or a run does for one company, and why."""

    company: str
    state: str
    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        return "; ".join(self.reasons)


def runs_of(provider: Provider) -> QuerySet[Run]:
    """The provider's runs, newest first, without the companies they cover."""
    return Run.objects.filter(provider=provider).defer("coverage").order_by("-pk")


def run_of(provider: Provider, number: int) -> Run | None:
    """One run of the provider; none if there is no such, or it is somebody else's."""
    return Run.objects.filter(provider=provider, pk=number).first()


def figures_of(runs: Iterable[Run]) -> dict[int, RunFigures]:
    """How many changes of each run came to what, by the run's id; every run given is there."""
    ids = [run.pk for run in runs]
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    rows = PlannedChange.objects.filter(run__in=ids).order_by().values_list("run_id", "state")
    for run_id, state, number in rows.annotate(number=Count("pk")):
        counted[run_id][state] = number
    return {pk: _figures(counted[pk]) for pk in ids}


def _figures(by_state: Mapping[str, int]) -> RunFigures:
    return RunFigures(
        total=sum(by_state.values()),
        written=by_state.get(State.VERIFIED, 0),
        failed=by_state.get(State.FAILED, 0),
        unknown=sum(by_state.get(state, 0) for state in (State.INTENDED, State.SENDING, State.SENT)),
    )


def changes_of(run: Run) -> QuerySet[PlannedChange]:
    """A run's changes in the order in which they were planned, with their companies."""
    return PlannedChange.objects.filter(run=run).select_related("company").order_by("position")


def is_at_work(run: Run) -> bool:
    """Whether a run that has no end yet still holds the connection; otherwise it was cut short."""
    if run.state != Run.State.RUNNING:
        return False
    return Lock.objects.filter(connection__provider=run.provider_id, until__gt=database_now()).exists()


def covered_companies(coverage: Iterable[Mapping[str, Any]]) -> list[CoveredCompany]:
    """A plan's coverage, as its result holds it."""
    return [
        CoveredCompany(company=entry["company"], state=entry["state"], reasons=tuple(entry["reasons"]))
        for entry in coverage
    ]


def coverage_of(run: Run) -> list[CoveredCompany]:
    """Every company a run was about, with what became of it, by name."""
    return covered_companies({"company": name, **run.coverage[name]} for name in sorted(run.coverage))


def sync_task_of(run: Run) -> Task | None:
    """The task that a person asked for and that made the run, if it was made so, and ended well."""
    return Task.objects.filter(provider=run.provider_id, kind="sync", result__run=run.pk).first()


def run_begun_by(task: Task) -> Run | None:
    """The run that a sync asked for on a page has made, also one that failed; none if it did not come so far."""
    number = task.result.get("run")
    runs = Run.objects.filter(provider=task.provider_id)
    if number is not None:
        return runs.filter(pk=number).first()
    if task.began is None:
        return None
    begun = runs.filter(began__gte=task.began, started_by=task.asked_by)
    return (begun.filter(began__lte=task.ended) if task.ended else begun).order_by("-pk").first()
