"""Slots: which of a configuration's places in HaloPSA show which month after a plan."""

import pytest

from billbridge.billing.months import Month
from billbridge.billing.slots import (
    CURRENT,
    LAST,
    Layout,
    is_closed_month,
    slot_key,
    slot_name,
    slot_of,
    slots_to_write,
)

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (Month(2026, number) for number in (8, 9, 10, 11))


def rolling(bills, showing=None, running=NOVEMBER):
    return written(Layout.ROLLING, bills, showing, running)


def monthly(bills, showing=None, running=NOVEMBER):
    return written(Layout.MONTHLY, bills, showing, running)


def written(layout, bills, showing, running):
    slots = slots_to_write(layout, running=running, bills=bills, showing=showing or {})
    return [(slot.slot, slot.shows) for slot in slots]


# The rolling layout


def test_last_months_bill_stands_in_last_and_the_temporary_one_in_current():
    assert sorted(rolling([OCTOBER, NOVEMBER])) == [(CURRENT, NOVEMBER), (LAST, OCTOBER)]


def test_at_the_turn_both_slots_move_on_by_one_month():
    showing = {LAST: SEPTEMBER, CURRENT: OCTOBER}
    assert sorted(rolling([OCTOBER, NOVEMBER], showing)) == [(CURRENT, NOVEMBER), (LAST, OCTOBER)]


def test_at_the_turn_current_leaves_a_month_before_last_takes_it():
    slots = rolling([OCTOBER, NOVEMBER], {LAST: SEPTEMBER, CURRENT: OCTOBER})
    assert slots.index((CURRENT, NOVEMBER)) < slots.index((LAST, OCTOBER))


def test_auto_billing_settles_a_current_that_still_shows_last_month_first():
    assert rolling([OCTOBER], {LAST: SEPTEMBER, CURRENT: OCTOBER}) == [(CURRENT, None), (LAST, OCTOBER)]


def test_auto_billing_settles_a_current_that_was_left_behind_months_ago():
    assert rolling([OCTOBER], {LAST: AUGUST, CURRENT: SEPTEMBER}) == [(CURRENT, None), (LAST, OCTOBER)]


def test_auto_billing_leaves_a_current_that_shows_the_running_month():
    assert rolling([OCTOBER], {LAST: SEPTEMBER, CURRENT: NOVEMBER}) == [(LAST, OCTOBER)]


def test_a_configuration_that_ended_leaves_the_month_whose_bill_goes_without_it():
    showing = {LAST: SEPTEMBER, CURRENT: NOVEMBER}
    slots = slots_to_write(Layout.ROLLING, running=NOVEMBER, bills=[OCTOBER], showing=showing, without=[NOVEMBER])
    assert [(slot.slot, slot.shows) for slot in slots] == [(CURRENT, None), (LAST, OCTOBER)]
    assert slots_to_write(Layout.ROLLING, running=NOVEMBER, bills=[], showing=showing, without=[OCTOBER]) == ()


def test_a_slot_settled_before_is_not_settled_again():
    assert rolling([OCTOBER], {LAST: OCTOBER, CURRENT: None}) == [(LAST, OCTOBER)]


def test_the_temporary_bill_alone_leaves_last_as_it_is():
    assert rolling([NOVEMBER], {LAST: OCTOBER, CURRENT: NOVEMBER}) == [(CURRENT, NOVEMBER)]


# Months by name


def test_a_month_by_name_that_is_neither_last_nor_running_gets_a_slot_of_its_own():
    assert rolling([AUGUST], {LAST: OCTOBER, CURRENT: NOVEMBER}) == [("2026-08", AUGUST)]


def test_last_and_current_move_on_before_an_older_month_gets_a_slot_of_its_own():
    assert rolling([SEPTEMBER, OCTOBER, NOVEMBER], {LAST: SEPTEMBER, CURRENT: OCTOBER}) == [
        (CURRENT, NOVEMBER),
        (LAST, OCTOBER),
        ("2026-09", SEPTEMBER),
    ]


def test_a_month_by_name_that_still_stands_in_last_leaves_it():
    assert rolling([SEPTEMBER], {LAST: SEPTEMBER}) == [(LAST, None), ("2026-09", SEPTEMBER)]


