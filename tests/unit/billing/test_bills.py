"""Which bills a trigger makes, sends again or leaves: the table of triggers, row by row."""

from datetime import date

import pytest

from billbridge.billing.bills import (
    Action,
    BillKind,
    BillState,
    Coverage,
    ExistingBill,
    Trigger,
    first_automatic_month,
    step_for_month,
    steps_for,
)
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput

SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)
AUTO_SINCE = date(2026, 8, 20)
WHOLE = Coverage(first_day=date(2026, 10, 1), after_end=True)
NO_COLLECTION_SINCE_THE_END = Coverage(first_day=date(2026, 10, 1), after_end=False)
RUNNING = Coverage(first_day=date(2026, 11, 1))
NOTHING = Coverage()

NOT_WHOLLY_SENT = [
    BillState.READY, BillState.APPROVED, BillState.SENDING, BillState.PARTLY_SENT, BillState.FAILED,
]  # fmt: skip


NEVER_SENT = [BillState.DRAFT, BillState.HELD]


def november(day):
    return date(2026, 11, day)


def bill(month, kind, state=BillState.SENT):
    return ExistingBill(month=month, kind=kind, state=state)


def auto(day, previous=None, usage=WHOLE, *, since=AUTO_SINCE, ending=False):
    (step,) = steps_for(
        Trigger.AUTO_BILLING,
        day,
        previous=previous,
        current=None,
        previous_usage=usage,
        current_usage=RUNNING,
        auto_since=since,
        day_is_ending=ending,
    )
    return step


def manual(day, previous=None, current=None, usage=WHOLE, current_usage=RUNNING, **settings):
    return steps_for(
        Trigger.MANUAL_SYNC,
        day,
        previous=previous,
        current=current,
        previous_usage=usage,
        current_usage=current_usage,
        **settings,
    )


# Auto-billing in its window


@pytest.mark.parametrize("day", [1, 2, 3])
def test_auto_billing_makes_last_months_bill_on_days_1_to_3(day):
    step = auto(november(day))
    assert (step.month, step.action, step.kind) == (OCTOBER, Action.MAKE, BillKind.AUTOMATIC)
    assert not step.late
    assert not step.before_month_end


def test_auto_billing_does_not_touch_the_running_month():
    assert auto(november(1)).month == OCTOBER


def test_auto_billing_turns_the_year():
    usage = Coverage(first_day=date(2026, 12, 1), after_end=True)
    assert auto(date(2027, 1, 1), usage=usage).month == Month(2026, 12)


@pytest.mark.parametrize("kind", [BillKind.MANUAL, BillKind.TEMPORARY])
def test_auto_billing_replaces_a_bill_that_is_not_automatic(kind):
    step = auto(november(1), previous=bill(OCTOBER, kind))
    assert (step.action, step.kind) == (Action.MAKE, BillKind.AUTOMATIC)


def test_auto_billing_that_is_off_does_nothing():
    step = auto(november(1), since=None)
    assert (step.action, step.reason) == (Action.LEAVE, "auto-billing is off")


def test_auto_billing_makes_no_bill_of_a_month_in_which_nothing_was_collected():
    step = auto(november(1), usage=NOTHING)
    assert step.action is Action.LEAVE
    assert "nothing was collected" in step.reason


# Waiting for a collection begun after the month's end


@pytest.mark.parametrize(("day", "ending"), [(1, False), (2, False), (3, False), (1, True), (2, True)], ids=str)
def test_without_a_collection_after_the_months_end_an_automatic_bill_waits(day, ending):
    assert auto(november(day), usage=NO_COLLECTION_SINCE_THE_END, ending=ending).action is Action.WAIT


def test_at_the_end_of_day_3_it_goes_out_from_what_there_is_and_is_marked():
    step = auto(november(3), usage=NO_COLLECTION_SINCE_THE_END, ending=True)
    assert (step.action, step.kind) == (Action.MAKE, BillKind.AUTOMATIC)
    assert step.before_month_end
    assert not step.late


def test_nothing_collected_at_all_makes_no_bill_at_the_end_of_day_3_either():
    assert auto(november(3), usage=NOTHING, ending=True).action is Action.LEAVE


# Missing the window


