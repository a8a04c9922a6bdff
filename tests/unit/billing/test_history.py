"""Importing a Usage History: exact dates in place of observed ones, for the days the file speaks for."""

from datetime import date

import pytest
from ledger_values import activation, history, october

from billbridge.billing.activations import Origin
from billbridge.billing.history import Covered, merge_history

OCTOBER = Covered(first=october(1), last=october(31))


def merged(existing, rows, covered=OCTOBER):
    return [
        (a.first_day, a.last_day, a.given_back, a.origin) for a in merge_history(existing, rows, covered=covered)
    ]


def test_exact_dates_win_over_observed_ones():
    assert merged([activation(5, 18)], [history(3, 20)]) == [(october(3), october(20), True, Origin.USAGE_HISTORY)]


def test_what_was_observed_but_is_not_in_the_file_goes():
    assert merged([activation(3, 5), activation(8, 20)], [history(8, 20)]) == [
        (october(8), october(20), True, Origin.USAGE_HISTORY)
    ]


def test_what_was_observed_before_and_after_the_covered_days_stays():
    long = activation(first_day=date(2026, 9, 10), last_day=date(2026, 11, 4), last_seen=date(2026, 11, 4))
    assert merged([long], [history(3, 20)]) == [
        (date(2026, 9, 10), date(2026, 9, 30), False, Origin.OBSERVED),
        (october(3), october(20), True, Origin.USAGE_HISTORY),
        (date(2026, 11, 1), date(2026, 11, 4), False, Origin.OBSERVED),
    ]


def test_a_license_still_held_in_the_file_and_seen_afterwards_is_one_open_activation():
    observed = activation(5, last_seen=date(2026, 11, 9))
    (one,) = merge_history([observed], [history(3)], covered=OCTOBER)
    assert (one.first_day, one.is_open, one.last_seen) == (october(3), True, date(2026, 11, 9))


def test_a_license_still_held_in_the_file_ends_when_it_was_seen_no_more_afterwards():
    observed = activation(5, last_day=date(2026, 11, 4), last_seen=date(2026, 11, 4))
    assert merged([observed], [history(3)]) == [(october(3), date(2026, 11, 4), False, Origin.USAGE_HISTORY)]


def test_rows_are_cut_to_the_covered_days():
    row = history(first_day=date(2026, 8, 1), last_day=date(2026, 11, 5), given_back=True)
    assert merged([], [row]) == [(october(1), october(31), False, Origin.USAGE_HISTORY)]


def test_a_row_outside_the_covered_days_is_ignored():
    assert merged([], [history(first_day=date(2026, 11, 2))]) == []


def test_files_of_two_months_make_one_activation_of_a_license_held_throughout():
    november = Covered(first=date(2026, 11, 1), last=date(2026, 11, 30))
    row = history(15)
    first = merge_history([], [row], covered=OCTOBER)
    assert merged(first, [row], november) == [(october(15), None, False, Origin.USAGE_HISTORY)]


def test_what_was_observed_up_to_the_file_and_what_the_file_says_stay_apart():
    observed = activation(first_day=date(2026, 9, 10), last_day=date(2026, 9, 30), last_seen=date(2026, 9, 30))
    assert [piece[3] for piece in merged([observed], [history(1, 20)])] == [
        Origin.OBSERVED,
        Origin.USAGE_HISTORY,
    ]


def test_a_license_given_back_and_another_taken_on_the_same_day_stay_two_activations():
    assert merged([], [history(3, 10), history(10, 20)]) == [
        (october(3), october(10), True, Origin.USAGE_HISTORY),
        (october(10), october(20), True, Origin.USAGE_HISTORY),
    ]


def test_a_license_given_back_while_another_stays_on_the_endpoint_does_not_end_it():
    assert merged([], [history(1), history(5, 10)]) == [(october(1), None, False, Origin.USAGE_HISTORY)]


def test_a_shorter_row_within_a_longer_one_does_not_shorten_it():
    until_november = history(1, last_day=date(2026, 11, 5), given_back=True)
    assert merged([], [until_november, history(5, 10)]) == [(october(1), october(31), False, Origin.USAGE_HISTORY)]


@pytest.mark.parametrize(
    "rows",
    [
        [history(3)],
        [history(3, 20)],
        [history(3, 10), history(10)],
        [history(1), history(5, 10)],
        [history(1, 20), history(5, 31)],
        [history(first_day=date(2026, 8, 1))],
    ],
)
@pytest.mark.parametrize(
    "existing",
    [
        [],
        [activation(5, 18)],
        [activation(5, last_seen=date(2026, 11, 9))],
        [activation(first_day=date(2026, 9, 10), last_day=date(2026, 11, 4), last_seen=date(2026, 11, 4))],
    ],
)
def test_importing_the_same_file_twice_changes_nothing(existing, rows):
    once = merge_history(existing, rows, covered=OCTOBER)
    assert merge_history(once, rows, covered=OCTOBER) == once


def test_a_piece_cut_off_before_the_file_is_not_shortened_by_one_within_it():
    september = [
        activation(first_day=date(2026, 9, 28), last_seen=date(2026, 9, 28)),
        activation(first_day=date(2026, 9, 29), last_day=date(2026, 9, 29), last_seen=date(2026, 9, 29)),
    ]
    assert merged(september, []) == [(date(2026, 9, 28), date(2026, 9, 30), False, Origin.OBSERVED)]


def test_the_order_of_rows_that_begin_and_end_together_does_not_matter():
    rows = [history(20, last_day=date(2026, 11, 1), given_back=True), history(20, 31), history(20)]
    assert merged([], rows) == merged([], rows[::-1]) == [(october(20), None, False, Origin.USAGE_HISTORY)]


def test_of_two_pieces_that_say_the_same_one_stays_and_a_second_import_finds_it_unchanged():
    given_back = history(1, 12)
    september = Covered(first=date(2026, 9, 1), last=date(2026, 9, 30))
    row = history(endpoint="pc-1", first_day=date(2026, 9, 26), last_day=october(1), given_back=True)
    once = merge_history([given_back, given_back], [row], covered=september)
    assert [(a.first_day, a.last_day, a.given_back) for a in once] == [(date(2026, 9, 26), october(12), True)]
    assert merge_history(once, [row], covered=september) == once


def test_a_license_given_back_while_it_was_held_longer_says_nothing_new():
    assert merged([], [history(3, 20), history(5, 10), history(5, 10)]) == [
        (october(3), october(20), True, Origin.USAGE_HISTORY)
    ]
