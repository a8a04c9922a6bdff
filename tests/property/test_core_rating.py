"""Rating: lines that add up, nothing billed twice, nothing lost, and no matter in which order it comes."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from core_usage import MONTH, billing_rules, company_usages, price_books
from hypothesis import given
from hypothesis import strategies as st

from billbridge.billing.activations import endpoint_key
from billbridge.billing.configuration import SendMode, check_configurations
from billbridge.billing.lines import Mark
from billbridge.billing.products import ProductKind, type_key
from billbridge.billing.rating import rate

usages, rules_of, books = company_usages(), billing_rules(), price_books()


def half_up(exact, decimals):
    """The nearest multiple, a half away from zero; money here is never negative."""
    return Fraction(floor(exact * 10**decimals + Fraction(1, 2)), 10**decimals)


@given(usages, rules_of, books)
def test_lines_sum_to_the_bill_and_products_to_their_line(usage, rules, book):
    month = rate(usage, rules, book)
    for side in ("cost", "price"):
        assert getattr(month, side) == sum(getattr(line, side) for line in month.lines)
        for line in month.lines:
            assert getattr(line, side) == sum(getattr(part, side) for part in line.products)


@given(usages, rules_of, books)
def test_every_products_amount_is_computed_exactly_and_rounded_once(usage, rules, book):
    for line in rate(usage, rules, book).lines:
        for part in line.products:
            for side in ("cost", "price"):
                if part.storage is None:
                    exact = Fraction(part.quantity) * Fraction(getattr(part, f"unit_{side}"))
                else:
                    exact = sum(Fraction(getattr(user, side)) for user in part.storage.users)
                    exact += sum(Fraction(getattr(limit, side)) for limit in part.storage.limits)
                assert Fraction(getattr(part, side)) == half_up(exact, rules.currency.decimals)


@given(usages, rules_of, books)
def test_average_times_quantity_is_the_total_or_the_remainder_says_exactly_by_how_much_not(usage, rules, book):
    for line in rate(usage, rules, book).lines:
        remainders = []
        for total, unit, remainder in (
            (line.cost, line.sent_cost, line.cost_remainder),
            (line.price, line.sent_price, line.price_remainder),
        ):
            if unit is None:
                assert remainder == 0
            else:
                made = half_up(Fraction(line.sent_quantity) * Fraction(unit), rules.currency.decimals)
                assert made + Fraction(remainder) == Fraction(total)
            remainders.append(remainder)
        assert (Mark.REMAINDER in line.marks) == any(remainders)


@given(usages, rules_of, books)
def test_what_is_sent_follows_the_send_mode(usage, rules, book):
    for line in rate(usage, rules, book).lines:
        sent = (line.sent_quantity, line.sent_cost, line.sent_price)
        has_money = bool(line.cost or line.price)
        has_units = any(part.quantity or (part.storage and part.storage.gb) for part in line.products)
        if line.mode is SendMode.QUANTITY:
            assert sent[1:] == (None, None)
        elif not has_units and not has_money:
            assert sent == (0, None, None)
        elif line.mode is SendMode.TOTAL or not has_units:
            assert sent == (1, line.cost, line.price)
        if line.mode is not SendMode.TOTAL and has_units:
            assert line.sent_quantity >= line.quantity > 0 or line.sent_quantity == 1
            if not rules.keeps_fractions:
                assert line.sent_quantity == ceil(line.sent_quantity)


@given(usages, rules_of, books)
def test_money_is_never_sent_where_no_quantity_is(usage, rules, book):
    for line in rate(usage, rules, book).lines:
        if line.mode is not SendMode.QUANTITY and (line.cost or line.price):
            assert line.sent_quantity > 0


@given(usages, rules_of, books, st.data())
def test_the_order_of_the_input_never_matters(usage, rules, book, data):
    shuffled = replace(
        usage,
        **{
            name: data.draw(st.permutations(getattr(usage, name)), label=name)
            for name in ("configurations", "activations", "domains", "storage", "exclusions", "adjustments")
        },
    )
    assert rate(shuffled, rules, book) == rate(usage, rules, book)


@given(usages, rules_of, books)
def test_no_product_is_billed_twice(usage, rules, book):
    check_configurations("Acme", usage.configurations)
    billed = Counter(part.product.key for line in rate(usage, rules, book).lines for part in line.products)
    assert set(billed.values()) <= {1}


@given(usages, rules_of, books)
def test_no_endpoint_is_on_two_lines_or_twice_on_one(usage, rules, book):
    on_lines = Counter(
        (part.product, endpoint.user, endpoint_key(endpoint.endpoint))
        for line in rate(usage, rules, book).lines
        for part in line.products
        for endpoint in part.endpoints
    )
    assert set(on_lines.values()) <= {1}


@given(usages, rules_of, books)
def test_every_license_active_in_the_month_is_on_a_line_or_listed_never_both_never_neither(usage, rules, book):
    month = rate(usage, rules, book)
    on_lines = {
        (type_key(part.product.code), endpoint.user, endpoint_key(endpoint.endpoint))
        for line in month.lines
        for part in line.products
        for endpoint in part.endpoints
    }
    listed = {(type_key(n.license_type), n.user, endpoint_key(n.subject)) for n in month.not_billed if n.user}
    last = min(usage.through, MONTH.last)
    active = {
        (type_key(a.license_type), a.user_login, endpoint_key(a.endpoint))
        for a in usage.activations
        if a.touches(MONTH.first, last)
    }
    assert on_lines | listed == active
    assert not on_lines & listed


@given(usages, rules_of, books)
def test_every_domain_and_storage_account_is_on_a_line_or_listed(usage, rules, book):
    month = rate(usage, rules, book)
    listed = {n.subject for n in month.not_billed if not n.user}
    domains = {domain.domain for line in month.lines for part in line.products for domain in part.domains}
    for series in usage.domains:
        if any(series.readings.values()) or series.before:
            assert (series.domain in domains) != (series.domain in listed)
    accounts = {
        part.product.code
        for line in month.lines
        for part in line.products
        if part.product.kind is ProductKind.STORAGE
    }
    for account in {use.account_id for use in usage.storage}:
        assert (account in accounts) != (account in listed)


@given(usages, rules_of, books)
def test_storage_charges_no_less_than_its_limits_and_counts_every_byte(usage, rules, book):
    for line in rate(usage, rules, book).lines:
        for part in (part for part in line.products if part.storage):
            charge = part.storage
            assert charge.price >= sum((Fraction(limit.price) for limit in charge.limits), Fraction(0))
            assert charge.gb * 2**30 == sum(user.backup_bytes for user in charge.users)
            assert len(charge.users) == sum(use.account_id == charge.account_id for use in usage.storage)
            for user in charge.users:
                assert 0 <= user.charged_backup_gb * 2**30 <= user.backup_bytes
                assert 0 <= user.charged_restore_gb * 2**30 <= user.restored


@given(usages, rules_of, books)
def test_a_bill_of_0_and_a_missing_price_are_told_apart(usage, rules, book):
    month = rate(usage, rules, book)
    for line in month.lines:
        for part in line.products:
            if Mark.NEVER_SET in part.marks:
                assert line.mode is not SendMode.QUANTITY
                if part.storage is None:
                    assert part.price_origin == "never set"
                    assert (part.cost, part.price) == (Decimal(0), Decimal(0))
