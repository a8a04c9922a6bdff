"""Forms for signing in, for the first administrator and for one's own password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm

from billbridge.web.forms import ConsoleForm, ConsoleRenderer, dress
from billbridge.web.long_select import LongSelect
from billbridge.web.provider.forms import currency_choices, time_zone_choices


class SignInForm(AuthenticationForm):
    """E-mail address and password."""

    default_renderer = ConsoleRenderer
    error_messages = {
        "invalid_login": "This e-mail address and password do not fit together.",
        "inactive": "This account was switched off.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        dress(self)


class FirstAdministratorForm(ConsoleForm):
    """The first administrator of a new installation, and the provider they work for."""

    code = forms.CharField(label="Set-up code", max_length=100, help_text="Billbridge printed it when it started.")
    provider = forms.CharField(label="Name of your company, the provider", max_length=200)
    currency = forms.ChoiceField(
        label="Currency",
        choices=currency_choices,
        initial="USD",
        widget=LongSelect,
        help_text="Of all costs and prices.",
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zone_choices,
        initial="UTC",
        widget=LongSelect,
        help_text="It decides when a month begins.",
    )
    name = forms.CharField(label="Your name", max_length=200)
    email = forms.EmailField(label="E-mail address", max_length=254)
    password = forms.CharField(
        label="Password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters.",
    )


class PasswordForm(ConsoleForm):
    """One's own password, old and new."""

    old = forms.CharField(
        label="Password now",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters.",
    )
