"""The ledger of activations: sorting licenses, observing, losses, and an imported Usage History."""

from dataclasses import replace
from datetime import date

import pytest

from billbridge.billing.activations import Activation, NotBilledReason, Origin
from billbridge.billing.ledger import (
    Covered,
    implausible_losses,
    merge_history,
    observe,
    open_by_company,
    sort_licenses,
)
from billbridge.billing.snapshot import Company, License, LicenseSnapshot, User

TODAY = date(2026, 10, 20)
ACME, BETA = Company(id="c1", name="Acme"), Company(id="c2", name="Beta")
ANN = User(id="u1", login="ann", company_name="Acme")


def october(day):
    return date(2026, 10, day)


def license_(**changes):
    paid = License(id="L1", type="Server", endpoint="PC-1", user_id="u1", user_login="ann", is_taken=True)
    return replace(paid, **changes)


def snapshot(*licenses, companies=(ACME, BETA), users=(ANN,), day=TODAY):
    return LicenseSnapshot(day=day, companies=companies, users=users, licenses=licenses)


def activation(first=1, last=None, *, endpoint="PC-1", company="c1", seen=None, **changes):
    made = Activation(
        company_id=company,
        user_id="u1",
        user_login="ann",
        endpoint=endpoint,
        license_type="Server",
        first_day=october(first),
        last_day=october(last) if last else None,
        last_seen=october(seen or last or 19),
    )
    return replace(made, **changes)


def history(first=1, last=None, **changes):
    """A row of a Usage History: `last` is the day on which the license was given back."""
    changes = {"given_back": last is not None, "origin": Origin.USAGE_HISTORY, "seen": 31, **changes}
    return activation(first, last, **changes)


# Sorting


def test_a_paid_license_held_by_an_endpoint_of_a_companys_user_is_seen_today():
    (seen,) = sort_licenses(snapshot(license_())).seen
    assert (seen.company_id, seen.user_id, seen.endpoint, seen.license_type) == ("c1", "u1", "PC-1", "Server")
    assert (seen.first_day, seen.last_day, seen.last_seen) == (TODAY, None, TODAY)


@pytest.mark.parametrize(
    ("license_changes", "reason"),
    [
        ({"is_trial": True}, NotBilledReason.TRIAL),
        ({"is_taken": False}, NotBilledReason.IN_POOL),
        ({"endpoint": ""}, NotBilledReason.IN_POOL),
        ({"expires": date(2026, 9, 30)}, NotBilledReason.EXPIRED),
        ({"user_id": ""}, NotBilledReason.NO_USER),
        ({"user_id": "u9"}, NotBilledReason.UNKNOWN_USER),
    ],
)
def test_every_other_license_is_not_billed_and_says_why(license_changes, reason):
    sorted_ = sort_licenses(snapshot(license_(**license_changes)))
    assert sorted_.seen == ()
    assert [n.reason for n in sorted_.not_billed] == [reason]


@pytest.mark.parametrize(
    ("company_name", "reason"),
    [("", NotBilledReason.NO_COMPANY), ("Gamma", NotBilledReason.UNKNOWN_COMPANY)],
)
def test_a_user_without_a_known_company_is_listed(company_name, reason):
    users = (replace(ANN, company_name=company_name),)
    (listed,) = sort_licenses(snapshot(license_(), users=users)).not_billed
    assert (listed.reason, listed.subject, listed.user) == (reason, "PC-1", "ann")


def test_a_license_without_an_endpoint_is_named_by_its_id():
    (listed,) = sort_licenses(snapshot(license_(endpoint="", is_taken=False))).not_billed
    assert listed.subject == "L1"


def test_two_companies_of_one_name_are_both_held_and_neither_is_billed():
    twin = Company(id="c3", name="Acme")
    sorted_ = sort_licenses(snapshot(license_(), companies=(ACME, BETA, twin)))
    assert sorted_.seen == ()
    assert [n.reason for n in sorted_.not_billed] == [NotBilledReason.AMBIGUOUS_COMPANY]
    assert sorted_.ambiguous_companies == {"c1", "c3"}


def test_a_renamed_company_keeps_its_id():
    renamed = (Company(id="c1", name="Acme Ltd"),)
    users = (replace(ANN, company_name="Acme Ltd"),)
    assert sort_licenses(snapshot(license_(), companies=renamed, users=users)).seen[0].company_id == "c1"


@pytest.mark.parametrize("expires", [TODAY, date(2026, 11, 1), None])
def test_a_license_is_valid_on_the_day_on_which_it_expires(expires):
    (seen,) = sort_licenses(snapshot(license_(expires=expires))).seen
    assert seen.is_open


@pytest.mark.parametrize("day", [1, 19])
def test_a_license_that_expired_earlier_in_the_month_counts_up_to_its_last_day(day):
    (seen,) = sort_licenses(snapshot(license_(expires=october(day)))).seen
    assert (seen.last_day, seen.last_seen) == (october(day), october(day))


