"""The tab Company mapping: what it shows, suggests and saves, and what it refuses."""

from __future__ import annotations

import pytest
from django.test import Client
from halopsa_copy import CUSTOMERS, SITES, copy_lists

from billbridge.store.models import AuditEntry, Company, HaloConnection, Provider, Task

MAPPING = "/settings/halopsa/mapping/"
EXACT = f"{MAPPING}exact/"


@pytest.fixture
def acme(provider: Provider) -> Company:
    return Company.objects.create(provider=provider, source_id="a", name="Acme Dental")


@pytest.fixture
def birch(provider: Provider) -> Company:
    return Company.objects.create(provider=provider, source_id="b", name="Birch & Co")


@pytest.fixture
def dunmore(provider: Provider) -> Company:
    return Company.objects.create(
        provider=provider, source_id="d", name="Dunmore Haulage", client_id=15, site_id=34, agreement_id=9
    )


@pytest.fixture
def browser(billing_person, client_of) -> Client:
    return client_of(billing_person)


def page_of(company: Company) -> str:
    return f"{MAPPING}{company.pk}/"


def test_companies_without_a_customer_come_first_with_a_suggestion(provider, acme, birch, dunmore, browser):
    copy_lists(provider)
    text = browser.get(MAPPING).content.decode()
    assert text.index("Birch &amp; Co<") < text.index("Dunmore Haulage<")
    assert "Birch &amp; Co Ltd" in text
    assert "99 %" in text
    assert "Depot" in text


