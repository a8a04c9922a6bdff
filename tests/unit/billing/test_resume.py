"""Resuming: what a killed run wrote is told from what a person wrote."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billbridge.billing.changes import Base, ChangeKind, Found, Wanted
from billbridge.billing.plan import plan
from billbridge.billing.resume import Intent, bases_after, missing_creates

D = Decimal
KEY = "billbridge-last-1"
BEFORE = {"count": D(5), "purchase_price": D("4.00"), "price": D("9.60")}
AFTER = {"count": D(3), "purchase_price": D("4.00"), "price": D("14.667")}
PLACE = {"client_id": 3, "site_id": 7}
KNOWN = Base(subscription_id=41, owned=BEFORE, asked=BEFORE, watched={"is_active": True, **PLACE})
UPDATE = Intent(key=KEY, subscription_id=41, client_id=3, values={"count": D(3), "price": D("14.667")}, sent_at=1.0)
CREATE = Intent(key=KEY, subscription_id=None, client_id=3, values=AFTER, sent_at=1.0)
WANTED = Wanted(
    key=KEY,
    company_id="c1",
    configuration_id="1",
    slot="last",
    shows="2026-10",
    name="Backup",
    client_id=3,
    site_id=7,
    owned=AFTER,
    of_month={},
    set_once={},
)


def shown(**fields):
    fields = {"type": 1, "is_active": True, **PLACE, **fields}
    return Found(id=41, key=KEY, name="Backup", deleted=False, fields=fields)


def resumed(intent, there, bases):
    """What is planned for the slot after the run was killed."""
    (change,) = plan([WANTED], [there], bases_after([intent], bases, [there])).changes
    return change.kind


def test_an_update_that_arrived_is_ours_and_nothing_is_left_to_do():
    assert resumed(UPDATE, shown(**AFTER), {KEY: KNOWN}) is ChangeKind.KEEP


def test_an_update_that_did_not_arrive_is_planned_anew():
    assert resumed(UPDATE, shown(**BEFORE), {KEY: KNOWN}) is ChangeKind.UPDATE


def test_an_update_that_arrived_in_part_is_completed():
    assert resumed(UPDATE, shown(**{**BEFORE, "count": D(3)}), {KEY: KNOWN}) is ChangeKind.UPDATE


def test_what_a_person_wrote_after_the_run_was_killed_is_a_conflict():
    assert resumed(UPDATE, shown(**{**AFTER, "count": D(7)}), {KEY: KNOWN}) is ChangeKind.CONFLICT


def test_a_create_that_arrived_is_known_by_its_key_and_not_repeated():
    assert resumed(CREATE, shown(**AFTER), {}) is ChangeKind.KEEP


@pytest.mark.parametrize(("intent", "bases"), [(UPDATE, {KEY: KNOWN}), (CREATE, {})], ids=["update", "create"])
def test_a_price_that_halopsa_rounded_when_it_arrived_is_no_persons_edit(intent, bases):
    assert resumed(intent, shown(**{**AFTER, "price": D("14.67")}), bases) is ChangeKind.KEEP


@pytest.mark.parametrize("price", ["14.60", "15", "14.7"])
def test_a_price_that_is_no_rounding_to_cents_or_finer_is_a_persons_edit(price):
    assert resumed(UPDATE, shown(**{**AFTER, "price": D(price)}), {KEY: KNOWN}) is ChangeKind.CONFLICT


def test_an_edit_of_a_create_that_arrived_after_it_was_given_up_is_a_conflict():
    assert resumed(CREATE, shown(**{**AFTER, "count": D(7)}), {}) is ChangeKind.CONFLICT


@pytest.mark.parametrize(
    "edit", [{"is_active": False}, {"client_id": 9}, {"site_id": 9}], ids=["inactive", "client", "site"]
)
def test_a_create_that_arrived_and_was_moved_or_made_inactive_is_a_conflict(edit):
    sent = replace(CREATE, values={**AFTER, "is_active": True, **PLACE})
    assert resumed(sent, shown(**{**AFTER, **edit}), {}) is ChangeKind.CONFLICT


def test_of_several_creates_given_up_the_one_that_arrived_is_ours():
    later = replace(CREATE, values={**AFTER, "count": D(4)}, sent_at=2.0)
    there = shown(**{**AFTER, "count": D(4)})
    (change,) = plan([WANTED], [there], bases_after([CREATE, later], {}, [there])).changes
    assert (change.kind, change.values) == (ChangeKind.UPDATE, {"count": 3})


def test_creates_that_were_sent_and_are_not_to_be_seen_may_still_come():
    never_sent = replace(CREATE, key="other", sent_at=None)
    assert missing_creates([CREATE, UPDATE, never_sent], []) == (CREATE,)
    assert missing_creates([CREATE], [shown()]) == ()
