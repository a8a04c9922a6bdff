"""Writing what is known by the file alone, domains, and each company's mapping, auto-billing and configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from billbridge.billing.configuration import Configuration
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.store.models import (
    AdjustmentSetting,
    BackupUser,
    BilledProduct,
    BillingConfiguration,
    Company,
    Domain,
    ExclusionSetting,
    Provider,
    StorageAccount,
)


def store_known(provider: Provider, wanted: SetupDocument) -> None:
    """Create the storage accounts, companies and users that only the file knows so far; never change known ones."""
    for account in wanted.storage_accounts:
        StorageAccount.objects.get_or_create(
            provider=provider, source_id=account.id, defaults={"name": account.name or account.id}
        )
    for entry in wanted.companies or ():
        Company.objects.get_or_create(provider=provider, source_id=entry.id, defaults={"name": entry.name})
    for user in wanted.users:
        company = Company.objects.get(provider=provider, source_id=user.company_id)
        BackupUser.objects.get_or_create(
            provider=provider, source_id=user.id, defaults={"login": user.login or user.id, "company": company}
        )


def store_domains(
    provider: Provider, wanted: SetupDocument, current: SetupDocument, companies: Mapping[str, Company]
) -> None:
    """Write which company and license type each domain counts for; one that is not listed counts for none.

    Its row stays, because its readings hang on it.
    """
    if wanted.domains is None:
        return
    left_out = {domain.name for domain in current.domains or ()} - {domain.name for domain in wanted.domains}
    Domain.objects.filter(provider=provider, name__in=left_out).update(company=None, license_type="")
    for domain in set(wanted.domains) - set(current.domains or ()):
        Domain.objects.update_or_create(
            provider=provider,
            name=domain.name,
            defaults={"company": companies.get(domain.company_id), "license_type": domain.license_type},
        )


def store_companies(wanted: SetupDocument, current: SetupDocument, companies: Mapping[str, Company]) -> None:
    """Write the companies of the file that differ."""
    now = {company.id: company for company in current.companies or ()}
    for entry in wanted.companies or ():
        before = now.get(entry.id, CompanySetup(id=entry.id))
        row = companies[entry.id]
        if entry != replace(before, name=entry.name):
            row.client_id = entry.customer_id
            row.site_id = entry.site_id
            row.agreement_id = entry.agreement_id
            row.auto_since = entry.auto_billing_since
            row.save(update_fields=["client_id", "site_id", "agreement_id", "auto_since"])
        if entry.configurations is not None and entry.configurations != before.configurations:
            _store_configurations(row, entry.configurations)
        if entry.exclusions is not None and entry.exclusions != before.exclusions:
            _store_exclusions(row, entry)
        if entry.adjustments is not None and entry.adjustments != before.adjustments:
            _store_adjustments(row, entry)


def _store_configurations(company: Company, configurations: tuple[Configuration, ...]) -> None:
    """Make the company's configurations exactly these; those that go have no bills.

    Products and names move freely between configurations, so both are taken away before they are given anew.
    """
    rows = {str(row.uid): row for row in BillingConfiguration.objects.filter(company=company)}
    wanted = {configuration.id for configuration in configurations}
    BilledProduct.objects.filter(company=company).delete()
    for uid, row in rows.items():
        if uid in wanted:
            BillingConfiguration.objects.filter(pk=row.pk).update(name=uid)
        else:
            row.delete()
    for configuration in configurations:
        row = rows.get(configuration.id) or BillingConfiguration(company=company)
        if configuration.id:
            row.uid = UUID(configuration.id)
        row.name = configuration.name
        row.mode = configuration.mode.value
        row.item_id = configuration.item_id
        row.last_month = configuration.last_month
        row.save()
        BilledProduct.objects.bulk_create(
            BilledProduct(
                configuration=row,
                company=company,
                product=str(product),
                asset_type=configuration.asset_types.get(product, ""),
            )
            for product in configuration.products
        )


def _store_exclusions(company: Company, entry: CompanySetup) -> None:
    ExclusionSetting.objects.filter(company=company).delete()
    ExclusionSetting.objects.bulk_create(
        ExclusionSetting(
            company=company,
            endpoint=one.endpoint,
            user=one.user,
            license_type=one.license_type,
            reason=one.reason,
        )
        for one in entry.exclusions or ()
    )


def _store_adjustments(company: Company, entry: CompanySetup) -> None:
    AdjustmentSetting.objects.filter(company=company).delete()
    AdjustmentSetting.objects.bulk_create(
        AdjustmentSetting(
            company=company,
            license_type=one.license_type,
            units=one.units,
            reason=one.reason,
            first_month=one.first_month,
            last_month=one.last_month,
        )
        for one in entry.adjustments or ()
    )