def test_accepting_a_suggestion_maps_the_company_and_is_audited(provider, birch, browser, billing_person):
    copy_lists(provider)
    answer = browser.post(page_of(birch), {"customer": "13", "site": "32", "next": f"{MAPPING}?state=unmapped"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{MAPPING}?state=unmapped"
    birch.refresh_from_db()
    assert (birch.client_id, birch.site_id) == (13, 32)
    assert AuditEntry.objects.filter(
        subject__contains="customer_id", after="13", administrator=billing_person
    ).exists()


def test_a_page_of_another_site_is_never_gone_back_to(provider, birch, browser):
    copy_lists(provider)
    answer = browser.post(page_of(birch), {"customer": "13", "site": "32", "next": "//evil.test/"})
    assert answer["Location"] == MAPPING


def test_another_persons_mapping_in_the_meantime_is_not_overwritten(provider, dunmore, browser):
    copy_lists(provider)
    answer = browser.post(page_of(dunmore), {"customer": "12", "site": "31"})
    assert answer.status_code == 409
    assert "was changed since" in answer.content.decode()
    dunmore.refresh_from_db()
    assert dunmore.client_id == 15


def test_changing_the_customer_gives_up_the_agreement_of_the_one_before(provider, dunmore, browser):
    copy_lists(provider)
    browser.post(page_of(dunmore), {"customer": "12", "site": "31", "was_customer": "15", "was_site": "34"})
    dunmore.refresh_from_db()
    assert (dunmore.client_id, dunmore.site_id, dunmore.agreement_id) == (12, 31, None)


def test_changing_the_site_alone_keeps_the_agreement(provider, dunmore, browser):
    copy_lists(provider, SITES=[*SITES, {"id": 35, "name": "Yard", "client_id": 15}])
    browser.post(page_of(dunmore), {"customer": "15", "site": "35", "was_customer": "15", "was_site": "34"})
    dunmore.refresh_from_db()
    assert (dunmore.client_id, dunmore.site_id, dunmore.agreement_id) == (15, 35, 9)


def test_unmapping_leaves_no_customer_and_no_site(provider, dunmore, browser):
    copy_lists(provider)
    answer = browser.post(page_of(dunmore), {"unmap": "1", "was_customer": "15", "was_site": "34"}, follow=True)
    dunmore.refresh_from_db()
    assert (dunmore.client_id, dunmore.site_id) == (None, None)
    assert "(id 15, site 34)." in answer.content.decode()  # so that it can be put back


@pytest.mark.parametrize(
    ("customer", "site", "says"),
    [
        ("99", "", "no HaloPSA customer 99"),
        ("14", "", "is inactive"),
        ("12", "32", "has no site 32"),
        ("", "31", "This field is required"),
        ("-5", "", "greater than or equal to 1"),
        ("99999999999999999999", "", "less than or equal to"),
        ("<script>alert(1)</script>", "", "Enter a whole number"),
        ("1\x002", "", "Enter a whole number"),
    ],
)
def test_what_is_no_customer_of_the_copy_is_refused_in_words(provider, birch, browser, customer, site, says):
    copy_lists(provider)
    answer = browser.post(page_of(birch), {"customer": customer, "site": site})
    assert answer.status_code == 400
    assert says in answer.content.decode()
    birch.refresh_from_db()
    assert birch.client_id is None


def test_without_a_copy_the_ids_can_be_typed(birch, browser):
    assert "There is no copy" in browser.get(page_of(birch)).content.decode()
    browser.post(page_of(birch), {"customer": "77", "site": ""})
    birch.refresh_from_db()
    assert (birch.client_id, birch.site_id) == (77, None)


def test_a_customer_is_found_by_a_part_of_its_name_by_its_id_and_by_a_similar_name(provider, birch, browser):
    copy_lists(provider)
    for search in ("haul", "15", "Dunmoor Haulege"):
        assert "Dunmore Haulage" in browser.get(page_of(birch), {"q": search}).content.decode()
    assert "No active customer" in browser.get(page_of(birch), {"q": "zzzzzz"}).content.decode()


def test_the_one_site_of_a_customer_is_offered_and_of_several_none(provider, birch, browser):
    copy_lists(provider)
    assert '<option value="34" selected>' in browser.get(page_of(birch), {"customer": "15"}).content.decode()
    assert "selected" not in browser.get(page_of(birch), {"customer": "13"}).content.decode()


def test_a_customer_of_another_company_is_pointed_out(provider, birch, dunmore, browser):
    copy_lists(provider)
    assert (
        "It is the customer of Dunmore Haulage" in browser.get(page_of(birch), {"customer": "15"}).content.decode()
    )


def test_exact_matches_are_shown_first_and_mapped_only_when_agreed_to(provider, acme, birch, browser):
    copy_lists(provider)
    shown = browser.get(EXACT).content.decode()
    assert "Acme Dental" in shown
    assert "Birch" not in shown
    acme.refresh_from_db()
    assert acme.client_id is None
    browser.post(EXACT, {"company": ["12:31:a"]})
    acme.refresh_from_db()
    birch.refresh_from_db()
    assert (acme.client_id, acme.site_id, birch.client_id) == (12, 31, None)


def test_an_exact_match_that_is_another_one_by_now_is_left_alone(provider, acme, browser):
    copy_lists(provider)
    answer = browser.post(EXACT, {"company": ["13:32:a", "nonsense", "12:31:unknown"]}, follow=True)
    assert "0 companies were mapped. 2 changed meanwhile" in answer.content.decode()
    acme.refresh_from_db()
    assert acme.client_id is None


def test_a_customer_with_several_sites_is_accepted_by_choosing_one(provider, acme, birch, browser):
    copy_lists(provider, SITES=[*SITES, {"id": 36, "name": "Branch", "client_id": 12}])
    text = browser.get(MAPPING).content.decode()
    assert "Accept" not in text
    assert f"{page_of(acme)}?customer=12" in text
    assert "No exact match is left" in browser.get(EXACT).content.decode()


def test_two_companies_of_one_name_are_no_exact_match(provider, acme, browser):
    Company.objects.create(provider=provider, source_id="a2", name="ACME dental")
    copy_lists(provider)
    assert "No exact match is left" in browser.get(EXACT).content.decode()


def test_a_customer_gone_from_halopsa_is_told_and_filtered_for(provider, dunmore, acme, browser):
    copy_lists(provider, CUSTOMERS=[one for one in CUSTOMERS if one["id"] != 15])
    text = browser.get(MAPPING, {"state": "gone"}).content.decode()
    assert "customer gone" in text
    assert "Acme Dental" not in text


def test_the_table_as_csv_holds_every_mapping(provider, dunmore, acme, browser):
    copy_lists(provider)
    lines = browser.get(MAPPING, {"format": "csv"}).content.decode().splitlines()
    assert lines[1:] == [
        "Acme Dental,a,,,,,not mapped",
        "Dunmore Haulage,d,Dunmore Haulage,15,Depot,34,mapped",
    ]


def test_a_viewer_sees_the_mapping_and_changes_nothing(provider, birch, viewer, client_of):
    copy_lists(provider)
    browser = client_of(viewer)
    assert "Accept" not in browser.get(MAPPING).content.decode()
    assert browser.post(page_of(birch), {"customer": "13", "site": "32"}).status_code == 403
    assert browser.post(EXACT, {"company": ["12:31:a"]}).status_code == 403
    assert browser.post("/settings/halopsa/refresh/").status_code == 403
    birch.refresh_from_db()
    assert birch.client_id is None


def test_another_providers_company_is_not_there(other_provider, browser):
    theirs = Company.objects.create(provider=other_provider, source_id="x", name="Theirs", client_id=4)
    assert browser.get(page_of(theirs)).status_code == 404
    assert browser.post(page_of(theirs), {"customer": "13"}).status_code == 404
    assert "Theirs" not in browser.get(MAPPING).content.decode()
    assert "Theirs" not in browser.get(MAPPING, {"format": "csv"}).content.decode()


def test_refreshing_asks_for_the_lists_once_and_goes_back(provider, browser):
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    for _ in range(2):
        answer = browser.post("/settings/halopsa/refresh/", {"next": "/settings/halopsa/asset-types/"})
        assert answer["Location"] == "/settings/halopsa/asset-types/"
    assert Task.objects.get().kind == "refresh"


def test_hostile_search_words_are_plain_text(provider, acme, browser):
    copy_lists(provider)
    for word in ("<script>alert(1)</script>", "x" * 10_000, "a\0b", "%", "'"):
        for address in (MAPPING, page_of(acme)):
            answer = browser.get(address, {"q": word, "customer": word, "page": word, "sort": word, "state": word})
            assert answer.status_code == 200
            assert "<script>alert" not in answer.content.decode()
