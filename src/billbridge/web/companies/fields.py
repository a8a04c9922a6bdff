"""Fields that several forms share: text on one line, months of settings, and choosing a company by its name."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.urls import reverse_lazy

from billbridge.billing.months import Month
from billbridge.operations.companies import companies_called, user_called
from billbridge.store.models import BackupUser, Company, Provider
from billbridge.web.forms import MonthField

_EARLIEST, _LATEST = Month(2000, 1), Month(2099, 12)
_LONGEST_NAME = 300


class LineField(forms.CharField):
    """A text on one line, as the setup file can say it."""

    def to_python(self, value: Any) -> Any:
        """The text; a control character in it is refused."""
        text = super().to_python(value)
        if any(unicodedata.category(sign) == "Cc" for sign in text or ""):
            raise forms.ValidationError("Write it on one line, without tabs or control characters.")
        return text


class SettingMonthField(MonthField):
    """A month from which, or until which, a setting holds."""

    def to_python(self, value: Any) -> Any:
        """The month, or nothing; one of another century is a typing error."""
        month = super().to_python(value)
        if month is not None and not _EARLIEST <= month <= _LATEST:
            raise forms.ValidationError(f"Write a month from {_EARLIEST} to {_LATEST}.")
        return month


class CompanyField(LineField):
    """A company by its name or id. While a person types, the names that fit are offered in `#company-options`."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {
            "list": "company-options",
            "autocomplete": "off",
            "hx-get": reverse_lazy("companies:options"),
            "hx-trigger": "input changed delay:200ms, focus once",
            "hx-target": "#company-options",
            "hx-swap": "innerHTML",
        }
        super().__init__(max_length=_LONGEST_NAME, widget=forms.TextInput(attrs=attributes), **kwargs)


class UserField(LineField):
    """A backup user by login. The users of the form's company are offered in `#user-options`."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {
            "list": "user-options",
            "autocomplete": "off",
            "hx-get": reverse_lazy("companies:user-options"),
            "hx-trigger": "focus",
            "hx-include": "[name='company']",
            "hx-target": "#user-options",
            "hx-swap": "innerHTML",
        }
        super().__init__(max_length=_LONGEST_NAME, widget=forms.TextInput(attrs=attributes), **kwargs)


def company_meant(provider: Provider, written: str) -> Company:
    """The one company that was written by name or id; a `ValidationError` says why it is none."""
    found = companies_called(provider, written)
    if len(found) == 1:
        return found[0]
    if not found:
        raise forms.ValidationError("There is no company of this name. Choose one of those offered while you type.")
    ids = ", ".join(company.source_id for company in found)
    raise forms.ValidationError(f"Several companies have this name. Write the id of the one you mean: {ids}.")


def user_meant(company: Company, written: str) -> BackupUser:
    """The company's user that was written by login or id; a `ValidationError` says that there is none."""
    user = user_called(company, written)
    if user is None:
        raise forms.ValidationError(f"{company.name} has no user of this login.")
    return user
