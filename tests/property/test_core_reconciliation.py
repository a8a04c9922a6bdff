"""Lines of a month compared: in any order each has one match, totals add up, and nothing unknown is clean."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billbridge.billing.changes import Found
from billbridge.billing.month_lines import Billed, Counted, Figures, MonthLine, NotKnown, ReadBack, Shown
from billbridge.billing.months import Month
from billbridge.billing.reconciliation import Match, reconcile
from billbridge.billing.strays import strays

OCTOBER = Month(2026, 10)
counts = st.integers(0, 4).map(Decimal)
prices = st.none() | st.sampled_from([Decimal("14.667"), Decimal("14.67"), Decimal("9.60"), Decimal(0)])
figures = st.builds(Figures, count=counts, cost=prices, price=prices)
counted = st.builds(
    Counted,
    parts=st.dictionaries(st.sampled_from(["Server", "Desktop"]), counts),
    cost=counts,
    price=counts.map(lambda count: count * 12),
)
unknown = st.builds(NotKnown, reason=st.sampled_from(["HaloPSA could not be read", "nothing was collected"]))
shown = st.builds(
    Shown,
    subscription_id=st.integers(1, 9),
    figures=figures,
    is_charged=st.booleans(),
    seen_on=st.none() | st.just(date(2026, 11, 2)),
)
lines = st.builds(
    MonthLine,
    company_id=st.sampled_from(["a", "b"]),
    company=st.sampled_from(["Acme", "Bolt"]),
    configuration_id=st.uuids().map(str),
    name=st.sampled_from(["Backup", "Storage"]),
    source=st.none() | counted | unknown,
    bill=st.none() | st.builds(Billed, counted=counted, sent=figures) | unknown,
    base=st.none() | st.builds(ReadBack, shown=figures, asked=figures),
    shown=st.none() | shown | unknown,
    remarks=st.sampled_from([(), ("its bill is held",)]),
)
months = st.lists(lines, max_size=8, unique_by=lambda line: line.configuration_id)


@given(months, st.randoms())
def test_the_order_of_the_lines_never_matters(month, random):
    mixed = list(month)
    random.shuffle(mixed)
    assert reconcile(OCTOBER, mixed, decimals=2) == reconcile(OCTOBER, month, decimals=2)


@given(months)
def test_every_line_has_exactly_one_match_and_one_that_is_not_equal_says_why(month):
    done = reconcile(OCTOBER, month, decimals=2)
    assert sorted(one.line.configuration_id for one in done.lines) == sorted(one.configuration_id for one in month)
    assert sum(done.matches.values()) == len(month)
    for one in done.lines:
        assert one.match is Match.EQUAL or one.reasons


@given(months)
def test_the_totals_are_the_sums_of_the_lines_and_the_unknown_count_in_none(month):
    done = reconcile(OCTOBER, month, decimals=2)
    known = [one for one in done.lines if one.match is not Match.UNKNOWN]
    assert done.checked == len(known)
    assert done.checked + sum(done.because.values()) == len(month)
    assert done.ours == sum(one.ours for one in known)
    assert done.difference == sum(one.difference for one in known)
    assert all(one.ours is None and one.theirs is None for one in done.lines if one not in known)


@given(lines, unknown)
def test_a_line_whose_halopsa_is_not_known_is_never_equal_and_never_different(line, reason):
    (one,) = reconcile(OCTOBER, [replace(line, shown=reason)], decimals=2).lines
    assert one.match is Match.UNKNOWN
    assert one.reasons[0] == reason.reason


@given(lines, unknown)
def test_a_line_with_a_bill_whose_source_is_not_known_is_never_equal(line, reason):
    billed = replace(line, source=reason, bill=line.bill or reason)
    (one,) = reconcile(OCTOBER, [billed], decimals=2).lines
    assert one.match is not Match.EQUAL


@given(months, st.sampled_from(["", "HaloPSA could not be read"]))
def test_clean_is_only_what_was_compared_wholly_and_is_equal(month, gap):
    done = reconcile(OCTOBER, month, decimals=2, gap=gap)
    everything_equal = all(one.match is Match.EQUAL for one in done.lines)
    assert done.is_clean == (bool(month) and not gap and everything_equal)


def test_nothing_compared_is_not_clean():
    done = reconcile(OCTOBER, [], decimals=2)
    assert not done.is_clean
    assert done.coverage == "checked 0 of 0: nothing was compared"


@given(figures, counted, counts)
def test_a_bill_that_agrees_on_all_sides_is_equal_and_one_unit_more_there_is_higher_there(sent, count, more):
    line = MonthLine(
        company_id="a", company="Acme", configuration_id="1", name="Backup", source=count,
        bill=Billed(counted=count, sent=sent), base=None, shown=Shown(subscription_id=1, figures=sent),
    )  # fmt: skip
    there = Shown(subscription_id=1, figures=replace(sent, count=sent.count + more + 1))
    fewer = replace(line, bill=Billed(counted=count, sent=there.figures))

    matches = [
        reconcile(OCTOBER, [one], decimals=2).lines[0].match for one in (line, replace(line, shown=there), fewer)
    ]

    assert matches == [Match.EQUAL, Match.HALOPSA_HIGHER, Match.OURS_HIGHER]


def test_a_price_that_halopsa_rounded_and_that_was_accepted_is_equal():
    sent = Figures(count=Decimal(3), cost=Decimal(5), price=Decimal("14.667"))
    rounded = replace(sent, price=Decimal("14.67"))
    count = Counted(parts={"Server": Decimal(3)}, cost=Decimal(15), price=Decimal(44))
    line = MonthLine(
        company_id="a", company="Acme", configuration_id="1", name="Backup", source=count,
        bill=Billed(counted=count, sent=sent), base=ReadBack(shown=rounded, asked=sent),
        shown=Shown(subscription_id=1, figures=rounded),
    )  # fmt: skip
    (one,) = reconcile(OCTOBER, [line], decimals=2).lines
    assert (one.match, one.ours, one.theirs) == (Match.EQUAL, Decimal("44.00"), Decimal("44.01"))
    (unseen,) = reconcile(OCTOBER, [replace(line, base=None)], decimals=2).lines
    assert unseen.match is Match.HALOPSA_HIGHER


def test_usage_that_became_known_after_the_bill_was_sent_is_ours_higher():
    then = Counted(parts={"Server": Decimal(3)}, cost=Decimal(15), price=Decimal(36))
    now = Counted(parts={"Server": Decimal(5)}, cost=Decimal(25), price=Decimal(60))
    sent = Figures(count=Decimal(3), cost=Decimal(5), price=Decimal(12))
    line = MonthLine(
        company_id="a", company="Acme", configuration_id="1", name="Backup", source=now,
        bill=Billed(counted=then, sent=sent), base=None, shown=Shown(subscription_id=1, figures=sent),
    )  # fmt: skip
    (one,) = reconcile(OCTOBER, [line], decimals=2).lines
    assert (one.match, one.difference) == (Match.OURS_HIGHER, Decimal("-24.00"))
    assert one.reasons == ("Server: the source counts 5, our bill has 3",)


def subscription(number, **given):
    values = {"key": "billbridge-last-0123456789abcdef", "name": "Backup", "deleted": False}
    fields = {"count": Decimal(2), "is_active": True, "start_date": "2026-10-01", "end_date": None, **given}
    return Found(id=number, fields=fields, **{name: given.get(name, value) for name, value in values.items()})


def test_a_stray_is_charged_in_the_month_and_known_to_nobody():
    found = [
        subscription(1),
        subscription(2, start_date="2026-08-01"),
        subscription(3, start_date=None),
        subscription(4, start_date="2026-11-01"),
        subscription(5, start_date="2026-08-01", end_date="2026-08-31"),
        subscription(6, is_active=False),
        subscription(7, count=Decimal(0)),
        subscription(8, deleted=True),
        subscription(9, key="somebody's own"),
        subscription(10, key="billbridge-last-of another provider"),
        subscription(11),
    ]
    others = frozenset({"billbridge-last-of another provider"})
    assert [one.id for one in strays(found, OCTOBER, known={11}, others=others)] == [1, 2, 3]
