"""Our copy of HaloPSA's lists: its age, and reading them anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from billbridge.operations.halopsa_lists import age_of_lists
from billbridge.operations.tasks import UNFINISHED, TaskKind, ask_for, latest
from billbridge.store.models import Provider, Task
from billbridge.web.middleware import ConsoleRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsCopy:
    """When our copy was read, and the task that reads it anew, if it is at work or failed."""

    read_at: datetime | None
    task: Task | None


def lists_copy(provider: Provider) -> ListsCopy:
    """What a page that offers HaloPSA's lists says about them."""
    read_at = age_of_lists(provider)
    task = latest(provider, TaskKind.REFRESH)
    if task is not None and task.state not in UNFINISHED:
        is_news = task.state != Task.State.DONE and (read_at is None or task.asked > read_at)
        task = task if is_news else None
    return ListsCopy(read_at=read_at, task=task)


@require_POST
def refresh(request: ConsoleRequest) -> HttpResponse:
    """Ask for HaloPSA's lists to be read anew, and go back to where the button was."""
    ask_for(request.actor, TaskKind.REFRESH)
    return redirect(where_from(request, "halopsa:mapping"))


def where_from(request: ConsoleRequest, otherwise: str) -> str:
    """The page a form or link came from, if it is one of this console's; else another, by its name."""
    address = request.POST.get("next", "") or request.GET.get("next", "")
    if address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return address
    return otherwise
