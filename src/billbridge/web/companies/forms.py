"""Forms for what holds for one company alone: its prices, exclusions and adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import type_key
from billbridge.billing.usage import Adjustment, Exclusion
from billbridge.operations.company_prices import PriceKey
from billbridge.web.companies.fields import LineField, SettingMonthField
from billbridge.web.forms import ConsoleForm, MoneyField

_LARGEST_UNITS = Decimal(10**8) - Decimal("0.0001")

TypeChoices = Sequence[tuple[str, str | Sequence[tuple[str, str]]]]


class VersionedForm(ConsoleForm):
    """A form that carries which settings it was opened on."""

    version = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)


class CompanyPriceForm(VersionedForm):
    """Cost and price of a license type for one company."""

    license_type = forms.ChoiceField(label="License type")
    from_month = SettingMonthField(label="From", help_text="The first month in which it holds.")
    last_month = SettingMonthField(
        label="To", required=False, help_text="The last month, if it ends; after it the general price holds again."
    )
    cost = MoneyField(label="Cost", help_text="What you pay, per unit and month.")
    price = MoneyField(label="Price", help_text="What the company pays, per unit and month.")

    def __init__(
        self,
        *args: Any,
        types: TypeChoices,
        existing: Sequence[PriceSetting],
        replaces: PriceKey | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._others = [one for one in existing if replaces is None or not replaces.fits(one)]
        field = self.fields["license_type"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose"), *types]

    def clean(self) -> dict[str, Any]:
        """Refuse two prices from one month, and a price that ends before it begins."""
        given = super().clean() or {}
        first, last = given.get("from_month"), given.get("last_month")
        if first and last and last < first:
            self.add_error("last_month", "This lies before the month in which the price begins.")
        if first and given.get("license_type"):
            key = PriceKey(license_type=given["license_type"], from_month=first)
            if any(key.fits(one) for one in self._others):
                self.add_error("from_month", f"There is a price from {first.title} already: change that one.")
        return given

    @property
    def setting(self) -> PriceSetting:
        """The price that was entered; the form must be valid."""
        given = self.cleaned_data
        return PriceSetting(
            license_type=given["license_type"],
            from_month=given["from_month"],
            last_month=given["last_month"],
            cost=given["cost"],
            price=given["price"],
        )


class EndPriceForm(VersionedForm):
    """The last month of a company's own price."""

    license_type = LineField(widget=forms.HiddenInput, max_length=200)
    last_month = SettingMonthField(
        label="Last month", help_text="From the next month on the general price holds for this company."
    )


class ExclusionForm(VersionedForm):
    """An endpoint that is not billed."""

    endpoint = LineField(
        label="Endpoint",
        max_length=300,
        widget=forms.TextInput(attrs={"list": "endpoint-options", "autocomplete": "off"}),
        help_text="The name of the computer, as the source shows it.",
    )
    user = LineField(
        label="User",
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"list": "user-options", "autocomplete": "off"}),
        help_text="Only this user's endpoint of that name; empty: whoever has it.",
    )
    license_type = forms.ChoiceField(
        label="License type", required=False, help_text="Only this license; empty: all of its licenses."
    )
    reason = LineField(label="Reason", max_length=500, help_text="It stands on the bill.")

    def __init__(self, *args: Any, types: TypeChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["license_type"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "All"), *types]

    @property
    def exclusion(self) -> Exclusion:
        """What was entered; the form must be valid."""
        given = self.cleaned_data
        return Exclusion(
            endpoint=given["endpoint"],
            user=given["user"],
            license_type=given["license_type"],
            reason=given["reason"],
        )


class AdjustmentForm(VersionedForm):
    """Units added to a license product, or taken from it."""

    license_type = forms.ChoiceField(label="License type")
    units = forms.DecimalField(
        label="Units",
        max_digits=12,
        decimal_places=4,
        min_value=-_LARGEST_UNITS,
        max_value=_LARGEST_UNITS,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        help_text="For example 2, or -1 to take one away.",
    )
    first_month = SettingMonthField(label="From", help_text="The first month in which it holds.")
    last_month = SettingMonthField(label="To", required=False, help_text="The last month; empty: until removed.")
    reason = LineField(label="Reason", max_length=500, help_text="It stands on the bill.")

    def __init__(self, *args: Any, types: TypeChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["license_type"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose"), *types]

    def clean_units(self) -> Decimal:
        """Units that change something."""
        units: Decimal = self.cleaned_data["units"]
        if not units:
            raise forms.ValidationError("0 changes nothing.")
        return units

    def clean(self) -> dict[str, Any]:
        """Refuse an adjustment that ends before it begins."""
        given = super().clean() or {}
        first, last = given.get("first_month"), given.get("last_month")
        if first and last and last < first:
            self.add_error("last_month", "This lies before the first month.")
        return given

    @property
    def adjustment(self) -> Adjustment:
        """What was entered; the form must be valid."""
        given = self.cleaned_data
        return Adjustment(
            license_type=given["license_type"],
            units=given["units"],
            reason=given["reason"],
            first_month=given["first_month"],
            last_month=given["last_month"],
        )


class RemoveExceptionForm(VersionedForm):
    """Which exclusion or adjustment goes; `position` counts from 0 in the list the version belongs to."""

    kind = forms.ChoiceField(choices=[("exclusion", "exclusion"), ("adjustment", "adjustment")])
    position = forms.IntegerField(min_value=0, max_value=100_000)


def type_choices(held: Sequence[str], billable: Sequence[str]) -> TypeChoices:
    """License types to choose from: those the company has first, then the others it could be billed for."""
    keys = {type_key(name) for name in held}
    others = [name for name in billable if type_key(name) not in keys]
    groups = [("Of this company", [(name, name) for name in held]), ("Others", [(name, name) for name in others])]
    return [(label, names) for label, names in groups if names]


def month_or_none(text: str) -> Month | None:
    """A month of an address; anything else is none."""
    try:
        return Month.parse(text[:7])
    except ValueError:
        return None
