"""Counting, against an oracle that walks through the days with sets."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from core_usage import MONTH, activations
from hypothesis import given, settings
from hypothesis import strategies as st

from billbridge.billing.activations import NotBilledReason
from billbridge.billing.counting import ChangeOfType, CountingRule, count_licenses

throughs = st.integers(1, MONTH.days).map(lambda day: date(MONTH.year, MONTH.number, day))


def counted(ledger, through, rule, change=ChangeOfType.BOTH):
    return count_licenses(ledger, [], month=MONTH, through=through, rule=rule, change_of_type=change)


def active_on(activation, day):
    return activation.first_day <= day and (activation.last_day is None or day <= activation.last_day)


def held_on(activation, day):
    return active_on(activation, day) and not (activation.given_back and day == activation.last_day)


def holders(ledger, day, license_type, is_on):
    return {a.holder for a in ledger if a.license_type == license_type and is_on(a, day)}


def expected(ledger, through, rule, license_type):
    days = [day for day in MONTH if day <= through]
    match rule:
        case CountingRule.ACTIVE_IN_MONTH:
            return len(set().union(*(holders(ledger, day, license_type, active_on) for day in days)))
        case CountingRule.ACTIVE_AT_END:
            return len(holders(ledger, through, license_type, held_on))
        case CountingRule.PEAK:
            return max(len(holders(ledger, day, license_type, held_on)) for day in days)
        case CountingRule.DAYS:
            sum_of_days = sum(len(holders(ledger, day, license_type, active_on)) for day in days)
            return round(Fraction(sum_of_days, MONTH.days), 4)


@given(st.lists(activations(), max_size=12), throughs, st.sampled_from(CountingRule))
def test_every_rule_counts_what_a_walk_through_the_days_counts(ledger, through, rule):
    counts, _ = counted(ledger, through, rule)
    types = {a.license_type for a in ledger}
    for license_type in types:
        quantity = counts[license_type].quantity if license_type in counts else Decimal(0)
        assert abs(Fraction(quantity) - expected(ledger, through, rule, license_type)) <= Fraction(1, 10**4)
        if rule is not CountingRule.DAYS:
            assert quantity == expected(ledger, through, rule, license_type)


@given(st.lists(activations(), max_size=12), throughs, st.sampled_from(CountingRule))
def test_the_endpoints_that_count_are_as_many_as_the_quantity(ledger, through, rule):
    for count in counted(ledger, through, rule)[0].values():
        if rule is not CountingRule.DAYS:
            assert sum(endpoint.counted for endpoint in count.endpoints) == count.quantity
        else:
            exact = Fraction(sum(endpoint.days for endpoint in count.endpoints), MONTH.days)
            assert abs(exact - Fraction(count.quantity)) <= Fraction(1, 2 * 10**4)


@settings(max_examples=150)
@given(st.lists(activations(), max_size=12), throughs, st.data())
def test_counting_does_not_depend_on_the_order(ledger, through, data):
    shuffled = data.draw(st.permutations(ledger))
    rule, change = data.draw(st.sampled_from(CountingRule)), data.draw(st.sampled_from(ChangeOfType))
    counts, left_out = counted(ledger, through, rule, change)
    again, left_out_again = counted(shuffled, through, rule, change)
    assert counts == again
    assert set(left_out) == set(left_out_again)


@given(st.lists(activations(), max_size=12), throughs)
def test_with_last_only_every_endpoint_keeps_a_product_and_nothing_is_lost(ledger, through):
    both, _ = counted(ledger, through, CountingRule.ACTIVE_IN_MONTH)
    last, left_out = counted(ledger, through, CountingRule.ACTIVE_IN_MONTH, ChangeOfType.LAST_ONLY)
    everything = {(t, e.user, e.endpoint) for t, count in both.items() for e in count.endpoints}
    kept = {(t, e.user, e.endpoint) for t, count in last.items() for e in count.endpoints}
    dropped = {(n.license_type, n.user, n.subject) for n in left_out}
    assert kept | dropped == everything
    assert not kept & dropped
    assert {n.reason for n in left_out} <= {NotBilledReason.CHANGED_TYPE}
    assert {(u, e.casefold()) for _, u, e in kept} == {(u, e.casefold()) for _, u, e in everything}


@given(st.lists(activations(), max_size=12), throughs, st.integers(0, 11), st.sampled_from(CountingRule))
def test_a_license_that_takes_over_on_the_same_endpoint_changes_nothing(ledger, through, which, rule):
    if not ledger:
        return
    swapped = ledger[which % len(ledger)]
    if swapped.last_day is None or swapped.last_day == swapped.first_day:
        return
    middle = swapped.first_day + (swapped.last_day - swapped.first_day) // 2
    first = _until(swapped, middle)
    second = _from(swapped, middle + timedelta(days=1))
    parts = [a for a in ledger if a is not swapped] + [first, second]
    before, after = counted(ledger, through, rule)[0], counted(parts, through, rule)[0]
    assert {t: c.quantity for t, c in before.items()} == {t: c.quantity for t, c in after.items()}


def _until(activation, day):
    return replace(activation, last_day=day, last_seen=day, given_back=False)


def _from(activation, day):
    return replace(activation, first_day=day)
