"""Connections to HaloPSA and to backup services. Secrets are kept as ciphertext only."""

from __future__ import annotations

from django.db import models

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.slots import Layout
from billbridge.store.models.provider import Provider


class HaloConnection(models.Model):
    """The provider's HaloPSA instance, its credentials and settings; one per provider."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="halopsa")
    address = models.CharField(max_length=300, help_text="the resource server, ending in /api")
    auth_address = models.CharField(max_length=300, blank=True, help_text="empty: asked for by discovery")
    tenant = models.CharField(max_length=100, blank=True)
    client_id = models.CharField(max_length=200)
    client_secret = models.BinaryField(default=b"", help_text="ciphertext")
    scope = models.CharField(max_length=500, default="all")
    supplier_name = models.CharField(max_length=200, blank=True)
    layout = models.CharField(max_length=20, default=Layout.ROLLING.value)
    temporary_bills = models.BooleanField(default=True)
    on_conflict = models.CharField(max_length=20, default=ConflictPolicy.HOLD.value)
    unit_price_decimals = models.PositiveSmallIntegerField(default=4)
    keeps_fractions = models.BooleanField(default=False)
    calls_per_window = models.PositiveIntegerField(default=250)
    window_seconds = models.FloatField(default=300.0)
    settle_seconds = models.FloatField(default=60.0, help_text="before a create of unknown outcome is repeated")
    batch_size = models.PositiveSmallIntegerField(default=50)
    proven_batch = models.PositiveSmallIntegerField(
        default=1, help_text="the largest batch of creates the next run starts with"
    )
    blocked_until = models.FloatField(default=0.0, help_text="database time until which HaloPSA asked to wait")
    known_sizes = models.JSONField(default=dict, help_text="rows per list at the last run, to read fewest pages")

    def __str__(self) -> str:
        return self.address


class SourceConnection(models.Model):
    """A backup service's API and its credentials."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20, default="mbs")
    address = models.CharField(max_length=300)
    login = models.CharField(max_length=200)
    password = models.BinaryField(default=b"", help_text="ciphertext")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "kind"], name="one_source_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"


class DefaultAssetType(models.Model):
    """The HaloPSA asset type, and the item, a product's subscriptions get unless chosen otherwise."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    product = models.CharField(max_length=300, help_text="license:<type> or storage:<account id>")
    asset_type = models.CharField(max_length=200)
    item_id = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "product"], name="one_asset_type_per_product"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.asset_type}"
