"""The tab *Connection*: where HaloPSA is, who signs in to it, and how it is written to."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from billbridge.billing.prices import MissingPrice
from billbridge.operations.change_settings import (
    ChangedMeanwhile,
    Part,
    SettingsRefused,
    change_settings,
    settings_version,
)
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import HaloSettings, ProviderSettings, SetupDocument
from billbridge.operations.setup.instance import is_moved
from billbridge.operations.tasks import TaskKind, ask_for, latest
from billbridge.store.roles import Role
from billbridge.web.halopsa.forms import ConnectionForm, initial_connection, refuse
from billbridge.web.middleware import ConsoleRequest

_PARTS = (Part(name="halopsa"), Part(name="provider"))


@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: ConsoleRequest) -> HttpResponse:
    """The connection as it is; for an owner a form that changes it."""
    provider = request.actor.provider
    now = cast("HaloSettings | None", current_part(provider, "halopsa"))
    if request.method == "POST":
        request.actor.require(Role.OWNER)
        return _save(request, now)
    initial = {
        **initial_connection(now),
        "missing_price": provider.missing_price,
        "version": settings_version(provider, *_PARTS),
    }
    return _page(request, ConnectionForm(initial=initial, now=now), now)


@require_POST
def test(request: ConsoleRequest) -> HttpResponse:
    """Ask for the connection to be tested."""
    ask_for(request.actor, TaskKind.TEST_HALOPSA)
    return redirect("halopsa:connection")


def _save(request: ConsoleRequest, now: HaloSettings | None) -> HttpResponse:
    form = ConnectionForm(request.POST, now=now)
    if not form.is_valid():
        return _page(request, form, now, status=400)
    settings = form.settings
    provider_settings = cast("ProviderSettings", current_part(request.actor.provider, "provider"))
    missing_price = MissingPrice(form.cleaned_data["missing_price"])
    document = SetupDocument(halopsa=settings, provider=replace(provider_settings, missing_price=missing_price))
    try:
        changes = change_settings(
            request.actor,
            document,
            version=form.cleaned_data["version"],
            parts=_PARTS,
            instance=form.instance_said,
        )
    except (SettingsRefused, ChangedMeanwhile) as error:
        if isinstance(error, SettingsRefused) and is_moved(now, settings) and form.instance_said is None:
            form.add_error("instance", f"{_sentence(error.problems[0])} Say which of the two it is.")
            return _page(request, form, now, status=400)
        return _page(request, form, now, status=refuse(form, error))
    messages.success(request, "The connection was saved." if changes else "Nothing was changed.")
    return redirect("halopsa:connection")


def _sentence(text: str) -> str:
    """The first sentence of a refusal: what follows speaks of the command line."""
    return text.partition(". ")[0].rstrip(".") + "."


def _page(
    request: ConsoleRequest, form: ConnectionForm, now: HaloSettings | None, *, status: int = 200
) -> HttpResponse:
    task = latest(request.actor.provider, TaskKind.TEST_HALOPSA)
    findings = task.result.get("findings", []) if task is not None else []
    context = {
        "form": form,
        "connection": now,
        "task": task,
        "findings": findings,
        "failed": sum(1 for one in findings if not one["ok"] and one.get("needed", True)),
    }
    return render(request, "halopsa/connection.html", context, status=status)
