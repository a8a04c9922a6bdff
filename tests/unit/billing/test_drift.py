"""Drift: each thing that is no more as the next bills rely on it, with what that does to them."""

from dataclasses import replace
from decimal import Decimal

import pytest
from expected_of import (
    ACME,
    AGREEMENT,
    BASE,
    CUSTOMER,
    ITEM,
    KEY,
    SITE,
    SUBSCRIPTION,
    SUPPLIER,
    expected,
    halopsa,
    shown,
    slot,
)

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.drift import coverage, drift
from billbridge.billing.drift_findings import DriftKind, key_of, some, subject_of
from billbridge.billing.drift_values import (
    ExpectedAssetType,
    ExpectedItem,
    ExpectedSupplier,
    FoundAgreement,
    FoundCustomer,
    FoundInHaloPSA,
    FoundSite,
    FoundSupplier,
    Life,
    Listed,
)

D = Decimal
BOLT_LTD = FoundCustomer(name="Bolt Ltd", currency="EUR")
HELD = "The next bills of Acme are held, and nothing of them is sent."


def one(wanted=None, **lists):
    """The only finding."""
    (found,) = drift(wanted or expected(), halopsa(**lists))
    return found


def of_slot(now, **changes):
    """The only finding about a slot whose subscription is shown so; none is not shown."""
    wanted = expected(subscriptions=(slot(**changes),))
    return one(wanted, subscriptions={} if now is None else {now.id: now})


def nothing_of_slot(now, **changes):
    wanted = expected(subscriptions=(slot(**changes),))
    return drift(wanted, halopsa(subscriptions={} if now is None else {now.id: now})) == ()


def unbilled(wanted):
    return replace(wanted, companies=tuple(replace(one, is_billed=False) for one in wanted.companies))


def customers(**changes):
    rows = halopsa().customers.rows
    return {**rows, CUSTOMER: replace(rows[CUSTOMER], **changes)}


def test_what_stands_as_expected_is_no_drift():
    assert drift(expected(), halopsa()) == ()
    assert coverage(expected(), halopsa()).text == "checked 8 of 8, 0 unknown"


# Where a company's bills go


@pytest.mark.parametrize(
    ("lists", "key", "finding"),
    [
        ({"customers": {13: BOLT_LTD}}, "customer:12:a|gone", "It no longer exists."),
        ({"customers": customers(inactive=True)}, "customer:12:a|inactive", "It was made inactive."),
        (
            {"customers": customers(currency="USD")},
            "currency:12:a|other",
            "It is billed in USD, the provider in EUR.",
        ),
        ({"sites": {}}, "site:40:a|gone", "HaloPSA does not show it at its customer any more."),
        (
            {"sites": {SITE: FoundSite(name="Main", customer_id=CUSTOMER, inactive=True)}},
            "site:40:a|inactive",
            "It was made inactive.",
        ),
        (
            {"sites": {SITE: FoundSite(name="Main", customer_id=99)}},
            "site:40:a|moved",
            "It belongs to customer 99 now.",
        ),
        ({"agreements": {}}, "agreement:301:a|gone", "It no longer exists."),
        (
            {"agreements": {AGREEMENT: FoundAgreement(name="Managed IT", customer_id=13)}},
            "agreement:301:a|moved",
            "It belongs to customer 13 now.",
        ),
    ],
)  # fmt: skip
def test_what_a_companys_bills_need_holds_them_when_it_is_gone(lists, key, finding):
    found = one(**lists)
    assert (found.key, found.finding, found.effect) == (key, finding, HELD)
    assert (found.company_id, found.harms) == ("a", True)
    assert found.remedy
    quiet = one(unbilled(expected()), **lists)
    assert (quiet.harms, quiet.effect) == (False, "None now: no billing configuration of the company is billed.")


def test_an_agreement_that_is_not_active_holds_the_bills_of_its_months_alone():
    found = one(agreements={AGREEMENT: FoundAgreement(name="Managed IT", customer_id=CUSTOMER, is_active=False)})
    assert found.key == "agreement:301:a|inactive"
    assert found.name == "Managed IT"
    assert found.finding == "It is not active in November 2026."
    assert found.effect.startswith("The bill of November 2026 is held")


