"""The world behind the simulators: deterministic, as of a movable day, with a truth of its own."""

from __future__ import annotations

import csv
import io
import threading
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest

from billbridge.simulators.world import EditError, World
from billbridge.simulators.world_halopsa import NO_SITE, HaloCustomer
from billbridge.simulators.world_names import company_name, other_customer_name
from billbridge.simulators.world_storage import GIB, DailyStorage
from billbridge.simulators.world_values import UNKNOWN_TYPE


def february(licenses: int = 20) -> World:
    return World.generate(companies=2, licenses=licenses, start=date(2026, 1, 1), today=date(2026, 2, 28))


def company_with_user(world: World, day: date = date(2026, 1, 1)) -> tuple[str, str]:
    company = world.add_company(name="Test & Sons", day=day)
    return company, world.add_user(login="tester", company=company, day=day)


def counted(world: World, company: str, month: str = "2026-02") -> dict[str, int]:
    return world.truth(month).licenses().get(company, {})


def history(world: World, month: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(world.usage_history_csv(month))))


# The same world, whenever and wherever it is made


def test_the_same_arguments_make_the_same_world() -> None:
    one, other = World.generate(), World.generate()
    assert list(one.licenses_now()) == list(other.licenses_now())
    assert one.truth("2026-10") == other.truth("2026-10")
    assert one.halopsa == other.halopsa


def test_the_default_world_is_the_same_on_every_machine_and_python() -> None:
    world = World.generate()
    first = next(world.licenses_now())
    assert first.license.id == "bd8b6c4a-6267-4928-aca9-eb0103369a0c"
    kept = sum(series.backup_on(date(2026, 10, 31)) for series in world.storage.values())
    assert kept == 37_667_629_670_940


def test_another_seed_makes_another_world() -> None:
    assert list(World.generate().licenses) != list(World.generate(seed=8).licenses)


def test_a_later_day_never_changes_what_came_before() -> None:
    near, far = World.generate(), World.generate(today=date(2027, 10, 1))
    far.truth("2027-09")
    far.today = near.today
    assert far.truth("2026-09") == near.truth("2026-09")
    assert far.usage_history_csv("2026-10") == near.usage_history_csv("2026-10")
    assert list(far.licenses_now()) == list(near.licenses_now())


def test_storage_is_the_same_whether_asked_day_by_day_or_far_ahead_first() -> None:
    def series() -> DailyStorage:
        return DailyStorage(seed="x", begins=date(2026, 1, 1), first_bytes=80 * GIB, growth_ppm=700)

    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(200)]
    ahead = series()
    ahead.backup_on(days[-1])
    step_by_step = series()
    assert [step_by_step.backup_on(day) for day in days] == [ahead.backup_on(day) for day in days]


def test_moving_the_day_back_shows_the_state_before_an_edit() -> None:
    world = february()
    company = world.companies_now()[0]
    world.rename_company(company=company.id, name="Renamed Inc")
    world.today -= timedelta(days=1)
    assert world.companies[company.id].name_on(world.today) == company.name_on(world.today) != "Renamed Inc"


def test_a_world_without_companies_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one company"):
        World.generate(companies=0)


# What the default world holds


def test_the_default_world_has_the_size_of_the_demo() -> None:
    world = World.generate()
    assert len(world.companies) == 40
    assert sum(len(lives) for lives in world.lives.values()) == 870
    for day in (date(2026, 9, 30), date(2026, 10, 31), world.today):
        held = sum(life.held_on(day) for lives in world.lives.values() for life in lives if life.user_id)
        assert abs(held - 600) <= 20, f"about 600 licenses on {day}"
    assert len(world.accounts) == 3
    assert len(world.domains_now()) == 4


def test_a_third_of_the_companies_keeps_plausible_amounts_of_data() -> None:
    world = World.generate()
    users = {user_id for user_id, _ in world.storage}
    companies = {world.users[user_id].company_on(world.today) for user_id in users}
    assert 12 <= len(companies) <= 15
    figures = [series.backup_on(world.today) for series in world.storage.values() if series.ends is None]
    assert all(45 * GIB < figure < 4_096 * GIB for figure in figures)