def test_unknown_license_types_are_kept_in_the_ledger():
    assert len(sort_licenses(snapshot(license_(type="Quantum Backup"))).seen) == 1


# Observing


def today(*licenses, **parts):
    return sort_licenses(snapshot(*licenses, **parts)).seen


def test_a_license_seen_for_the_first_time_is_opened():
    change = observe([], today(license_()))
    assert [(a.first_day, a.is_open) for a in change.opened] == [(TODAY, True)]
    assert (change.kept, change.closed) == ((), ())


def test_a_license_seen_again_is_kept_from_its_first_day():
    change = observe([activation(3)], today(license_(endpoint="pc-1 ")))
    assert [(a.first_day, a.last_seen) for a in change.kept] == [(october(3), TODAY)]
    assert (change.opened, change.closed) == ((), ())


def test_a_license_seen_no_more_is_closed_on_the_last_day_on_which_it_was_seen():
    change = observe([activation(3, seen=15)], today())
    assert [(a.last_day, a.given_back) for a in change.closed] == [(october(15), False)]


def test_a_license_taken_again_after_a_gap_is_opened_anew():
    change = observe([activation(3, 10)], today(license_()))
    assert [a.first_day for a in change.opened] == [TODAY]
    assert change.closed == ()


def test_swapping_a_license_on_one_endpoint_keeps_the_activation():
    change = observe([activation(3)], today(license_(id="L2")))
    assert len(change.kept) == 1
    assert (change.opened, change.closed) == ((), ())


def test_two_licenses_of_one_type_on_one_endpoint_are_one_activation():
    change = observe([], today(license_(), license_(id="L2", expires=october(5))))
    assert [a.is_open for a in change.opened] == [True]


def test_another_product_on_the_same_endpoint_is_another_activation():
    change = observe([activation(3)], today(license_(type="Desktop")))
    assert [a.license_type for a in change.opened] == ["Desktop"]
    assert [a.license_type for a in change.closed] == ["Server"]


def test_an_open_license_that_expired_is_closed_on_its_last_day():
    change = observe([activation(3, seen=12)], today(license_(expires=october(12))))
    assert [(a.first_day, a.last_day) for a in change.closed] == [(october(3), october(12))]


def test_a_license_that_expired_before_the_first_collection_counts_on_the_day_it_expired():
    change = observe([], today(license_(expires=october(5))))
    assert [(a.first_day, a.last_day) for a in change.opened] == [(october(5), october(5))]


def test_an_expired_license_in_the_ledger_already_is_not_opened_every_day():
    assert observe([activation(3, 5)], today(license_(expires=october(5)))).opened == ()


def test_companies_of_one_name_are_neither_kept_nor_closed():
    change = observe([activation(3, seen=15)], [], untouched_companies=frozenset({"c1"}))
    assert (change.opened, change.kept, change.closed) == ((), (), ())


def test_a_company_that_is_gone_closes_on_the_last_day_on_which_it_was_seen():
    change = observe([activation(3, seen=19)], today(companies=(BETA,)))
    assert [a.last_day for a in change.closed] == [october(19)]


def test_a_collection_repeated_on_the_same_day_changes_nothing():
    seen = today(license_())
    first = observe([], seen)
    again = observe(first.opened, seen)
    assert again.kept == first.opened
    assert (again.opened, again.closed) == ((), ())


def test_an_older_collection_does_not_take_back_what_a_newer_one_saw():
    change = observe([activation(3, seen=25)], today(license_()))
    assert [a.last_seen for a in change.kept] == [october(25)]


def test_a_license_given_back_by_the_usage_history_is_not_closed_again():
    assert observe([history(3, 10)], today()).closed == ()


# Losses


def test_a_company_that_lost_more_than_half_and_at_least_5_is_looked_at_first():
    before = {"half": 10, "more": 11, "few": 5, "four": 4, "same": 100}
    after = {"half": 5, "more": 5, "few": 1, "four": 0, "same": 100}
    assert implausible_losses(before, after) == ("more",)


def test_a_company_that_lost_everything_but_is_small_is_believed():
    assert implausible_losses({"a": 4, "b": 1}, {"b": 1}) == ()


def test_losing_exactly_5_of_9_is_looked_at():
    assert implausible_losses({"a": 9}, {"a": 4}) == ("a",)


def test_a_source_that_suddenly_knows_nothing_is_not_believed_for_any_company():
    assert implausible_losses({"b": 1, "a": 2, "c": 0}, {}) == ("a", "b")


def test_companies_that_cannot_be_told_apart_are_no_loss():
    assert implausible_losses({"a": 9}, {}, untouched=frozenset({"a"})) == ()


def test_a_source_that_never_knew_anything_lost_nothing():
    assert implausible_losses({}, {}) == ()


def test_open_activations_are_counted_by_endpoint_not_by_license():
    activations = [activation(3), activation(3, endpoint="pc-1"), activation(3, 5, endpoint="PC-2")]
    assert open_by_company([*activations, activation(3, company="c2")]) == {"c1": 1, "c2": 1}


# Importing a Usage History

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
