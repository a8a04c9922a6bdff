"""Cost and price per unit: which setting holds, and that never set is not set to 0."""

from decimal import Decimal
from itertools import permutations

from billbridge.billing.months import Month
from billbridge.billing.prices import NEVER_SET, PriceBook, PriceSetting

JANUARY, FEBRUARY, MARCH = (Month(2026, number) for number in (1, 2, 3))


def setting(month, price, *, company="", license_type="Server", last=None):
    return PriceSetting(
        license_type=license_type,
        from_month=month,
        last_month=last,
        cost=Decimal(1),
        price=Decimal(price),
        company_id=company,
    )


def test_a_price_holds_from_its_first_month_until_the_next_one():
    book = PriceBook.of([setting(JANUARY, 12), setting(MARCH, 14)])
    assert [book.in_force("Server", "c1", month).price for month in (JANUARY, FEBRUARY, MARCH)] == [12, 12, 14]


def test_before_its_first_month_a_price_was_never_set():
    assert PriceBook.of([setting(FEBRUARY, 12)]).in_force("Server", "c1", JANUARY) == NEVER_SET


def test_a_price_set_to_0_was_set():
    in_force = PriceBook.of([setting(JANUARY, 0)]).in_force("Server", "c1", JANUARY)
    assert (in_force.price, in_force.never_set) == (0, False)


def test_a_companys_own_price_beats_a_newer_general_one():
    book = PriceBook.of([setting(MARCH, 14), setting(JANUARY, 11, company="c1")])
    assert book.in_force("Server", "c1", MARCH).price == 11
    assert book.in_force("Server", "c2", MARCH).price == 14


def test_until_a_companys_own_price_begins_the_general_one_holds():
    book = PriceBook.of([setting(JANUARY, 12), setting(MARCH, 11, company="c1")])
    assert [book.in_force("Server", "c1", month).price for month in (FEBRUARY, MARCH)] == [12, 11]


def test_after_a_companys_own_price_ended_the_general_one_holds_again():
    book = PriceBook.of([setting(JANUARY, 12), setting(JANUARY, 11, company="c1", last=FEBRUARY)])
    assert [book.in_force("Server", "c1", month).price for month in (FEBRUARY, MARCH)] == [11, 12]


def test_after_a_passing_price_the_companys_earlier_one_holds_again():
    book = PriceBook.of(
        [
            setting(JANUARY, 11, company="c1"),
            setting(FEBRUARY, 9, company="c1", last=FEBRUARY),
            setting(JANUARY, 12),
        ]
    )
    assert [book.in_force("Server", "c1", month).price for month in (FEBRUARY, MARCH)] == [9, 11]


def test_the_origin_says_whose_price_it_is_and_since_when():
    book = PriceBook.of([setting(JANUARY, 12), setting(FEBRUARY, 11, company="c1")])
    assert book.in_force("Server", "c1", MARCH).origin == "the company's price since 2026-02"
    assert book.in_force("Server", "c2", MARCH).origin == "general price since 2026-01"
    assert book.in_force("Desktop", "c2", MARCH).origin == "never set"


def test_license_types_are_compared_without_regard_to_case_and_spaces():
    book = PriceBook.of([setting(JANUARY, 12, license_type="MS  SQL Server ")])
    assert book.in_force("ms sql server", "c1", JANUARY).price == 12


def test_the_order_of_the_settings_does_not_matter():
    settings = [setting(JANUARY, 12), setting(MARCH, 14), setting(FEBRUARY, 11, company="c1")]
    for ordered in permutations(settings):
        book = PriceBook.of(ordered)
        assert [book.in_force("Server", company, MARCH).price for company in ("c1", "c2")] == [11, 14]
