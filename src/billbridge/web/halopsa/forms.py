"""Forms of Settings > HaloPSA."""

from __future__ import annotations

import unicodedata
from dataclasses import fields
from decimal import Decimal
from typing import Any

from django import forms

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.prices import MissingPrice
from billbridge.billing.slots import Layout
from billbridge.errors import PermanentError
from billbridge.halopsa.address import Address
from billbridge.operations.change_settings import ChangedMeanwhile, SettingsRefused
from billbridge.operations.setup.document import HaloSettings, Secret
from billbridge.operations.setup.instance import Instance
from billbridge.web.forms import ConsoleForm

_LARGEST_ID = 2**31 - 1


def refuse(form: forms.Form, error: Exception) -> int:
    """Show why nothing was saved above the form's fields; gives the answer's status."""
    for text in error.problems if isinstance(error, SettingsRefused) else (str(error),):
        form.add_error(None, text)
    return 409 if isinstance(error, ChangedMeanwhile) else 400


def one_line(text: str) -> None:
    """Refuse control characters."""
    if any(unicodedata.category(sign) == "Cc" for sign in text):
        raise forms.ValidationError("This holds a control character: write it on one line, without tabs.")


def halopsa_address(text: str) -> None:
    """Refuse what is no address of a HaloPSA."""
    try:
        Address.parse(text)
    except PermanentError as error:
        raise forms.ValidationError(str(error)) from None


