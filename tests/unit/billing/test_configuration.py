"""Billing configurations: what is refused, with one error that says what to move, and what bills a product."""

import pytest

from billbridge.billing.configuration import (
    Configuration,
    ConfigurationError,
    SendMode,
    check_configurations,
    products_billed,
)
from billbridge.billing.months import Month
from billbridge.billing.products import Product

SERVER, DESKTOP = Product.license("Server"), Product.license("Desktop")
S3 = Product.storage("5f0c")
SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)


def configuration(*products, name="Backup", mode=SendMode.TOTAL, **values):
    return Configuration(id=name, name=name, mode=mode, products=products, **values)


def refused(*configurations, names=None):
    with pytest.raises(ConfigurationError) as refusal:
        check_configurations("Acme", configurations, names)
    assert "Acme" in refusal.value.message
    assert refusal.value.hint
    return str(refusal.value)


@pytest.mark.parametrize("mode", list(SendMode))
@pytest.mark.parametrize("products", [(SERVER,), (SERVER, DESKTOP), (S3,), (S3, Product.storage("b2"))])
def test_licenses_alone_and_storage_alone_may_be_sent_in_every_mode(mode, products):
    check_configurations("Acme", [configuration(*products, mode=mode)])


@pytest.mark.parametrize("mode", [SendMode.AVERAGE, SendMode.QUANTITY])
def test_licenses_and_storage_together_can_only_be_sent_as_the_total(mode):
    message = refused(configuration(SERVER, S3, mode=mode), names={S3: "Amazon S3"})
    assert f"cannot be sent as '{mode.value}'" in message
    assert "move Amazon S3 to a configuration of its own" in message


def test_licenses_and_storage_together_may_be_sent_as_the_total():
    check_configurations("Acme", [configuration(SERVER, S3)])


@pytest.mark.parametrize("name", ["", "   "])
def test_a_configuration_needs_a_name(name):
    assert "without a name" in refused(configuration(SERVER, name=name))


def test_a_configuration_needs_a_product():
    assert "has no products" in refused(configuration())


def test_a_configuration_that_ends_may_have_given_its_products_to_another():
    check_configurations("Acme", [configuration(last_month=OCTOBER), configuration(SERVER, name="Second")])


@pytest.mark.parametrize("name", ["Backup", "BACKUP", " backup "])
def test_names_are_unique_whatever_their_case(name):
    assert "two configurations named" in refused(configuration(SERVER), configuration(DESKTOP, name=name))


def test_a_product_is_billed_by_one_configuration_only_and_the_other_is_named():
    message = refused(configuration(SERVER), configuration(DESKTOP, SERVER, name="Second"))
    assert "'Second' bills Server, which configuration 'Backup' bills already" in message


def test_a_product_stands_in_a_configuration_once():
    assert "bills Server" in refused(configuration(SERVER, SERVER))


@pytest.mark.parametrize("spelling", ["server", " Server", "SERVER"])
def test_another_spelling_of_a_license_type_is_the_same_product(spelling):
    assert "bills" in refused(configuration(SERVER), configuration(Product.license(spelling), name="Second"))


def test_storage_accounts_are_told_apart_by_their_exact_id():
    check_configurations("Acme", [configuration(S3, Product.storage("5F0C"))])


def test_a_license_type_and_a_storage_account_of_one_name_are_two_products():
    check_configurations("Acme", [configuration(SERVER, Product.storage("Server"))])


def test_a_configuration_is_billed_up_to_its_last_month():
    ended = configuration(SERVER, last_month=SEPTEMBER)
    assert [ended.holds_in(month) for month in (SEPTEMBER, OCTOBER)] == [True, False]
    assert products_billed([ended], OCTOBER) == {}
