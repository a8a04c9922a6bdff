"""What the database itself refuses, whatever the program does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError

from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    Bill,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Company,
    HaloConnection,
    LicensePrice,
    Provider,
    StorageRate,
)

SEPTEMBER = Month.parse("2026-09")


def bill(company: Company, month: Month = SEPTEMBER, **fields: str) -> Bill:
    return Bill.objects.create(
        provider=company.provider, company=company, month=month, counting_rule="peak", currency="EUR",
        cost=0, price=0, made_on=date(2026, 10, 2), **({"kind": "manual", "state": "ready"} | fields),
    )  # fmt: skip


def configuration(company: Company, name: str = "Backup") -> BillingConfiguration:
    return BillingConfiguration.objects.create(company=company, name=name, mode="total")


def line(bill: Bill, configuration: BillingConfiguration) -> BillLine:
    return BillLine.objects.create(
        bill=bill, configuration=configuration, name=configuration.name, mode="total", quantity=1, cost=0, price=0,
        sent_quantity=1, cost_remainder=0, price_remainder=0,
    )  # fmt: skip


def activation(company: Company, first: date, last: date | None, *, endpoint: str = "pc-1") -> ActivationRow:
    return ActivationRow.objects.create(
        provider=company.provider, company=company, user_id="u1", endpoint=endpoint, endpoint_key=endpoint.lower(),
        license_type="Server", first_day=first, last_day=last, last_seen=first, origin="observed",
    )  # fmt: skip


def price(company: Company | None, provider: Provider) -> LicensePrice:
    return LicensePrice.objects.create(
        provider=provider, company=company, license_type="Server", from_month=SEPTEMBER, cost=5, price=12
    )


def rate(provider: Provider, company: Company | None = None, user: str = "") -> StorageRate:
    return StorageRate.objects.create(
        provider=provider, account_id="1", company=company, user_id=user, from_month=SEPTEMBER,
        backup_cost=0, backup_price=0, restore_cost=0, restore_price=0,
    )  # fmt: skip


def test_a_company_has_one_bill_per_month_whatever_its_kind(company: Company) -> None:
    bill(company)
    with pytest.raises(IntegrityError):
        bill(company, kind="automatic", state="sent")


def test_a_company_has_bills_for_different_months(company: Company) -> None:
    bill(company)
    bill(company, SEPTEMBER.next)
    assert Bill.objects.count() == 2


def test_a_bill_has_one_line_per_configuration(company: Company) -> None:
    made, backup = bill(company), configuration(company)
    line(made, backup)
    with pytest.raises(IntegrityError):
        line(made, backup)


def test_a_configuration_has_a_line_on_each_bill(company: Company) -> None:
    backup = configuration(company)
    line(bill(company), backup)
    line(bill(company, SEPTEMBER.next), backup)
    assert BillLine.objects.count() == 2


def test_a_product_of_a_company_is_billed_once(company: Company) -> None:
    for name, refused in (("Backup", False), ("More backup", True)):
        made = configuration(company, name)
        if refused:
            with pytest.raises(IntegrityError):
                BilledProduct.objects.create(configuration=made, company=company, product="license:Server")
        else:
            BilledProduct.objects.create(configuration=made, company=company, product="license:Server")


def test_the_same_product_is_billed_for_every_company(company: Company) -> None:
    other = Company.objects.create(provider=company.provider, source_id="globex", name="Globex")
    for each in (company, other):
        BilledProduct.objects.create(configuration=configuration(each), company=each, product="license:Server")
    assert BilledProduct.objects.count() == 2


def test_configurations_of_a_company_have_different_names(company: Company) -> None:
    configuration(company)
    with pytest.raises(IntegrityError):
        configuration(company)


def test_a_license_on_an_endpoint_is_open_once(company: Company) -> None:
    activation(company, date(2026, 9, 1), None)
    with pytest.raises(IntegrityError):
        activation(company, date(2026, 9, 5), None)


def test_a_license_that_was_given_back_may_be_taken_again(company: Company) -> None:
    activation(company, date(2026, 9, 1), date(2026, 9, 3))
    activation(company, date(2026, 9, 1), date(2026, 9, 4))
    activation(company, date(2026, 9, 5), None)
    activation(company, date(2026, 9, 5), None, endpoint="pc-2")
    assert ActivationRow.objects.filter(last_day=None).count() == 2


def test_an_activation_does_not_end_before_it_begins(company: Company) -> None:
    with pytest.raises(IntegrityError):
        activation(company, date(2026, 9, 5), date(2026, 9, 4))


def test_a_product_has_one_general_price_per_month(provider: Provider) -> None:
    price(None, provider)
    with pytest.raises(IntegrityError):
        price(None, provider)


def test_a_company_has_one_price_of_its_own_per_product_and_month(company: Company) -> None:
    price(None, company.provider)
    price(company, company.provider)
    with pytest.raises(IntegrityError):
        price(company, company.provider)


def test_a_price_is_not_negative(provider: Provider) -> None:
    with pytest.raises(IntegrityError):
        LicensePrice.objects.create(
            provider=provider, license_type="Server", from_month=SEPTEMBER, cost=0, price=Decimal("-0.01")
        )


def test_a_storage_account_has_one_general_rate_per_month(provider: Provider) -> None:
    rate(provider)
    with pytest.raises(IntegrityError):
        rate(provider)


def test_a_company_and_its_users_have_rates_of_their_own(company: Company) -> None:
    rate(company.provider)
    rate(company.provider, company)
    rate(company.provider, company, "ann")
    with pytest.raises(IntegrityError):
        rate(company.provider, company, "ann")


def test_a_users_rate_names_the_users_company(provider: Provider) -> None:
    with pytest.raises(IntegrityError):
        rate(provider, user="ann")


def test_a_provider_has_one_halopsa_connection(halopsa: HaloConnection) -> None:
    with pytest.raises(IntegrityError):
        HaloConnection.objects.create(provider=halopsa.provider, address="https://other.test/api", client_id="b")


@pytest.mark.django_db(transaction=True)
def test_a_row_of_a_company_that_does_not_exist_is_refused() -> None:
    provider = Provider.objects.create(name="Northwind IT")
    with pytest.raises(IntegrityError):
        Bill.objects.create(
            provider=provider, company_id=12345, month=SEPTEMBER, kind="manual", state="ready",
            counting_rule="peak", currency="EUR", cost=0, price=0, made_on=date(2026, 10, 2),
        )  # fmt: skip


def test_a_billed_company_is_not_deleted_with_its_bills(company: Company) -> None:
    bill(company)
    with pytest.raises(IntegrityError):
        company.delete()
    assert Bill.objects.count() == 1
