"""The ledger of activations: what observing a source day by day makes of it."""

from ledger_values import BETA, TODAY, activation, history, license_, october, snapshot

from billbridge.billing.ledger import observe, open_by_company
from billbridge.billing.sorting import sort_licenses


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


def test_open_activations_are_counted_by_endpoint_not_by_license():
    activations = [activation(3), activation(3, endpoint="pc-1"), activation(3, 5, endpoint="PC-2")]
    assert open_by_company([*activations, activation(3, company="c2")]) == {"c1": 1, "c2": 1}
