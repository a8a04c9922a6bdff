"""Adding, changing, removing and trying out notification channels."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from billbridge.errors import InvalidInput
from billbridge.operations.change_entries import version_of
from billbridge.operations.change_settings import ChangedMeanwhile
from billbridge.operations.notices import send_test
from billbridge.operations.notification_channels import channel_row, remove_channel, set_channel
from billbridge.operations.setup.channels import notification_setting
from billbridge.operations.setup.document import ChannelKind
from billbridge.store.models import NotificationChannel
from billbridge.store.roles import Role
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.notifications.forms import ChannelForm, form_of
from billbridge.web.notifications.look import KIND_NAMES
from billbridge.web.removed import removed

_LONGEST_VERSION = 64


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ConsoleRequest, kind: ChannelKind) -> HttpResponse:
    """A new channel of a kind."""
    request.actor.require(Role.OWNER)
    return _form(request, kind)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Another setting of a channel; secrets that are left empty stay."""
    request.actor.require(Role.OWNER)
    row = channel_row(request.actor.provider, pk)
    return _form(request, ChannelKind(row.kind), row)


@require_POST
def remove(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Take a channel away; its notices stay."""
    row = channel_row(request.actor.provider, pk)
    version = request.POST.get("version", "")[:_LONGEST_VERSION]
    changes = remove_channel(request.actor, row.name, version=version)
    messages.success(request, removed(f"The channel {row.name}", changes))
    return redirect("notifications:notifications")


@require_POST
def test(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask for a test to be sent through a channel."""
    notice = send_test(request.actor, pk)
    messages.success(request, "A test is on its way; what became of it stands on this page.")
    return redirect("notifications:notice", pk=notice.pk)


def _form(request: ConsoleRequest, kind: ChannelKind, row: NotificationChannel | None = None) -> HttpResponse:
    now = notification_setting(row) if row is not None else None
    initial = {"version": version_of(() if now is None else (now,))}
    form = form_of(kind)(request.POST or None, kind=kind, now=now, initial=initial)
    if request.method != "POST":
        return _page(request, form, row)
    if not form.is_valid():
        return _page(request, form, row, status=400)
    channel = form.channel
    try:
        changes = set_channel(
            request.actor, channel, replaces=now.name if now else "", version=form.cleaned_data["version"]
        )
    except InvalidInput as error:
        form.add_error(None, str(error))
        return _page(request, form, row, status=409 if isinstance(error, ChangedMeanwhile) else 400)
    messages.success(request, f"The channel {channel.name} was saved." if changes else "Nothing was changed.")
    return redirect("notifications:notifications")


def _page(
    request: ConsoleRequest, form: ChannelForm, row: NotificationChannel | None, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "kind": form.kind.value, "kind_name": KIND_NAMES[form.kind], "row": row}
    return render(request, "notifications/channel.html", context, status=status)