def test_company_names_never_repeat() -> None:
    names = [company_name(number) for number in range(1_500)] + [other_customer_name(n) for n in range(312)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("companies", [1, 2, 5, 300])
def test_every_life_belongs_to_an_existing_user_and_lies_within_its_company(companies: int) -> None:
    world = World.generate(companies=companies, licenses=companies * 10)
    for license_id, lives in world.lives.items():
        for life in lives:
            assert life.deactivated is None or life.deactivated > life.activated
            assert world.licenses[license_id].purchased <= life.activated
            if life.user_id is None:
                continue
            company_id = world.users[life.user_id].company_on(life.activated)
            if company_id is None:
                continue
            company = world.companies[company_id]
            assert company.created <= life.activated
            assert company.ended is None or (life.deactivated is not None and life.deactivated <= company.ended)


def test_a_license_is_never_held_twice_at_once() -> None:
    world = World.generate(companies=60, licenses=1_200)
    for lives in world.lives.values():
        for before, after in pairwise(lives):
            assert before.deactivated is not None
            assert before.deactivated <= after.activated


def test_some_licenses_go_from_one_company_to_another() -> None:
    world = World.generate()
    assert any(len({life.user_id for life in lives}) > 1 for lives in world.lives.values())


def test_the_default_world_has_the_cases_billing_stumbles_over() -> None:
    world = World.generate()
    now = list(world.licenses_now())
    held = [each for each in now if each.life is not None]
    assert sum(each.life is None and not each.license.trial for each in now) >= 12, "licenses in a pool"
    assert any(each.license.trial and each.expires >= world.today for each in held), "a running trial"
    assert any(each.license.trial and each.expires < world.today for each in held), "an expired trial"
    assert any(not each.license.trial and each.expires < world.today for each in held), "an expired license"
    assert any(each.license.type == UNKNOWN_TYPE for each in held), "an unknown type"
    assert any(each.life and each.life.holder for each in held), "a license of an administrator"
    no_company = [user for user in world.users_now() if world.company_of(user) is None]
    assert any(each.life and each.life.user_id in {user.id for user in no_company} for each in held)
    assert any("@" not in user.login for user in world.users_now())
    assert len(world.companies_now()) < len(world.companies), "a company that ended"


def test_one_endpoint_of_the_default_world_changes_its_type_within_october() -> None:
    rows = history(World.generate(), "2026-10")
    types = defaultdict(set)
    for row in rows:
        if row["Endpoint"].endswith("-MIX01"):
            types[row["Endpoint"]].add(row["Type"])
    assert list(types.values()) == [{"Desktop", "Ultimate"}]


# The truth


def test_a_swapped_license_is_still_one_endpoint() -> None:
    world = february()
    company, user = company_with_user(world)
    license_id = world.add_license(user=user, license_type="Desktop", endpoint="T-1", day=date(2026, 1, 5))
    world.swap_license(license_id=license_id, day=date(2026, 2, 12))
    truth = world.truth("2026-02").companies[company].licenses["Desktop"]
    assert (truth.active_in_month, truth.active_at_end, truth.peak, truth.endpoint_days) == (1, 1, 1, 28)


def test_an_endpoint_that_changes_its_type_counts_under_both() -> None:
    world = february()
    company, user = company_with_user(world)
    license_id = world.add_license(user=user, license_type="Desktop", endpoint="T-1", day=date(2026, 1, 5))
    world.change_license_type(license_id=license_id, license_type="Ultimate", day=date(2026, 2, 12))
    assert counted(world, company) == {"Desktop": 1, "Ultimate": 1}
    licenses = world.truth("2026-02").companies[company].licenses
    assert (licenses["Desktop"].active_at_end, licenses["Ultimate"].active_at_end) == (0, 1)


def test_partial_days_count_whole_so_10_to_20_february_are_11_days() -> None:
    world = february()
    company, user = company_with_user(world)
    license_id = world.add_license(user=user, license_type="Desktop", endpoint="ACME-RX7", day=date(2026, 2, 10))
    world.release_license(license_id=license_id, day=date(2026, 2, 20))
    assert world.truth("2026-02").companies[company].licenses["Desktop"].endpoint_days == 11
    row = next(row for row in history(world, "2026-02") if row["Endpoint"] == "ACME-RX7")
    assert (row["Days Active"], row["Cost"], row["Deactivated"]) == ("11", "0.98", "2026-02-20")


def test_a_license_given_back_on_the_first_of_a_month_counts_in_that_month_but_not_for_its_peak() -> None:
    world = february()
    company, user = company_with_user(world)
    license_id = world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 1, 5))
    world.release_license(license_id=license_id, day=date(2026, 2, 1))
    truth = world.truth("2026-02").companies[company].licenses["Server"]
    assert (truth.active_in_month, truth.peak, truth.active_at_end, truth.endpoint_days) == (1, 0, 0, 1)


