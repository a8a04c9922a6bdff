"""The PDF is for the customer: it says what was used and what it costs them, and nothing that is the provider's."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from document_values import MADE_ON, bill, endpoint, licenses, line, storage, user_charge
from pypdf import PdfReader

from billbridge.billing.bills import BillKind
from billbridge.billing.configuration import SendMode
from billbridge.billing.storage import FixedCharge
from billbridge.documents.bill_document import BillDocument
from billbridge.documents.pdf import bills_pdf


def pages(*bills: BillDocument) -> list[str]:
    """The text of each page, with single spaces."""
    reader = PdfReader(io.BytesIO(bills_pdf(bills, made_on=MADE_ON)))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def test_it_names_provider_company_month_lines_and_amounts() -> None:
    (text,) = pages(bill(line(licenses(), licenses("Desktop", "2", unit_price="6.00", price="12.00"))))
    for said in (
        "Northwind IT", "Usage statement October 2026", "Acme", "1 Oct 2026 to 31 Oct 2026", "2 Nov 2026",
        "Managed Backup 48.00", "Server 3 endpoint 12.00 36.00", "Desktop 2 endpoint 6.00 12.00", "Total €48.00",
    ):  # fmt: skip
        assert said in text


def test_it_shows_neither_cost_nor_margin() -> None:
    text = " ".join(pages(bill(line(licenses(unit_cost="5.55", cost="16.65")))))
    assert "12.00" in text
    for hidden in ("5.55", "16.65", "19.35", "ost", "argin"):
        assert hidden not in text


def test_it_lists_the_endpoints_that_were_counted() -> None:
    counted = (endpoint("ACME-01"), endpoint("ACME-02", days=12), endpoint("ACME-03", counted=False))
    text = " ".join(pages(bill(line(licenses(endpoints=counted)))))
    assert "ann@acme.test ACME-02 1 Oct 2026 12 Oct 2026 12" in text
    assert "ACME-03" not in text


def test_what_is_priced_in_halopsa_is_not_in_the_total() -> None:
    agreed = line(licenses("VM Server", price="90.00"), name="Hosts", mode=SendMode.QUANTITY)
    (text,) = pages(bill(line(licenses()), agreed))
    assert "VM Server 3 endpoint as agreed" in text
    assert "90.00" not in text
    assert "Total €36.00" in text


def test_a_product_that_was_not_used_is_left_out() -> None:
    unused = licenses("Ultimate", "0", price="0.00", cost="0.00", endpoints=())
    (text,) = pages(bill(line(licenses(), unused)))
    assert "Ultimate" not in text


def test_a_bill_without_usage_says_so() -> None:
    (text,) = pages(bill())
    assert "Nothing was used in this month." in text
    assert "Total €0.00" in text


def test_the_running_month_is_preliminary_and_a_month_that_is_over_is_not() -> None:
    assert "Preliminary" in pages(bill(line(licenses()), kind=BillKind.TEMPORARY))[0]
    assert "reliminary" not in pages(bill(line(licenses())))[0]


def test_storage_at_one_price_shows_it_per_gb() -> None:
    (text,) = pages(bill(line(storage(user_charge(120), unit_price="0.10"))))
    assert "Wasabi EU 120.00 GB 0.10 12.00" in text


def test_storage_with_a_limit_says_what_it_is_made_of() -> None:
    limit = FixedCharge(limit="Backup 1 TB", paid_by="the company", cost=Decimal(9), price=Decimal("50.00"))
    user = user_charge(200, limit="Backup 1 TB", restored=5)
    (text,) = pages(bill(line(storage(user, limits=(limit,)))))
    assert "Storage limit Backup 1 TB: €50.00" in text
    assert "Backup beyond the limit: 200.00 GB at €0.10" in text
    assert "Restored beyond the limit: 5.00 GB at €0.20" in text


@pytest.mark.parametrize("name", ['#panic("x")', "*b* _i_ $x$ @ref <a> \\", "[#sys.inputs]", "// gone", "= Title"])
def test_a_name_is_text_and_never_markup(name: str) -> None:
    (text,) = pages(bill(line(licenses(name), name=name), company=name))
    assert text.count(name) >= 3


@pytest.mark.parametrize("name", ["x" * 300, "株式会社バックアップ", "a\x00b\x1b\ufffe", "شركة", "😀"])
def test_any_name_makes_a_file(name: str) -> None:
    assert pages(bill(line(licenses(name, endpoints=(endpoint(name, user=name),)), name=name), company=name))


def test_the_same_bill_makes_the_same_file() -> None:
    one = bill(line(licenses()))
    assert bills_pdf([one], made_on=MADE_ON) == bills_pdf([one], made_on=MADE_ON)


def test_each_bill_of_a_month_begins_on_a_page_of_its_own_and_counts_its_own_pages() -> None:
    many = tuple(endpoint(f"PC-{n:03}") for n in range(120))
    first, *middle, last = pages(bill(line(licenses(endpoints=many))), bill(line(licenses()), company="Beta"))
    assert "Acme" in first
    assert f"Page 1 of {len(middle) + 1}" in first
    assert middle
    assert "Beta" in last
    assert "Page 1 of 1" in last
