from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billbridge.halopsa.errors import UnreadableReply
from billbridge.halopsa.json_text import read_json, write_json
from billbridge.halopsa.listings import Listing
from billbridge.halopsa.rows import Raw, listing_of, value_of, values_of
from billbridge.halopsa.values import LicenceChange, RecurringInvoice, Site, SoftwareLicence


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal(12), "12"),
        (Decimal("12.00"), "12"),
        (Decimal("1E+3"), "1000"),
        (Decimal("14.667"), "14.667"),
        (Decimal("0.0000001"), "0.0000001"),
        (7, "7"),
        (True, "true"),
        (None, "null"),
        (date(2026, 10, 1), '"2026-10-01T00:00:00"'),
        (datetime.fromisoformat("2026-10-01T04:05:06.000789"), '"2026-10-01T04:05:06"'),
        ('Zürich "Nord"', '"Zürich \\"Nord\\""'),
        ([{"id": None, "count": Decimal("3.0")}], '[{"id":null,"count":3}]'),
    ],
)
def test_a_value_is_written_digit_by_digit(value: Any, written: str) -> None:
    assert write_json(value) == written


def test_a_float_is_never_written() -> None:
    with pytest.raises(TypeError, match="float"):
        write_json([{"price": 9.6}])


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_amount_is_never_written(number: Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        write_json(number)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_an_amount_survives_writing_and_reading_exactly(amount: Decimal) -> None:
    assert read_json(write_json(amount)) == amount


def test_fractions_are_read_without_floats() -> None:
    assert str(read_json("14.6670")) == "14.6670"


def test_not_a_number_is_no_json() -> None:
    with pytest.raises(ValueError, match="NaN"):
        read_json("[NaN]")


@pytest.mark.parametrize("client_id", ["12", "12.0", '"12"', '" 12 "'])
def test_an_id_is_read_however_halopsa_writes_it(client_id: str) -> None:
    site = value_of(Site, read_json(f'{{"id": 3.0, "name": "Main", "client_id": {client_id}}}'))
    assert (site.id, site.client_id) == (3, 12)


@pytest.mark.parametrize("none", ["null", "-1", "0", "-1.0", '""'])
def test_minus_one_and_zero_mean_no_site(none: str) -> None:
    assert value_of(SoftwareLicence, read_json(f'{{"id": 1, "site_id": {none}}}')).site_id is None


@pytest.mark.parametrize("empty", ["0001-01-01T00:00:00", "1899-12-30T00:00:00", "1901-01-01T00:00:00", "", None])
def test_an_empty_date_is_none(empty: str | None) -> None:
    assert value_of(SoftwareLicence, {"id": 1, "end_date": empty}).end_date is None


@pytest.mark.parametrize("written", ["2026-10-01T00:00:00", "2026-10-01", "2026-10-01T00:00:00.000Z"])
def test_a_day_is_read_in_each_of_its_spellings(written: str) -> None:
    assert value_of(SoftwareLicence, {"id": 1, "start_date": written}).start_date == date(2026, 10, 1)


def test_a_time_with_an_offset_is_turned_into_utc() -> None:
    change = value_of(LicenceChange, {"id": 1, "datetime": "2026-10-06T02:04:29.23+02:00"})
    assert change.datetime == datetime.fromisoformat("2026-10-06T00:04:29.23")


def test_missing_fields_are_none_and_unknown_fields_are_ignored() -> None:
    licence = value_of(SoftwareLicence, {"id": 512, "type": 1, "_warning": "x", "tenant_id": 5})
    assert licence == SoftwareLicence(id=512, type=1)


def test_count_and_prices_keep_their_digits() -> None:
    row = read_json('{"id": 1, "count": 12.0, "purchase_price": 7.5, "price": "15.25"}')
    licence = value_of(SoftwareLicence, row)
    assert (licence.count, licence.purchase_price, licence.price) == (Decimal(12), Decimal("7.5"), Decimal("15.25"))


def test_a_value_that_cannot_be_read_is_named_with_its_record_and_field() -> None:
    with pytest.raises(
        UnreadableReply, match=r"SoftwareLicence 512 cannot be read: count .*'many' is not a number"
    ):
        value_of(SoftwareLicence, {"id": 512, "count": "many"})


def test_a_row_that_cannot_be_read_makes_a_listing_incomplete_and_leaves_the_others() -> None:
    raw: Listing[Raw] = Listing(name="SoftwareLicence", rows=({"id": 1}, {"id": 2, "count": "many"}))
    listing = listing_of(SoftwareLicence, raw)
    assert [licence.id for licence in listing] == [1]
    assert (listing.complete, "SoftwareLicence 2" in listing.reason) == (False, True)


@pytest.mark.parametrize(
    ("answer", "ids"),
    [({"id": 1}, [1]), ([{"id": 1}, {"id": 2}], [1, 2]), (None, []), ("ok", []), ([{"name": "x"}, {"id": 2}], [2])],
)
def test_the_answer_to_a_post_is_read_whatever_its_shape(answer: Any, ids: list[int]) -> None:
    assert [licence.id for licence in values_of(SoftwareLicence, answer)] == ids


def test_a_recurring_invoice_knows_the_subscriptions_on_its_lines() -> None:
    lines = [
        {"id": 1, "qty_order": 3, "quantity_subscriptions": [{"licence_id": Decimal("512.0"), "qty_free": 0}]},
        {"id": 2, "quantity_subscriptions": None},
        {"id": 3},
    ]
    assert value_of(RecurringInvoice, {"id": -94, "lines": lines}).subscription_ids == {512}
    assert value_of(RecurringInvoice, {"id": -95, "lines": None}).subscription_ids == frozenset()
