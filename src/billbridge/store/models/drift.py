"""What was changed in HaloPSA since our last sync, as the daily drift check found it."""

from __future__ import annotations

from django.db import models

from billbridge.store.models.companies import Company
from billbridge.store.models.provider import Provider


class DriftFinding(models.Model):
    """One thing of HaloPSA's that is no more as our settings or our last sync left it.

    `key` names the thing and what became of it, so that the same finding of the next day is the same row. It is
    over when a check finds it no more; then `over_on` is that check's business day.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
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
