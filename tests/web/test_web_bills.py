"""Bills on the pages: the list, a bill, what stands behind a line, and the files."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from billed import DAY, OCTOBER, SEPTEMBER, ClientOf, billed, company, holds, on_day, sent
from billed import bills as make_bills
from django.test import Client
from openpyxl import load_workbook
from pypdf import PdfReader

from billbridge.operations.bill_documents import bill_document
from billbridge.store.models import (
    Administrator,
    Bill,
    BillingConfiguration,
    ExclusionSetting,
    HaloConnection,
    Provider,
    Task,
)


@pytest.fixture
def browser(client_of: ClientOf, viewer: Administrator) -> Client:
    """Whoever may sign in sees bills."""
    return client_of(viewer)


def text(browser: Client, address: str, **more: str) -> str:
    """A page's words with single spaces."""
    response = browser.get(address, headers=more or None)
    assert response.status_code == 200, response.content
    return " ".join(response.content.decode().split())


def test_without_a_choice_the_list_shows_last_and_this_month(browser: Client, provider: Provider) -> None:
    billed(provider)
    assert browser.get("/bills/").headers["Location"] == "/bills/?month=recent"
    shown = text(browser, "/bills/?month=recent")
    assert shown.index("November 2026</td>") < shown.index("October 2026</td>")
    assert "€15.00" in shown
    assert "€36.00" in shown
    assert "€21.00" in shown


def test_the_list_adds_up_what_the_filters_leave(browser: Client, provider: Provider) -> None:
    billed(provider)
    billed(provider, "Beta", "PC-9")
    total = text(browser, "/bills/?month=2026-10").split("All 2 bills", 1)[1]
    assert total.index("€20.00") < total.index("€48.00") < total.index("€28.00")
    assert "All 1 bills" in text(browser, "/bills/?month=2026-10&q=beta")


