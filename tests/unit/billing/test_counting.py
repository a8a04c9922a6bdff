"""Counting licenses of a month under the four rules, and what is left out."""

from datetime import date
from decimal import Decimal

import pytest

from billbridge.billing.activations import Activation, NotBilledReason
from billbridge.billing.counting import ChangeOfType, CountingRule, DomainSeries, count_licenses
from billbridge.billing.months import Month

OCTOBER = Month(2026, 10)


def activation(endpoint, first, last=None, *, license_type="Server", given_back=True, user="u1"):
    last_day = date(2026, 10, last) if last else None
    return Activation(
        company_id="c1",
        user_id=user,
        user_login=user,
        endpoint=endpoint,
        license_type=license_type,
        first_day=date(2026, 10, first),
        last_day=last_day,
        given_back=given_back and last is not None,
        last_seen=last_day or date(2026, 10, 31),
    )


def quantities(activations, rule, *, through=OCTOBER.last, domains=(), change=ChangeOfType.BOTH):
    counts, _ = count_licenses(
        activations, domains, month=OCTOBER, through=through, rule=rule, change_of_type=change
    )
    return {name: count.quantity for name, count in counts.items()}


TWO_THAT_FOLLOW = [activation("A", 1, 10), activation("B", 10)]


@pytest.mark.parametrize(
    ("rule", "quantity"),
    [
        (CountingRule.ACTIVE_IN_MONTH, 2),
        (CountingRule.ACTIVE_AT_END, 1),
        (CountingRule.PEAK, 1),
        (CountingRule.DAYS, Decimal("1.0323")),  # (10 + 22) days / 31
    ],
)
def test_each_rule_counts_its_own_way(rule, quantity):
    assert quantities(TWO_THAT_FOLLOW, rule) == {"Server": quantity}


def test_a_license_swapped_on_the_same_computer_counts_once():
    swapped = [activation("PC-1", 1, 10), activation("pc-1", 10)]
    assert quantities(swapped, CountingRule.ACTIVE_IN_MONTH) == {"Server": 1}
    assert quantities(swapped, CountingRule.DAYS) == {"Server": 1}


def test_the_day_of_giving_back_is_a_day_of_use_but_not_of_a_peak():
    returned_on_the_first_day = [activation("A", 5, 5)]
    assert quantities(returned_on_the_first_day, CountingRule.ACTIVE_IN_MONTH) == {"Server": 1}
    assert quantities(returned_on_the_first_day, CountingRule.PEAK) == {"Server": 0}


def test_one_that_merely_stopped_being_seen_counts_on_its_last_day_in_full():
    unseen = [activation("A", 1, 31, given_back=False)]
    assert quantities(unseen, CountingRule.ACTIVE_AT_END) == {"Server": 1}


def test_ten_to_twenty_february_are_eleven_days():
    eleven = [activation("RX7", 10, 20)]
    assert quantities(eleven, CountingRule.DAYS) == {"Server": Decimal("0.3548")}


def test_an_endpoint_that_changes_product_counts_under_both_and_is_flagged():
    changed = [activation("A", 1, 12), activation("A", 12, license_type="Desktop")]
    counts, left_out = count_licenses(
        changed, [], month=OCTOBER, through=OCTOBER.last, rule=CountingRule.ACTIVE_IN_MONTH
    )
    assert {name: count.quantity for name, count in counts.items()} == {"Desktop": 1, "Server": 1}
    assert all(count.endpoints[0].changed_type for count in counts.values())
    assert left_out == ()


def test_with_last_only_the_earlier_product_is_left_out_with_the_reason():
    changed = [activation("A", 1, 12), activation("A", 12, license_type="Desktop")]
    counts, left_out = count_licenses(
        changed,
        [],
        month=OCTOBER,
        through=OCTOBER.last,
        rule=CountingRule.ACTIVE_IN_MONTH,
        change_of_type=ChangeOfType.LAST_ONLY,
    )
    assert list(counts) == ["Desktop"]
    assert [(n.license_type, n.reason) for n in left_out] == [("Server", NotBilledReason.CHANGED_TYPE)]