@pytest.mark.parametrize("day", [4, 17, 30])
def test_a_missed_window_is_caught_up_later_in_the_month_and_marked_late(day):
    step = auto(november(day))
    assert (step.month, step.action, step.kind) == (OCTOBER, Action.MAKE, BillKind.AUTOMATIC)
    assert step.late
    assert "late" in step.reason


def test_a_late_bill_without_a_collection_after_the_months_end_waits_no_longer_and_is_marked():
    step = auto(november(4), usage=NO_COLLECTION_SINCE_THE_END)
    assert (step.action, step.late, step.before_month_end) == (Action.MAKE, True, True)


# Switching auto-billing on


@pytest.mark.parametrize("day", [1, 2, 3])
def test_switched_on_in_the_window_it_bills_last_month(day):
    assert first_automatic_month(november(day)) == OCTOBER
    assert auto(november(day), since=november(day)).action is Action.MAKE


def test_switched_on_after_the_window_its_first_month_is_the_running_one():
    assert first_automatic_month(november(4)) == NOVEMBER
    step = auto(november(20), since=november(4))
    assert step.action is Action.LEAVE
    assert "after the window" in step.reason


def test_switched_on_after_the_window_it_bills_that_month_in_the_next():
    usage = Coverage(first_day=date(2026, 11, 1), after_end=True)
    step = auto(date(2026, 12, 1), usage=usage, since=november(4))
    assert (step.month, step.action, step.late) == (NOVEMBER, Action.MAKE, False)


# Automatic bills never change


@pytest.mark.parametrize("day", [1, 3, 4, 30])
def test_an_automatic_bill_that_is_sent_is_left_alone_by_auto_billing(day):
    assert auto(november(day), previous=bill(OCTOBER, BillKind.AUTOMATIC)).action is Action.LEAVE


@pytest.mark.parametrize("day", [1, 3, 4, 30])
@pytest.mark.parametrize("state", NOT_WHOLLY_SENT)
def test_an_automatic_bill_that_is_not_wholly_sent_is_sent_again_with_its_figures(state, day):
    previous = bill(OCTOBER, BillKind.AUTOMATIC, state)
    assert auto(november(day), previous=previous).action is Action.SEND_AGAIN
    assert manual(november(day), previous=previous)[0].action is Action.SEND_AGAIN
    assert step_for_month(OCTOBER, november(day), existing=previous, usage=WHOLE).action is Action.SEND_AGAIN


def test_an_automatic_bill_is_sent_again_even_when_auto_billing_was_switched_off_since():
    previous = bill(OCTOBER, BillKind.AUTOMATIC, BillState.PARTLY_SENT)
    assert auto(november(5), previous=previous, since=None).action is Action.SEND_AGAIN


def test_an_automatic_bill_is_not_made_anew_when_the_business_day_is_set_back_into_its_month():
    existing = bill(OCTOBER, BillKind.AUTOMATIC)
    _, current = manual(date(2026, 10, 20), current=existing, usage=NOTHING, current_usage=WHOLE)
    assert current.action is Action.LEAVE
    assert step_for_month(OCTOBER, date(2026, 10, 20), existing=existing, usage=WHOLE).action is Action.LEAVE


@pytest.mark.parametrize("state", NEVER_SENT)
def test_an_automatic_bill_that_was_held_before_it_was_sent_is_made_anew_and_stays_automatic(state):
    previous = bill(OCTOBER, BillKind.AUTOMATIC, state)
    steps = (
        auto(november(2), previous=previous),
        manual(november(2), previous=previous)[0],
        step_for_month(OCTOBER, november(2), existing=previous, usage=WHOLE),
        step_for_month(OCTOBER, date(2026, 12, 2), existing=previous, usage=WHOLE),
    )
    for step in steps:
        assert (step.action, step.kind) == (Action.MAKE, BillKind.AUTOMATIC)


# A manual sync


def test_a_manual_sync_makes_last_months_bill_and_the_temporary_one():
    last, current = manual(november(10))
    assert (last.month, last.action, last.kind) == (OCTOBER, Action.MAKE, BillKind.MANUAL)
    assert (current.month, current.action, current.kind) == (NOVEMBER, Action.MAKE, BillKind.TEMPORARY)


