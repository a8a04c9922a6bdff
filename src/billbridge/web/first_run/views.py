"""The first-run assistant: from an empty installation to the first plan, at any pace."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billbridge.errors import InvalidInput
from billbridge.operations.plans import ask_for_plan
from billbridge.operations.tasks import TaskKind, ask_for, latest, unfinished
from billbridge.store.models import Provider, Task
from billbridge.store.queries.first_run import first_run as read_first_run
from billbridge.web.first_run.steps import TASKS, shown_steps
from billbridge.web.middleware import ConsoleRequest


@require_safe
def first_run(request: ConsoleRequest) -> HttpResponse:
    """The steps with what is done, and the next one to do."""
    provider = request.actor.provider
    state = read_first_run(provider)
    context = {
        "state": state,
        "steps": shown_steps(state),
        "at_work": [task for kind in TASKS.values() if (task := unfinished(provider, kind))],
        "failed": _failed(provider, state.next_step.name if state.next_step else ""),
    }
    return render(request, "first_run/first_run.html", context)


@require_POST
def begin(request: ConsoleRequest) -> HttpResponse:
    """Ask for the work of a step that is done in the background."""
    kind = TASKS.get(request.POST.get("task", ""))
    if kind is None:
        raise InvalidInput("No step was named.", hint="Go back to the assistant and use its buttons.")
    try:
        task = ask_for_plan(request.actor) if kind is TaskKind.PLAN else ask_for(request.actor, kind)
    except InvalidInput as error:
        messages.error(request, str(error))
        return redirect("first_run:first-run")
    return redirect("sync:task", pk=task.pk) if kind is TaskKind.PLAN else redirect("first_run:first-run")


def _failed(provider: Provider, next_step: str) -> Task | None:
    """The task of the next step that was tried and did not end well."""
    kind = {"collect": TaskKind.COLLECT, "lists": TaskKind.REFRESH, "plan": TaskKind.PLAN}.get(next_step)
    task = latest(provider, kind) if kind else None
    return task if task and task.state in (Task.State.FAILED, Task.State.STOPPED) else None
