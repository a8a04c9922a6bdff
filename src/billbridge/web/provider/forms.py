"""Forms of the provider's own settings, each choice explained in a sentence."""

from __future__ import annotations

from functools import cache

from babel import Locale
from django import forms

from billbridge.billing.counting import ChangeOfType, CountingRule
from billbridge.billing.prices import MissingPrice
from billbridge.billing.products import LicenseType
from billbridge.billing.storage import StorageBasis
from billbridge.operations.setup.document import ProviderSettings
from billbridge.operations.setup.read_provider import LAST_HOUR, LONGEST_SILENCE, currencies, time_zones
from billbridge.web.forms import ConsoleForm
from billbridge.web.long_select import LongSelect
from billbridge.web.questions import Explanations, Question, question
from billbridge.web.templatetags.console import LOCALE

_COUNTING: Explanations = {
    CountingRule.ACTIVE_IN_MONTH: (
        "Active in the month",
        "Every endpoint that held a license on any day of the month counts once.",
    ),
    CountingRule.ACTIVE_AT_END: (
        "Active at the end",
        "Endpoints that hold a license at the end of the month count; those that gave it back before do not.",
    ),
    CountingRule.PEAK: (
        "Peak",
        "The highest number of licenses active on one day counts. A license given back counts no more on that day.",
    ),
    CountingRule.DAYS: (
        "By days",
        "The active days are added up and divided by the days of the month: half a month counts one half.",
    ),
}
_CHANGE_OF_TYPE: Explanations = {
    ChangeOfType.BOTH: (
        "Both count",
        "An endpoint that changes its product within the month counts under both, and its line says so.",
    ),
    ChangeOfType.LAST_ONLY: (
        "Only the last counts",
        "An endpoint that changes its product within the month counts under the last one alone.",
    ),
}
_STORAGE: Explanations = {
    StorageBasis.MEAN: (
        "Mean",
        "The mean of the month's daily figures is charged; for a month that is over, the source's own average.",
    ),
    StorageBasis.PEAK: ("Peak", "The highest daily figure of the month is charged."),
    StorageBasis.P95: (
        "95th percentile",
        "The figure is charged that 95 % of the days do not exceed: a short peak costs nothing.",
    ),
    StorageBasis.LAST_DAY: ("Last day", "The figure of the last day of the month is charged."),
}
_MISSING_PRICE: Explanations = {
    MissingPrice.BILL_AT_ZERO: (
        "Bill at 0",
        "A product whose cost and price were never set is billed at 0, and its line is marked.",
    ),
    MissingPrice.HOLD: (
        "Hold the bill",
        "A bill with a product whose cost and price were never set is held until they are.",
    ),
}
_QUESTIONS: dict[str, tuple[str, Explanations]] = {
    "counting_rule": ("How licenses are counted", _COUNTING),
    "change_of_type": ("When an endpoint changes its product", _CHANGE_OF_TYPE),
    "storage_basis": ("Which storage is charged", _STORAGE),
    "missing_price": ("When a price was never set", _MISSING_PRICE),
}


class ProviderForm(ConsoleForm):
    """Name, currency, time zone, and the rules by which usage is counted and charged."""

    name = forms.CharField(label="Name", max_length=200, help_text="It stands on every bill.")
    currency = forms.ChoiceField(
        label="Currency",
        widget=LongSelect,
        help_text="All costs and prices are in it. Nothing is converted: HaloPSA customers must have it too.",
    )
    time_zone = forms.ChoiceField(
        label="Time zone", widget=LongSelect, help_text="It decides when a day and a month begin and end."
    )
    collect_hour = forms.IntegerField(
        label="Hour of the daily collection",
        min_value=0,
        max_value=LAST_HOUR,
        help_text="0 to 23, in this time zone: usage is collected once a day, from this hour on.",
    )
    silence_hours = forms.IntegerField(
        label="Silence in hours",
        min_value=1,
        max_value=LONGEST_SILENCE,
        help_text="Without a successful collection for so long, it is announced; 1 to 720.",
    )
    counting_rule = forms.ChoiceField(choices=[(one.value, one.value) for one in CountingRule])
    change_of_type = forms.ChoiceField(choices=[(one.value, one.value) for one in ChangeOfType])
    storage_basis = forms.ChoiceField(choices=[(one.value, one.value) for one in StorageBasis])
    missing_price = forms.ChoiceField(choices=[(one.value, one.value) for one in MissingPrice])

    def __init__(self, *args: object, settings: ProviderSettings, **kwargs: object) -> None:
        super().__init__(
            *args,
            initial={name: str(getattr(settings, name)) for name in self.base_fields},
            **kwargs,
        )
        for name, choices, now in (
            ("currency", currency_choices(), settings.currency),
            ("time_zone", time_zone_choices(), settings.time_zone),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            known = any(value == now for value, _ in choices)
            field.choices = list(choices) if known else [(now, now), *choices]

    @property
    def questions(self) -> list[Question]:
        """The rules to choose, with every choice explained."""
        return [question(self, name, label, choices) for name, (label, choices) in _QUESTIONS.items()]

    def settings(self) -> ProviderSettings:
        """What was entered."""
        given = self.cleaned_data
        return ProviderSettings(
            name=given["name"],
            currency=given["currency"],
            time_zone=given["time_zone"],
            counting_rule=CountingRule(given["counting_rule"]),
            change_of_type=ChangeOfType(given["change_of_type"]),
            storage_basis=StorageBasis(given["storage_basis"]),
            missing_price=MissingPrice(given["missing_price"]),
            collect_hour=given["collect_hour"],
            silence_hours=given["silence_hours"],
        )


class LicenseTypeForm(ConsoleForm):
    """A license type the console does not know yet."""

    name = forms.CharField(
        label="Name", max_length=200, help_text="Exactly as the backup service writes it; case does not matter."
    )
    unit = forms.CharField(label="Counted per", max_length=40, initial="endpoint")
    billable = forms.BooleanField(
        label="Billed to companies",
        required=False,
        initial=True,
        help_text="Switched off, it counts as the provider's own and no company is billed for it.",
    )
    count_only = forms.BooleanField(
        label="Comes as a number per domain",
        required=False,
        help_text="As mailboxes of Microsoft 365 do: a number without endpoints.",
    )

    def license_type(self) -> LicenseType:
        """What was entered."""
        given = self.cleaned_data
        return LicenseType(
            name=" ".join(given["name"].split()),
            unit=given["unit"],
            billable=given["billable"],
            count_only=given["count_only"],
        )


@cache
def currency_choices() -> tuple[tuple[str, str], ...]:
    names = Locale.parse(LOCALE).currencies
    return tuple((code, f"{code}, {names.get(code, code)}") for code in sorted(currencies()))


@cache
def time_zone_choices() -> tuple[tuple[str, str], ...]:
    return tuple((name, name.replace("_", " ")) for name in sorted(time_zones()))
