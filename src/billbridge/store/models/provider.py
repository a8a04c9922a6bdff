"""The provider: the managed service provider that every other row belongs to."""

from __future__ import annotations

import uuid

from django.db import models

from billbridge.billing.counting import ChangeOfType, CountingRule
from billbridge.billing.prices import MissingPrice
from billbridge.billing.storage import StorageBasis


class Provider(models.Model):
    """A managed service provider, with the settings that hold for all its customers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217 code; one per provider")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name; decides days and months")
    counting_rule = models.CharField(max_length=32, default=CountingRule.ACTIVE_IN_MONTH.value)
    change_of_type = models.CharField(max_length=32, default=ChangeOfType.BOTH.value)
    storage_basis = models.CharField(max_length=32, default=StorageBasis.MEAN.value)
    missing_price = models.CharField(max_length=32, default=MissingPrice.BILL_AT_ZERO.value)
    collect_hour = models.PositiveSmallIntegerField(default=4, help_text="hour of the day of the daily collection")
    silence_hours = models.PositiveSmallIntegerField(
        default=36, help_text="hours without a successful collection after which it is announced"
    )
    moved_day = models.DateField(null=True, help_text="the business day, moved by hand; null: the calendar's")

    def __str__(self) -> str:
        return self.name


class KnownLicenseType(models.Model):
    """A license type the provider added to those the console knows."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=40, default="endpoint")
    billable = models.BooleanField(default=True)
    count_only = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="one_license_type_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
