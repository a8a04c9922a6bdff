"""The history of runs, and one run: each change with before and after, and what HaloPSA read back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.operations.access import NotThere
from billbridge.operations.tasks import TaskKind, unfinished
from billbridge.store.models import Run
from billbridge.store.queries.runs import (
    coverage_of,
    figures_of,
    is_at_work,
    run_of,
    sync_task_of,
)
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.runs.rows import calls_in_words, change_rows, change_table, changes_csv, run_table
from billbridge.web.sync.coverage import coverage_table
from billbridge.web.tables import Table, wants_csv


@require_safe
def runs(request: ConsoleRequest) -> HttpResponse:
    """All runs, newest first."""
    provider = request.actor.provider
    context = {"table": run_table(request, provider), "at_work": unfinished(provider, TaskKind.SYNC)}
    return render(request, "runs/runs.html", context)


@require_safe
def run(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One run with its changes."""
    one = _run(request, pk)
    table = change_table(request, one)
    if wants_csv(request):
        return changes_csv(table, one)
    table.page.object_list = change_rows(table.page.object_list, request.actor.provider.currency)
    return _run_page(request, one, "changes", table)


@require_safe
def companies(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The companies a run was about, each with what became of it and why."""
    one = _run(request, pk)
    return _run_page(request, one, "companies", coverage_table(request, coverage_of(one)))


def _run(request: ConsoleRequest, pk: int) -> Run:
    one = run_of(request.actor.provider, pk)
    if one is None:
        raise NotThere("There is no such run.")
    return one


def _run_page(request: ConsoleRequest, one: Run, tab: str, table: Table) -> HttpResponse:
    states: dict[str, int] = {}
    for entry in one.coverage.values():
        states[entry["state"]] = states.get(entry["state"], 0) + 1
    task = sync_task_of(one)
    context: dict[str, Any] = {
        "run": one,
        "calls": calls_in_words(one.calls),
        "tab": tab,
        "table": table,
        "figures": figures_of([one])[one.pk],
        "states": [(state, number) for state, number in states.items() if state != "billed"],
        "billed": states.get("billed", 0),
        "is_at_work": is_at_work(one),
        "money": task.result["plan"]["money"] if task else None,
    }
    return render(request, f"runs/{tab}.html", context)
