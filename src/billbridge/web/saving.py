"""Saving what a form says as one part of the settings; why it was refused is shown above the form's fields."""

from __future__ import annotations

from django import forms
from django.contrib import messages

from billbridge.operations.change_settings import ChangedMeanwhile, Part, SettingsRefused, change_settings
from billbridge.operations.setup.document import SetupDocument
from billbridge.web.middleware import ConsoleRequest

SAVED = 200
REFUSED = 400
CHANGED_MEANWHILE = 409


def save_part(request: ConsoleRequest, form: forms.Form, wanted: SetupDocument, part: Part, *, said: str) -> int:
    """Save and say so in the words of `said`; gives SAVED, or the status to answer the refused form with."""
    try:
        changes = change_settings(request.actor, wanted, version=request.POST.get("version", ""), parts=(part,))
    except (SettingsRefused, ChangedMeanwhile) as error:
        form.add_error(None, str(error))
        return CHANGED_MEANWHILE if isinstance(error, ChangedMeanwhile) else REFUSED
    messages.success(request, said if changes else "Nothing had changed.")
    return SAVED