@pytest.mark.parametrize("state", list(BillState))
@pytest.mark.parametrize("kind", [BillKind.MANUAL, BillKind.TEMPORARY])
def test_a_manual_sync_updates_last_months_bill_whatever_its_state_if_it_is_not_automatic(kind, state):
    last, _ = manual(november(10), previous=bill(OCTOBER, kind, state))
    assert (last.action, last.kind) == (Action.MAKE, BillKind.MANUAL)


def test_a_manual_sync_leaves_an_automatic_bill_that_is_sent_and_still_makes_the_temporary_one():
    last, current = manual(november(1), previous=bill(OCTOBER, BillKind.AUTOMATIC))
    assert last.action is Action.LEAVE
    assert (current.action, current.kind) == (Action.MAKE, BillKind.TEMPORARY)


def test_a_manual_sync_in_the_window_makes_a_manual_bill_while_auto_billing_waits():
    last, _ = manual(november(1), usage=NO_COLLECTION_SINCE_THE_END, auto_since=AUTO_SINCE)
    assert (last.action, last.kind, last.before_month_end) == (Action.MAKE, BillKind.MANUAL, True)


def test_temporary_bills_can_be_switched_off():
    _, current = manual(november(10), wants_current=False)
    assert current.action is Action.LEAVE


def test_nothing_collected_makes_neither_bill():
    last, current = manual(november(10), usage=NOTHING, current_usage=NOTHING)
    assert (last.action, current.action) == (Action.LEAVE, Action.LEAVE)


def test_a_temporary_bill_is_not_made_zero_when_nothing_is_known_of_its_month_any_more():
    _, current = manual(november(10), current=bill(NOVEMBER, BillKind.TEMPORARY), current_usage=NOTHING)
    assert current.action is Action.LEAVE


# Months collected only in part

FROM_THE_15TH = Coverage(first_day=date(2026, 10, 15), after_end=True)


def test_a_month_collected_only_in_part_is_marked_and_asks_the_first_time():
    last, _ = manual(november(10), usage=FROM_THE_15TH)
    assert (last.collected_from, last.asks) == (date(2026, 10, 15), True)


def test_a_month_collected_only_in_part_asks_no_more_once_it_went_out():
    last, _ = manual(november(10), previous=bill(OCTOBER, BillKind.MANUAL), usage=FROM_THE_15TH)
    assert (last.collected_from, last.asks) == (date(2026, 10, 15), False)


def test_the_temporary_bill_of_the_month_before_is_no_answer_to_the_question():
    last, _ = manual(november(10), previous=bill(OCTOBER, BillKind.TEMPORARY), usage=FROM_THE_15TH)
    assert last.asks


@pytest.mark.parametrize("state", NEVER_SENT)
@pytest.mark.parametrize("kind", [BillKind.MANUAL, BillKind.AUTOMATIC])
def test_a_second_trigger_does_not_send_what_still_waits_for_the_answer(kind, state):
    previous = bill(OCTOBER, kind, state)
    assert manual(november(10), previous=previous, usage=FROM_THE_15TH)[0].asks
    assert auto(november(10), previous=previous, usage=FROM_THE_15TH).asks


def test_auto_billing_asks_before_it_bills_a_month_collected_only_in_part():
    step = auto(november(1), usage=FROM_THE_15TH)
    assert (step.collected_from, step.asks) == (date(2026, 10, 15), True)


def test_auto_billing_asks_no_more_what_was_answered_for_the_manual_bill_before_it():
    assert not auto(november(1), previous=bill(OCTOBER, BillKind.MANUAL), usage=FROM_THE_15TH).asks


def test_the_running_month_is_marked_but_never_asks():
    _, current = manual(november(10), current_usage=Coverage(first_day=november(4)))
    assert (current.collected_from, current.asks) == (november(4), False)


def test_a_month_collected_from_its_first_day_is_not_partial():
    assert auto(november(1)).collected_from is None


# Months by name


def test_a_month_that_has_not_begun_is_refused():
    with pytest.raises(InvalidInput, match="2026-12 has not begun: today is 2026-11-10"):
        step_for_month(Month(2026, 12), november(10), existing=None, usage=NOTHING)