def test_the_day_a_license_is_given_back_does_not_raise_the_peak() -> None:
    world = february()
    company, user = company_with_user(world)
    first = world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 1, 5))
    world.release_license(license_id=first, day=date(2026, 2, 10))
    world.add_license(user=user, license_type="Server", endpoint="T-2", day=date(2026, 2, 10))
    truth = world.truth("2026-02").companies[company].licenses["Server"]
    assert (truth.active_in_month, truth.peak) == (2, 1)


def test_trials_never_count_and_expired_licenses_count_until_their_last_day() -> None:
    world = february()
    company, user = company_with_user(world)
    world.add_license(user=user, license_type="Ultimate", endpoint="T-1", trial=True, day=date(2026, 2, 3))
    old = world.add_license(user=user, license_type="MS SQL Server", endpoint="T-2", day=date(2026, 1, 3))
    world.expire_license(license_id=old, day=date(2026, 2, 14))
    assert counted(world, company) == {"MS SQL Server": 1}
    assert world.truth("2026-02").companies[company].licenses["MS SQL Server"].endpoint_days == 14
    world.today = date(2026, 3, 31)
    assert counted(world, company, "2026-03") == {}


def test_the_running_month_is_counted_until_today() -> None:
    world = february()
    company, user = company_with_user(world)
    world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 2, 1))
    world.today = date(2026, 2, 10)
    truth = world.truth("2026-02")
    assert truth.through == date(2026, 2, 10)
    assert truth.companies[company].licenses["Server"].endpoint_days == 10


def test_a_month_to_come_is_empty_and_a_wrong_month_is_refused() -> None:
    world = february()
    assert (world.truth("2026-05").through, world.truth("2026-05").companies) == (None, {})
    with pytest.raises(ValueError, match="YYYY-MM"):
        world.truth("2026-13")


def test_a_user_that_moves_counts_under_each_company_for_its_days() -> None:
    world = february()
    company, user = company_with_user(world)
    other = world.add_company(name="Other", day=date(2026, 1, 1))
    world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 1, 5))
    world.move_user(user=user, company=other, day=date(2026, 2, 11))
    truth = world.truth("2026-02").companies
    days = {each: truth[each].licenses["Server"].endpoint_days for each in (company, other)}
    assert days == {company: 10, other: 18}


def test_the_truth_agrees_with_what_daily_looks_at_the_license_list_show() -> None:
    world = World.generate(today=date(2026, 10, 31))
    seen: dict[tuple[str | None, str], set[tuple[str, str]]] = defaultdict(set)
    # What was held on 30 September and given back on 1 October was used on 1 October.
    for day in [date(2026, 9, 30) + timedelta(days=number) for number in range(32)]:
        world.today = day
        for each in world.licenses_now():
            life = each.life
            if (
                life is None
                or life.user_id is None
                or each.license.trial
                or each.expires < max(day, date(2026, 10, 1))
            ):
                continue
            company = world.users[life.user_id].company_on(day)
            seen[company, each.license.type].add((life.user_id, life.endpoint or ""))
    truth = {
        (company, type_): number
        for company, types in world.truth("2026-10").licenses().items()
        for type_, number in types.items()
        if type_ not in ("RMM + Connect", "Connect")
    }
    assert {key: len(endpoints) for key, endpoints in seen.items()} == truth


