"""Forms of notification channels: one for mail, one for every kind of webhook."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms

from billbridge.errors import InvalidInput
from billbridge.notices.addresses import check_mail_address, check_mail_server, check_webhook_address
from billbridge.notices.events import CHOOSABLE, Event
from billbridge.notices.mail import Security
from billbridge.operations.setup.document import ChannelKind, NotificationSetting, Secret
from billbridge.operations.setup.read_notifications import LAST_PORT, LONGEST_HOST, LONGEST_NAME
from billbridge.web.companies.fields import LineField
from billbridge.web.companies.forms import VersionedForm

_EVENTS = {
    Event.AUTO_BILLING_DONE: "auto-billing done: last month's bills were sent and read back",
    Event.AUTO_BILLING_HELD: "auto-billing held: bills that wait for a person",
    Event.AUTO_BILLING_FAILED: "auto-billing failed: it could not send bills",
    Event.AUTO_BILLING_LATE: "auto-billing late: it missed its days and was caught up",
    Event.NOT_SENT: "not sent: the three days are over and a bill is still not sent",
    Event.SOURCE_SILENT: "source silent: no usage was collected for a long time",
    Event.COLLECTION_HELD: "collection held: the source shows suspiciously little",
    Event.CONFLICT: "conflict: somebody changed a figure in HaloPSA",
    Event.DRIFT: "drift: something HaloPSA had is gone or changed",
}
_LONGEST_SECRET = 2000
_ADDRESS_HELP = {
    ChannelKind.WEBHOOK: "Where the JSON is posted to, beginning with https://.",
    ChannelKind.SLACK: "Of an incoming webhook, beginning with https://hooks.slack.com/services/.",
    ChannelKind.TEAMS: "Of a workflow that posts to a channel when a webhook request is received.",
}


def _refusing(check: Callable[[str], None]) -> Callable[[str], None]:
    """A check of the setup file as one of a form's field."""

    def validate(text: str) -> None:
        try:
            check(text)
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from None

    return validate


