"""Losses that a person should look at before they are believed."""

from billbridge.billing.losses import MUCH_STORAGE_LOST, implausible_losses, implausible_storage_losses

# Licenses


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


# Storage

LARGE, SMALL = MUCH_STORAGE_LOST, MUCH_STORAGE_LOST - 1


def test_a_source_that_suddenly_shows_no_storage_is_not_believed_for_any_company():
    assert implausible_storage_losses({"b": 1, "a": 2, "c": 0}, {"a": 0}) == ("a", "b")


def test_a_company_that_suddenly_shows_none_of_its_storage_is_looked_at_if_it_had_much():
    before = {"large": LARGE, "small": SMALL, "other": 5}
    assert implausible_storage_losses(before, {"other": 5}) == ("large",)


def test_storage_that_merely_shrinks_is_believed():
    assert implausible_storage_losses({"a": LARGE, "b": 7}, {"a": 1, "b": 7}) == ()


def test_a_source_that_never_showed_storage_lost_none():
    assert implausible_storage_losses({}, {}) == ()
    assert implausible_storage_losses({"a": 0}, {}) == ()
