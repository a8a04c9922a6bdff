"""The CSV holds plain digits and texts that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

from document_values import bill, licenses, line

from billbridge.documents.bill_document import BillDocument
from billbridge.documents.csv_file import bills_csv


def rows(*bills: BillDocument) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bills_csv(bills).decode("utf-8-sig"))))


def test_each_product_of_a_line_is_a_row() -> None:
    (row,) = rows(bill(line(licenses())))
    assert (row["Company"], row["Product"], row["Quantity"]) == ("Acme", "Server", "3")
    assert (row["Cost"], row["Price"], row["Margin"]) == ("16.65", "36.00", "19.35")


def test_a_name_like_a_formula_is_quoted_and_a_negative_amount_is_not() -> None:
    (row,) = rows(bill(line(licenses(price="10.00")), company="=cmd|'/c calc'!A1"))
    assert row["Company"] == "'=cmd|'/c calc'!A1"
    assert row["Margin"] == "-6.65"


def test_names_in_any_script_survive() -> None:
    (row,) = rows(bill(line(licenses()), company="Müller 株式会社"))
    assert row["Company"] == "Müller 株式会社"


def test_a_month_without_bills_is_a_heading_alone() -> None:
    assert bills_csv([]).decode("utf-8-sig").startswith("Company,Month,Kind")
    assert rows() == []
