"""Plans applied to a HaloPSA in a dictionary: the second one is quiet, and no month stands in two slots."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from pure_halopsa import PureHaloPSA

from billbridge.billing.changes import OWNED, ChangeKind, ConflictPolicy, Wanted
from billbridge.billing.months import Month
from billbridge.billing.slots import Layout, is_closed_month, slot_name, slots_to_write

counts = st.integers(0, 4).map(Decimal)
unit_prices = st.sampled_from([Decimal("14.667"), Decimal("9.60"), Decimal(0), Decimal("0.0005")])
policies = st.sampled_from(ConflictPolicy)


@st.composite
def wanted_slots(draw, number):
    """One slot of one of four configurations, which share customers and names."""
    key, name = f"key-{number}", draw(st.sampled_from(["Backup", "Storage"]))
    client = draw(st.integers(1, 2))
    owned = {"count": draw(counts)}
    if draw(st.booleans()):
        owned |= {"purchase_price": draw(unit_prices), "price": draw(unit_prices)}
    closes, settles = draw(st.sampled_from([(False, False)] * 4 + [(True, False), (False, True)]))
    done = closes or settles
    of_month = {"start_date": f"2026-{draw(st.integers(10, 11))}-01", "notes": draw(st.sampled_from(["", "a"]))}
    return Wanted(
        key=key,
        company_id=f"c{number}",
        configuration_id=str(number),
        slot="last",
        shows="" if done else "2026-10",
        name=name,
        client_id=client,
        site_id=1,
        owned={"count": Decimal(0)} if done else owned,
        of_month={} if done else of_month,
        set_once={} if done else {"name": name, "client_id": client, "site_id": 1, "product_sku": key},
        closes=closes,
        settles=settles,
    )


runs = st.lists(st.integers(1, 4), max_size=4, unique=True).flatmap(
    lambda numbers: st.tuples(*(wanted_slots(number) for number in numbers))
)


@st.composite
def tenants(draw):
    """A HaloPSA with subscriptions of all sorts: ours, doubles, a person's of the same name, inactive, deleted."""
    halo = PureHaloPSA(price_decimals=draw(st.sampled_from([2, 4])))
    for _ in range(draw(st.integers(0, 5))):
        halo.add(
            key=draw(st.sampled_from(["", "", "key-1", "key-2", "key-3", "somebody's own"])),
            name=draw(st.sampled_from(["Backup", "Storage", "Phones"])),
            deleted=draw(st.integers(0, 5)) == 0,
            client_id=draw(st.integers(1, 2)),
            site_id=1,
            is_active=draw(st.integers(0, 5)) > 0,
            count=draw(counts),
            price=draw(unit_prices),
            purchase_price=draw(unit_prices),
        )
    return halo


@st.composite
def edits(draw):
    """What a person does to one subscription in HaloPSA."""
    return draw(
        st.sampled_from([
            {"count": Decimal(99)},
            {"price": Decimal("77.77")},
            {"count": Decimal(0)},
            {"is_active": False},
            {"client_id": 9},
            {"notes": "asked the customer"},
            {"name": "renamed"},
            {"product_sku": ""},
        ])
    )  # fmt: skip


def a_person_edits(halo, number, change):
    if change is None:
        halo.delete(number)
        return
    halo.edit(number, **change)
    there = halo.subscriptions[number]
    halo.subscriptions[number] = replace(
        there, name=change.get("name", there.name), key=change.get("product_sku", there.key)
    )


@given(
    tenants(),
    st.lists(runs, min_size=1, max_size=3),
    st.lists(st.one_of(st.none(), edits()), max_size=3),
    policies,
    st.data(),
)
def test_after_a_plan_was_applied_the_next_one_writes_nothing(halo, sequence, by_persons, policy, data):
    for wanted in sequence:
        halo.apply(halo.plan(wanted, policy))
        again = halo.plan(wanted, policy)
        assert again.writes == ()
        if by_persons and halo.subscriptions:
            a_person_edits(halo, data.draw(st.sampled_from(sorted(halo.subscriptions))), by_persons.pop())
            halo.apply(halo.plan(wanted, policy))
            assert halo.plan(wanted, policy).writes == ()


@given(tenants(), runs, runs, policies)
def test_no_subscription_is_written_by_two_slots_nor_two_created_for_one(halo, first, second, policy):
    for wanted in (first, second):
        made = halo.plan(wanted, policy)
        written = [change.subscription_id for change in made.writes if change.subscription_id is not None]
        assert len(set(written)) == len(written)
        created = [change.wanted.key for change in made.of(ChangeKind.CREATE)]
        assert len(set(created)) == len(created)
        assert {change.wanted.key for change in made.changes} == {slot.key for slot in wanted}
        halo.apply(made)
    known = [base.subscription_id for base in halo.bases.values()]
    assert len(set(known)) == len(known)


@given(tenants(), runs, runs, st.lists(edits(), min_size=1, max_size=3), st.data())
def test_a_persons_edit_of_an_owned_or_watched_field_is_never_overwritten_unseen(
    halo, first, second, by_person, data
):
    halo.apply(halo.plan(first))
    for change in by_person:
        if halo.subscriptions:
            a_person_edits(halo, data.draw(st.sampled_from(sorted(halo.subscriptions))), change)
    made = halo.plan(second)
    for change in made.writes:
        base = halo.bases.get(change.wanted.key)
        if base is None or base.subscription_id != change.subscription_id:
            continue
        there = halo.subscriptions[change.subscription_id].fields
        for field in change.fields:
            if field.field in OWNED:
                assert there.get(field.field) == base.owned.get(field.field)
        if change.kind is ChangeKind.UPDATE:
            assert there["client_id"] == base.watched["client_id"] or there["client_id"] == change.wanted.client_id