def test_bills_are_found_by_state_kind_and_warning(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    Bill.objects.filter(pk=october.pk).update(state="held", reasons=["it is mapped to no customer"], late=True)
    for address in ("?state=held", "?kind=manual", "?warning=late", "?state=not-sent&month=2026-10"):
        shown = text(browser, f"/bills/{address}")
        assert "it is mapped to no customer" in shown
        assert "November 2026</td>" not in shown


def test_a_line_without_a_price_is_found_by_its_warning(browser: Client, provider: Provider) -> None:
    billed(provider)
    holds(company(provider, "Beta", "license:Ultimate"), "PC-9", license_type="Ultimate")
    make_bills(provider)
    shown = text(browser, "/bills/?warning=never-set")
    assert "cost and price were never set" in shown
    assert "Acme" not in shown


def test_closed_months_that_never_went_out_are_found(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    september = Bill.objects.create(
        provider=provider, company=october.company, month=SEPTEMBER, kind="temporary", state="sent",
        counting_rule="active_in_month", currency="EUR", cost=1, price=2, made_on=DAY,
    )  # fmt: skip
    address = "/bills/?month=closed&state=not-sent"
    assert f"/bills/{september.pk}/" in text(browser, address)
    Bill.objects.filter(pk=september.pk).update(kind="manual")
    assert "Nothing fits" in text(browser, address)


def test_the_list_comes_as_csv(browser: Client, provider: Provider) -> None:
    billed(provider, "=cmd|'/c calc'!A1")
    response = browser.get("/bills/?month=2026-10&format=csv")
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert row["Company"] == "'=cmd|'/c calc'!A1"
    assert (row["Month"], row["Cost"], row["Price"], row["Margin"]) == ("2026-10", "15.00", "36.00", "21.00")


def test_without_bills_the_list_says_how_they_come(browser: Client, provider: Provider) -> None:
    assert "No bills yet" in text(browser, "/bills/?sort=price")


def test_a_bill_shows_its_figures_and_its_lines(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    shown = text(browser, f"/bills/{october.pk}/")
    for said in ("Acme, October 2026", "1 Oct 2026 to 31 Oct 2026", "Managed Backup", "€36.00", "€15.00", "€21.00"):
        assert said in shown
    assert "Sent: quantity 3 at cost €5.00 and price €12.00 each" in shown
    assert "Everything that was collected of this company is on a line." in shown


def test_a_held_bill_says_why_and_leads_to_where_it_is_mended(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    Bill.objects.filter(pk=october.pk).update(state="held", reasons=["its HaloPSA customer is inactive"])
    shown = text(browser, f"/bills/{october.pk}/")
    assert "This bill is held." in shown
    assert "its HaloPSA customer is inactive" in shown
    assert f"/settings/halopsa/company/{october.company_id}/" in shown


def test_what_is_on_no_line_stands_below_with_its_reason(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    holds(october.company, "LAPTOP-7", license_type="Desktop")
    ExclusionSetting.objects.create(company=october.company, endpoint="PC-3", reason="our own test machine")
    make_bills(provider)
    shown = text(browser, f"/bills/{october.pk}/")
    assert "its product is in no billing configuration of the company" in shown
    assert "LAPTOP-7" in shown
    assert "our own test machine" in shown


def test_a_line_opens_into_its_evidence(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    line = october.lines.get()
    shown = text(browser, f"/bills/{october.pk}/lines/{line.pk}/")
    for said in (
        "PC-2", "ann@acme.test", "1 Oct 2026", "31 Oct 2026", "3 × €12.00 = €36.00 (general price since 2026-01)",  # noqa: RUF001
        "Each endpoint that was active on any day of the month counts once.",
        "Send mode average: the quantity, with the average cost and price of a unit.",
    ):  # fmt: skip
        assert said in shown
    part = text(browser, f"/bills/{october.pk}/lines/{line.pk}/", **{"HX-Request": "true"})
    assert "PC-2" in part
    assert "<html" not in part


def test_a_page_shows_the_first_endpoints_of_very_many(browser: Client, provider: Provider) -> None:
    october = billed(provider, "Acme", *(f"PC-{n:04}" for n in range(305)))
    shown = text(browser, f"/bills/{october.pk}/lines/{october.lines.get().pk}/")
    assert "PC-0299" in shown
    assert "PC-0300" not in shown
    assert "5 more stand in the" in shown


def test_names_are_text(browser: Client, provider: Provider) -> None:
    october = billed(provider, "<script>alert(1)</script>", "<b>PC</b>")
    BillingConfiguration.objects.update(name="<i>x</i>")
    make_bills(provider)
    for address in ("", f"lines/{october.lines.get().pk}/"):
        shown = text(browser, f"/bills/{october.pk}/{address}")
        for markup in ("<script>alert", "<b>PC", "<i>x"):
            assert markup not in shown


def test_only_who_may_bill_sees_the_button_that_sends(
    client_of: ClientOf, viewer: Administrator, billing_person: Administrator, provider: Provider
) -> None:
    october = billed(provider)
    assert "Sync with HaloPSA</button>" not in text(client_of(viewer), f"/bills/{october.pk}/")
    assert "Sync with HaloPSA</button>" in text(client_of(billing_person), f"/bills/{october.pk}/")


def test_a_bill_that_is_sent_from_its_page_is_planned_first(
    client_of: ClientOf, billing_person: Administrator, provider: Provider
) -> None:
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    october = billed(provider)
    response = client_of(billing_person).post("/sync/plan/", {"company": october.company_id, "month": "2026-10"})
    task = Task.objects.get()
    assert response.headers["Location"] == f"/sync/{task.pk}/"
    assert (task.inputs["companies"], task.inputs["month"]) == ([october.company_id], "2026-10")


def test_a_closed_month_is_sent_by_name(
    client_of: ClientOf, billing_person: Administrator, provider: Provider
) -> None:
    october = billed(provider)
    on_day(provider, DAY.replace(month=12))
    browser = client_of(billing_person)
    assert "Send this month</button>" in text(browser, f"/bills/{october.pk}/")
    sent(october)
    assert "Send this month</button>" not in text(browser, f"/bills/{october.pk}/")


def test_a_bill_of_another_provider_is_not_there(
    browser: Client, other_provider: Provider, provider: Provider
) -> None:
    foreign = billed(other_provider)
    line = foreign.lines.get()
    own = billed(provider, "Own")
    for address in (
        f"{foreign.pk}/", f"{foreign.pk}/lines/{line.pk}/", f"{own.pk}/lines/{line.pk}/",
        f"{foreign.pk}/file/pdf/", f"{foreign.pk}/file/xlsx/", "999999999999999999/",
    ):  # fmt: skip
        assert browser.get(f"/bills/{address}").status_code == 404
    assert "Acme" not in text(browser, "/bills/?month=2026-10")
    assert b"Acme" not in browser.get("/bills/month/?month=2026-10&form=csv").content


@pytest.mark.parametrize(
    "address",
    ["?month=<script>", "?month=9999-99&state=%00&q=%00", "?page=99999999999&sort=-nothing", "?q=" + "x" * 10_000],
)
def test_an_address_that_asks_nonsense_is_still_a_page(browser: Client, provider: Provider, address: str) -> None:
    billed(provider)
    text(browser, f"/bills/{address}")
    text(browser, f"/bills/month/{address}")


def test_a_bill_is_a_statement_for_the_customer(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    response = browser.get(f"/bills/{october.pk}/file/pdf/")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == 'attachment; filename="bill-2026-10-acme.pdf"'
    said = " ".join(PdfReader(io.BytesIO(response.content)).pages[0].extract_text().split())
    assert "Usage statement October 2026" in said
    assert "Server 3 endpoint 12.00 36.00" in said
    assert "15.00" not in said


def test_a_bill_is_a_workbook_for_the_provider(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    response = browser.get(f"/bills/{october.pk}/file/xlsx/")
    book = load_workbook(io.BytesIO(response.content))
    (header, row) = book["Lines"].iter_rows(values_only=True)
    figures = dict(zip(header, row, strict=True))
    assert (figures["Cost"], figures["Price"], figures["Margin"]) == (15, 36, 21)
    assert [cells[6].value for cells in book["Evidence"].iter_rows(min_row=2)] == ["PC-1", "PC-2", "PC-3"]


def test_a_month_is_one_file_of_all_companies(browser: Client, provider: Provider) -> None:
    billed(provider)
    billed(provider, "Beta", "PC-9")
    pdf = PdfReader(io.BytesIO(browser.get("/bills/month/?month=2026-10&form=pdf").content))
    assert ["Acme" in pdf.pages[0].extract_text(), "Beta" in pdf.pages[1].extract_text()] == [True, True]
    rows = list(
        csv.DictReader(io.StringIO(browser.get("/bills/month/?month=2026-10&form=csv").content.decode("utf-8-sig")))
    )
    assert [(row["Company"], row["Price"]) for row in rows] == [("Acme", "36.00"), ("Beta", "12.00")]
    book = load_workbook(io.BytesIO(browser.get("/bills/month/?month=2026-10&form=xlsx").content))
    assert book["Lines"].max_row == 3


def test_a_month_without_bills_is_a_page_that_says_so(browser: Client, provider: Provider) -> None:
    billed(provider)
    assert "There are no bills of this month." in text(browser, "/bills/month/?month=2025-01&form=pdf")


def test_a_bill_comes_in_no_other_form(browser: Client, provider: Provider) -> None:
    october = billed(provider)
    assert browser.get(f"/bills/{october.pk}/file/exe/").status_code == 404
    assert "October 2026: 1 bill" in text(browser, "/bills/month/?form=exe")


def test_a_bills_document_says_what_the_bill_says(provider: Provider) -> None:
    october = billed(provider)
    document = bill_document(provider, october.pk)
    assert (document.company, document.month, document.cost, document.price) == ("Acme", OCTOBER, 15, 36)
    (line,) = document.lines
    assert (line.quantity, line.sent_quantity, line.sent_price) == (3, 3, Decimal(12))
    (product,) = line.products
    assert (product.name, product.unit, product.unit_price) == ("Server", "endpoint", 12)
    assert [endpoint.endpoint for endpoint in product.endpoints] == ["PC-1", "PC-2", "PC-3"]
