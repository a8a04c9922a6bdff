"""Which HaloPSA customer is suggested for a company, and what is applied without asking."""

from __future__ import annotations

import pytest

from billbridge.halopsa.values import Client, Site
from billbridge.operations.mapping import CompanyToMap, Suggestion, apply_suggestions, suggest
from billbridge.store.models import Company, Provider


def customers(*names: str) -> list[Client]:
    return [Client(id=number, name=name) for number, name in enumerate(names, start=10)]


def suggestion(company: str, *names: str) -> Suggestion:
    (only,) = suggest([CompanyToMap(id="1", name=company)], customers(*names))
    return only


@pytest.mark.parametrize("written", ["Acme Dental", "acme dental", "  ACME   Dental "])
def test_the_same_name_is_exact_whatever_its_case_and_spaces(written: str) -> None:
    found = suggestion(written, "Acme Dental", "Acme Dental Group")
    assert (found.customer_id, found.score, found.exact, found.ambiguous) == (10, 100, True, False)


@pytest.mark.parametrize("written", ["Acme Dental Ltd", "Acme Dental, GmbH & Co. KG", "Acme Dental s.r.o."])
def test_another_legal_form_is_similar_and_not_exact(written: str) -> None:
    found = suggestion(written, "Acme Dental Inc.", "Contoso")
    assert (found.customer_id, found.score, found.exact, found.ambiguous) == (10, 99, False, False)


def test_a_name_is_never_nothing_but_its_legal_form() -> None:
    assert suggestion("Limited", "Company").customer_id is None


def test_two_customers_of_one_name_are_ambiguous_and_neither_is_suggested() -> None:
    found = suggestion("Acme", "Acme", "ACME")
    assert (found.customer_id, found.ambiguous, found.exact) == (None, True, False)
    assert found.reason == "2 customers have this name: 10, 11"


def test_two_customers_of_the_same_similarity_are_ambiguous() -> None:
    found = suggestion("Acme Dental", "Acme Dental Ltd", "Acme Dental Inc")
    assert found.ambiguous
    assert found.reason == "as similar as 'Acme Dental Inc'"


def test_a_customer_that_is_not_similar_enough_is_only_a_guess() -> None:
    found = suggestion("Northwind Traders", "Northwest Trading")
    assert found.ambiguous
    assert 60 <= found.score < 85


def test_a_company_like_no_customer_gets_the_reason() -> None:
    found = suggestion("Acme", "Zebra Logistics")
    assert (found.customer_id, found.reason) == (None, "no customer has a similar name")


def test_a_company_that_is_mapped_is_left_out() -> None:
    assert suggest([CompanyToMap(id="1", name="Acme", customer_id=10)], customers("Acme")) == ()


def test_an_inactive_customer_is_never_suggested() -> None:
    gone = Client(id=9, name="Acme", inactive=True)
    (found,) = suggest([CompanyToMap(id="1", name="Acme")], [gone, *customers("Acme")])
    assert (found.customer_id, found.exact) == (10, True)


def test_a_customer_that_another_company_has_is_ambiguous() -> None:
    companies = [CompanyToMap(id="1", name="Acme", customer_id=10), CompanyToMap(id="2", name="ACME")]
    (found,) = suggest(companies, customers("Acme"))
    assert found.ambiguous
    assert found.reason == "the customer of 'Acme' already"


def test_companies_of_one_name_are_all_ambiguous() -> None:
    found = suggest([CompanyToMap(id="1", name="Acme"), CompanyToMap(id="2", name="acme")], customers("Acme"))
    assert [one.ambiguous for one in found] == [True, True]


def test_a_similar_company_never_takes_the_customer_of_an_exact_one() -> None:
    found = suggest([CompanyToMap(id="1", name="Acme"), CompanyToMap(id="2", name="Acme Ltd")], customers("Acme"))
    assert [(one.company, one.exact, one.ambiguous) for one in found] == [("1", True, False), ("2", False, True)]


def test_the_site_is_the_main_one_or_the_only_active_one() -> None:
    clients = [Client(id=1, name="A", main_site_id=5), Client(id=2, name="B"), Client(id=3, name="C")]
    sites = [
        Site(id=7, client_id=2), Site(id=8, client_id=2, inactive=True), Site(id=9, client_id=3),
        Site(id=10, client_id=3), Site(id=6, client_id=1),
    ]  # fmt: skip
    found = suggest([CompanyToMap(id=name, name=name) for name in "ABC"], clients, sites)
    assert [one.site_id for one in found] == [5, 7, None]


@pytest.mark.django_db
def test_only_what_leaves_no_doubt_is_applied(provider: Provider) -> None:
    for source_id, name in (("1", "Acme"), ("2", "North Ltd"), ("3", "Twin")):
        Company.objects.create(provider=provider, source_id=source_id, name=name)
    listed = [CompanyToMap(id=one.source_id, name=one.name) for one in Company.objects.all()]
    clients = [*customers("Acme", "North", "Twin", "twin"), Client(id=3, name="Other", main_site_id=4)]
    found = suggest(listed, clients, [Site(id=70, client_id=10)])

    assert apply_suggestions(provider, found) == 1
    assert set(Company.objects.values_list("name", "client_id", "site_id")) == {
        ("Acme", 10, 70),
        ("North Ltd", None, None),
        ("Twin", None, None),
    }
    assert apply_suggestions(provider, found, only_exact=False) == 1
    assert Company.objects.get(name="North Ltd").client_id == 11
    assert Company.objects.get(name="Twin").client_id is None


@pytest.mark.django_db
def test_a_company_that_was_mapped_in_the_meantime_is_not_touched(company: Company) -> None:
    found = suggest([CompanyToMap(id=company.source_id, name="Acme")], customers("Acme"))
    Company.objects.update(client_id=99)
    assert apply_suggestions(company.provider, found) == 0
    company.refresh_from_db()
    assert company.client_id == 99