def test_the_truth_agrees_with_the_usage_history() -> None:
    world = World.generate()
    endpoints: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for row in history(world, "2026-09"):
        if row["User"] and row["Status"] in ("Paid", "Expired"):
            endpoints[row["Company"]].add((row["Type"], row["User"], row["Endpoint"]))
    truth: Counter[str] = Counter()
    for company in world.truth("2026-09").companies.values():
        truth[company.name] += sum(each.active_in_month for each in company.licenses.values())
    assert {name: len(found) for name, found in endpoints.items()} == dict(truth)


def test_storage_truth_is_the_exact_sum_of_the_days() -> None:
    world = february()
    company, user = company_with_user(world)
    world.set_storage(user=user, account="CorporateS3", byte_count=10, day=date(2026, 2, 1))
    world.set_storage(user=user, account="CorporateS3", byte_count=31, day=date(2026, 2, 15))
    world.set_restore(user=user, account="CorporateS3", byte_count=7, day=date(2026, 2, 3))
    (truth,) = world.truth("2026-02").companies[company].storage
    assert (truth.sum_of_days, truth.days, truth.last_day, truth.peak, truth.restored) == (574, 28, 31, 31, 7)


# The Usage History


def test_the_usage_history_has_the_documented_columns_and_quotes_commas() -> None:
    lines = World.generate().usage_history_csv("2026-10").split("\r\n")
    header = "Type,Company,User,Endpoint,Status,Purchased,Purchase ID,Activated,Deactivated,Days Active,Cost"
    assert lines[0] == header
    assert any(',"Birch & Co, Ltd.",' in line for line in lines)


def test_the_usage_history_lists_mailboxes_domains_and_trials() -> None:
    world = World.generate()
    rows = history(world, "2026-11")
    mailboxes = [row for row in rows if row["Type"] == "Microsoft 365 / Google Workspace"]
    assert all("@" in row["Endpoint"] and not row["User"] for row in mailboxes)
    domain = world.domains["acme-dental.example"]
    still_there = [row for row in mailboxes if row["Endpoint"].endswith(domain.name) and not row["Deactivated"]]
    assert len(still_there) == domain.licenses_on(world.today)
    assert any(row["Type"] == "SharePoint / Teams / Shared Drives" for row in rows)
    trials = [row for row in rows if row["Status"] == "Active trial"]
    assert trials
    assert {row["Cost"] for row in trials} == {"0.00"}


def test_a_license_given_back_later_than_today_is_not_yet_shown_as_given_back() -> None:
    world = february()
    _, user = company_with_user(world)
    license_id = world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 2, 1))
    world.release_license(license_id=license_id, day=date(2026, 3, 15))
    row = next(row for row in history(world, "2026-02") if row["Endpoint"] == "T-1")
    assert (row["Deactivated"], row["Days Active"]) == ("", "28")


def test_the_usage_history_can_be_written_in_other_ways() -> None:
    world = february()
    export = world.usage_history_csv("2026-02", delimiter=";", dates="us", byte_order_mark=True)
    assert export.startswith("\ufeffType;Company;")
    assert "/2026" in export or "/2025" in export


# Edits


def test_removing_a_company_takes_its_users_licenses_and_data_but_not_its_past() -> None:
    world = february()
    company, user = company_with_user(world)
    world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 2, 2))
    world.set_storage(user=user, account="CorporateS3", byte_count=GIB, day=date(2026, 2, 2))
    world.remove_company(company="Test & Sons", day=date(2026, 2, 20))
    assert company not in {each.id for each in world.companies_now()}
    assert user not in {each.id for each in world.users_now()}
    assert all(each.life is None or each.life.user_id != user for each in world.licenses_now())
    truth = world.truth("2026-02").companies[company]
    assert truth.licenses["Server"].endpoint_days == 19
    assert truth.storage[0].sum_of_days == 18 * GIB


