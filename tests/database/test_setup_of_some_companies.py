"""Settings of one company are changed without loading those of all others, and judged as if they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import Product
from billbridge.billing.usage import Exclusion
from billbridge.operations.setup import SetupError, apply_setup, current_setup
from billbridge.operations.setup.concern import Concern
from billbridge.operations.setup.document import CompanySetup, DomainSetting, SetupDocument
from billbridge.store.models import (
    BilledProduct,
    BillingConfiguration,
    Company,
    Domain,
    ExclusionSetting,
    LicensePrice,
    Provider,
    StorageRate,
)

TODAY = date(2026, 11, 12)


@pytest.fixture
def birch(provider: Provider, company: Company) -> Company:
    """Another company, which bills a storage account and excludes a license type that nothing else names."""
    birch = Company.objects.create(provider=provider, source_id="birch", name="Birch")
    backup = BillingConfiguration.objects.create(company=birch, name="Backup", mode="total")
    BilledProduct.objects.create(configuration=backup, company=birch, product="storage:vault-7")
    ExclusionSetting.objects.create(company=birch, endpoint="X", license_type="Old Server", reason="retired")
    return birch


def apply(provider: Provider, **company: object) -> None:
    entry = CompanySetup(id="acme", **company)  # type: ignore[arg-type]
    apply_setup(SetupDocument(companies=(entry,)), day=TODAY, provider=provider)


def backup(*products: Product, configuration_id: str = "") -> Configuration:
    return Configuration(id=configuration_id, name="Acme backup", mode=SendMode.TOTAL, products=products)


def test_only_the_companies_asked_for_are_loaded_and_the_others_are_named(
    provider: Provider, birch: Company
) -> None:
    acme, other = current_setup(provider, concern=Concern(companies=frozenset({"acme"}))).document.companies or ()
    assert (acme.id, acme.configurations) == ("acme", ())
    assert (other.id, other.name, other.configurations) == ("birch", "Birch", None)


def test_an_account_and_a_type_that_only_another_company_names_are_known(
    provider: Provider, birch: Company
) -> None:
    apply(
        provider,
        configurations=(backup(Product.storage("vault-7")),),
        exclusions=(Exclusion(endpoint="Y", license_type="old server", reason="too"),),
    )
    assert BilledProduct.objects.filter(company__source_id="acme", product="storage:vault-7").exists()
    assert ExclusionSetting.objects.get(company__source_id="acme").license_type == "Old Server"


def test_the_id_of_another_companys_configuration_is_refused(provider: Provider, birch: Company) -> None:
    taken = str(BillingConfiguration.objects.get().uid)
    with pytest.raises(SetupError, match="the id of another company's configuration"):
        apply(provider, configurations=(backup(Product.license("Server"), configuration_id=taken),))


def test_a_company_is_still_found_by_its_name_alone(provider: Provider, birch: Company) -> None:
    apply_setup(
        SetupDocument(companies=(CompanySetup(id="", name="birch", customer_id=44),)), day=TODAY, provider=provider
    )
    birch.refresh_from_db()
    assert birch.client_id == 44
    assert BillingConfiguration.objects.filter(company=birch).exists()


def test_a_license_type_that_only_prices_and_domains_name_is_known(provider: Provider, company: Company) -> None:
    LicensePrice.objects.create(
        provider=provider, license_type="Priced Type", from_month=Month.of(TODAY), cost=1, price=2
    )
    Domain.objects.create(provider=provider, name="acme.example", company=company, license_type="Domain Type")
    apply(provider, configurations=(backup(Product.license("priced type"), Product.license("domain type")),))
    assert set(BilledProduct.objects.values_list("product", flat=True)) == {
        "license:Priced Type",
        "license:Domain Type",
    }


def test_an_account_that_only_its_costs_name_is_known(provider: Provider, company: Company) -> None:
    zero = dict.fromkeys(("backup_cost", "backup_price", "restore_cost", "restore_price"), Decimal(0))
    StorageRate.objects.create(provider=provider, account_id="vault-9", from_month=Month.of(TODAY), **zero)
    apply(provider, configurations=(backup(Product.storage("vault-9")),))
    assert BilledProduct.objects.filter(product="storage:vault-9").exists()


def test_a_change_of_prices_leaves_the_other_prices_rows_alone(provider: Provider, company: Company) -> None:
    month = Month.of(TODAY)
    server = PriceSetting(license_type="Server", from_month=month, cost=Decimal(5), price=Decimal(12))
    own = PriceSetting(
        license_type="Server", from_month=month, cost=Decimal(4), price=Decimal(9), company_id="acme"
    )
    desktop = PriceSetting(license_type="Desktop", from_month=month, cost=Decimal(2), price=Decimal(6))
    apply_setup(SetupDocument(prices=(server, own, desktop)), day=TODAY, provider=provider)
    before = dict(LicensePrice.objects.values_list("pk", "price"))
    dearer = replace(server, price=Decimal(13))

    apply_setup(SetupDocument(prices=(dearer, own)), day=TODAY, provider=provider)

    prices = LicensePrice.objects.order_by("pk").values_list("pk", "license_type", "company__source_id", "price")
    (kept, new) = prices
    assert kept[1:] == ("Server", "acme", Decimal(9))
    assert kept[0] in before
    assert new[1:] == ("Server", None, Decimal(13))
    assert new[0] not in before


def test_a_domain_that_is_listed_no_more_counts_for_nobody_and_the_others_stay(
    provider: Provider, company: Company
) -> None:
    one = DomainSetting(name="one.example", company_id="acme", license_type="Microsoft 365 / Google Workspace")
    two = DomainSetting(name="two.example", company_id="acme", license_type="Microsoft 365 / Google Workspace")
    apply_setup(SetupDocument(domains=(one, two)), day=TODAY, provider=provider)
    apply_setup(SetupDocument(domains=(one,)), day=TODAY, provider=provider)
    counted = Domain.objects.order_by("name").values_list("name", "company__source_id", "license_type")
    assert list(counted) == [("one.example", "acme", "Microsoft 365 / Google Workspace"), ("two.example", None, "")]
