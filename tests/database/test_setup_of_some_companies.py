"""Settings of one company are changed without loading those of all others, and judged as if they were."""

from __future__ import annotations

from datetime import date

import pytest

from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.products import Product
from billbridge.billing.usage import Exclusion
from billbridge.operations.setup import SetupError, apply_setup, current_setup
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.store.models import BilledProduct, BillingConfiguration, Company, ExclusionSetting, Provider

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
    acme, other = current_setup(provider, only=["acme"]).document.companies or ()
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
