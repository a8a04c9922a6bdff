"""The wizard that edits how a company is billed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from acme import SITE, TODAY, VAULT, ClientOf, configured, make_acme
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from halopsa_copy import copy_lists

from billbridge.billing.months import Month
from billbridge.store.models import (
    Administrator,
    AuditEntry,
    Bill,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Company,
    DefaultAssetType,
    Domain,
    DomainReading,
    Draft,
    Provider,
)

MAILBOXES = "Microsoft 365 / Google Workspace"
SERVER, DESKTOP, STORAGE = "license:Server", "license:Desktop", f"storage:{VAULT}"


@dataclass
class Wizard:
    """A window in which somebody edits a company's billing."""

    browser: Client
    company: Company

    def address(self, step: str = "") -> str:
        return f"/settings/halopsa/company/{self.company.pk}/{step}"

    def open(self, step: str = "") -> str:
        """A step's page; its tokens go along with what is sent next."""
        text = self.browser.get(self.address(step), follow=True).content.decode()
        self.tokens = {
            name: found[-1]
            for name in ("version", "seen", "window")
            if (found := re.findall(rf'name="{name}" value="([^"]*)"', text))
        }
        return text

    def send(self, step: str = "", **given: object) -> HttpResponse:
        return self.browser.post(self.address(step), {**self.tokens, **given})

    def keep(self, step: str = "", **given: object) -> str:
        """What the form does by itself while it is filled."""
        response = self.browser.post(self.address(step), {**self.tokens, **given}, headers={"HX-Request": "true"})
        text = response.content.decode()
        self.tokens |= {name: re.findall(rf'name="{name}" value="([^"]*)"', text)[-1] for name in self.tokens}
        return text

    def add(self, **given: object) -> HttpResponse:
        """Add a configuration and press Done."""
        step = f"configurations/{uuid4()}/"
        self.open(step)
        return self.send(step, go="done", **given)

    def save(self) -> HttpResponse:
        self.open("check/")
        return self.send("check/")


@pytest.fixture
def acme(provider: Provider) -> Company:
    copy_lists(provider)
    return make_acme(provider)


@pytest.fixture
def wizard(client_of: ClientOf, billing_person: Administrator, acme: Company) -> Wizard:
    return Wizard(client_of(billing_person), acme)


def saved_site(company: Company) -> int | None:
    return Company.objects.get(pk=company.pk).site_id


def products_of(name: str) -> set[str]:
    return set(BilledProduct.objects.filter(configuration__name=name).values_list("product", flat=True))


# The whole way


def test_site_configuration_and_check_lead_to_saved_settings_and_an_audit_entry(
    wizard: Wizard, acme: Company, billing_person: Administrator
) -> None:
    wizard.open()
    assert wizard.send(site=SITE, agreement="", auto_billing="on", go="next").status_code == 302
    assert wizard.add(name="Workplaces", products=[SERVER, DESKTOP], mode="average").status_code == 302
    assert wizard.save().status_code == 302

    row = Company.objects.get(pk=acme.pk)
    assert (row.site_id, row.auto_since) == (SITE, date(2026, 11, 12))
    assert products_of("Workplaces") == {SERVER, DESKTOP}
    assert AuditEntry.objects.filter(administrator=billing_person, subject__contains="Workplaces").exists()
    assert not Draft.objects.exists()


def test_nothing_is_saved_before_the_last_step(wizard: Wizard, acme: Company) -> None:
    wizard.open()
    wizard.send(site=SITE, go="next")
    wizard.add(name="Workplaces", products=[SERVER], mode="total")
    assert saved_site(acme) is None
    assert not BillingConfiguration.objects.exists()


def test_the_check_shows_the_lines_of_last_and_this_month_with_quantities_and_money(wizard: Wizard) -> None:
    wizard.add(name="Workplaces", products=[SERVER, DESKTOP], mode="average")
    text = wizard.open("check/")
    assert "October 2026" in text
    assert "November 2026 so far, through 12 Nov 2026" in text
    assert "Server: 2 at €12.00" in text
    assert text.count("€30.00") == 4, "the line and the bill of both months: 2 x 12.00 + 1 x 6.00"
    assert text.count("€10.00") == 2, "the average price sent in both months: 30.00 / 3"
    assert not Bill.objects.exists()


def test_the_check_names_what_stays_without_a_bill(wizard: Wizard) -> None:
    wizard.add(name="Servers", products=[SERVER], mode="average")
    text = wizard.open("check/")
    assert "RX7 (Desktop): its product is in no billing configuration of the company" in text
    assert "<strong>Desktop</strong> (1 endpoint)" in wizard.open("configurations/")


