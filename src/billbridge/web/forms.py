"""Forms in the console's look: each field with its label, help and error beside it, in words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from billbridge.billing.money import MoneyError, parse_money
from billbridge.billing.months import Month

_LONGEST_AMOUNT = 30


class ConsoleRenderer(TemplatesSetting):
    """Renders a field as label, input, help and error, tied together for a screen reader."""

    field_template_name = "field.html"


class ConsoleForm(forms.Form):
    """A form in the console's look."""

    default_renderer = ConsoleRenderer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        dress(self)


class _ReadField(forms.CharField):
    """A field whose text is checked as a text, for its length and signs, before it is read as something else."""

    def to_python(self, value: Any) -> Any:
        """What was read, or nothing for an empty field."""
        text = super().to_python(value)
        super().run_validators(text)
        return self.read(text) if text else None

    def run_validators(self, value: Any) -> None:
        """Nothing more: the text was checked."""

    def read(self, text: str) -> Any:
        """The value of a text; raises `ValidationError` saying what is wrong with it."""
        raise NotImplementedError


class MoneyField(_ReadField):
    """An exact amount, 0 or more, with at most 6 decimals; `,` and `.` both separate the decimals."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_length=30, **kwargs)

    def read(self, text: str) -> Any:
        """The amount."""
        if "," in text and "." not in text:
            text = text.replace(",", ".")
        try:
            amount = parse_money(text)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from None
        if amount < 0:
            raise forms.ValidationError("This may not be negative.")
        return amount


class MonthField(_ReadField):
    """A month, written YYYY-MM."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "month", "placeholder": "YYYY-MM"}))
        super().__init__(**kwargs)

    def read(self, text: str) -> Any:
        """The month."""
        try:
            return Month.parse(text)
        except ValueError:
            raise forms.ValidationError("Write the month as YYYY-MM, for example 2026-10.") from None


def dress(form: forms.Form) -> None:
    """Give every field of a form Bootstrap's look."""
    for field in form.fields.values():
        _dress(field.widget)


def _dress(widget: forms.Widget) -> None:
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        name = "form-check-input"
    elif isinstance(widget, forms.Select):
        name = "form-select"
    else:
        name = "form-control"
    classes = {*widget.attrs.get("class", "").split(), name}
    widget.attrs["class"] = " ".join(sorted(classes))
