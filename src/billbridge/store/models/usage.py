"""What was collected and imported: the ledger of activations, daily readings, and the collections themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billbridge.store.fields import MoneyField, MonthField
from billbridge.store.models.companies import Company
from billbridge.store.models.provider import Provider


class Collection(models.Model):
    """One attempt to collect one section of a source: all of it came in, or nothing changed."""

    class Section(models.TextChoices):
        LICENSES = "licenses"
        STORAGE = "storage"

    class State(models.TextChoices):
        DONE = "done"
        HELD = "held", "held for a person"
        FAILED = "failed"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    source = models.CharField(max_length=20)
    section = models.CharField(max_length=20, choices=Section)
    began = models.DateTimeField(help_text="UTC")
    day = models.DateField(help_text="the business day")
    state = models.CharField(max_length=20, choices=State)
    reason = models.TextField(blank=True)
    figures = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    not_billed = models.JSONField(default=list)

    class Meta:
        # How collections ended, and when the last began, is read from the index alone: a row holds long lists.
        indexes = [models.Index(fields=["provider", "source", "section", "state", "began"])]

    def __str__(self) -> str:
        return f"{self.source} {self.section} {self.day}: {self.state}"


class ActivationRow(models.Model):
    """The ledger: one license held by one endpoint from a day to a day, or still."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    user_id = models.CharField(max_length=100, blank=True)
    user_login = models.CharField(max_length=300, blank=True)
    endpoint = models.CharField(max_length=300)
    endpoint_key = models.CharField(max_length=300)
    license_type = models.CharField(max_length=200)
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    given_back = models.BooleanField(default=False)
    last_seen = models.DateField()
    origin = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user_id", "endpoint_key", "license_type"],
                condition=Q(last_day=None),
                name="one_open_activation_per_holder",
            ),
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=models.F("first_day")), name="activation_in_order"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "last_day"]),
            # It names the last day, which is always empty here, so that licenses are counted from the index alone.
            models.Index(
                fields=["provider", "license_type", "last_day"],
                condition=Q(last_day=None),
                name="open_activations",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.license_type} {self.first_day} to {self.last_day or 'now'}"


class DomainReading(models.Model):
    """How many licenses a domain had on a day."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    domain = models.CharField(max_length=300)
    day = models.DateField()
    licenses = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "domain", "day"], name="one_domain_reading_per_day"),
        ]
        indexes = [models.Index(fields=["provider", "day"])]

    def __str__(self) -> str:
        return f"{self.domain} {self.day}: {self.licenses}"


class StorageAccount(models.Model):
    """A storage account: a storage product."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    source_id = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    type = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "source_id"], name="one_storage_account_per_source_id"),
        ]

    def __str__(self) -> str:
        return self.name


class StoragePackage(models.Model):
    """A storage limit as the source keeps it, as last collected. What the source calls its cost is our price."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    source_id = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    price = MoneyField()
    backup_gb = models.DecimalField(max_digits=15, decimal_places=3, null=True)
    restore_gb = models.DecimalField(max_digits=15, decimal_places=3, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "source_id"], name="one_storage_package_per_source_id"),
        ]

    def __str__(self) -> str:
        return self.name


class StorageReading(models.Model):
    """Bytes of a user on a storage account on a day: backup kept, and restored in the month to date."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    account_id = models.CharField(max_length=100)
    user_id = models.CharField(max_length=100)
    user_login = models.CharField(max_length=300, blank=True)
    day = models.DateField()
    backup_bytes = models.BigIntegerField()
    restore_bytes = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "account_id", "user_id", "day"], name="one_storage_reading_per_day"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "day"]),
            # Wide, so that a day's sum per account is read from the index alone.
            models.Index(fields=["provider", "day", "account_id", "backup_bytes"]),
        ]

    def __str__(self) -> str:
        return f"{self.user_login} {self.day}"


class MonthlyStorage(models.Model):
    """The source's own average and restore sum of a user and storage account for a closed month."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    account_id = models.CharField(max_length=100)
    user_id = models.CharField(max_length=100)
    user_login = models.CharField(max_length=300, blank=True)
    month = MonthField()
    backup_bytes = models.BigIntegerField()
    restore_bytes = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "account_id", "user_id", "month"], name="one_monthly_storage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_login} {self.month}"


class UsageHistoryImport(models.Model):
    """One imported Usage History file: what it covered, so that a month counts as collected."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    name = models.CharField(max_length=300)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    first_day = models.DateField()
    last_day = models.DateField()
    rows = models.PositiveIntegerField()
    imported = models.DateTimeField(help_text="UTC")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "digest", "first_day", "last_day"], name="one_import_per_file_and_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name
