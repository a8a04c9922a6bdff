"""Bills over random sequences of triggers and days: at most one per month, and an automatic one never changes."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

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

START = date(2026, 1, 28)

days = st.integers(0, 150).map(lambda n: START + timedelta(days=n))
coverages = st.one_of(
    st.just(Coverage()),
    st.builds(Coverage, first_day=days, after_end=st.booleans()),
)
states = st.sampled_from(BillState)
existing_bills = st.one_of(
    st.none(), st.builds(ExistingBill, month=st.just(Month.of(START)), kind=st.sampled_from(BillKind), state=states)
)


@st.composite
def moves(draw):
    """A trigger on a day, what is known then, and how far the bills it makes or sends come."""
    return {
        "trigger": draw(st.sampled_from([*Trigger, "by name"])),
        "day": draw(days),
        "back": draw(st.integers(0, 4)),
        "usage": draw(coverages),
        "current_usage": draw(coverages),
        "auto_since": draw(st.one_of(st.none(), days)),
        "day_is_ending": draw(st.booleans()),
        "wants_current": draw(st.booleans()),
        "reaches": draw(states),
    }


def steps_of(move, bills):
    running = Month.of(move["day"])
    if move["trigger"] == "by name":
        month = running.plus(-move["back"])
        return (step_for_month(month, move["day"], existing=bills.get(month), usage=move["usage"]),)
    return steps_for(
        move["trigger"],
        move["day"],
        previous=bills.get(running.previous),
        current=bills.get(running),
        previous_usage=move["usage"],
        current_usage=move["current_usage"],
        auto_since=move["auto_since"],
        day_is_ending=move["day_is_ending"],
        wants_current=move["wants_current"],
    )


def after(steps, bills, reaches):
    """The bills after the steps; what is sent stays sent."""
    bills = dict(bills)
    for step in steps:
        if step.action is Action.MAKE:
            bills[step.month] = ExistingBill(month=step.month, kind=step.kind, state=reaches)
        elif step.action is Action.SEND_AGAIN:
            bills[step.month] = replace(bills[step.month], state=reaches)
    return bills


@settings(max_examples=150)
@given(st.lists(moves(), max_size=15), st.booleans())
def test_an_automatic_bill_that_may_have_been_sent_never_changes(sequence, days_go_forward):
    if days_go_forward:
        sequence = sorted(sequence, key=lambda move: move["day"])
    bills = {}
    for move in sequence:
        steps = steps_of(move, bills)
        for step in steps:
            known = bills.get(step.month)
            if known and known.kind is BillKind.AUTOMATIC and not known.is_unsent:
                assert step.action in (Action.LEAVE, Action.SEND_AGAIN)
                if step.month < Month.of(move["day"]):
                    assert step.action is (Action.LEAVE if known.is_sent else Action.SEND_AGAIN)
        bills = after(steps, bills, move["reaches"])


@given(st.lists(moves(), max_size=15))
def test_the_bill_of_a_closed_month_never_changes_once_it_may_have_been_sent(sequence):
    bills = {}
    for move in sorted(sequence, key=lambda move: move["day"]):
        steps = steps_of(move, bills)
        for step in steps:
            known = bills.get(step.month)
            final = known and known.kind is not BillKind.TEMPORARY and not known.is_unsent
            if final and step.month < Month.of(move["day"]).previous:
                assert step.action is (Action.LEAVE if known.is_sent else Action.SEND_AGAIN)
        bills = after(steps, bills, move["reaches"])


@given(moves(), existing_bills, existing_bills)
def test_a_trigger_has_one_step_per_month_and_never_a_bill_of_a_month_of_which_nothing_is_known(
    move, previous, current
):
    running = Month.of(move["day"])
    bills = {
        month: replace(bill, month=month)
        for month, bill in ((running.previous, previous), (running, current))
        if bill
    }
    steps = steps_of(move, bills)
    assert len({step.month for step in steps}) == len(steps)
    for step in steps:
        usage = move["current_usage"] if step.month == running and len(steps) == 2 else move["usage"]
        assert step.reason
        assert (step.kind is not None) == (step.action is Action.MAKE)
        if step.action is Action.MAKE:
            assert not usage.is_empty
            assert (step.collected_from is not None) == usage.is_partial(step.month)


@given(moves(), existing_bills)
def test_automatic_bills_are_begun_by_auto_billing_in_time_or_marked_and_never_from_before_it_was_on(
    move, previous
):
    running = Month.of(move["day"])
    bills = {running.previous: replace(previous, month=running.previous)} if previous else {}
    begun = previous is not None and previous.kind is BillKind.AUTOMATIC
    for step in steps_of(move, bills):
        if step.kind is not BillKind.AUTOMATIC:
            continue
        assert step.month == running.previous
        assert step.before_month_end == (not move["usage"].after_end)
        if move["trigger"] is Trigger.AUTO_BILLING:
            assert step.month >= first_automatic_month(move["auto_since"])
            assert step.late == (move["day"].day > 3)
            assert move["usage"].after_end or step.late or (move["day"].day == 3 and move["day_is_ending"])
        else:
            assert begun


@given(moves(), existing_bills)
def test_a_month_known_only_in_part_is_never_billed_for_good_unasked(move, previous):
    running = Month.of(move["day"])
    bills = {running.previous: replace(previous, month=running.previous)} if previous else {}
    answered = previous is not None and previous.kind is not BillKind.TEMPORARY and not previous.is_unsent
    for step in steps_of(move, bills):
        if step.action is Action.MAKE and step.kind is not BillKind.TEMPORARY and step.collected_from is not None:
            assert step.asks or (answered and step.month == running.previous)