class RecipientsField(forms.CharField):
    """E-mail addresses, one a line or separated by commas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000, **kwargs)

    def clean(self, value: Any) -> Any:
        """The addresses, each once."""
        text = super().clean(value)
        addresses = tuple(dict.fromkeys(re.split(r"[\s,;]+", text.strip(" ,;\r\n\t"))))
        for address in addresses:
            _refusing(check_mail_address)(address)
        return addresses


class ChannelForm(VersionedForm):
    """What every channel has; `now` is the one that is changed, if it is."""

    name = LineField(label="Name", max_length=LONGEST_NAME, help_text="How it is called here.")
    is_on = forms.BooleanField(
        label="On", required=False, initial=True, help_text="Switched off, it is told of nothing but tests."
    )
    events = forms.MultipleChoiceField(
        label="Told of",
        choices=[(event.value, _EVENTS[event]) for event in CHOOSABLE],
        widget=forms.CheckboxSelectMultiple,
        initial=[event.value for event in CHOOSABLE],
        error_messages={"required": "Tick at least one, or switch the channel off."},
        help_text="With all of them ticked it is told of what is added later, too.",
    )

    def __init__(
        self, *args: Any, kind: ChannelKind, now: NotificationSetting | None = None, **kwargs: Any
    ) -> None:
        if now is not None:
            kwargs["initial"] = {**_initial(now), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.now = now

    @property
    def keeps_secret(self) -> bool:
        """Whether there is a secret that stays if none is entered."""
        return self.now is not None and self.now.secret is not None

    @property
    def channel(self) -> NotificationSetting:
        """What was entered; the form must be valid."""
        raise NotImplementedError

    def common(self) -> dict[str, Any]:
        """What every kind of channel has, as entered."""
        given = self.cleaned_data
        chosen = tuple(event for event in CHOOSABLE if event.value in given["events"])
        return {
            "name": given["name"],
            "kind": self.kind,
            "is_on": given["is_on"],
            "events": () if chosen == CHOOSABLE else chosen,
        }


class EmailForm(ChannelForm):
    """A mail server, and whom it brings mail to."""

    host = LineField(
        label="Mail server", max_length=LONGEST_HOST, validators=[_refusing(check_mail_server)],
        help_text="Its name alone, for example smtp.example.com.",
    )  # fmt: skip
    security = forms.ChoiceField(
        label="Encryption",
        choices=[(Security.STARTTLS.value, "STARTTLS"), (Security.TLS.value, "TLS"), (Security.NONE.value, "none")],
        help_text="None sends the mail in the clear: for a server that needs no password.",
    )
    port = forms.IntegerField(
        label="Port", min_value=1, max_value=LAST_PORT, initial=587, help_text="STARTTLS 587, TLS 465, none 25."
    )
    username = LineField(
        label="User name", max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Empty: the server asks for none.",
    )  # fmt: skip
    password = LineField(
        label="Password",
        max_length=_LONGEST_SECRET,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    sender = LineField(
        label="Sender", max_length=254, validators=[_refusing(check_mail_address)],
        help_text="The address the mail comes from.",
    )  # fmt: skip
    recipients = RecipientsField(label="Recipients", help_text="E-mail addresses, one a line.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keeps = "Never shown. Empty keeps the one kept."
        self.fields["password"].help_text = keeps if self.keeps_secret else "Kept encrypted, never shown."

    def clean(self) -> dict[str, Any]:
        """A user name that is new needs a password."""
        given = super().clean() or {}
        keeps = self.keeps_secret and self.now is not None and bool(self.now.username)
        if given.get("username") and "password" in given and not given["password"] and not keeps:
            self.add_error("password", "Enter the password of this user.")
        return given

    @property
    def channel(self) -> NotificationSetting:
        """The channel as entered."""
        given = self.cleaned_data
        return NotificationSetting(
            **self.common(),
            host=given["host"],
            port=given["port"],
            security=Security(given["security"]),
            username=given["username"],
            sender=given["sender"],
            recipients=given["recipients"],
            secret=Secret(text=given["password"]) if given["password"] else None,
        )


class WebhookForm(ChannelForm):
    """The address of a webhook, which is a secret; a signing key for JSON of our own."""

    address = LineField(
        label="Address",
        max_length=_LONGEST_SECRET,
        required=False,
        validators=[_refusing(check_webhook_address)],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    signing_key = LineField(
        label="Signing key",
        max_length=_LONGEST_SECRET,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    no_signing_key = forms.BooleanField(label="Take the signing key away", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].help_text = _ADDRESS_HELP[self.kind] + (
            f" Never shown; empty keeps the one at {self.now.address}."
            if self.keeps_secret and self.now is not None
            else " It is kept encrypted, and never shown."
        )
        has_key = self.now is not None and self.now.signing_key is not None
        self.fields["signing_key"].help_text = (
            "Never shown. Empty keeps the one kept." if has_key else "Signs what is sent; empty: it is not signed."
        )
        if not has_key:
            del self.fields["no_signing_key"]
        if self.kind is not ChannelKind.WEBHOOK:
            del self.fields["signing_key"]

    def clean_address(self) -> str:
        """A channel that has no address yet needs one."""
        given: str = self.cleaned_data["address"]
        if not given and not self.keeps_secret:
            raise forms.ValidationError("Enter the address of the webhook.")
        return given

    @property
    def channel(self) -> NotificationSetting:
        """The channel as entered."""
        given = self.cleaned_data
        key = given.get("signing_key", "")
        taken_away = Secret(text="") if given.get("no_signing_key") else None
        return NotificationSetting(
            **self.common(),
            secret=Secret(text=given["address"]) if given["address"] else None,
            signing_key=Secret(text=key) if key else taken_away,
        )


def form_of(kind: ChannelKind) -> type[ChannelForm]:
    """The form of a kind of channel."""
    return EmailForm if kind is ChannelKind.EMAIL else WebhookForm


def _initial(now: NotificationSetting) -> dict[str, Any]:
    """A channel as its form shows it, without its secrets."""
    return {
        "name": now.name,
        "is_on": now.is_on,
        "events": [event.value for event in now.events or CHOOSABLE],
        "host": now.host,
        "security": now.security.value,
        "port": now.port,
        "username": now.username,
        "sender": now.sender,
        "recipients": "\n".join(now.recipients),
    }
