"""Forms for what a GB costs on a storage account, and for storage limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from billbridge.billing.storage import GbRates, Limit
from billbridge.operations.setup.document import StorageCost, StorageLimitSetting
from billbridge.operations.storage_settings import CostKey, LimitKey
from billbridge.store.models import StorageAccount
from billbridge.web.companies.fields import (
    CompanyField,
    LineField,
    SettingMonthField,
    UserField,
    company_meant,
    user_meant,
)
from billbridge.web.companies.forms import VersionedForm
from billbridge.web.forms import MoneyField

_MOST_GB = Decimal(10**12) - Decimal("0.001")


class OwnedForm(VersionedForm):
    """A form about everyone's, one company's or one user's terms on a storage account.

    A user who is known by an older setting only, `known_user` by login and id, may stay.
    """

    def __init__(
        self, *args: Any, account: StorageAccount, known_user: tuple[str, str] = ("", ""), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._account = account
        self._known_user = known_user
        self.company_id = ""
        self.user_id = ""

    def find_owner(self, given: dict[str, Any]) -> None:
        """Put the ids of the company and the user that were written into `company_id` and `user_id`."""
        company, user = given.get("company", ""), given.get("user", "")
        if not company:
            if user and "company" not in self.errors:
                self.add_error("company", "Name the user's company too.")
            return
        try:
            found = company_meant(self._account.provider, company)
        except forms.ValidationError as error:
            self.add_error("company", error)
            return
        self.company_id = found.source_id
        if user and user == self._known_user[0]:
            self.user_id = self._known_user[1]
        elif user:
            try:
                self.user_id = user_meant(found, user).source_id
            except forms.ValidationError as error:
                self.add_error("user", error)


class StorageCostForm(OwnedForm):
    """Cost and price per GB from a month on: for everyone, a company, or one of its users."""

    company = CompanyField(label="Company", required=False, help_text="Empty: it holds for every company.")
    user = UserField(label="User", required=False, help_text="Empty: it holds for all of the company's users.")
    from_month = SettingMonthField(label="From", help_text="The first month in which it holds.")
    backup_cost = MoneyField(label="Backup cost", help_text="What you pay, per GB and month.")
    backup_price = MoneyField(label="Backup price", help_text="What the company pays, per GB and month.")
    restore_cost = MoneyField(label="Restore cost", help_text="What you pay, per GB restored.")
    restore_price = MoneyField(label="Restore price", help_text="What the company pays, per GB restored.")

    def __init__(self, *args: Any, others: frozenset[CostKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._others = others

    def clean(self) -> dict[str, Any]:
        """Find whose it is, and refuse two settings of one owner from one month."""
        given = super().clean() or {}
        self.find_owner(given)
        month = given.get("from_month")
        if month and not self.errors:
            key = CostKey(from_month=month, company_id=self.company_id, user_id=self.user_id)
            if key in self._others:
                self.add_error("from_month", f"There is a setting from {month.title} already: change that one.")
        return given

    @property
    def setting(self) -> StorageCost:
        """What was entered; the form must be valid."""
        given = self.cleaned_data
        return StorageCost(
            account_id=self._account.source_id,
            company_id=self.company_id,
            user_id=self.user_id,
            from_month=given["from_month"],
            rates=GbRates(
                backup_cost=given["backup_cost"],
                backup_price=given["backup_price"],
                restore_cost=given["restore_cost"],
                restore_price=given["restore_price"],
            ),
        )


def _gb_field(label: str, help_text: str, *, required: bool) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        max_digits=15,
        decimal_places=3,
        min_value=Decimal(0),
        max_value=_MOST_GB,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=help_text,
    )


class StorageLimitForm(OwnedForm):
    """A storage limit (package) of a company, or of one of its users."""

    company = CompanyField(label="Company")
    user = UserField(
        label="User", required=False, help_text="Empty: it is shared by all users without a limit of their own."
    )
    name = LineField(label="Name", max_length=200, help_text="It stands on the bill, for example Backup 500 GB.")
    backup_gb = _gb_field("Backup GB", "What is included; more is charged per GB.", required=True)
    restore_gb = _gb_field(
        "Restore GB", "Empty: restores are charged per GB from the first one on.", required=False
    )
    cost = MoneyField(label="Cost", help_text="What you pay, fixed, per month.")
    price = MoneyField(label="Price", help_text="What the company pays, fixed, per month.")

    def __init__(self, *args: Any, others: frozenset[LimitKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._others = others

    def clean(self) -> dict[str, Any]:
        """Find whose it is, and refuse two limits of one owner."""
        given = super().clean() or {}
        self.find_owner(given)
        if self.company_id and not self.errors:
            key = LimitKey(company_id=self.company_id, user_id=self.user_id)
            if key in self._others:
                field = "user" if self.user_id else "company"
                self.add_error(field, "There is a storage limit on this storage account already: change that one.")
        return given

    @property
    def setting(self) -> StorageLimitSetting:
        """What was entered; the form must be valid."""
        given = self.cleaned_data
        return StorageLimitSetting(
            account_id=self._account.source_id,
            company_id=self.company_id,
            user_id=self.user_id,
            limit=Limit(
                name=given["name"],
                backup_gb=given["backup_gb"],
                restore_gb=given["restore_gb"],
                cost=given["cost"],
                price=given["price"],
            ),
        )