def test_two_products_held_at_the_same_time_are_no_change_of_type():
    both = [activation("A", 1), activation("A", 5, license_type="MS SQL Server")]
    change = ChangeOfType.LAST_ONLY
    assert quantities(both, CountingRule.ACTIVE_IN_MONTH, change=change) == {"Server": 1, "MS SQL Server": 1}


@pytest.mark.parametrize(
    ("rule", "quantity"),
    [
        (CountingRule.ACTIVE_IN_MONTH, 9),
        (CountingRule.PEAK, 9),
        (CountingRule.ACTIVE_AT_END, 5),
        (CountingRule.DAYS, Decimal("5.9032")),  # 10 days of 7, 2 of 9 and 19 of 5 are 183; 183 / 31
    ],
)
def test_a_domain_counts_by_its_daily_numbers(rule, quantity):
    series = DomainSeries(
        domain="acme.example",
        license_type="Mail",
        readings={date(2026, 10, 11): 9, date(2026, 10, 13): 5},
        before=7,
    )
    assert quantities([], rule, domains=[series]) == {"Mail": quantity}


def test_a_domain_whose_mailboxes_were_imported_one_by_one_is_not_counted_twice():
    mailbox = activation("ann@acme.example", 1, license_type="Mail", user="")
    series = DomainSeries(domain="acme.example", license_type="Mail", readings={date(2026, 10, 1): 14})
    counts, left_out = count_licenses(
        [mailbox], [series], month=OCTOBER, through=OCTOBER.last, rule=CountingRule.ACTIVE_IN_MONTH
    )
    assert counts["Mail"].quantity == 1
    assert [n.reason for n in left_out] == [NotBilledReason.IN_USAGE_HISTORY]


@pytest.mark.parametrize("other", [activation("A", 1, 10), activation("A", 5, 10)], ids=["first", "later"])
@pytest.mark.parametrize("order", [1, -1], ids=["as seen", "backwards"])
def test_an_endpoint_that_still_holds_another_license_of_the_product_did_not_change_it(order, other):
    known = [activation("A", 1), other, activation("A", 31, license_type="Desktop")][::order]
    assert quantities(known, CountingRule.ACTIVE_IN_MONTH, change=ChangeOfType.LAST_ONLY) == {
        "Server": 1,
        "Desktop": 1,
    }


def test_a_product_taken_the_day_before_the_other_is_given_back_is_held_beside_it():
    both = [activation("A", 1, 10), activation("A", 9, license_type="Desktop")]
    assert quantities(both, CountingRule.ACTIVE_IN_MONTH, change=ChangeOfType.LAST_ONLY) == {
        "Server": 1,
        "Desktop": 1,
    }


def test_a_product_seen_for_the_last_time_on_the_day_another_was_first_seen_was_changed_for_it():
    changed = [activation("A", 1, 10, given_back=False), activation("A", 10, license_type="Desktop")]
    assert quantities(changed, CountingRule.ACTIVE_IN_MONTH, change=ChangeOfType.LAST_ONLY) == {"Desktop": 1}


@pytest.mark.parametrize("rule", list(CountingRule))
def test_what_is_known_after_the_month_does_not_change_it(rule):
    later = quantities([activation("A", 3)], rule, through=date(2026, 11, 9))
    assert later == quantities([activation("A", 3)], rule)


def test_the_running_month_counts_to_date():
    known = [activation("A", 1), activation("B", 20)]
    assert quantities(known, CountingRule.ACTIVE_IN_MONTH, through=date(2026, 10, 19)) == {"Server": 1}
    assert quantities(known, CountingRule.ACTIVE_AT_END, through=date(2026, 10, 20)) == {"Server": 2}
    assert quantities(known, CountingRule.DAYS, through=date(2026, 10, 20)) == {"Server": Decimal("0.6774")}


def test_an_endpoint_that_does_not_count_stays_among_the_evidence():
    counts, _ = count_licenses(
        [activation("A", 1, 10), activation("B", 12)],
        [],
        month=OCTOBER,
        through=OCTOBER.last,
        rule=CountingRule.ACTIVE_AT_END,
    )
    assert [(e.endpoint, e.days, e.counted) for e in counts["Server"].endpoints] == [
        ("A", 10, False),
        ("B", 20, True),
    ]