def test_releasing_the_licenses_of_a_company_keeps_the_oldest() -> None:
    world = february()
    company, user = company_with_user(world)
    for number in range(6):
        day = date(2026, 1, 10 + number)
        world.add_license(user=user, license_type="Server", endpoint=f"T-{number}", day=day)
    assert world.release_licenses(company=company, keep=2) == 4
    left = [each.life.endpoint for each in world.licenses_now() if each.life and each.life.user_id == user]
    assert left == ["T-0", "T-1"]


def test_a_released_license_lies_in_the_pool_unrenewed_and_is_forgotten_in_time() -> None:
    world = february()
    _, user = company_with_user(world)
    license_id = world.add_license(user=user, license_type="Server", endpoint="T-1", day=date(2026, 1, 2))
    world.release_license(license_id=license_id, day=date(2026, 2, 20))
    found = next(each for each in world.licenses_now() if each.license.id == license_id)
    assert (found.life, found.expires) == (None, date(2026, 3, 1))
    world.today = date(2026, 5, 1)
    assert license_id not in {each.license.id for each in world.licenses_now()}


def test_a_company_can_get_a_twin_of_the_same_name_with_a_user() -> None:
    world = february()
    twin = world.duplicate_company_name(company="Acme Dental")
    names = [company.name_on(world.today) for company in world.companies_now()]
    assert names.count("Acme Dental") == 2
    assert any(user.company_on(world.today) == twin for user in world.users_now())
    with pytest.raises(EditError, match="2 companies 'Acme Dental'"):
        world.rename_company(company="Acme Dental", name="x")


def test_the_number_of_a_domains_licenses_can_be_set() -> None:
    world = february()
    world.add_domain(name="test.example", account="CorporateS3", licenses=5, day=date(2026, 2, 1))
    world.set_domain_licenses(domain="test.example", licenses=2, day=date(2026, 2, 10))
    world.set_domain_licenses(domain="test.example", licenses=9, day=date(2026, 2, 20))
    domain = world.domains["test.example"]
    numbers = [domain.licenses_on(date(2026, 2, day)) for day in (1, 9, 10, 19, 20, 28)]
    assert numbers == [5, 5, 2, 2, 9, 9]
    truth = next(each for each in world.truth("2026-02").domains if each.domain == "test.example")
    assert (truth.highest, truth.last, truth.sum_of_days) == (9, 9, 9 * 5 + 10 * 2 + 9 * 9)


@pytest.mark.parametrize(
    ("do", "arguments", "problem"),
    [
        ("explode", {}, "There is no edit 'explode'; there are add_company"),
        ("rename_company", {"company": "Acme Dental"}, "missing a required argument: 'name'"),
        ("rename_company", {"company": "Nobody", "name": "x"}, "There is no company 'Nobody' on 2026-02-28"),
        ("add_company", {"name": "x", "day": "28.02.2026"}, "28.02.2026"),
        ("add_company", {"name": 7}, "name cannot be 7"),
        ("release_license", {"license_id": "x"}, "There is no license 'x'"),
        ("set_storage", {"user": "x", "account": "CorporateS3", "byte_count": 1}, "There is no user 'x'"),
        ("set_package", {"user": "lab.bench", "account": "CorporateS3", "package": 3}, "There is no package 3"),
        ("add_user", {"login": "lab.bench"}, "There is a user 'lab.bench' already"),
        ("set_domain_licenses", {"domain": "x", "licenses": 3}, "There is no domain 'x'"),
    ],
)
def test_an_impossible_edit_names_the_thing(do: str, arguments: dict[str, object], problem: str) -> None:
    with pytest.raises(EditError) as refused:
        february().edit(do, arguments)
    assert problem in str(refused.value)


def test_a_refused_edit_changes_nothing() -> None:
    world = february()
    before = len(world.licenses)
    with pytest.raises(EditError):
        world.add_license(user="nobody", license_type="Server", endpoint="T-1")
    assert len(world.licenses) == before


