"""Drift of any HaloPSA: what is unchanged has none, and each single edit gives exactly the findings about it."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billbridge.billing.changes import Base, ConflictPolicy, Found
from billbridge.billing.drift import coverage, drift
from billbridge.billing.drift_findings import DriftKind
from billbridge.billing.drift_values import (
    CompanyName,
    Expected,
    ExpectedAssetType,
    ExpectedCompany,
    ExpectedItem,
    ExpectedSubscription,
    FoundAgreement,
    FoundCustomer,
    FoundInHaloPSA,
    FoundSite,
    Life,
    Listed,
)
from billbridge.billing.months import Month

LISTS = ("customers", "sites", "agreements", "asset_types", "items", "suppliers", "subscriptions")
counts = st.integers(0, 4).map(Decimal)
prices = st.sampled_from([Decimal("14.667"), Decimal("9.60"), Decimal(0)])


@st.composite
def subscriptions(draw, number, company):
    """A slot as it was read back, and its subscription as HaloPSA shows it: as it was left."""
    key, owned = f"key-{number}", {"count": draw(counts), "purchase_price": draw(prices), "price": draw(prices)}
    fields = {
        "type": 1, "name": f"Backup {number}", "client_id": company.customer_id, "site_id": company.site_id or 0,
        "is_active": True, "billing_cycle": "Monthly", "product_sku": key, "item_id": 61, **owned,
    }  # fmt: skip
    base = Base(
        subscription_id=number,
        owned=owned,
        sent={name: fields[name] for name in ("name", "billing_cycle", "product_sku", "item_id")},
        watched={name: fields[name] for name in ("is_active", "client_id", "site_id")},
    )
    slot = ExpectedSubscription(
        key=key,
        company=company.company,
        name=fields["name"],
        slot=draw(st.sampled_from(["last", "current", "2026-10"])),
        life=Life.BILLED,
        base=base,
        customer_id=company.customer_id,
        site_id=company.site_id or 0,
        sends_prices=draw(st.booleans()),
    )
    return slot, Found(id=number, key=key, name=fields["name"], deleted=False, fields=fields)


@st.composite
def tenants(draw):
    """What is expected, and a HaloPSA in which all of it stands, among other things."""
    companies = [
        ExpectedCompany(
            company=CompanyName(id=f"c{number}", name=f"Company {number}"),
            customer_id=number,
            customer_name=draw(st.sampled_from(["", f"Customer {number}"])),
            site_id=draw(st.sampled_from([None, number + 100])),
            agreement_id=draw(st.sampled_from([None, number + 200])),
        )
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]
    pairs = [
        draw(subscriptions(1000 + number, draw(st.sampled_from(companies))))
        for number in range(draw(st.integers(1, 4)))
    ]
    names = tuple(company.company for company in companies)
    expected = Expected(
        month=Month(2026, 11),
        currency="EUR",
        policy=draw(st.sampled_from(ConflictPolicy)),
        companies=tuple(companies),
        asset_types=(ExpectedAssetType(name="Server", id=101, companies=names),),
        items=(ExpectedItem(id=61, companies=names),),
        subscriptions=tuple(slot for slot, _ in pairs),
    )
    others = draw(st.sampled_from([{}, {77: FoundCustomer(name="Somebody", inactive=True)}]))
    found = FoundInHaloPSA(
        customers=Listed(
            rows={**others, **{one.customer_id: FoundCustomer(name=f"Customer {one.customer_id}", currency="EUR")
                               for one in companies}}
        ),
        sites=Listed(rows={one.customer_id + 100: FoundSite(name="Main", customer_id=one.customer_id)
                           for one in companies}),
        agreements=Listed(rows={one.customer_id + 200: FoundAgreement(name="IT", customer_id=one.customer_id)
                                for one in companies}),
        asset_types=Listed(rows={101: "Server", 102: "Printer"}),
        items=Listed(rows={61: "Backup", 62: "Laptop"}),
        subscriptions=Listed(rows={row.id: row for _, row in pairs}),
    )  # fmt: skip
    return expected, found


def changed(listed, number, row):
    """A list with one row changed, or gone if there is none."""
    rows = {key: value for key, value in listed.rows.items() if key != number}
    return replace(listed, rows=rows if row is None else {**rows, number: row})


@st.composite
def edits(draw, expected, found):
    """One thing a person does, and what is to be found of it: keys' beginnings; empty if nobody is concerned."""
    company = draw(st.sampled_from(expected.companies))
    number, c = company.customer_id, company.company.id
    slot = draw(st.sampled_from(expected.subscriptions))
    row = found.subscriptions.rows[slot.base.subscription_id]
    match draw(
        st.sampled_from(["customer", "currency", "site", "agreement", "asset type", "item", "field", "gone"])
    ):
        case "customer":
            customer = found.customers.rows[number]
            after = draw(st.sampled_from([None, replace(customer, inactive=True)]))
            return replace(found, customers=changed(found.customers, number, after)), {f"customer:{number}:{c}|"}
        case "currency":
            customer = replace(found.customers.rows[number], currency="USD")
            return replace(found, customers=changed(found.customers, number, customer)), {f"currency:{number}:{c}|"}
        case "site":
            site = found.sites.rows[number + 100]
            after = draw(st.sampled_from([None, replace(site, inactive=True), replace(site, customer_id=77)]))
            concerned = {f"site:{number + 100}:{c}|"} if company.site_id else set()
            return replace(found, sites=changed(found.sites, number + 100, after)), concerned
        case "agreement":
            agreement = found.agreements.rows[number + 200]
            after = draw(st.sampled_from([None, replace(agreement, is_active=False)]))
            concerned = {f"agreement:{number + 200}:{c}|"} if company.agreement_id else set()
            return replace(found, agreements=changed(found.agreements, number + 200, after)), concerned
        case "asset type":
            after = draw(st.sampled_from([None, "Rack"]))
            return replace(found, asset_types=changed(found.asset_types, 101, after)), {"asset type:server|"}
        case "item":
            return replace(found, items=changed(found.items, 61, None)), {"item:61|"}
        case "field":
            field, value = draw(
                st.sampled_from([
                    ("count", Decimal(9)), ("price", Decimal(99)), ("purchase_price", Decimal(99)),
                    ("is_active", False), ("client_id", 77), ("name", "Theirs"), ("item_id", 62),
                    ("billing_cycle", "Annual"), ("product_sku", "theirs"), ("notes", "Theirs"),
                ])
            )  # fmt: skip
            ours = field != "notes" and (slot.sends_prices or field not in ("price", "purchase_price"))
            fields = {**row.fields, field: value}
            after = replace(row, fields=fields, key=fields["product_sku"], name=fields["name"])
            subscriptions = changed(found.subscriptions, row.id, after)
            return replace(found, subscriptions=subscriptions), {f"subscription:{slot.key}|"} if ours else set()
        case _:
            after = draw(st.sampled_from([None, replace(row, deleted=True)]))
            subscriptions = changed(found.subscriptions, row.id, after)
            return replace(found, subscriptions=subscriptions), {f"subscription:{slot.key}|"}


