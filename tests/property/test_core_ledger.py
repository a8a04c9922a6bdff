"""The ledger: from what a source shows day by day to activations, and an imported Usage History."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from core_usage import (
    MONTH,
    activations,
    billing_rules,
    configurations,
    exclusions,
    license_snapshots,
    price_books,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billbridge.billing.activations import Activation, Origin, endpoint_key
from billbridge.billing.history import Covered, merge_history
from billbridge.billing.ledger import observe
from billbridge.billing.losses import implausible_losses
from billbridge.billing.products import type_key
from billbridge.billing.rating import rate
from billbridge.billing.sorting import sort_licenses
from billbridge.billing.usage import CompanyUsage

COVERED = Covered(first=MONTH.first, last=MONTH.last)
A_DAY = timedelta(days=1)


@st.composite
def collected_days(draw):
    """Snapshots of a few days of the month, in order."""
    numbers = sorted(draw(st.sets(st.integers(0, MONTH.days - 1), min_size=1, max_size=4)))
    return [draw(license_snapshots(MONTH.first + timedelta(days=number))) for number in numbers]


def observed(ledger, snapshot):
    """The ledger after one collection, as a store keeps it."""
    sorted_ = sort_licenses(snapshot)
    change = observe(ledger, sorted_.seen, untouched_companies=sorted_.ambiguous_companies)
    changed = {activation.holder: activation for activation in (*change.kept, *change.closed)}
    kept = [changed.get(a.holder, a) if a.is_open else a for a in ledger]
    return [*kept, *change.opened], change, sorted_


def ledger_of(days):
    ledger = []
    for snapshot in days:
        ledger, _, _ = observed(ledger, snapshot)
    return ledger


@given(collected_days())
def test_every_license_of_a_snapshot_is_on_exactly_one_side(days):
    for snapshot in days:
        sorted_ = sort_licenses(snapshot)
        assert len(sorted_.seen) + len(sorted_.not_billed) == len(snapshot.licenses)
        companies = {company.id for company in snapshot.companies} - sorted_.ambiguous_companies
        assert {activation.company_id for activation in sorted_.seen} <= companies


@given(collected_days())
def test_a_holder_never_has_two_open_activations_nor_days_before_they_began(days):
    ledger = ledger_of(days)
    assert set(Counter(a.holder for a in ledger if a.is_open).values()) <= {1}
    assert all(a.last_day is None or a.first_day <= a.last_day for a in ledger)


@given(collected_days())
def test_what_a_source_shows_is_open_afterwards_and_nothing_else_is(days):
    ledger, _, sorted_ = observed(ledger_of(days[:-1]), days[-1])
    shown = {a.holder for a in sorted_.seen if a.is_open}
    still = {a.holder for a in ledger if a.is_open and a.company_id not in sorted_.ambiguous_companies}
    assert still == shown


@given(collected_days())
def test_observing_the_same_day_twice_changes_nothing(days):
    once = ledger_of(days)
    again, change, _ = observed(once, days[-1])
    assert Counter(again) == Counter(once)
    assert (change.opened, change.closed) == ((), ())


@given(collected_days(), st.data())
def test_the_order_of_licenses_users_and_companies_never_matters(days, data):
    shuffled = [
        replace(
            snapshot,
            companies=tuple(data.draw(st.permutations(snapshot.companies))),
            users=tuple(data.draw(st.permutations(snapshot.users))),
            licenses=tuple(data.draw(st.permutations(snapshot.licenses))),
        )
        for snapshot in days
    ]
    one, other = ledger_of(days), ledger_of(shuffled)
    assert Counter(_without_spelling(a) for a in one) == Counter(_without_spelling(a) for a in other)


def _without_spelling(activation):
    return replace(activation, endpoint=endpoint_key(activation.endpoint))


@given(collected_days(), configurations(), billing_rules(), price_books(), st.lists(exclusions, max_size=2))
def test_every_collected_license_is_on_a_line_or_not_billed_never_both_never_neither(
    days, configured, rules, book, excluded
):
    ledger, last = ledger_of(days), days[-1]
    on_lines, listed = set(), set()
    for company in ("c1", "c2", "c3"):
        month = rate(
            CompanyUsage(
                company_id=company,
                month=MONTH,
                through=last.day,
                configurations=configured,
                activations=[a for a in ledger if a.company_id == company],
                exclusions=excluded,
            ),
            rules,
            book,
        )
        for line in month.lines:
            for part in line.products:
                on_lines |= {
                    (company, e.user, endpoint_key(e.endpoint), type_key(part.product.code)) for e in part.endpoints
                }
        listed |= {(company, n.user, endpoint_key(n.subject), type_key(n.license_type)) for n in month.not_billed}
    assert not on_lines & listed
    sorted_ = sort_licenses(last)
    for seen in sorted_.seen:
        place = seen.company_id, seen.user_login, endpoint_key(seen.endpoint), type_key(seen.license_type)
        assert (place in on_lines) != (place in listed)
    assert len(sorted_.seen) + len(sorted_.not_billed) == len(last.licenses)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 20)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 20)),
)
def test_only_companies_that_lost_licenses_are_held(before, after):
    held = implausible_losses(before, after)
    assert all(before[company] > after.get(company, 0) for company in held)
    if before and not any(after.values()):
        assert set(held) == {company for company, count in before.items() if count}


# Importing a Usage History

one_holder = activations(types=("Server",), users=("u1",), endpoints=("PC-1", "pc-1"))


@st.composite
def observed_pieces(draw):
    """What observing makes of one holder: pieces one after the other, of which only the last may be open."""
    pieces, first = [], MONTH.first + draw(st.integers(-40, 20)) * A_DAY
    for gap, length in draw(st.lists(st.tuples(st.integers(1, 15), st.integers(0, 30)), max_size=3)):
        first += gap * A_DAY
        last = first + length * A_DAY
        piece = replace(draw(one_holder), first_day=first, last_day=last, last_seen=last, given_back=False)
        pieces.append(replace(piece, origin=Origin.OBSERVED))
        first = last
    if pieces and draw(st.booleans()):
        pieces[-1] = replace(pieces[-1], last_day=None)
    return pieces


history_rows = st.lists(
    one_holder.map(lambda a: replace(a, origin=Origin.USAGE_HISTORY, given_back=a.last_day is not None)), max_size=3
)
covered_days = st.tuples(st.sampled_from([MONTH.previous, MONTH, MONTH.next]), st.integers(0, 40)).map(
    lambda drawn: Covered(first=drawn[0].first, last=drawn[0].first + drawn[1] * A_DAY)
)


@st.composite
def ledgers_of_a_holder(draw):
    """What was observed, and then corrected by imports of other days."""
    ledger = draw(observed_pieces())
    for rows, covered in draw(st.lists(st.tuples(history_rows, covered_days), max_size=2)):
        ledger = list(merge_history(ledger, rows, covered=covered))
    return ledger


in_ledger = ledgers_of_a_holder()


def given_back_piece(first, last, endpoint="PC-1"):
    """A row of a file: held from a day of the month, counted from its first, to another, and given back then."""
    days = {"first_day": MONTH.first + first * A_DAY, "last_day": MONTH.first + last * A_DAY}
    return Activation(
        company_id="c1", user_id="u1", endpoint=endpoint, license_type="Server", given_back=True,
        last_seen=days["last_day"], origin=Origin.USAGE_HISTORY, **days,
    )  # fmt: skip


SAME_TWICE = [given_back_piece(31, 40), given_back_piece(31, 40)]
"""What two purchases of one license left in a ledger: the second import once met them with another spelling."""


def days_of(ledger, *, until):
    """Every day of use; an open activation is one up to the day it was last seen, if that lies after `until`."""
    days = set()
    for a in ledger:
        last = a.last_day or max(a.last_seen, until)
        days |= {a.first_day + n * A_DAY for n in range((last - a.first_day).days + 1)}
    return days


@settings(max_examples=200)
@example(SAME_TWICE, [given_back_piece(5, 33, "pc-1")])
@given(in_ledger, history_rows)
def test_importing_the_same_file_twice_equals_once(existing, rows):
    once = merge_history(existing, rows, covered=COVERED)
    assert merge_history(once, rows, covered=COVERED) == once


@settings(max_examples=200)
@given(in_ledger, history_rows, st.data())
def test_the_order_of_rows_never_matters(existing, rows, data):
    shuffled = data.draw(st.permutations(rows))
    again = merge_history(data.draw(st.permutations(existing)), shuffled, covered=COVERED)
    assert again == merge_history(existing, rows, covered=COVERED)


@settings(max_examples=200)
@given(in_ledger, history_rows)
def test_inside_the_covered_days_the_file_alone_says_what_was_active(existing, rows):
    merged = merge_history(existing, rows, covered=COVERED)
    inside = {day for day in days_of(merged, until=MONTH.last) if day in MONTH}
    assert inside == {day for day in days_of(rows, until=MONTH.last) if day in MONTH}


@settings(max_examples=200)
@given(in_ledger, history_rows)
def test_outside_the_covered_days_nothing_that_was_observed_is_lost(existing, rows):
    merged = days_of(merge_history(existing, rows, covered=COVERED), until=MONTH.last)
    before = {day for day in days_of(existing, until=MONTH.last) if day < MONTH.first}
    assert {day for day in merged if day < MONTH.first} == before
    after = {day for day in days_of(existing, until=MONTH.last) if day > MONTH.last}
    assert after <= merged


@settings(max_examples=200)
@given(in_ledger, history_rows)
def test_what_is_given_back_on_a_day_is_held_on_the_days_before(existing, rows):
    merged = merge_history(existing, rows, covered=COVERED)
    ends = {a.last_day for a in (*existing, *rows) if a.given_back}
    assert all(a.last_day in ends for a in merged if a.given_back)
    assert all(a.last_day is None or a.first_day <= a.last_day for a in merged)
