"""Packages of the backup service, offered as storage limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from usage_of import OCTOBER

from billbridge.operations.setup import apply_setup, export_setup, read_setup
from billbridge.operations.suggest_limits import LimitSuggestions, suggest_limits, suggestions_as_toml
from billbridge.store.models import BackupUser, Company, Provider, StorageAccount, StorageLimit, StoragePackage


@pytest.fixture
def ann(company: Company) -> BackupUser:
    """Ann of Acme has the package of 1000 GB for 30.00 on CorporateS3."""
    StorageAccount.objects.create(provider=company.provider, source_id="s3", name="CorporateS3")
    StoragePackage.objects.create(
        provider=company.provider, source_id="27755", name="1000 GB", price=Decimal("30.00"), backup_gb=1000
    )
    return BackupUser.objects.create(
        provider=company.provider, source_id="u1", login="ann", company=company, packages=[["s3", "27755"]]
    )


def suggested(provider: Provider) -> list[tuple[str, str, str]]:
    limits = suggest_limits(provider).limits
    return [(limit.user.login, limit.account.name, limit.package.name) for limit in limits]


def test_the_package_of_a_user_without_a_limit_is_offered(provider: Provider, ann: BackupUser) -> None:
    assert suggested(provider) == [("ann", "CorporateS3", "1000 GB")]


def test_a_package_is_not_offered_where_a_limit_of_the_user_is_set(provider: Provider, ann: BackupUser) -> None:
    limit = StorageLimit.objects.create(
        provider=provider, account_id="s3", company=ann.company, user_id="u1", name="own", cost=0, price=0
    )
    assert suggested(provider) == []
    limit.user_id = ""
    limit.save()
    assert suggested(provider) == [("ann", "CorporateS3", "1000 GB")]


def test_a_user_without_a_company_is_not_offered_one(provider: Provider, ann: BackupUser) -> None:
    BackupUser.objects.update(company=None)
    assert suggest_limits(provider) == LimitSuggestions(limits=(), undecided=())


def test_a_package_that_the_source_does_not_list_is_not_offered(provider: Provider, ann: BackupUser) -> None:
    StoragePackage.objects.all().delete()
    assert suggested(provider) == []


def test_several_packages_of_a_user_on_one_account_are_left_to_a_person(
    provider: Provider, ann: BackupUser
) -> None:
    StoragePackage.objects.create(provider=provider, source_id="2", name="50 GB", price=Decimal(3), backup_gb=50)
    BackupUser.objects.update(packages=[["s3", "27755"], ["s3", "2"]])
    found = suggest_limits(provider)
    assert found.limits == ()
    assert found.undecided == ("ann has several packages on CorporateS3: 1000 GB, 50 GB",)
    assert "# Left out: ann has several packages" in suggestions_as_toml(found)


def test_what_is_printed_can_be_added_to_an_exported_file_and_applied(provider: Provider, ann: BackupUser) -> None:
    exported = export_setup(provider).replace("storage_limits = []\n", "")
    text = exported + suggestions_as_toml(suggest_limits(provider))
    apply_setup(read_setup(text, "setup.toml"), day=OCTOBER.first)
    limit = StorageLimit.objects.get()
    assert (limit.user_id, limit.name, limit.backup_gb, limit.restore_gb) == ("u1", "1000 GB", 1000, None)
    assert (limit.cost, limit.price) == (Decimal(0), Decimal(30))
    assert suggested(provider) == []
