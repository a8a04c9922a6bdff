"""The backup service: its credentials, the test of the connection, and what was collected last."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from billbridge.errors import InvalidInput
from billbridge.operations.change_settings import (
    Part,
    settings_version,
)
from billbridge.operations.setup.document import SetupDocument
from billbridge.operations.tasks import TaskKind, ask_for, latest
from billbridge.store.queries.sources import latest_collecting, latest_collections, source_connection
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.saving import REFUSED, SAVED, save_part
from billbridge.web.sources.collecting import collections_table
from billbridge.web.sources.forms import ConnectionForm

_PART = Part(name="mbs")


@never_cache
def sources(request: ConsoleRequest) -> HttpResponse:
    """Credentials, test, collecting, and the last collections."""
    provider = request.actor.provider
    connection = source_connection(provider)
    form = ConnectionForm(request.POST if request.method == "POST" else None, connection=connection)
    status = SAVED
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            said = "The connection was saved. Test it next."
            status = save_part(request, form, SetupDocument(mbs=form.settings()), _PART, said=said)
            if status == SAVED:
                return redirect("sources:sources")
    tested = latest(provider, TaskKind.TEST_SOURCE)
    collected = latest_collections(provider)
    context: dict[str, Any] = {
        "tab": "sources",
        "form": form,
        "version": request.POST.get("version", "") if form.is_bound else settings_version(provider, _PART),
        "connection": connection,
        "test": tested,
        "findings": tested.result.get("findings", ()) if tested is not None else (),
        "collecting": latest_collecting(provider),
        "collected": collected,
        "is_held": any(one.state == one.State.HELD for one in collected),
        "table": collections_table(request),
    }
    return render(request, "sources/sources.html", context, status=status)


@require_POST
def test(request: ConsoleRequest) -> HttpResponse:
    """Ask for a test of the connection; its findings stand on the page when it is done."""
    try:
        ask_for(request.actor, TaskKind.TEST_SOURCE)
    except InvalidInput as error:
        messages.error(request, str(error))
    return redirect("sources:sources")
