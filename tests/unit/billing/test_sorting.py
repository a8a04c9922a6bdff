"""Sorting a snapshot: what is an activation seen today, and what is not billed and why."""

from dataclasses import replace
from datetime import date

import pytest
from ledger_values import ACME, ANN, BETA, TODAY, license_, october, snapshot

from billbridge.billing.activations import NotBilledReason
from billbridge.billing.snapshot import Company
from billbridge.billing.sorting import sort_licenses


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