def test_the_check_says_what_saving_changes_before_and_after(wizard: Wizard, acme: Company) -> None:
    configured(acme, SERVER, name="Old name")
    uid = BillingConfiguration.objects.get().uid
    step = f"configurations/{uid}/"
    wizard.open(step)
    wizard.send(step, go="done", name="New name", products=[SERVER], mode="average")
    text = wizard.open("check/")
    assert "<del>Old name</del>" in text
    assert "<ins>New name</ins>" in text


def test_an_automatic_bill_that_was_sent_is_said_to_stay(wizard: Wizard, acme: Company, provider: Provider) -> None:
    Bill.objects.create(
        provider=provider, company=acme, month=Month(2026, 10), kind="automatic", state="sent", currency="EUR",
        counting_rule="active_in_month", cost=Decimal(5), price=Decimal(12), made_on=date(2026, 11, 2),
    )  # fmt: skip
    assert "automatic and sent: it stays as it is" in wizard.open("check/")


# Configurations and what may not be


def test_licenses_and_storage_together_can_only_be_sent_as_the_total(wizard: Wizard) -> None:
    response = wizard.add(name="All", products=[SERVER, STORAGE], mode="average")
    text = response.content.decode()
    assert response.status_code == 400
    assert "or move CorporateS3 to a configuration of its own" in text
    assert re.search(r'value="average"[^>]*disabled', text)
    assert re.search(r'value="quantity"[^>]*disabled', text)
    assert re.search(r'value="total"[^>]*checked', text)
    assert wizard.add(name="All", products=[SERVER, STORAGE], mode="total").status_code == 302


def test_a_product_of_another_configuration_is_shown_as_taken_and_refused(wizard: Wizard, acme: Company) -> None:
    configured(acme, SERVER, name="Servers")
    step = f"configurations/{uuid4()}/"
    text = wizard.open(step)
    assert re.search(r'value="license:Server"[^>]*disabled', text)
    assert "billed by Servers" in text
    response = wizard.send(step, go="done", name="More", products=[SERVER], mode="average")
    assert response.status_code == 400
    assert "cannot be billed here" in response.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "products": [SERVER], "mode": "average"}, "This field is required."),
        ({"name": "Servers", "products": [DESKTOP], "mode": "average"}, "two configurations named"),
        ({"name": "Empty", "mode": "average"}, "has no products"),
        ({"name": "No mode", "products": [DESKTOP]}, "Choose what is sent"),
        ({"name": "Bad", "products": [DESKTOP], "mode": "everything"}, "Select a valid choice"),
        ({"name": "Bad", "products": ["license:Onboarding"], "mode": "average"}, "cannot be billed here"),
        ({"name": "Bad", "products": [DESKTOP], "mode": "average", "last_month": "soon"}, "Write the month as"),
        ({"name": "Bad", "products": [DESKTOP], "mode": "average", "item_id": "77"}, "HaloPSA has no item 77"),
        (
            {
                "name": "Bad",
                "products": [DESKTOP],
                "mode": "average",
                "asset type of license:Desktop": "Worksation",
            },
            "Did you mean &#x27;Workstation&#x27;?",
        ),
    ],
)
def test_what_may_not_be_is_refused_in_words_and_the_input_is_kept(
    wizard: Wizard, acme: Company, given: dict[str, object], said: str
) -> None:
    configured(acme, SERVER, name="Servers")
    response = wizard.add(**given)
    text = response.content.decode()
    assert response.status_code == 400
    assert said in text
    assert f'name="name" value="{given["name"]}"' in text or not given["name"]
    assert "not finished" in wizard.open("configurations/")


def test_an_asset_type_is_prefilled_with_the_default_and_kept_only_where_it_differs(
    wizard: Wizard, provider: Provider
) -> None:
    DefaultAssetType.objects.create(provider=provider, product=SERVER, asset_type="Server")
    text = wizard.open(f"configurations/{uuid4()}/")
    assert 'name="asset type of license:Server" value="Server"' in text
    wizard.add(
        name="All", products=[SERVER, DESKTOP], mode="total",
        **{"asset type of license:Server": "server", "asset type of license:Desktop": "workstation"},
    )  # fmt: skip
    wizard.save()
    chosen = dict(BilledProduct.objects.values_list("product", "asset_type"))
    assert chosen == {SERVER: "", DESKTOP: "Workstation"}


