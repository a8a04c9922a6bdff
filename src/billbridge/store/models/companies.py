"""Companies, their users and domains, and the HaloPSA customer each company is mapped to."""

from __future__ import annotations

from django.db import models

from billbridge.store.models.provider import Provider


class Company(models.Model):
    """A customer of the provider, as the backup service knows it. `source_id` never changes, `name` may."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    source_id = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    in_source = models.BooleanField(default=True, help_text="whether the last collection still showed it")
    gone_since = models.DateField(null=True, help_text="the day of the first collection that showed it no more")
    is_ambiguous = models.BooleanField(default=False, help_text="another company has the same name")
    client_id = models.IntegerField(null=True, help_text="the HaloPSA customer it is mapped to")
    site_id = models.IntegerField(null=True, help_text="that customer's site")
    agreement_id = models.IntegerField(null=True, help_text="bills only while this HaloPSA agreement is active")
    auto_since = models.DateField(null=True, help_text="when auto-billing was switched on; null is off")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "source_id"], name="one_company_per_source_id"),
        ]

    def __str__(self) -> str:
        return self.name


class BackupUser(models.Model):
    """A backup user of a company, as last collected."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    source_id = models.CharField(max_length=100)
    login = models.CharField(max_length=300)
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True)
    packages = models.JSONField(default=list, help_text="the source's storage limits: [account id, package id]")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "source_id"], name="one_user_per_source_id"),
        ]

    def __str__(self) -> str:
        return self.login


class Domain(models.Model):
    """A Microsoft 365 or Google domain, and the company and license type its number counts for."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)
    name = models.CharField(max_length=300)
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True)
    license_type = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="one_domain_per_name")]

    def __str__(self) -> str:
        return self.name