def test_edits_and_readers_may_run_at_the_same_time() -> None:
    world = february()
    _, user = company_with_user(world)
    failures: list[Exception] = []

    def read() -> None:
        try:
            for _ in range(20):
                world.truth("2026-02")
        except Exception as failure:
            failures.append(failure)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(100):
        world.add_license(user=user, license_type="Server", endpoint=f"T-{number}")
    for reader in readers:
        reader.join()
    assert failures == []


# The HaloPSA side


def customer_named(world: World, name: str) -> HaloCustomer:
    return next(customer for customer in world.halopsa.customers if customer.name == name)


def test_halopsa_knows_most_companies_by_their_name_and_some_by_another() -> None:
    world = World.generate()
    names = {customer.name for customer in world.halopsa.customers}
    known = [company for company in world.companies.values() if company.names[0].value in names]
    assert 28 <= len(known) < 40
    acme = customer_named(world, "Acme Dental Ltd.")
    assert acme.company_id is not None
    assert world.companies[acme.company_id].names[0].value == "Acme Dental"


def test_one_company_has_two_similar_customers_and_one_has_none() -> None:
    world = World.generate()
    assert customer_named(world, "Birch & Co").company_id is not None
    assert customer_named(world, "Birch & Company Ltd").company_id is None
    mapped = Counter(customer.company_id for customer in world.halopsa.customers if customer.company_id)
    assert len(mapped) == 39
    assert set(mapped.values()) == {1}


def test_halopsa_ids_are_as_halopsa_gives_them() -> None:
    halopsa = World.generate().halopsa
    assert [customer.id for customer in halopsa.customers][:2] == [12, 13]
    assert all(invoice.id < 0 for invoice in halopsa.recurring_invoices)
    for rows in (
        halopsa.currencies, halopsa.customers, halopsa.sites, halopsa.asset_types, halopsa.items, halopsa.suppliers,
        halopsa.agreements, halopsa.subscriptions, halopsa.recurring_invoices,
    ):  # fmt: skip
        ids = [row.id for row in rows]
        assert ids == sorted(set(ids))


def test_every_reference_on_the_halopsa_side_leads_somewhere() -> None:
    halopsa = World.generate().halopsa
    customers = {customer.id for customer in halopsa.customers}
    sites = {site.id: site.client_id for site in halopsa.sites}
    items, suppliers = {item.id for item in halopsa.items}, {supplier.id for supplier in halopsa.suppliers}
    subscriptions = {subscription.id for subscription in halopsa.subscriptions}
    contracts = {agreement.id for agreement in halopsa.agreements}
    assert all(sites[customer.main_site_id] == customer.id for customer in halopsa.customers)
    assert all(agreement.client_id in customers for agreement in halopsa.agreements)
    assert {item.assettype_id for item in halopsa.items} - {None} <= {each.id for each in halopsa.asset_types}
    for subscription in halopsa.subscriptions:
        assert subscription.site_id == NO_SITE or sites[subscription.site_id] == subscription.client_id
        assert subscription.item_id is None or subscription.item_id in items
        assert subscription.supplier_id is None or subscription.supplier_id in suppliers
    for invoice in halopsa.recurring_invoices:
        assert invoice.contract_id is None or invoice.contract_id in contracts
        assert all(line.licence_id in subscriptions for line in invoice.lines)


def test_the_number_of_extra_customers_and_subscriptions_can_be_chosen() -> None:
    halopsa = World.generate(companies=5, licenses=40, extra_customers=150, extra_subscriptions=0).halopsa
    assert len(halopsa.customers) == 5 + 1 + 150
    assert (halopsa.subscriptions, halopsa.recurring_invoices) == ((), ())


def test_one_customer_is_billed_in_another_currency() -> None:
    halopsa = World.generate().halopsa
    base = [currency for currency in halopsa.currencies if currency.conversion_rate == 1]
    others = [customer for customer in halopsa.customers if customer.default_currency_code]
    assert [currency.code for currency in base] == ["USD"]
    assert [customer.default_currency_code for customer in others] == [2]
