"""The XLSX is for the provider: cost and margin as figures, all evidence, and nothing that runs."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from document_values import MADE_ON, bill, endpoint, licenses, line, storage, user_charge
from openpyxl import load_workbook

from billbridge.documents.bill_document import BillDocument, LeftOut
from billbridge.documents.workbook import bills_workbook


def sheets(*bills: BillDocument, **more: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet by their headings."""
    book = load_workbook(io.BytesIO(bills_workbook(bills, made_on=MADE_ON, **more)))
    found: dict[str, list[dict[str, Any]]] = {}
    for sheet in book:
        header, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


def test_each_product_of_a_line_is_a_row_with_cost_price_and_margin() -> None:
    (row,) = sheets(bill(line(licenses())))["Lines"]
    assert (row["Company"], row["Month"], row["Line"], row["Product"]) == (
        "Acme",
        "2026-10",
        "Managed Backup",
        "Server",
    )
    assert (row["Quantity"], row["Unit cost"], row["Unit price"]) == (3, 5.55, 12)
    assert (row["Cost"], row["Price"], row["Margin"], row["Currency"]) == (16.65, 36, 19.35, "EUR")


def test_what_is_sent_stands_on_the_first_row_of_a_line_only() -> None:
    first, second = sheets(bill(line(licenses(), licenses("Desktop"))))["Lines"]
    assert first["Line quantity sent"] == 6
    assert second["Line quantity sent"] is None


def test_the_evidence_names_endpoints_with_their_days() -> None:
    row, excluded = sheets(bill(line(licenses(endpoints=(endpoint(), endpoint("PC-2", counted=False))))))[
        "Evidence"
    ]
    assert (row["Evidence"], row["Name"], row["User"], row["Days"]) == ("endpoint", "PC-1", "ann@acme.test", 31)
    assert row["From"].date() == date(2026, 10, 1)
    assert excluded["Remarks"] == "does not count under the counting rule"


def test_the_evidence_names_users_of_storage_with_their_gigabytes() -> None:
    (row,) = sheets(bill(line(storage(user_charge(120, restored=2)))))["Evidence"]
    assert (row["User"], row["Backup GB"], row["Restored GB"], row["Price"]) == ("bob", 120, 2, 12.4)
    assert "the source's monthly average" in row["Remarks"]


def test_what_is_on_no_line_stands_there_with_its_reason() -> None:
    left = LeftOut(
        subject="LAB-1", license_type="Server", user="", count=1, reason="it is excluded", detail="a test"
    )
    (row,) = sheets(bill(left_out=(left,)))["Evidence"]
    assert (row["Evidence"], row["Name"], row["Remarks"]) == ("not billed", "LAB-1", "it is excluded: a test")


def test_a_name_like_a_formula_or_an_address_stays_text() -> None:
    names = ('=HYPERLINK("http://evil.test")', "http://evil.test", "+1", "@cmd", "12")
    made = bills_workbook([bill(line(licenses(name), name=name), company=name) for name in names], made_on=MADE_ON)
    book = load_workbook(io.BytesIO(made))
    for row, name in zip(book["Lines"].iter_rows(min_row=2), names, strict=True):
        for column in (0, 4, 6):
            assert (row[column].value, row[column].data_type, row[column].hyperlink) == (name, "s", None)


def test_the_same_bills_make_the_same_file() -> None:
    one = bill(line(licenses()))
    assert bills_workbook([one], made_on=MADE_ON) == bills_workbook([one], made_on=MADE_ON)


def test_a_full_sheet_goes_on_in_another_and_loses_nothing() -> None:
    many = tuple(endpoint(f"PC-{n}") for n in range(5))
    found = sheets(bill(line(licenses(endpoints=many))), most_rows=4)
    assert [row["Name"] for row in found["Evidence"]] == ["PC-0", "PC-1", "PC-2"]
    assert [row["Name"] for row in found["Evidence 2"]] == ["PC-3", "PC-4"]