def test_a_configuration_with_bills_is_not_removed_but_ends_with_a_month(wizard: Wizard, acme: Company) -> None:
    uid = configured(acme, SERVER)
    bill = Bill.objects.create(
        provider=acme.provider, company=acme, month=Month(2026, 10), kind="manual", state="sent", currency="EUR",
        counting_rule="active_in_month", cost=Decimal(5), price=Decimal(12), made_on=date(2026, 11, 2),
    )  # fmt: skip
    BillLine.objects.create(
        bill=bill, configuration=BillingConfiguration.objects.get(), name="Managed Backup", mode="average",
        quantity=1, cost=5, price=12, sent_quantity=1, sent_cost=5, sent_price=12,
        cost_remainder=0, price_remainder=0,
    )  # fmt: skip
    wizard.open("configurations/")
    refused = wizard.send(f"configurations/{uid}/remove/")
    assert refused.status_code == 400
    assert "has bills and cannot vanish" in refused.content.decode()

    step = f"configurations/{uid}/"
    wizard.open(step)
    wizard.send(step, go="done", name="Managed Backup", products=[SERVER], mode="average", last_month="2026-11")
    wizard.save()
    assert BillingConfiguration.objects.get().last_month == Month(2026, 11)


def test_a_configuration_that_never_billed_can_be_removed(wizard: Wizard, acme: Company) -> None:
    uid = configured(acme, SERVER)
    wizard.open("configurations/")
    wizard.send(f"configurations/{uid}/remove/")
    assert BillingConfiguration.objects.exists(), "only the draft lost it"
    wizard.save()
    assert not BillingConfiguration.objects.exists()


def test_without_a_copy_of_halopsas_lists_ids_are_typed(
    client_of: ClientOf, billing_person: Administrator, provider: Provider
) -> None:
    acme = make_acme(provider)
    wizard = Wizard(client_of(billing_person), acme)
    assert "were not read yet" in wizard.open()
    assert wizard.send(site="-4", go="next").status_code == 400
    wizard.send(site="44", go="next")
    wizard.save()
    assert saved_site(acme) == 44


def test_a_site_of_another_customer_is_refused(wizard: Wizard) -> None:
    wizard.open()
    assert wizard.send(site="31", go="next").status_code == 400


# Drafts


def test_what_is_entered_is_kept_while_it_is_filled_and_offered_again(wizard: Wizard, client_of: ClientOf) -> None:
    step = f"configurations/{uuid4()}/"
    wizard.open(step)
    wizard.keep(step, name="Half", products=[SERVER])

    later = Wizard(client_of(Administrator.objects.get()), wizard.company)
    assert "Half" in later.open("configurations/")
    text = later.open(step)
    assert 'name="name" value="Half"' in text
    assert re.search(r'value="license:Server"[^>]*checked', text)
    assert "going on with your draft of just now" in text


def test_the_modes_follow_the_products_while_the_form_is_filled(wizard: Wizard) -> None:
    step = f"configurations/{uuid4()}/"
    wizard.open(step)
    assert "Not possible here" not in wizard.keep(step, name="All", products=[SERVER])
    assert "Not possible here" in wizard.keep(step, name="All", products=[SERVER, STORAGE])


def test_back_keeps_a_half_filled_configuration_and_the_check_does_not_save_it_unseen(wizard: Wizard) -> None:
    step = f"configurations/{uuid4()}/"
    wizard.open(step)
    assert wizard.send(step, go="back", name="Half", products=[SERVER]).status_code == 302
    assert "is not finished" in wizard.open("check/")
    response = wizard.save()
    assert response.status_code == 400
    assert "Not finished yet: &#x27;Half&#x27;" in response.content.decode()
    assert not BillingConfiguration.objects.exists()


def test_back_without_a_change_keeps_nothing(wizard: Wizard, acme: Company) -> None:
    step = f"configurations/{configured(acme, SERVER)}/"
    wizard.open(step)
    wizard.send(step, go="back", name="Managed Backup", products=[SERVER], mode="average")
    assert not Draft.objects.exists()


def test_a_draft_can_be_thrown_away(wizard: Wizard, acme: Company) -> None:
    wizard.open()
    wizard.send(site=SITE, go="next")
    wizard.send("throw-away/")
    assert not Draft.objects.exists()
    assert "going on with your draft" not in wizard.open()


def test_what_is_not_finished_of_a_configuration_can_be_discarded(wizard: Wizard, acme: Company) -> None:
    uid = configured(acme, SERVER)
    step = f"configurations/{uid}/"
    wizard.open(step)
    wizard.send(step, go="back", name="Renamed", products=[SERVER], mode="average")
    wizard.open("configurations/")
    wizard.send(f"configurations/{uid}/discard/")
    assert "Renamed" not in wizard.open(step)