def test_last_month_by_name_is_written_into_last():
    assert rolling([OCTOBER], {LAST: OCTOBER}) == [(LAST, OCTOBER)]


# The monthly layout, and changing the layout


def test_in_the_monthly_layout_every_month_has_its_slot():
    assert monthly([OCTOBER, NOVEMBER], {"2026-10": OCTOBER}) == [("2026-10", OCTOBER), ("2026-11", NOVEMBER)]


def test_in_the_monthly_layout_older_months_stay_as_they_are():
    assert monthly([OCTOBER], {"2026-08": AUGUST, "2026-09": SEPTEMBER}) == [("2026-10", OCTOBER)]


def test_switched_to_monthly_the_rolling_slots_leave_the_months_that_move():
    showing = {LAST: OCTOBER, CURRENT: NOVEMBER}
    assert monthly([OCTOBER, NOVEMBER], showing) == [
        (CURRENT, None),
        (LAST, None),
        ("2026-10", OCTOBER),
        ("2026-11", NOVEMBER),
    ]


def test_switched_to_monthly_at_the_turn_nothing_of_the_rolling_slots_is_charged_on():
    showing = {LAST: SEPTEMBER, CURRENT: OCTOBER}
    assert monthly([OCTOBER], showing) == [(CURRENT, None), (LAST, None), ("2026-10", OCTOBER)]


def test_switched_to_monthly_a_bill_that_is_sent_and_untouched_stays_where_it_stands():
    assert monthly([NOVEMBER], {LAST: OCTOBER, CURRENT: NOVEMBER}) == [(CURRENT, None), ("2026-11", NOVEMBER)]


def test_switched_to_rolling_the_month_slots_leave_the_months_that_move():
    showing = {"2026-09": SEPTEMBER, "2026-10": OCTOBER, "2026-11": NOVEMBER}
    assert rolling([OCTOBER, NOVEMBER], showing) == [
        ("2026-10", None),
        ("2026-11", None),
        (CURRENT, NOVEMBER),
        (LAST, OCTOBER),
    ]


@pytest.mark.parametrize("layout", list(Layout))
def test_a_plan_without_bills_writes_no_slot(layout):
    assert written(layout, [], {LAST: SEPTEMBER, CURRENT: OCTOBER}, NOVEMBER) == []


def test_a_bill_named_twice_is_written_once():
    assert rolling([OCTOBER, OCTOBER]) == [(LAST, OCTOBER)]


# Names and keys


def test_slots_follow_the_running_month_over_the_turn_of_the_year():
    assert slot_of(Layout.ROLLING, Month(2026, 12), Month(2027, 1)) == LAST
    assert slot_of(Layout.MONTHLY, Month(2026, 12), Month(2027, 1)) == "2026-12"


def test_only_months_older_than_last_month_are_closed():
    assert [month for month in (SEPTEMBER, OCTOBER, NOVEMBER) if is_closed_month(month, NOVEMBER)] == [SEPTEMBER]


def test_every_slot_of_every_configuration_has_a_key_of_its_own():
    keys = {
        slot_key(provider, company, configuration, slot)
        for provider in ("p1", "p2")
        for company in ("c1", "c2")
        for configuration in ("1", "2")
        for slot in (LAST, CURRENT, "2026-10")
    }
    assert len(keys) == 24


def test_ids_that_run_together_do_not_share_a_key():
    assert slot_key("p", "c1", "1", LAST) != slot_key("p", "c", "11", LAST)


def test_a_key_is_short_and_begins_readably_with_its_slot():
    key = slot_key("p1", "c1", "1", "2026-10")
    assert key.startswith("billbridge-2026-10-")
    assert len(key) <= 50


def test_names_tell_the_slots_of_one_configuration_apart():
    names = [
        slot_name("Backup", LAST, layout=Layout.ROLLING, month=OCTOBER),
        slot_name("Backup", CURRENT, layout=Layout.ROLLING, month=NOVEMBER),
        slot_name("Backup", "2026-08", layout=Layout.ROLLING, month=AUGUST),
    ]
    assert names == ["Backup", "Backup (current month)", "Backup (2026-08)"]


def test_in_the_monthly_layout_the_name_says_the_month():
    assert slot_name("Backup", "2026-10", layout=Layout.MONTHLY, month=OCTOBER) == "Backup (2026-10)"