@pytest.mark.parametrize(
    ("month", "kind"),
    [(NOVEMBER, BillKind.TEMPORARY), (OCTOBER, BillKind.MANUAL), (SEPTEMBER, BillKind.MANUAL)],
)
def test_a_month_by_name_is_made_when_it_has_no_bill(month, kind):
    usage = Coverage(first_day=month.first, after_end=True)
    step = step_for_month(month, november(10), existing=None, usage=usage)
    assert (step.month, step.action, step.kind) == (month, Action.MAKE, kind)


@pytest.mark.parametrize("month", [NOVEMBER, OCTOBER, SEPTEMBER])
def test_a_month_by_name_in_which_nothing_was_collected_gets_no_bill(month):
    assert step_for_month(month, november(10), existing=None, usage=NOTHING).action is Action.LEAVE


def test_last_month_by_name_is_made_anew_unless_it_is_automatic():
    made = step_for_month(OCTOBER, november(10), existing=bill(OCTOBER, BillKind.MANUAL), usage=WHOLE)
    left = step_for_month(OCTOBER, november(10), existing=bill(OCTOBER, BillKind.AUTOMATIC), usage=WHOLE)
    assert (made.action, left.action) == (Action.MAKE, Action.LEAVE)


@pytest.mark.parametrize("kind", [BillKind.MANUAL, BillKind.AUTOMATIC])
def test_a_closed_month_whose_bill_is_sent_is_left_alone(kind):
    step = step_for_month(SEPTEMBER, november(10), existing=bill(SEPTEMBER, kind), usage=WHOLE)
    assert step.action is Action.LEAVE


@pytest.mark.parametrize("state", NOT_WHOLLY_SENT)
@pytest.mark.parametrize("kind", [BillKind.MANUAL, BillKind.AUTOMATIC])
def test_a_closed_month_whose_bill_is_not_sent_sends_the_same_figures(kind, state):
    step = step_for_month(SEPTEMBER, november(10), existing=bill(SEPTEMBER, kind, state), usage=WHOLE)
    assert step.action is Action.SEND_AGAIN


@pytest.mark.parametrize("state", list(BillState))
def test_a_closed_month_that_has_only_a_temporary_bill_is_made_from_the_whole_month(state):
    temporary = bill(SEPTEMBER, BillKind.TEMPORARY, state)
    usage = Coverage(first_day=date(2026, 9, 1), after_end=True)
    step = step_for_month(SEPTEMBER, november(10), existing=temporary, usage=usage)
    assert (step.action, step.kind) == (Action.MAKE, BillKind.MANUAL)


@pytest.mark.parametrize("state", NEVER_SENT)
def test_a_closed_month_whose_bill_was_held_and_never_sent_is_made_anew(state):
    usage = Coverage(first_day=date(2026, 9, 1), after_end=True)
    step = step_for_month(SEPTEMBER, november(10), existing=bill(SEPTEMBER, BillKind.MANUAL, state), usage=usage)
    assert (step.action, step.kind) == (Action.MAKE, BillKind.MANUAL)


def test_a_closed_month_collected_only_in_part_asks_before_it_is_billed_by_name():
    usage = Coverage(first_day=date(2026, 9, 12), after_end=True)
    step = step_for_month(SEPTEMBER, november(10), existing=None, usage=usage)
    assert (step.collected_from, step.asks) == (date(2026, 9, 12), True)


# Licenses and storage together


def test_of_two_kinds_of_usage_no_more_is_known_than_of_the_one_known_less():
    licenses = Coverage(first_day=date(2026, 10, 1), after_end=True)
    storage = Coverage(first_day=date(2026, 10, 8), after_end=False)
    assert licenses.together_with(storage) == storage.together_with(licenses) == storage


def test_two_kinds_of_usage_are_whole_only_if_both_are():
    late = Coverage(first_day=date(2026, 10, 8), after_end=True)
    unfinished = Coverage(first_day=date(2026, 10, 1), after_end=False)
    assert late.together_with(unfinished) == Coverage(first_day=date(2026, 10, 8), after_end=False)


def test_nothing_is_known_of_two_kinds_of_usage_if_nothing_is_of_one():
    assert WHOLE.together_with(NOTHING).is_empty
    assert NOTHING.together_with(WHOLE).is_empty
