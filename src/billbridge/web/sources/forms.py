"""Forms of the sources: credentials of the backup service, a domain's company, a Usage History file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files import File

from billbridge.errors import PermanentError
from billbridge.operations.setup.document import MbsSettings, Secret
from billbridge.operations.usage_history_upload import LARGEST_FILE
from billbridge.sources.mbs.wire import normal_address
from billbridge.store.models import SourceConnection
from billbridge.web.forms import ConsoleForm, MonthField, dress

USUAL_ADDRESS = "https://api.mspbackups.com"
DATE_ORDERS = (
    ("iso", "year-month-day, like 2026-02-28"),
    ("us", "month/day/year, like 2/28/2026"),
    ("eu", "day/month/year, like 28/2/2026 or 28.2.2026"),
)


class ConnectionForm(ConsoleForm):
    """Where the backup service answers, and its API credentials. The password is never shown again."""

    address = forms.CharField(
        label="Address of the API", max_length=300, help_text=f"For most providers {USUAL_ADDRESS}."
    )
    login = forms.CharField(
        label="API login",
        max_length=200,
        help_text="From the MSP360 console: Settings > General > Add credentials > Generate.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label="API password",
        max_length=1000,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, connection: SourceConnection | None, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "address": connection.address if connection else USUAL_ADDRESS,
            "login": connection.login if connection else "",
        }
        super().__init__(*args, **kwargs)
        self._connection = connection
        if connection is not None and connection.password:
            self.fields["password"].help_text = "One is kept and never shown. Empty: it stays."
        else:
            self.fields["password"].required = True
            self.fields["password"].help_text = "It is kept encrypted and never shown again."

    def clean_address(self) -> str:
        """An address that can be asked, encrypted unless it is this machine."""
        address = str(self.cleaned_data["address"])
        try:
            normal_address(address)
        except PermanentError as error:
            raise forms.ValidationError(str(error)) from error
        return address

    def clean(self) -> dict[str, Any]:
        """A kept password goes to no other address than the one it was entered for."""
        cleaned = super().clean() or {}
        before = self._connection
        address = cleaned.get("address")
        keeps = before is not None and before.password and not cleaned.get("password")
        if before is not None and keeps and address and normal_address(address) != _known_address(before.address):
            self.add_error("password", "Enter it again: it would be sent to another address.")
        return cleaned

    def settings(self) -> MbsSettings:
        """What was entered."""
        given = self.cleaned_data
        return MbsSettings(
            address=given["address"],
            login=given["login"],
            password=Secret(text=given["password"]) if given["password"] else None,
        )


def _known_address(address: str) -> str:
    try:
        return normal_address(address)
    except PermanentError:
        return ""


class DomainForm(ConsoleForm):
    """What a domain's number of licenses counts for."""

    company = forms.CharField(
        label="Company",
        max_length=300,
        required=False,
        help_text="Type a part of its name and choose. Empty: it counts for no company and is not billed.",
    )
    license_type = forms.ChoiceField(label="License type", required=False)

    def __init__(self, *args: Any, types: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["license_type"]
        assert isinstance(field, forms.ChoiceField)
        chosen = self.initial.get("license_type", "")
        extra = [(chosen, chosen)] if chosen and chosen not in types else []
        field.choices = [("", "None"), *extra, *((name, name) for name in types)]


class ReadingForm(ConsoleForm):
    """How a Usage History file is read."""

    dates = forms.ChoiceField(label="Dates are written", choices=DATE_ORDERS)
    month = MonthField(
        label="Month the file speaks for",
        required=False,
        help_text="If it was exported for one month. Empty: it speaks for the time up to its newest date.",
    )


class UploadForm(ReadingForm):
    """A Usage History file, and how it is read."""

    file = forms.FileField(
        label="CSV file",
        max_length=300,
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        help_text="In the MSP360 console: Licenses > Usage History > Export to CSV. At most 10 MB.",
    )
    field_order = ("file", "dates", "month")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ".csv,text/csv"
        dress(self)

    def clean_file(self) -> File[bytes]:
        """The file, if it is not too large."""
        file: File[bytes] = self.cleaned_data["file"]
        if file.size is not None and file.size > LARGEST_FILE:
            raise forms.ValidationError("The file has more than 10 MB: export a shorter period, or split it.")
        return file
