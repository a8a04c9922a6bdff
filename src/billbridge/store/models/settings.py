"""What a person set: prices, storage terms, billing configurations, exclusions and adjustments."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from billbridge.store.fields import MoneyField, MonthField
from billbridge.store.models.companies import Company
from billbridge.store.models.provider import Provider


class LicensePrice(models.Model):
    """Cost and price per unit and month of a license type from a month on; for one company, or for all."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True)
    license_type = models.CharField(max_length=200)
    from_month = MonthField()
    last_month = MonthField(null=True, help_text="set when a company's price ends")
    cost = MoneyField()
    price = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "company", "license_type", "from_month"],
                name="one_price_per_product_and_month",
            ),
            models.UniqueConstraint(
                fields=["provider", "license_type", "from_month"],
                condition=Q(company=None),
                name="one_general_price_per_product_and_month",
            ),
            models.CheckConstraint(condition=Q(cost__gte=0) & Q(price__gte=0), name="price_not_negative"),
            models.CheckConstraint(
                condition=Q(last_month=None) | Q(last_month__gte=models.F("from_month")), name="price_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.license_type} since {self.from_month}"


class StorageRate(models.Model):
    """Cost and price per GB of a storage account from a month on; for all, for a company, or for a user."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    account_id = models.CharField(max_length=100)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True)
    user_id = models.CharField(max_length=100, blank=True)
    from_month = MonthField()
    backup_cost = MoneyField()
    backup_price = MoneyField()
    restore_cost = MoneyField()
    restore_price = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "account_id", "company", "user_id", "from_month"],
                name="one_storage_rate_per_owner_and_month",
            ),
            models.UniqueConstraint(
                fields=["provider", "account_id", "user_id", "from_month"],
                condition=Q(company=None),
                name="one_general_storage_rate_per_month",
            ),
            models.CheckConstraint(
                condition=Q(user_id="") | Q(company__isnull=False),
                name="a_users_storage_rate_names_its_company",
                violation_error_message="A user's custom price needs the user's company.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} since {self.from_month}"


class StorageLimit(models.Model):
    """A storage limit of a company, or of one of its users, on one storage account."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    account_id = models.CharField(max_length=100)
    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    user_id = models.CharField(max_length=100, blank=True, help_text="empty: the company's own limit")
    name = models.CharField(max_length=200)
    backup_gb = models.DecimalField(max_digits=15, decimal_places=3, null=True)
    restore_gb = models.DecimalField(max_digits=15, decimal_places=3, null=True)
    cost = MoneyField()
    price = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "account_id", "user_id"], name="one_storage_limit_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BillingConfiguration(models.Model):
    """A named set of products of one company that is billed as one line. `uid` never changes."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="configurations")
    name = models.CharField(max_length=200)
    mode = models.CharField(max_length=20)
    item_id = models.IntegerField(null=True)
    last_month = MonthField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="one_configuration_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class BilledProduct(models.Model):
    """A product in a configuration. A company's product stands in one configuration only."""

    configuration = models.ForeignKey(BillingConfiguration, on_delete=models.CASCADE, related_name="products")
    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    product = models.CharField(max_length=300, help_text="license:<type> or storage:<account id>")
    asset_type = models.CharField(max_length=200, blank=True, help_text="empty: the product's default")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "product"], name="a_product_is_billed_once"),
        ]

    def __str__(self) -> str:
        return self.product


class ExclusionSetting(models.Model):
    """An endpoint of a company that is not billed, and why."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    endpoint = models.CharField(max_length=300)
    user = models.CharField(max_length=300, blank=True)
    license_type = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500)

    def __str__(self) -> str:
        return self.endpoint


class AdjustmentSetting(models.Model):
    """Units added to or taken from a license product of a company, and why."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    license_type = models.CharField(max_length=200)
    units = models.DecimalField(max_digits=12, decimal_places=4)
    reason = models.CharField(max_length=500)
    first_month = MonthField()
    last_month = MonthField(null=True)

    def __str__(self) -> str:
        return f"{self.units} {self.license_type}"
