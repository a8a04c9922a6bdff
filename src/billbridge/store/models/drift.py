"""What was changed in HaloPSA since our last sync, as the daily drift check found it, and when it last looked."""

from __future__ import annotations

from django.db import models

from billbridge.store.models.companies import Company
from billbridge.store.models.provider import Provider


class DriftFinding(models.Model):
    """One thing of HaloPSA's that is no more as we rely on it, or that could not be looked at.

    `key` names the thing and what became of it, so that the same finding of the next day is the same row. It is
    over when a check finds it no more; then `over_on` is that check's business day.
    """

    class Kind(models.TextChoices):
        CHANGE = "change"
        UNKNOWN = "unknown"

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.CHANGE)
    harms = models.BooleanField(default=True, help_text="whether the next bill suffers from it")
    key = models.CharField(max_length=120)
    thing = models.CharField(
        max_length=30, help_text="customer, site, asset type, item, supplier, subscription ..."
    )
    name = models.CharField(max_length=300)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True)
    finding = models.TextField(help_text="what became of it")
    effect = models.TextField(help_text="what that does to the next bill")
    remedy = models.TextField(blank=True)
    first_seen = models.DateField(help_text="the business day")
    last_seen = models.DateField(help_text="the business day")
    over_on = models.DateField(null=True, help_text="the business day")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "key"], condition=models.Q(over_on=None), name="one_open_finding_per_key"
            ),
        ]
        indexes = [models.Index(fields=["provider", "over_on"])]

    def __str__(self) -> str:
        return f"{self.thing} {self.name}: {self.finding}"


class DriftCheck(models.Model):
    """A provider's last drift check: when it read HaloPSA, and how much of what we rely on it could look at."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="drift_check")
    day = models.DateField(help_text="the business day")
    read_at = models.DateTimeField(help_text="UTC")
    things = models.PositiveIntegerField(help_text="what our settings and slots rely on in HaloPSA")
    unknown = models.JSONField(default=dict, help_text="how many of them could not be checked, by reason")

    def __str__(self) -> str:
        return f"{self.day}: {self.things} things"