@given(tenants(), runs, policies)
def test_money_never_goes_to_an_inactive_or_deleted_subscription(halo, wanted, policy):
    made = halo.plan(wanted, policy)
    for change in made.of(ChangeKind.UPDATE) + made.of(ChangeKind.ADOPT):
        there = halo.subscriptions[change.subscription_id]
        assert not there.deleted
        charged = any(change.wanted.owned.get(name) for name in OWNED)
        assert there.is_active or not charged


@given(tenants(), runs, runs, st.integers(0, 4))
def test_a_run_that_was_killed_before_it_recorded_what_it_wrote_is_resumed_without_a_double(
    halo, first, second, recorded
):
    halo.apply(halo.plan(first))
    made = halo.plan(second)
    intents = halo.apply(made, recorded=recorded)
    halo.resume(intents)
    again = halo.plan(second)
    assert again.of(ChangeKind.CREATE) == ()
    assert again.of(ChangeKind.ADOPT) == ()
    held = {change.wanted.key for change in made.conflicts}
    assert {change.wanted.key for change in again.conflicts} <= held


# Months over random days, layouts and conflicts


def wanted_for(halo, layout, running, months, quantity):
    """The slots of one configuration when the bills of `months` are sent, as the console wants them."""
    showing = {key.split("/")[1]: Month.parse(month) if month else None for key, month in halo.shows.items()}
    wanted = []
    for place in slots_to_write(layout, running=running, bills=months, showing=showing):
        key = f"key/{place.slot}"
        name = slot_name("Backup", place.slot, layout=layout, month=place.shows)
        of_month = {}
        if place.shows is not None:
            of_month = {"start_date": place.shows.first.isoformat()}
            if is_closed_month(place.shows, running):
                of_month["is_active"] = True
        wanted.append(
            Wanted(
                key=key,
                company_id="c1",
                configuration_id="1",
                slot=place.slot,
                shows=str(place.shows or ""),
                name=name,
                client_id=1,
                site_id=1,
                owned={"count": Decimal(quantity if place.shows else 0)},
                of_month=of_month,
                set_once={"name": name, "client_id": 1, "site_id": 1, "product_sku": key} if place.shows else {},
                settles=place.shows is None,
            )
        )
    return wanted


@st.composite
def turns(draw):
    """One run: how many days later, in which layout, which months, after which edits, cut short after how many."""
    return {
        "days": draw(st.integers(0, 45)),
        "layout": draw(st.sampled_from(Layout)),
        "back": draw(st.sampled_from([(1,), (0,), (1, 0), (1, 0), (2,), (3,), (3, 2, 1, 0)])),
        "quantity": draw(st.integers(1, 5)),
        "edits": draw(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), owned_edits)), max_size=2)),
        "resolved": draw(st.booleans()),
        "policy": draw(policies),
        "cut": draw(st.one_of(st.none(), st.none(), st.integers(0, 3))),
    }


owned_edits = st.sampled_from([{"count": Decimal(99)}, {"is_active": False}, {"client_id": 9}])


def months_charged(halo):
    """The months that stand in HaloPSA with a quantity, once per subscription."""
    return [
        there.fields["start_date"]
        for there in halo.subscriptions.values()
        if not there.deleted and there.count and "start_date" in there.fields
    ]


def resolve(halo):
    """A person settles every conflict: what stands in HaloPSA is the base from now on."""
    for key, base in halo.bases.items():
        there = halo.subscriptions[base.subscription_id].fields
        halo.bases[key] = replace(
            base,
            owned={name: there.get(name) for name in OWNED},
            watched={name: there.get(name) for name in base.watched},
        )


@settings(max_examples=150)
@given(st.lists(turns(), min_size=1, max_size=8))
def test_no_month_ever_stands_in_two_slots(sequence):
    halo, day = PureHaloPSA(), date(2026, 1, 20)
    for turn in sequence:
        day += timedelta(days=turn["days"])
        charged = sorted(number for number, there in halo.subscriptions.items() if there.count)
        for which, change in turn["edits"] if charged else ():
            a_person_edits(halo, charged[which % len(charged)], change)
        if turn["resolved"]:
            resolve(halo)
        running = Month.of(day)
        months = [running.plus(-back) for back in turn["back"]]
        made = halo.plan(wanted_for(halo, turn["layout"], running, months, turn["quantity"]), turn["policy"])
        if turn["cut"] is not None:
            made = replace(made, changes=made.changes[: turn["cut"]])
        halo.apply(made)
        shown = months_charged(halo)
        assert len(set(shown)) == len(shown), shown


@given(st.lists(turns(), min_size=1, max_size=6))
def test_without_conflicts_every_month_sent_stands_in_one_slot_with_its_quantity(sequence):
    halo, day = PureHaloPSA(), date(2026, 1, 20)
    for turn in sequence:
        day += timedelta(days=turn["days"])
        running = Month.of(day)
        months = [running.plus(-back) for back in turn["back"]]
        wanted = wanted_for(halo, turn["layout"], running, months, turn["quantity"])
        made = halo.plan(wanted)
        assert made.conflicts == ()
        halo.apply(made)
        charged = months_charged(halo)
        assert len(set(charged)) == len(charged)
        assert {month.first.isoformat() for month in months} <= set(charged)
        assert halo.plan(wanted).writes == ()