def test_an_agreement_without_a_customer_is_taken_as_the_companys():
    assert drift(expected(), halopsa(agreements={AGREEMENT: FoundAgreement(name="x", customer_id=None)})) == ()


@pytest.mark.parametrize(
    ("lists", "key", "before"),
    [
        ({"customers": customers(name="Acme Group")}, "customer:12:a|renamed", "Acme Dental"),
        ({"sites": {SITE: FoundSite(name="Old town", customer_id=CUSTOMER)}}, "site:40:a|renamed", "Main"),
        ({"items": {ITEM: "Backup"}}, "item:61|renamed", "Managed Backup"),
    ],
)
def test_a_rename_alone_harms_nothing(lists, key, before):
    found = one(**lists)
    assert (found.key, found.name, found.harms) == (key, before, False)
    assert found.effect.startswith("None: ")


def test_where_no_name_is_known_none_was_changed():
    wanted = expected(companies=tuple(replace(one, customer_name="", site_name="") for one in expected().companies))
    assert drift(wanted, halopsa(customers=customers(name="Acme Group"))) == ()


def test_of_a_company_whose_customer_is_gone_nothing_else_is_looked_at():
    assert one(customers={13: halopsa().customers.rows[13]}, sites={}, agreements={}).key == "customer:12:a|gone"


# What companies share


def test_an_asset_type_that_is_gone_holds_every_company_that_is_billed_with_it():
    found = one(asset_types={102: "Workstation"})
    assert found.key == "asset type:server|gone"
    assert found.effect == "The next bills of Acme, Bolt are held, and nothing of them is sent."
    assert found.company_id == ""


def test_a_renamed_asset_type_is_as_good_as_gone_but_its_new_name_is_told():
    found = one(asset_types={101: "Big iron"})
    assert found.key == "asset type:server|renamed"
    assert found.harms
    assert found.remedy == "Choose 'Big iron': asset types go by their name."


def test_an_asset_types_name_is_read_without_regard_to_case():
    assert drift(expected(), halopsa(asset_types={101: "SERVER"})) == ()


def test_an_item_that_is_gone_holds_the_only_company_that_has_it():
    found = one(items={})
    assert (found.key, found.company_id, found.effect) == ("item:61|gone", "a", HELD)


def test_what_no_company_is_billed_with_harms_nobody():
    wanted = expected(
        asset_types=(ExpectedAssetType(name="Server"),), items=(ExpectedItem(id=ITEM, name="Managed Backup"),)
    )
    found = drift(wanted, halopsa(asset_types={}, items={}))
    assert [(one.harms, one.effect) for one in found] == [(False, "None now: no company is billed with it.")] * 2


@pytest.mark.parametrize(
    ("suppliers", "became"),
    [
        ({}, "gone"),
        ({SUPPLIER: FoundSupplier(name="Northwind", inactive=True)}, "inactive"),
        ({SUPPLIER: FoundSupplier(name="Southwind")}, "renamed"),
    ],
)
def test_a_supplier_that_is_not_found_by_its_name_is_made_anew(suppliers, became):
    found = one(suppliers=suppliers)
    assert found.key == f"supplier:Northwind|{became}"
    assert "makes a supplier 'Northwind' anew" in found.effect


def test_another_active_supplier_of_the_same_name_does():
    assert drift(expected(), halopsa(suppliers={22: FoundSupplier(name=" northwind ")})) == ()


def test_a_supplier_that_was_changed_in_the_settings_is_no_drift():
    wanted = expected(supplier=ExpectedSupplier(name="Southwind", sent={SUPPLIER: "Northwind"}))
    assert drift(wanted, halopsa()) == ()


# Subscriptions


