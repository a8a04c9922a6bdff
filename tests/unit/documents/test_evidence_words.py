"""The evidence in words adds up to what the bill says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from document_values import bill, licenses, line, storage, user_charge

from billbridge.billing.configuration import SendMode
from billbridge.billing.months import Month
from billbridge.billing.usage import Adjustment
from billbridge.documents import words
from billbridge.documents.words import TIMES


def test_a_price_is_shown_as_it_was_calculated() -> None:
    assert words.calculation(licenses(), bill()) == f"3 {TIMES} €12.00 = €36.00 (general price since 2026-09)"


def test_a_price_that_was_rounded_says_so() -> None:
    product = licenses(quantity="1.7419", unit_price="9.99", price="17.40", price_origin="")
    assert words.calculation(product, bill()) == f"1.7419 {TIMES} €9.99 = €17.40, rounded half up"


def test_what_is_sent_makes_the_lines_price() -> None:
    sent = line(licenses(price="44.00"), sent_cost=Decimal("5.00"), sent_price=Decimal("14.667"))
    assert words.sending(sent, bill()) == (
        "Sent: quantity 3 at cost €5.00 and price €14.667 each; "
        f"3 {TIMES} €14.667 is €44.00, the line's price to the cent."
    )


def test_a_line_that_mixes_licenses_and_storage_has_the_parts_for_its_quantity() -> None:
    assert words.quantity(line(licenses(quantity="3"), storage())).startswith("3 licenses and ")
    assert words.quantity(line(licenses(quantity="1"), storage())).endswith(" GB")
    assert words.quantity(line(licenses(quantity="1"), storage())).startswith("1 license and ")
    assert words.quantity(line(licenses(quantity="3"), licenses("Desktop", "2"))) == "5"


def test_a_remainder_is_named_with_the_way_out() -> None:
    sent = line(
        licenses(quantity="3000", price="10.00"),
        sent_cost=Decimal(0),
        sent_price=Decimal("0.0033"),
        price_remainder=Decimal("0.10"),
    )
    said = words.sending(sent, bill())
    assert f"3,000 {TIMES} €0.0033 is €9.90, which leaves €0.10 of the line's price" in said
    assert "Send the total instead" in said


def test_a_quantity_alone_is_sent_without_money() -> None:
    assert (
        words.sending(line(licenses(), mode=SendMode.QUANTITY), bill())
        == "Sent: quantity 3, without cost and price."
    )


def test_a_quantity_that_is_rounded_up_says_from_what() -> None:
    said = words.rounding(line(licenses(quantity="1.7419"), sent_quantity=Decimal(2)))
    assert said.startswith("The exact quantity is 1.7419; 2 is sent")


def test_a_whole_quantity_and_a_total_are_not_rounded() -> None:
    assert words.rounding(line(licenses())) == ""
    assert words.rounding(line(licenses(), mode=SendMode.TOTAL, sent_quantity=Decimal(1))) == ""


def test_an_adjustment_says_its_months_and_its_reason() -> None:
    one = Adjustment(license_type="Server", units=Decimal(-2), reason="agreed", first_month=Month(2026, 10))
    assert words.adjustment(one) == "-2 from 2026-10 on: agreed"


def test_a_users_storage_says_what_was_charged_at_which_price() -> None:
    said = words.storage_user(user_charge(120, restored=2, limit="1 TB"), bill())
    assert said == "storage limit '1 TB'; 120.00 GB backup charged at €0.10; 2.00 GB restored charged at €0.20"


def test_an_ordinary_bill_has_no_caveats_and_a_partial_one_has() -> None:
    assert words.caveats(bill()) == ()
    assert words.caveats(bill(collected_from=date(2026, 10, 12))) == (
        "The month was collected only from 12 Oct 2026 on.",
    )