@st.composite
def edited_tenants(draw):
    expected, found = draw(tenants())
    return expected, *draw(edits(expected, found))


hidden = st.sets(st.sampled_from(LISTS)).map(tuple)


def hide(found, lists):
    """The same HaloPSA, of which some lists are refused."""
    return replace(found, **{name: Listed(gap=f"no {name}") for name in lists})


@given(tenants())
def test_an_unchanged_halopsa_has_no_drift_and_all_of_it_is_checked(tenant):
    expected, found = tenant
    assert drift(expected, found) == ()
    assert coverage(expected, found).unknown == {}


@given(edited_tenants())
def test_a_single_edit_gives_exactly_one_finding_about_it_or_none_if_nobody_relies_on_it(edited):
    expected, found, concerned = edited
    findings = drift(expected, found)
    assert {one.key.partition("|")[0] + "|" for one in findings} == concerned
    assert len(findings) == len(concerned)
    assert all(one.finding and one.effect and len(one.key) <= 120 for one in findings)
    assert not any(coverage(expected, found).leaves_open(one.key) for one in findings)


@given(edited_tenants(), hidden)
def test_what_cannot_be_read_is_never_said_to_be_changed_and_never_silent(edited, lists):
    expected, found, _ = edited
    seen = {one.key for one in drift(expected, found)}
    there = hide(found, lists)
    findings = drift(expected, there)
    known = coverage(expected, there)
    changes = {one.key for one in findings if one.kind is DriftKind.CHANGE}
    assert changes <= seen
    assert all(known.leaves_open(key) for key in seen - changes)
    assert len(findings) - len(changes) == len(lists)
    assert known.checked + sum(known.because.values()) == known.things


@given(tenants(), st.data())
def test_a_second_subscription_with_a_key_of_ours_is_one_finding(tenant, data):
    expected, found = tenant
    slot = data.draw(st.sampled_from(expected.subscriptions))
    copy = replace(found.subscriptions.rows[slot.base.subscription_id], id=5000)
    there = replace(found, subscriptions=changed(found.subscriptions, 5000, copy))
    (one,) = drift(expected, there)
    assert one.key == f"double:{slot.key}|5000"