@pytest.mark.parametrize(
    ("now", "became", "finding"),
    [
        (None, "gone", "HaloPSA does not show it any more: it was deleted or moved."),
        (shown(deleted=True), "deleted", "It was deleted."),
        (shown(is_active=False), "inactive", "It was made inactive."),
        (shown(client_id=13), "moved", "It stands at customer 13 now, and no more at customer 12."),
        (
            shown(client_id=13, site_id=0),
            "moved",
            "It stands at customer 13, site none now, and no more at customer 12, site 40.",
        ),
        (shown(count=D("7.0")), "quantity", "Its quantity is 7, and was 5 when it was last read back."),
        (shown(price=D(10)), "unit-price", "Its unit price is 10, and was 9.60 when it was last read back."),
        (
            shown(purchase_price=None),
            "unit-cost",
            "Its unit cost is unset, and was 4 when it was last read back.",
        ),
    ],
)
def test_what_a_person_did_to_a_subscription_is_a_conflict(now, became, finding):
    found = of_slot(now)
    assert found.key == f"subscription:{KEY}|{became}"
    assert (found.name, found.company_id, found.finding) == ("Backup #1001", "a", finding)
    assert "is not sent, as a conflict" in found.effect
    assert found.harms


@pytest.mark.parametrize("now", [None, shown(is_active=False), shown(client_id=13), shown(count=D(7))])
def test_what_cannot_leave_the_current_slot_keeps_last_months_bill_waiting_too(now):
    assert "last month's bill waits with it" in of_slot(now, slot="current").effect
    assert "waits" not in of_slot(now, slot="last").effect


def test_a_deleted_subscription_keeps_no_month_from_moving():
    assert "waits" not in of_slot(shown(deleted=True), slot="current").effect


def test_with_overwrite_a_figure_is_overwritten():
    wanted = expected(policy=ConflictPolicy.OVERWRITE)
    found = one(wanted, subscriptions={SUBSCRIPTION: shown(count=D(7))})
    assert found.effect.startswith("The next line that sends a quantity overwrites it")


def test_in_quantity_mode_cost_and_price_are_halopsas_own():
    assert nothing_of_slot(shown(price=D(99), purchase_price=D(1)), sends_prices=False)
    assert of_slot(shown(count=D(7)), sends_prices=False).key.endswith("|quantity")


def test_the_same_number_written_otherwise_is_no_edit():
    assert nothing_of_slot(shown(count=D("5.0"), price=D("9.6")))


def test_a_subscription_that_was_moved_to_where_the_settings_want_it_is_no_drift():
    assert nothing_of_slot(shown(client_id=13, site_id=41), customer_id=13, site_id=41)


@pytest.mark.parametrize(
    ("now", "became", "harms"),
    [
        (shown(name="Their  name"), "name", False),
        (shown(supplier_id=None), "supplier", False),
        (shown(item_id=62), "item", True),
        (shown(billing_cycle="Annual"), "billing-cycle", True),
        (shown(product_sku=""), "key", True),
    ],
)
def test_what_is_written_once_is_not_put_back_by_a_sync(now, became, harms):
    found = of_slot(now)
    assert (found.key, found.harms) == (f"subscription:{KEY}|{became}", harms)
    assert "No sync" in found.effect or "no sync" in found.effect or "by its id" in found.effect


def test_spaces_that_halopsa_folds_are_no_rename():
    assert nothing_of_slot(shown(name=" Backup "))


def test_what_was_never_sent_is_not_ours_to_miss():
    sent = {name: value for name, value in BASE.sent.items() if name != "item_id"}
    assert nothing_of_slot(shown(item_id=62), base=replace(BASE, sent=sent))


@pytest.mark.parametrize(
    ("now", "became", "effect", "harms"),
    [
        (None, "gone", "It cannot be closed, which every sync reports as a conflict.", True),
        (shown(deleted=True), "deleted", "None: it was to be closed, and nothing is left to close.", False),
        (shown(is_active=False), "inactive", "None: the next sync closes it anyway.", False),
        (
            shown(client_id=13),
            "moved",
            "Until the next sync closes it where it stands, that customer is charged with what it shows.",
            True,
        ),
        (
            shown(count=D(7)),
            "quantity",
            "It is not closed, as a conflict, and HaloPSA charges what stands there.",
            True,
        ),
        (shown(count=D(0)), "quantity", "None: the next sync closes it anyway.", False),
        (shown(price=D(1)), "unit-price", "None: the next sync closes it anyway.", False),
    ],
)
def test_a_subscription_that_is_to_be_closed(now, became, effect, harms):
    found = of_slot(now, life=Life.ENDING)
    assert (found.key.partition("|")[2], found.effect, found.harms) == (became, effect, harms)


