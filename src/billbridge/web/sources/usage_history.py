"""Importing a Usage History: upload, look at its rows and errors, then import."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from billbridge.errors import InvalidInput
from billbridge.operations.usage_history_upload import (
    discard_upload,
    import_upload,
    read_again,
    upload,
    waiting_upload,
)
from billbridge.store.queries.sources import imports
from billbridge.store.roles import Role
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.sources.forms import DATE_ORDERS, ReadingForm, UploadForm
from billbridge.web.tables import Column, read_table

_COLUMNS = (
    Column(name="imported", label="Imported", order=("imported",)),
    Column(name="name", label="File", order=("name",)),
    Column(name="days", label="Days it made known", order=("first_day",)),
    Column(name="rows", label="Rows", order=("rows",), is_figure=True),
)


@never_cache
def usage_history(request: ConsoleRequest) -> HttpResponse:
    """The upload, the file that waits, and the files imported before."""
    form = UploadForm(None)
    status = 200
    if request.method == "POST":
        request.actor.require(Role.BILLING)
        form = UploadForm(request.POST, request.FILES)
        status = 400
        if form.is_valid():
            file = form.cleaned_data["file"]
            given = form.cleaned_data
            try:
                upload(request.actor, file.name or "file", file.read(), dates=given["dates"], month=given["month"])
            except InvalidInput as error:
                form.add_error("file", str(error))
            else:
                return redirect("sources:usage-history-preview")
    table = read_table(
        request, imports(request.actor.provider), _COLUMNS, search_in=("name",), order="-imported", per_page=20
    )
    context = {"tab": "usage-history", "form": form, "waiting": waiting_upload(request.actor), "table": table}
    return render(request, "sources/usage_history.html", context, status=status)


@never_cache
def preview(request: ConsoleRequest) -> HttpResponse:
    """What importing the waiting file would do; a POST reads it in another way."""
    request.actor.require(Role.BILLING)
    waiting = waiting_upload(request.actor)
    if waiting is None:
        messages.info(request, "No file waits to be imported: upload one. A file is kept for a day.")
        return redirect("sources:usage-history")
    form = ReadingForm(
        request.POST if request.method == "POST" else None,
        initial={"dates": waiting.dates, "month": waiting.month},
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                read_again(request.actor, dates=form.cleaned_data["dates"], month=form.cleaned_data["month"])
            except InvalidInput as error:
                form.add_error(None, str(error))
            else:
                return redirect("sources:usage-history-preview")
    context = {"tab": "usage-history", "upload": waiting, "form": form, "order": dict(DATE_ORDERS)[waiting.dates]}
    return render(request, "sources/preview.html", context, status=status)


@require_POST
def import_file(request: ConsoleRequest) -> HttpResponse:
    """Import the file that was looked at: all of it, or its good rows."""
    good_rows_only = request.POST.get("rows") == "good"
    try:
        done = import_upload(request.actor, request.POST.get("digest", ""), good_rows_only=good_rows_only)
    except InvalidInput as error:
        messages.error(request, str(error))
        return redirect("sources:usage-history-preview")
    rows = "1 row was" if done.rows == 1 else f"{done.rows} rows were"
    changed = "1 license" if done.changed == 1 else f"{done.changed} licenses"
    messages.success(request, f"{rows} imported; {changed} changed by it.")
    return redirect("sources:usage-history")


@require_POST
def discard(request: ConsoleRequest) -> HttpResponse:
    """Forget the waiting file."""
    discard_upload(request.actor)
    messages.info(request, "The file was thrown away; nothing was imported.")
    return redirect("sources:usage-history")
