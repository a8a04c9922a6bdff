"""The plan: what bills want, against what HaloPSA shows, against what we last read back."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billbridge.billing.changes import Base, ChangeKind, ConflictPolicy, Found, Wanted
from billbridge.billing.plan import plan

D = Decimal
KEY = "billbridge-last-1"
OWNED = {"count": D(5), "purchase_price": D("4.00"), "price": D("9.60")}
OF_MONTH = {"start_date": "2026-10-01", "notes": "October 2026, manual bill.", "status": "billed"}
SET_ONCE = {"name": "Backup", "client_id": 3, "site_id": 7, "billing_cycle": "Monthly", "product_sku": KEY}
WATCHED = {"is_active": True, "client_id": 3, "site_id": 7}


def wanted(**changes):
    slot = Wanted(
        key=KEY,
        company_id="c1",
        configuration_id="1",
        slot="last",
        shows="2026-10",
        name="Backup",
        client_id=3,
        site_id=7,
        owned=OWNED,
        of_month=OF_MONTH,
        set_once=SET_ONCE,
    )
    return replace(slot, **changes)


def settling(**changes):
    return wanted(owned={"count": D(0)}, of_month={}, set_once={}, shows="", settles=True, **changes)


def closing(**changes):
    return wanted(owned={"count": D(0)}, of_month={}, set_once={}, shows="", closes=True, **changes)


def retiring(**changes):
    return wanted(owned={}, of_month={}, set_once={}, closes=True, **changes)


def found(number=41, *, key=KEY, name="Backup", deleted=False, **fields):
    shown = {"type": 1, **WATCHED, **OWNED, **OF_MONTH, **fields}
    return Found(id=number, key=key, name=name, deleted=deleted, fields=shown)


def base(number=41, **changes):
    known = Base(subscription_id=number, owned=OWNED, asked=OWNED, sent={**OF_MONTH, **SET_ONCE}, watched=WATCHED)
    return replace(known, **changes)


def planned(slot, there=(), known=None, **settings):
    (change,) = plan([slot], there, {slot.key: known} if known else {}, **settings).changes
    return change


# Creating


def test_a_slot_without_a_subscription_is_created_with_every_value():
    change = planned(wanted())
    assert change.kind is ChangeKind.CREATE
    assert change.subscription_id is None
    assert change.values == {**OWNED, **OF_MONTH, **SET_ONCE, "is_active": True}


@pytest.mark.parametrize(
    "slot", [wanted(owned={"count": D(0)}), settling(), closing()], ids=["0", "settle", "close"]
)
def test_nothing_is_created_for_a_first_line_of_0_nor_to_settle_or_close(slot):
    change = planned(slot)
    assert change.kind is ChangeKind.SKIP
    assert not change.kind.writes


def test_a_quantity_of_0_with_money_is_created():
    owned = {"count": D(1), "purchase_price": D(0), "price": D(30)}
    assert planned(wanted(owned=owned)).kind is ChangeKind.CREATE


def test_a_deleted_subscription_of_the_same_key_does_not_stop_a_create():
    assert planned(wanted(), [found(deleted=True)]).kind is ChangeKind.CREATE


# Finding: by stored id, by key, by place


def test_the_stored_id_beats_the_key():
    change = planned(wanted(owned={**OWNED, "count": D(6)}), [found(41, key="somebody's own")], base(41))
    assert (change.kind, change.subscription_id) == (ChangeKind.UPDATE, 41)


def test_without_a_stored_id_the_key_finds_the_subscription():
    change = planned(wanted(), [found(41, name="renamed by a person")])
    assert (change.kind, change.subscription_id) == (ChangeKind.UPDATE, 41)


def test_one_subscription_of_the_same_customer_site_type_and_name_is_adopted():
    change = planned(wanted(), [found(12, key="", name=" Backup ", count=D(3), price=D(8))])
    assert (change.kind, change.subscription_id) == (ChangeKind.ADOPT, 12)
    before = {field.field: (field.before, field.after) for field in change.fields}
    assert before["count"] == (3, 5)
    assert before["price"] == (8, D("9.60"))
    assert before["product_sku"] == (None, KEY)
    assert "purchase_price" not in before


@pytest.mark.parametrize(
    "other",
    [{"client_id": 4}, {"site_id": 8}, {"type": 0}],
    ids=["another customer", "another site", "a software licence"],
)
def test_what_differs_in_customer_site_or_type_is_not_adopted(other):
    assert planned(wanted(), [found(12, key="", **other)]).kind is ChangeKind.CREATE


def test_what_differs_in_name_or_is_deleted_is_not_adopted():
    there = [found(12, key="", name="Backups"), found(13, key="", deleted=True)]
    assert planned(wanted(), there).kind is ChangeKind.CREATE


def test_several_candidates_are_a_conflict_that_names_them():
    change = planned(wanted(), [found(12, key=""), found(15, key="other")])
    assert change.kind is ChangeKind.CONFLICT
    assert "12, 15" in change.reason


def test_an_inactive_candidate_is_a_conflict():
    change = planned(wanted(), [found(12, key="", is_active=False)])
    assert (change.kind, change.subscription_id) == (ChangeKind.CONFLICT, 12)
    assert "inactive" in change.reason


def test_an_active_and_an_inactive_candidate_are_several():
    change = planned(wanted(), [found(12, key="", is_active=False), found(15, key="")])
    assert change.kind is ChangeKind.CONFLICT
    assert "several" in change.reason


def test_a_subscription_of_another_slot_of_ours_is_not_adopted():
    change = planned(wanted(), [found(12, key="ours")], own_keys=frozenset({"ours"}))
    assert change.kind is ChangeKind.CREATE


def test_a_subscription_known_by_its_id_to_another_slot_is_not_adopted_even_without_its_key():
    elsewhere = {"other": base(12)}
    (change,) = plan([wanted()], [found(12, key="")], elsewhere).changes
    assert change.kind is ChangeKind.CREATE


def test_one_candidate_that_two_slots_could_adopt_is_a_conflict_for_both():
    other = wanted(key="billbridge-last-2", configuration_id="2", company_id="c2")
    changes = plan([wanted(), other], [found(12, key="")], {}).changes
    assert [change.kind for change in changes] == [ChangeKind.CONFLICT, ChangeKind.CONFLICT]
    assert "12" in changes[0].reason


# Updating and keeping


def test_what_already_stands_there_is_kept():
    change = planned(wanted(), [found()], base())
    assert change.kind is ChangeKind.KEEP
    assert change.fields == ()


def test_numbers_are_compared_by_value():
    there = found(count=5, price=D("9.6000"), purchase_price=4)
    assert planned(wanted(), [there], base()).kind is ChangeKind.KEEP


def test_an_update_holds_the_owned_fields_that_differ_with_their_base():
    change = planned(wanted(owned={**OWNED, "count": D(6)}), [found()], base())
    assert change.kind is ChangeKind.UPDATE
    assert [(f.field, f.before, f.after, f.base) for f in change.fields] == [("count", 5, 6, 5)]


def test_a_new_month_is_written_with_all_its_values_even_if_the_figures_are_the_same():
    november = {"start_date": "2026-11-01", "notes": "November 2026, manual bill.", "status": "billed"}
    change = planned(wanted(of_month=november, shows="2026-11"), [found()], base())
    assert change.kind is ChangeKind.UPDATE
    assert change.values == november


def test_a_note_a_person_added_stays_until_the_next_bill_is_written():
    assert planned(wanted(), [found(notes="asked the customer")], base()).kind is ChangeKind.KEEP


def test_what_is_set_once_is_written_only_when_the_console_changed_it():
    renamed_there = found(name="Backup for Acme", billing_cycle="Yearly")
    assert planned(wanted(), [renamed_there], base()).kind is ChangeKind.KEEP
    change = planned(wanted(set_once={**SET_ONCE, "name": "Cloud backup"}), [renamed_there], base())
    assert change.values == {"name": "Cloud backup"}


def test_in_quantity_mode_the_prices_are_halopsas():
    slot = wanted(owned={"count": D(6)})
    change = planned(slot, [found(price=D(11), purchase_price=D(3))], base())
    assert (change.kind, change.values) == (ChangeKind.UPDATE, {"count": 6})


@pytest.mark.parametrize("policy", list(ConflictPolicy))
def test_an_edit_that_shows_what_is_wanted_anyway_is_accepted_as_the_base(policy):
    change = planned(wanted(owned={**OWNED, "count": D(6)}), [found(count=D(6))], base(), policy=policy)
    assert change.kind is ChangeKind.KEEP
    assert change.accepts["count"] == 6


# Rounding


def rounded_base(**changes):
    return base(owned={**OWNED, "price": D("14.67")}, asked={**OWNED, "price": D("14.667")}, **changes)


def test_a_value_that_halopsa_rounded_is_the_base_and_the_next_run_is_quiet():
    change = planned(wanted(owned={**OWNED, "price": D("14.667")}), [found(price=D("14.67"))], rounded_base())
    assert change.kind is ChangeKind.KEEP


def test_a_rounded_value_is_written_again_when_another_one_is_wanted():
    change = planned(wanted(owned={**OWNED, "price": D("14.671")}), [found(price=D("14.67"))], rounded_base())
    assert (change.kind, change.values) == (ChangeKind.UPDATE, {"price": D("14.671")})


def test_a_persons_edit_of_a_rounded_value_is_still_seen():
    change = planned(wanted(owned={**OWNED, "price": D("14.667")}), [found(price=D("14.60"))], rounded_base())
    assert change.kind is ChangeKind.CONFLICT


# A person's edit


@pytest.mark.parametrize("field", ["count", "purchase_price", "price"])
def test_an_owned_field_that_a_person_changed_is_a_conflict_and_shows_all_three_values(field):
    value = OWNED[field]
    change = planned(wanted(owned={**OWNED, field: value + 1}), [found(**{field: value + 2})], base())
    assert change.kind is ChangeKind.CONFLICT
    assert [(f.field, f.before, f.after, f.base) for f in change.fields] == [(field, value + 2, value + 1, value)]
    assert f"{field} is {value + 2}, was {value}" in change.reason


def test_an_edit_is_a_conflict_even_when_the_bill_did_not_change():
    assert planned(wanted(), [found(price=D(10))], base()).kind is ChangeKind.CONFLICT


def test_with_overwrite_a_persons_edit_is_written_over_and_said_so():
    change = planned(wanted(), [found(price=D(10))], base(), policy=ConflictPolicy.OVERWRITE)
    assert (change.kind, change.values) == (ChangeKind.UPDATE, {"price": D("9.60")})
    assert "overwritten" in change.reason


def test_a_conflict_holds_its_own_line_only():
    other = wanted(key="billbridge-last-2", configuration_id="2", name="Storage")
    made = plan([wanted(), other], [found(price=D(10))], {KEY: base()})
    assert [change.kind for change in made.changes] == [ChangeKind.CONFLICT, ChangeKind.CREATE]
    assert len(made.writes) == len(made.conflicts) == 1


# Watched fields


@pytest.mark.parametrize("policy", list(ConflictPolicy))
@pytest.mark.parametrize(
    ("field", "value"), [("is_active", False), ("client_id", 9), ("site_id", 9)], ids=["inactive", "client", "site"]
)
def test_a_watched_field_that_a_person_changed_is_a_conflict_and_never_repaired(field, value, policy):
    slot = wanted(owned={**OWNED, "count": D(6)})
    change = planned(slot, [found(**{field: value})], base(), policy=policy)
    assert change.kind is ChangeKind.CONFLICT
    assert [f.field for f in change.fields] == [field]
    assert field in change.reason


def test_a_subscription_that_already_stands_where_the_console_now_wants_it_is_no_conflict():
    slot = wanted(site_id=9, set_once={**SET_ONCE, "site_id": 9})
    change = planned(slot, [found(site_id=9)], base())
    assert (change.kind, change.values) == (ChangeKind.UPDATE, {"site_id": 9})


def test_another_site_chosen_in_the_console_is_written():
    slot = wanted(site_id=9, set_once={**SET_ONCE, "site_id": 9})
    assert planned(slot, [found()], base()).values == {"site_id": 9}


def test_a_subscription_that_the_bill_wants_active_is_never_activated_against_a_person():
    slot = wanted(of_month={**OF_MONTH, "is_active": True})
    assert planned(slot, [found(is_active=False)], base()).kind is ChangeKind.CONFLICT


def test_a_deleted_subscription_is_a_conflict_and_nothing_is_created_in_its_place():
    change = planned(wanted(), [found(deleted=True)], base())
    assert (change.kind, change.subscription_id) == (ChangeKind.CONFLICT, 41)
    assert "deleted" in change.reason


def test_a_subscription_that_halopsa_does_not_show_any_more_is_a_conflict():
    change = planned(wanted(), [], base())
    assert (change.kind, change.subscription_id) == (ChangeKind.CONFLICT, 41)


@pytest.mark.parametrize("slot", [settling(), closing()], ids=["settle", "close"])
def test_a_deleted_subscription_needs_neither_settling_nor_closing(slot):
    assert planned(slot, [found(deleted=True)], base()).kind is ChangeKind.SKIP


def test_a_subscription_found_by_its_key_at_another_customer_is_a_conflict():
    change = planned(wanted(), [found(client_id=9)])
    assert change.kind is ChangeKind.CONFLICT
    assert "client_id" in change.reason


def test_money_is_never_written_to_an_inactive_subscription():
    there = found(is_active=False, count=D(0))
    by_key = planned(wanted(), [there])
    reopened = planned(
        wanted(), [there], base(owned={**OWNED, "count": D(0)}, watched={**WATCHED, "is_active": False})
    )
    for change in (by_key, reopened):
        assert change.kind is ChangeKind.CONFLICT
        assert "inactive" in change.reason


# Two of one key


def test_two_subscriptions_of_one_key_keep_the_lower_id_and_close_the_other():
    kept, closed = plan([wanted()], [found(44), found(41)], {KEY: base(41)}).changes
    assert (kept.kind, kept.subscription_id) == (ChangeKind.KEEP, 41)
    assert (closed.kind, closed.subscription_id) == (ChangeKind.CLOSE, 44)
    assert closed.values == {"count": 0, "is_active": False}
    assert "same key" in closed.reason


def test_the_lower_id_is_kept_when_no_id_is_stored():
    changes = plan([wanted()], [found(44), found(41)], {}).changes
    assert [(c.kind, c.subscription_id) for c in changes] == [(ChangeKind.UPDATE, 41), (ChangeKind.CLOSE, 44)]


def test_a_double_that_is_closed_is_left_alone():
    there = [found(41), found(44, is_active=False, count=D(0))]
    assert [change.kind for change in plan([wanted()], there, {KEY: base()}).changes] == [ChangeKind.KEEP]


# Closing and settling


def test_a_configuration_that_ended_closes_with_count_0_and_inactive():
    change = planned(closing(), [found()], base())
    assert (change.kind, change.values) == (ChangeKind.CLOSE, {"count": 0, "is_active": False})


def test_a_closed_subscription_stays_closed():
    known = base(owned={**OWNED, "count": D(0)}, watched={**WATCHED, "is_active": False})
    assert planned(closing(), [found(is_active=False, count=D(0))], known).kind is ChangeKind.KEEP


def test_closing_does_not_overwrite_a_count_that_a_person_changed():
    assert planned(closing(), [found(count=D(8))], base()).kind is ChangeKind.CONFLICT


def test_closing_overwrites_a_persons_count_where_that_is_the_policy():
    change = planned(closing(), [found(count=D(8))], base(), policy=ConflictPolicy.OVERWRITE)
    assert change.kind is ChangeKind.CLOSE


def test_a_month_that_is_over_becomes_inactive_and_keeps_its_figures():
    change = planned(retiring(), [found()], base())
    assert (change.kind, change.values) == (ChangeKind.CLOSE, {"is_active": False})


@pytest.mark.parametrize("policy", list(ConflictPolicy))
def test_a_month_that_is_over_becomes_inactive_with_the_figures_a_person_gave_it(policy):
    change = planned(retiring(), [found(count=D(8), price=D(10))], base(), policy=policy)
    assert (change.kind, change.values) == (ChangeKind.CLOSE, {"is_active": False})


def test_a_month_that_is_over_and_inactive_is_left_alone():
    assert planned(retiring(), [found(is_active=False)], base()).kind is ChangeKind.KEEP


def test_settling_writes_count_0_and_leaves_prices_and_notes():
    change = planned(settling(), [found()], base())
    assert (change.kind, change.values) == (ChangeKind.UPDATE, {"count": 0})


# No month in two slots

CURRENT = "billbridge-current-1"
MOVES_ON = wanted(key=CURRENT, slot="current", shows="2026-11", showed="2026-10", name="Backup (current month)")
TAKES_OVER = wanted(showed="2026-09", owned={**OWNED, "count": D(6)})


def test_last_waits_while_its_month_still_stands_in_a_current_that_has_a_conflict():
    slots = [MOVES_ON, TAKES_OVER]
    there = [replace(found(price=D(10)), id=52, key=CURRENT), found()]
    _, last = plan(slots, there, {CURRENT: base(52), KEY: base()}).changes
    assert last.kind is ChangeKind.CONFLICT
    assert "'current'" in last.reason


def test_a_conflict_of_another_configuration_makes_nothing_wait():
    slots = [replace(MOVES_ON, configuration_id="2"), TAKES_OVER]
    there = [replace(found(price=D(10)), id=52, key=CURRENT), found()]
    _, last = plan(slots, there, {CURRENT: base(52), KEY: base()}).changes
    assert last.kind is ChangeKind.UPDATE


def test_a_slot_that_is_held_for_another_holds_the_month_it_keeps_itself():
    september = wanted(key="billbridge-2026-09-1", slot="2026-09", shows="2026-09", name="Backup (2026-09)")
    slots = [september, MOVES_ON, TAKES_OVER]
    there = [replace(found(price=D(10)), id=52, key=CURRENT), found()]
    changes = plan(slots, there, {CURRENT: base(52), KEY: base()}).changes
    assert [change.kind for change in changes] == [ChangeKind.CONFLICT] * 3


def test_a_current_that_a_person_deleted_shows_no_month_and_makes_nothing_wait():
    slots = [MOVES_ON, TAKES_OVER]
    there = [replace(found(), id=52, key=CURRENT, deleted=True), found()]
    current, last = plan(slots, there, {CURRENT: base(52), KEY: base()}).changes
    assert (current.kind, last.kind) == (ChangeKind.CONFLICT, ChangeKind.UPDATE)


def test_a_double_is_closed_even_while_its_slot_waits():
    slots = [MOVES_ON, TAKES_OVER]
    there = [replace(found(price=D(10)), id=52, key=CURRENT), found(), found(60)]
    changes = plan(slots, there, {CURRENT: base(52), KEY: base()}).changes
    assert [(c.kind, c.subscription_id) for c in changes] == [
        (ChangeKind.CONFLICT, 52),
        (ChangeKind.CONFLICT, 41),
        (ChangeKind.CLOSE, 60),
    ]


# Warnings


@pytest.mark.parametrize("there", [(), (found(12, key="", price=D(0)),)], ids=["create", "adopt"])
def test_a_new_quantity_line_without_a_price_in_halopsa_is_a_warning(there):
    change = planned(wanted(owned={"count": D(5)}), there)
    assert any("no price" in warning for warning in change.warnings)


def test_a_quantity_line_with_a_price_in_halopsa_is_none():
    assert planned(wanted(owned={"count": D(5)}), [found(12, key="")]).warnings == ()


def test_the_lines_own_warnings_reach_the_plan():
    change = planned(wanted(warnings=("cost and price were never set",)))
    assert change.warnings == ("cost and price were never set",)