@pytest.mark.parametrize("now", [None, shown(deleted=True), shown(is_active=False), shown(count=D(7))])
def test_a_month_sent_by_name_is_put_right_by_no_sync(now):
    found = of_slot(now, life=Life.LATE)
    assert "no sync" in found.effect
    assert found.harms


@pytest.mark.parametrize(
    "now", [None, shown(deleted=True), shown(is_active=False), shown(client_id=13), shown(name="x")]
)
def test_what_no_sync_writes_any_more_may_be_tidied_away(now):
    assert nothing_of_slot(now, life=Life.OVER)


def test_figures_of_a_month_that_is_over_are_charged_as_they_were_changed():
    assert "no sync puts it right" in of_slot(shown(count=D(7)), life=Life.OVER).effect


def test_a_closed_subscription_that_was_made_active_again_is_charged():
    closed = replace(BASE, owned={"count": D(0)}, watched={"is_active": False})
    again = drift(
        expected(subscriptions=(slot(base=closed, life=Life.OVER),)),
        halopsa(subscriptions={SUBSCRIPTION: shown(count=D(3))}),
    )
    assert [one.key.partition("|")[2] for one in again] == ["active", "quantity"]
    assert again[0].effect == "HaloPSA charges it, and no sync closes it again."
    assert not of_slot(shown(count=D(0)), base=closed, life=Life.OVER).harms


# Doubles


def doubled(double, now=None, **changes):
    rows = {SUBSCRIPTION: now or shown(), double.id: double}
    return one(expected(subscriptions=(slot(**changes),)), subscriptions=rows)


def test_a_second_subscription_with_one_of_our_keys_is_closed_by_the_next_sync():
    found = doubled(shown(1002))
    assert found.key == f"double:{KEY}|1002"
    assert found.effect.startswith("The next sync that writes subscription 1001 keeps that one and closes this")
    assert found.effect.endswith("until then HaloPSA charges both.")


def test_a_double_that_charges_nothing_harms_nothing():
    assert not doubled(shown(1002, is_active=False)).harms
    assert not doubled(shown(1002, count=D(0))).harms


def test_a_double_of_what_is_over_is_closed_by_no_sync():
    assert doubled(shown(1002), life=Life.OVER).effect == "No sync closes it; HaloPSA charges both."


def test_a_double_of_a_deleted_subscription_is_touched_by_no_sync():
    rows = {SUBSCRIPTION: shown(deleted=True), 1002: shown(1002)}
    found = drift(expected(), halopsa(subscriptions=rows))
    assert [one.key.partition("|")[0] for one in found] == [f"double:{KEY}", f"subscription:{KEY}"]
    assert found[0].effect == "No sync touches it while subscription 1001 is not there; HaloPSA charges it."


@pytest.mark.parametrize(
    "double", [shown(1002, deleted=True), shown(1002, count=D(0), is_active=False), shown(1002, product_sku="x")]
)
def test_what_is_closed_deleted_or_carries_another_key_is_no_double(double):
    assert drift(expected(), halopsa(subscriptions={SUBSCRIPTION: shown(), 1002: double})) == ()


def test_a_subscription_that_another_slot_knows_is_no_double_whatever_key_it_carries():
    other = slot(key="billbridge-last-2", base=replace(BASE, subscription_id=1002, sent={}))
    rows = {SUBSCRIPTION: shown(), 1002: shown(1002)}
    assert drift(expected(subscriptions=(slot(), other)), halopsa(subscriptions=rows)) == ()