def test_two_windows_do_not_replace_each_others_draft_unseen(wizard: Wizard) -> None:
    other = Wizard(wizard.browser, wizard.company)
    wizard.open()
    other.open()
    wizard.send(site=SITE, go="next")
    refused = other.send(site="32", go="next")
    assert refused.status_code == 409
    assert "You changed this in another window" in refused.content.decode()
    assert Draft.objects.get().content["content"]["site_id"] == SITE


def test_a_window_that_keeps_itself_is_not_in_its_own_way(wizard: Wizard) -> None:
    step = f"configurations/{uuid4()}/"
    wizard.open(step)
    before = dict(wizard.tokens)
    wizard.keep(step, name="Work", products=[SERVER])
    wizard.tokens = before
    assert wizard.send(step, go="done", name="Work", products=[SERVER], mode="total").status_code == 302


def test_what_a_form_kept_by_itself_and_comes_in_late_undoes_nothing(wizard: Wizard) -> None:
    step = f"configurations/{uuid4()}/"
    wizard.open(step)
    wizard.send(step, go="done", name="Work", products=[SERVER], mode="total")
    late = wizard.browser.post(
        wizard.address(step),
        {**wizard.tokens, "name": "Work", "products": [SERVER]},
        headers={"HX-Request": "true"},
    )
    assert late.status_code == 204
    assert "not finished" not in wizard.open("configurations/")


def test_settings_another_person_saved_meanwhile_are_not_replaced_unseen(
    wizard: Wizard, client_of: ClientOf, owner: Administrator, acme: Company
) -> None:
    colleague = Wizard(client_of(owner), acme)
    wizard.open()
    wizard.send(site=SITE, go="next")
    colleague.open()
    colleague.send(site="32", go="next")
    colleague.save()

    text = wizard.open("check/")
    assert "Owner" in text
    assert "changed the settings of this company" in text
    assert wizard.send("check/").status_code == 409
    assert saved_site(acme) == 32

    wizard.send("go-on/")
    assert wizard.save().status_code == 302
    assert saved_site(acme) == SITE


def test_a_draft_that_was_changed_since_the_check_is_looked_at_first(wizard: Wizard) -> None:
    wizard.open("check/")
    other = Wizard(wizard.browser, wizard.company)
    other.open()
    other.send(site=SITE, go="next")
    assert wizard.send("check/").status_code == 409


# Who may


def test_a_viewer_sees_every_step_and_changes_nothing(
    client_of: ClientOf, viewer: Administrator, acme: Company
) -> None:
    step = f"configurations/{configured(acme, SERVER)}/"
    wizard = Wizard(client_of(viewer), acme)
    for one in ("", "configurations/", step, "check/"):
        text = wizard.open(one)
        assert "Your role may look at this" in text
    for one in ("", step, f"{step}remove/", f"{step}discard/", "check/", "throw-away/", "go-on/"):
        assert wizard.send(one, name="X", products=[SERVER], mode="total", go="done").status_code == 403, one
    assert not Draft.objects.exists()


def test_another_providers_company_is_not_there(
    client_of: ClientOf, billing_person: Administrator, other_provider: Provider
) -> None:
    foreign = Company.objects.create(provider=other_provider, source_id="x", name="Foreign")
    wizard = Wizard(client_of(billing_person), foreign)
    for step in ("", "configurations/", "configurations/add/", f"configurations/{uuid4()}/", "check/"):
        assert wizard.browser.get(wizard.address(step)).status_code == 404, step


@pytest.mark.parametrize("step", ["", "configurations/", "configurations/{uid}/", "check/"])
def test_a_step_asks_the_database_at_most_thirty_times(wizard: Wizard, acme: Company, step: str) -> None:
    uid = configured(acme, SERVER, DESKTOP)
    configured(acme, STORAGE, name="Storage")
    Domain.objects.create(provider=acme.provider, name="acme.example", company=acme, license_type=MAILBOXES)
    DomainReading.objects.create(provider=acme.provider, domain="acme.example", day=TODAY, licenses=4)
    wizard.open()
    wizard.send(site=SITE, go="next")
    with CaptureQueriesContext(database) as asked:
        wizard.browser.get(wizard.address(step.format(uid=uid)))
    assert len(asked) <= 30


def test_the_check_says_that_storage_is_not_known_yet(wizard: Wizard) -> None:
    wizard.add(name="Vault", products=[STORAGE], mode="average")
    assert "No storage on CorporateS3 is known in this month" in wizard.open("check/")
