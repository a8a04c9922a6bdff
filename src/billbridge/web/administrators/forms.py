"""Forms for the people who may sign in."""

from __future__ import annotations

from django import forms

from billbridge.store.roles import Role
from billbridge.web.forms import ConsoleForm
from billbridge.web.questions import Question, question

ROLES = {
    Role.VIEWER.value: ("Viewer", "Sees everything but secrets, and changes nothing."),
    Role.BILLING.value: ("Billing", "Also maps, prices, configures, collects, plans and syncs."),
    Role.OWNER.value: ("Owner", "Also connections, the provider's own settings, and administrators."),
}


class _Person(ConsoleForm):
    name = forms.CharField(label="Name", max_length=200)
    role = forms.ChoiceField(label="Role", choices=[(role, role) for role in ROLES])

    @property
    def role_question(self) -> Question:
        """The role, with what each may do."""
        return question(self, "role", "Role", ROLES)


def _new_password(label: str, *, required: bool, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=200,
        strip=False,
        required=required,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=help_text,
    )


class AddForm(_Person):
    """Somebody new."""

    email = forms.EmailField(label="E-mail address", max_length=254, help_text="They sign in with it.")
    password = _new_password(
        "First password",
        required=True,
        help_text="At least 12 characters. Tell it to them; they change it under their name, above right.",
    )
    field_order = ("name", "email", "role", "password")


class ChangeForm(_Person):
    """Somebody who is there already."""

    is_active = forms.BooleanField(
        label="May sign in",
        required=False,
        help_text="Switched off, they are signed out at once; what they did stays in the audit log.",
    )
    password = _new_password(
        "New password", required=False, help_text="Empty: theirs stays. A new one signs them out everywhere."
    )