# What is not known


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("customers", {"customer:12:a", "customer:13:b", "site:40:a", "agreement:301:a"}),
        ("sites", {"site:40:a"}),
        ("agreements", {"agreement:301:a"}),
        ("asset_types", {"asset type:server"}),
        ("items", {"item:61"}),
        ("suppliers", {"supplier:Northwind"}),
        ("subscriptions", {f"subscription:{KEY}"}),
    ],
)
def test_a_list_that_was_not_read_is_one_finding_and_its_things_are_unknown(name, subjects):
    there = halopsa(**{name: Listed(gap="HaloPSA refuses it", hint="Tick it.")})
    (found,) = drift(expected(), there)
    assert found.kind is DriftKind.UNKNOWN
    assert found.harms
    assert (found.finding, found.remedy) == ("HaloPSA refuses it.", "Tick it.")
    known = coverage(expected(), there)
    assert known.unknown == dict.fromkeys(subjects, "HaloPSA refuses it")
    assert known.because == {"HaloPSA refuses it": len(subjects)}
    assert all(known.leaves_open(key_of(subject, "gone")) for subject in subjects)
    assert not known.leaves_open(found.key)


def test_what_is_in_a_list_that_is_not_whole_is_known_all_the_same():
    there = halopsa(subscriptions=Listed(rows={SUBSCRIPTION: shown(count=D(7))}, gap="a page was lost"))
    assert [one.key for one in drift(expected(), there)] == [
        f"subscription:{KEY}|quantity",
        "unknown:subscriptions|unread",
    ]
    known = coverage(expected(), there)
    assert known.unknown == {}
    assert known.leaves_open(f"double:{KEY}|1002")


def test_a_halopsa_that_could_not_be_read_is_one_finding():
    lists = ("customers", "sites", "agreements", "asset_types", "items", "suppliers", "subscriptions")
    there = FoundInHaloPSA(trouble="it is down", **{name: Listed(gap="it is down") for name in lists})
    (found,) = drift(expected(), there)
    assert found.key == "unknown:HaloPSA|unread"
    assert coverage(expected(), there).text == "checked 0 of 8, 8 unknown because it is down (8)"


def test_a_currency_that_cannot_be_told_harms_nothing_and_keeps_its_finding_open():
    there = halopsa(customers=customers(currency="", currency_gap="the currency could not be checked"))
    (found,) = drift(expected(), there)
    assert (found.key, found.kind, found.harms) == ("unknown:currencies|unread", DriftKind.UNKNOWN, False)
    known = coverage(expected(), there)
    assert known.unknown == {}
    assert known.leaves_open("currency:12:a|other")
    assert not known.leaves_open("currency:13:b|other")


def test_what_a_sync_changed_meanwhile_is_unknown_and_no_drift():
    wanted = expected(subscriptions=(slot(is_moving=True),))
    there = halopsa(subscriptions={SUBSCRIPTION: shown(count=D(7)), 1002: shown(1002)})
    assert drift(wanted, there) == ()
    known = coverage(wanted, there)
    assert known.unknown == {f"subscription:{KEY}": "a sync changed it while HaloPSA was read"}
    assert known.leaves_open(f"double:{KEY}|1002")


def test_with_nothing_expected_nothing_was_checked():
    wanted = replace(expected(), companies=(), asset_types=(), items=(), supplier=None, subscriptions=())
    assert coverage(wanted, FoundInHaloPSA()).text == "checked 0 of 0: nothing is billed in HaloPSA yet"


# Keys


def test_a_key_is_short_and_tells_its_thing_apart_however_long_its_ids_are():
    long = [subject_of("customer", 12, "x" * 200 + end) for end in "ab"]
    assert long[0] != long[1]
    assert all(len(key_of(subject, "billing-cycle")) <= 120 for subject in long)


def test_a_bar_within_an_id_does_not_end_the_subject():
    assert coverage(expected(), halopsa()).leaves_open(key_of(subject_of("customer", "a|b"), "gone")) is False
    assert key_of(subject_of("customer", "a|b"), "gone").count("|") == 1


def test_of_many_names_some_are_told_and_how_many_more_there_are():
    assert some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert some([ACME.name]) == "Acme"
