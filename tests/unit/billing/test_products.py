"""Products: how they are written, told apart and recognised."""

import pytest

from billbridge.billing.products import (
    DOMAIN_TYPES,
    KNOWN_LICENSE_TYPES,
    PROVIDER_TYPES,
    Product,
    ProductKind,
    license_types_by_name,
    type_key,
)


@pytest.mark.parametrize(
    "product", [Product.license("MS SQL Server"), Product.storage("5f0c"), Product.storage("s3:eu:1")]
)
def test_a_product_written_and_read_is_the_same(product):
    assert Product.parse(str(product)) == product


@pytest.mark.parametrize("text", ["Server", "license:", "computer:Server", ":Server", ""])
def test_what_is_not_a_product_is_refused_with_how_to_write_it(text):
    with pytest.raises(ValueError, match="write license:<license type> or storage:<account id>"):
        Product.parse(text)


def test_a_license_type_and_a_storage_account_of_one_name_differ():
    assert Product.license("Server") != Product.storage("Server")


def test_products_are_ordered_licenses_first():
    products = [Product.storage("a"), Product.license("b"), Product.license("a")]
    assert [str(product) for product in sorted(products)] == ["license:a", "license:b", "storage:a"]


@pytest.mark.parametrize("spelling", ["ms sql server", " MS  SQL Server ", "MS\tSQL SERVER"])
def test_spellings_of_one_license_type_are_recognised(spelling):
    assert type_key(spelling) == type_key("MS SQL Server")


def test_different_license_types_are_not_confused():
    assert len(license_types_by_name(KNOWN_LICENSE_TYPES)) == len(KNOWN_LICENSE_TYPES)


def test_the_providers_own_types_are_billed_to_no_company():
    assert {known.name for known in KNOWN_LICENSE_TYPES if not known.billable} == {
        known.name for known in PROVIDER_TYPES
    }


def test_only_domain_types_come_as_a_number_without_endpoints():
    assert {known.name for known in KNOWN_LICENSE_TYPES if known.count_only} == {
        known.name for known in DOMAIN_TYPES
    }


def test_kinds_are_written_as_a_person_reads_them():
    assert [str(kind) for kind in ProductKind] == ["license", "storage"]