class ConnectionForm(ConsoleForm):
    """The connection to HaloPSA, and what happens to missing prices."""

    version = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    address = forms.CharField(
        label="Resource server",
        max_length=300,
        validators=[one_line, halopsa_address],
        widget=forms.TextInput(attrs={"placeholder": "https://acme.halopsa.com/api", "autocomplete": "off"}),
        help_text="Copy it from HaloPSA: Configuration > Integrations > HaloPSA API > API Details.",
    )
    auth_address = forms.CharField(
        label="Authorisation server",
        max_length=300,
        required=False,
        validators=[one_line, halopsa_address],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Empty: HaloPSA is asked for it.",
    )
    tenant = forms.CharField(
        label="Tenant",
        max_length=100,
        required=False,
        validators=[one_line],
        help_text="Needed where HaloPSA is hosted for you.",
    )
    instance = forms.ChoiceField(
        label="Another server or tenant is",
        required=False,
        choices=[
            ("", "– only if one of them changes –"),
            (Instance.SAME.name, "the same HaloPSA: all that is known holds"),
            (Instance.NEW.name, "another HaloPSA: all is looked for anew"),
        ],
    )
    client_id = forms.CharField(
        label="Client ID",
        max_length=200,
        validators=[one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Of an API application with the authentication method Client ID and Secret.",
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=1000,
        required=False,
        validators=[one_line],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    scope = forms.CharField(
        label="Scope", max_length=500, initial="all", validators=[one_line], help_text="all, or a list of scopes."
    )
    layout = forms.ChoiceField(
        label="Layout of subscriptions",
        choices=[
            (Layout.ROLLING.value, "rolling: last and current month"),
            (Layout.MONTHLY.value, "monthly: one for every month"),
        ],
        help_text="Rolling keeps ids stable, so that lines of recurring invoices can hang on them.",
    )
    temporary_bills = forms.BooleanField(
        label="Show the current month in HaloPSA as a temporary bill", required=False, initial=True
    )
    on_conflict = forms.ChoiceField(
        label="Figures changed in HaloPSA",
        choices=[
            (ConflictPolicy.HOLD.value, "hold: a person decides"),
            (ConflictPolicy.OVERWRITE.value, "overwrite with ours"),
        ],
    )
    missing_price = forms.ChoiceField(
        label="Products never priced",
        choices=[
            (MissingPrice.BILL_AT_ZERO.value, "bill it at 0, marked"),
            (MissingPrice.HOLD.value, "hold the bill until it is priced"),
        ],
        help_text="A setting of the provider: it also stands in Settings > Provider.",
    )
    unit_price_decimals = forms.IntegerField(
        label="Unit price decimals",
        min_value=2,
        max_value=6,
        initial=4,
        help_text="The most decimals a unit price sent to HaloPSA gets.",
    )
    keeps_fractions = forms.BooleanField(
        label="HaloPSA keeps fractions of quantities",
        required=False,
        help_text="Off: fractions are sent rounded up to whole units.",
    )
    calls_per_window = forms.IntegerField(
        label="Calls allowed", min_value=1, max_value=100_000, initial=250, help_text="HaloPSA's own limit is 700."
    )
    window_seconds = forms.DecimalField(
        label="Within seconds", min_value=1, max_value=86_399, decimal_places=3, initial=300
    )
    batch_size = forms.IntegerField(
        label="Batch size", min_value=1, max_value=1000, initial=50, help_text="Subscriptions written in one call."
    )
    settle_seconds = forms.DecimalField(
        label="Settle time in seconds",
        min_value=0,
        max_value=86_399,
        decimal_places=3,
        initial=60,
        help_text="How long to wait before a create of unknown outcome is looked for again.",
    )

    groups = (
        ("Addresses", ("address", "auth_address", "tenant", "instance")),
        ("Application", ("client_id", "client_secret", "scope")),
        ("Billing", ("layout", "on_conflict", "missing_price", "unit_price_decimals")),
        ("Calls", ("calls_per_window", "window_seconds", "batch_size", "settle_seconds")),
    )

    def __init__(self, *args: Any, now: HaloSettings | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now
        self.fields["client_secret"].help_text = (
            "Never shown. Empty keeps the one kept." if self._keeps_secret else "Kept encrypted, never shown."
        )
        if now is None:
            del self.fields["instance"]

    @property
    def _keeps_secret(self) -> bool:
        return self._now is not None and self._now.client_secret is not None

    @property
    def grouped(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        return [(heading, [self[name] for name in names if name in self.fields]) for heading, names in self.groups]

    def clean_client_secret(self) -> str:
        """A first connection needs a secret."""
        given: str = self.cleaned_data["client_secret"]
        if not given and not self._keeps_secret:
            raise forms.ValidationError("Enter the client secret of the application in HaloPSA.")
        return given

    @property
    def instance_said(self) -> Instance | None:
        """What the person says a HaloPSA at another address is."""
        chosen = self.cleaned_data.get("instance", "")
        return Instance[chosen] if chosen else None

    @property
    def settings(self) -> HaloSettings:
        """The connection as entered."""
        given = self.cleaned_data
        return HaloSettings(
            address=given["address"],
            auth_address=given["auth_address"],
            tenant=given["tenant"],
            client_id=given["client_id"],
            client_secret=Secret(text=given["client_secret"]) if given["client_secret"] else None,
            scope=given["scope"],
            layout=Layout(given["layout"]),
            temporary_bills=given["temporary_bills"],
            on_conflict=ConflictPolicy(given["on_conflict"]),
            unit_price_decimals=given["unit_price_decimals"],
            keeps_fractions=given["keeps_fractions"],
            calls_per_window=given["calls_per_window"],
            window_seconds=float(given["window_seconds"]),
            settle_seconds=float(given["settle_seconds"]),
            batch_size=given["batch_size"],
        )


def initial_connection(now: HaloSettings | None) -> dict[str, Any]:
    """A connection as a form shows it, without its secret."""
    if now is None:
        return {}
    shown = {one.name: getattr(now, one.name) for one in fields(now) if one.name != "client_secret"}
    for name in ("window_seconds", "settle_seconds"):
        shown[name] = f"{Decimal(str(shown[name])).normalize():f}"
    return {name: str(value) if isinstance(value, str) else value for name, value in shown.items()}


class PlaceForm(ConsoleForm):
    """The HaloPSA customer and site of a company, and those it had when the page was opened."""

    customer = forms.IntegerField(label="HaloPSA customer", min_value=1, max_value=_LARGEST_ID)
    site = forms.IntegerField(label="Default site", min_value=1, max_value=_LARGEST_ID, required=False)
    was_customer = forms.IntegerField(widget=forms.HiddenInput, max_value=_LARGEST_ID, required=False)
    was_site = forms.IntegerField(widget=forms.HiddenInput, max_value=_LARGEST_ID, required=False)


class UnmapForm(ConsoleForm):
    """The mapping that is taken away, as it was when the page was opened."""

    was_customer = forms.IntegerField(widget=forms.HiddenInput, max_value=_LARGEST_ID, required=False)
    was_site = forms.IntegerField(widget=forms.HiddenInput, max_value=_LARGEST_ID, required=False)


class SupplierForm(ConsoleForm):
    """*Additional settings*: the supplier of every subscription."""

    version = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    supplier_name = forms.CharField(
        label="Supplier name",
        max_length=200,
        required=False,
        validators=[one_line],
        widget=forms.TextInput(attrs={"list": "suppliers", "autocomplete": "off"}),
        help_text="Found in HaloPSA by this name, or created there with the first sync. Empty: none.",
    )
