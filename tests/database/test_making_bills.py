"""Making bills out of what is stored, and storing them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from usage_of import NOVEMBER, OCTOBER, SEPTEMBER, collected, configure, holds, imported, price

from billbridge.billing.bills import Action, Coverage, Trigger
from billbridge.errors import InvalidInput
from billbridge.operations.bill import CHUNK, BillRequest, BillResult, make_bills
from billbridge.operations.coverage import coverage
from billbridge.store.models import (
    AdjustmentSetting,
    Bill,
    BilledProduct,
    BillLine,
    Company,
    ExclusionSetting,
    HaloConnection,
    MonthlyStorage,
    Provider,
    StorageRate,
    StorageReading,
)

GIB = 2**30
FIRST, SECOND, TODAY = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 12)


@pytest.fixture
def acme(provider: Provider, company: Company) -> Company:
    """A company with two servers since September, billed for servers; October and November are collected."""
    collected(provider, SEPTEMBER.last, OCTOBER.first, NOVEMBER.first)
    price(provider)
    configure(company, "license:Server")
    holds(company, "DC01")
    holds(company, "DC02")
    return company


def make(provider: Provider, day: date = TODAY, **asked: object) -> list[BillResult]:
    return make_bills(provider, BillRequest(day=day, **asked))  # type: ignore[arg-type]


def automatic(provider: Provider, day: date = SECOND) -> list[BillResult]:
    return make(provider, day, trigger=Trigger.AUTO_BILLING)


def october(company: Company) -> Bill:
    return Bill.objects.get(company=company, month=OCTOBER)


def november(company: Company) -> Bill:
    return Bill.objects.get(company=company, month=NOVEMBER)


def test_a_manual_sync_bills_last_month_whole_and_the_running_month_so_far(
    provider: Provider, acme: Company
) -> None:
    holds(acme, "DC03", first=date(2026, 11, 5))
    make(provider)
    assert (october(acme).kind, october(acme).state, october(acme).price) == ("manual", "ready", Decimal(24))
    assert (november(acme).kind, november(acme).state, november(acme).price) == (
        "temporary",
        "ready",
        Decimal(36),
    )


def test_no_temporary_bill_is_made_where_they_are_switched_off(
    provider: Provider, acme: Company, halopsa: HaloConnection
) -> None:
    HaloConnection.objects.update(temporary_bills=False)
    make(provider)
    assert [bill.month for bill in Bill.objects.all()] == [OCTOBER]


def test_a_line_keeps_its_figures_and_the_endpoints_it_counted(provider: Provider, acme: Company) -> None:
    make(provider)
    line = BillLine.objects.get(bill=october(acme))
    assert (line.quantity, line.cost, line.price) == (2, Decimal(10), Decimal(24))
    assert (line.sent_quantity, line.sent_cost, line.sent_price) == (2, Decimal(5), Decimal(12))
    assert [each["endpoint"] for each in line.products[0]["endpoints"]] == ["DC01", "DC02"]
    assert line.products[0]["price_origin"] == "general price since 2026-01"


def test_two_spellings_of_a_license_type_are_one_product(provider: Provider, acme: Company) -> None:
    holds(acme, "DC01", "server", user_id="")
    holds(acme, "DC03", "SERVER")
    make(provider)
    assert [line.quantity for line in october(acme).lines.all()] == [3]


def test_a_bill_made_again_keeps_its_row_and_has_the_new_figures_only(provider: Provider, acme: Company) -> None:
    make(provider)
    before = october(acme)
    holds(acme, "DC03", first=date(2026, 10, 7))
    make(provider)
    again = october(acme)
    assert again.pk == before.pk
    assert (before.price, again.price) == (Decimal(24), Decimal(36))
    assert [line.quantity for line in again.lines.all()] == [3]
    assert Bill.objects.count() == BillLine.objects.count() == 2


def test_a_company_without_a_configuration_gets_no_bill(provider: Provider, acme: Company) -> None:
    other = Company.objects.create(provider=provider, source_id="birch", name="Birch")
    holds(other, "FS01")
    assert {result.company_id for result in make(provider)} == {acme.pk}
    assert not Bill.objects.filter(company=other).exists()


def test_only_the_companies_asked_for_are_billed(provider: Provider, acme: Company) -> None:
    other = Company.objects.create(provider=provider, source_id="birch", name="Birch")
    configure(other, "license:Server")
    make(provider, company_ids=frozenset({other.pk}))
    assert {bill.company_id for bill in Bill.objects.all()} == {other.pk}


def test_a_month_in_which_nothing_was_collected_is_not_billed(provider: Provider, acme: Company) -> None:
    for result in make(provider, date(2027, 2, 3)):
        assert result.bill_id is None
        assert result.step.reason == "nothing was collected or imported for the month"
    assert not Bill.objects.exists()


def test_an_older_month_is_billed_when_it_is_asked_for_by_name(provider: Provider, acme: Company) -> None:
    make(provider, date(2026, 12, 5), month=OCTOBER)
    assert [bill.month for bill in Bill.objects.all()] == [OCTOBER]


def test_exclusions_and_adjustments_count_and_are_kept_with_their_reasons(
    provider: Provider, acme: Company
) -> None:
    ExclusionSetting.objects.create(company=acme, endpoint="dc02", reason="loan machine")
    AdjustmentSetting.objects.create(
        company=acme, license_type="Server", units=Decimal(3), reason="agreed", first_month=NOVEMBER
    )
    make(provider)
    assert (october(acme).price, november(acme).price) == (Decimal(12), Decimal(48))
    assert [(each["subject"], each["detail"]) for each in october(acme).not_billed] == [("DC02", "loan machine")]
    products = november(acme).lines.get().products
    assert [each["reason"] for each in products[0]["adjustments"]] == ["agreed"]


def test_a_closed_month_s_storage_is_the_source_s_own_average(provider: Provider, acme: Company) -> None:
    acme.configurations.all().delete()
    configure(acme, "storage:s3", name="Storage")
    StorageRate.objects.create(
        provider=provider,
        account_id="s3",
        from_month=SEPTEMBER,
        backup_cost=Decimal("0.01"),
        backup_price=Decimal("0.05"),
        restore_cost=0,
        restore_price=Decimal("0.10"),
    )
    collected(provider, OCTOBER.first, NOVEMBER.first, section="storage")
    of_user = {"provider": provider, "company": acme, "account_id": "s3", "user_id": "u1", "user_login": "front"}
    for day, backup in ((date(2026, 10, 30), 100), (FIRST, 300), (SECOND, 500)):
        StorageReading.objects.create(**of_user, day=day, backup_bytes=backup * GIB, restore_bytes=7 * GIB)
    MonthlyStorage.objects.create(**of_user, month=OCTOBER, backup_bytes=120 * GIB, restore_bytes=10 * GIB)
    make(provider, SECOND)
    assert october(acme).price == Decimal("7.00")  # 120 x 0.05 + 10 x 0.10
    assert november(acme).price == Decimal("20.70")  # the mean of 300 and 500, and 7 restored


def test_who_bills_storage_is_not_billed_for_a_month_whose_storage_is_not_known(
    provider: Provider, acme: Company
) -> None:
    configure(acme, "storage:s3", name="Storage")
    assert {result.step.action for result in make(provider)} == {Action.LEAVE}
    collected(provider, NOVEMBER.first, section="storage")
    make(provider)
    assert (october(acme).state, november(acme).state) == ("ready", "ready")


def test_a_day_before_that_of_the_last_bills_is_refused(provider: Provider, acme: Company) -> None:
    make(provider)
    with pytest.raises(InvalidInput, match="2026-10-31 lies before the day of the last bills, 2026-11-12"):
        make(provider, OCTOBER.last)
    assert (october(acme).kind, november(acme).kind) == ("manual", "temporary")


# Held bills


def test_a_company_whose_name_another_has_too_is_held(provider: Provider, acme: Company) -> None:
    Company.objects.update(is_ambiguous=True)
    make(provider)
    assert october(acme).state == "held"
    assert "another company is called 'Acme' too" in october(acme).reasons[0]


def test_a_price_that_was_never_set_holds_the_bill_if_the_provider_wants_it(
    provider: Provider, acme: Company
) -> None:
    Provider.objects.update(missing_price="hold the bill")
    provider.refresh_from_db()
    BilledProduct.objects.create(
        configuration=acme.configurations.get(), company=acme, product="license:MS Exchange"
    )
    holds(acme, "EX01", "MS Exchange")
    make(provider)
    assert october(acme).state == "held"
    assert october(acme).reasons == ["Managed Backup: cost and price of MS Exchange were never set"]


def test_a_mixture_that_cannot_be_added_up_is_held_without_figures(provider: Provider, acme: Company) -> None:
    BilledProduct.objects.create(configuration=acme.configurations.get(), company=acme, product="storage:s3")
    collected(provider, OCTOBER.first, NOVEMBER.first, section="storage")
    make(provider)
    assert (october(acme).state, october(acme).price) == ("held", Decimal(0))
    assert "mixes licenses and storage" in october(acme).reasons[0]
    assert not BillLine.objects.exists()


def test_a_held_bill_is_ready_once_what_held_it_is_mended(provider: Provider, acme: Company) -> None:
    Company.objects.update(is_ambiguous=True)
    make(provider)
    Company.objects.update(is_ambiguous=False)
    make(provider)
    assert (october(acme).state, october(acme).reasons) == ("ready", [])


# Months that were collected in part


@pytest.fixture
def partly(provider: Provider, company: Company) -> Company:
    """A company whose provider began to collect on the fifteenth of October."""
    collected(provider, date(2026, 10, 15), NOVEMBER.first)
    price(provider)
    configure(company, "license:Server")
    holds(company, "DC01", first=date(2026, 10, 15))
    return company


def test_a_month_collected_in_part_asks_a_person_the_first_time(provider: Provider, partly: Company) -> None:
    make(provider)
    assert (october(partly).state, october(partly).collected_from) == ("held", date(2026, 10, 15))
    assert "2026-10 was collected only from 2026-10-15 on" in october(partly).reasons[0]
    assert november(partly).state == "ready"


def test_it_goes_on_asking_until_a_person_agrees(provider: Provider, partly: Company) -> None:
    make(provider)
    make(provider)
    assert october(partly).state == "held"


def test_once_agreed_it_is_marked_and_asks_no_more(provider: Provider, partly: Company) -> None:
    make(provider)
    make(provider, accept_partial=True)
    assert (october(partly).state, october(partly).collected_from) == ("ready", date(2026, 10, 15))
    make(provider)
    assert october(partly).state == "ready"


def test_a_month_that_was_only_shown_so_far_asks_when_it_is_over(provider: Provider, partly: Company) -> None:
    make(provider, date(2026, 10, 20))
    assert (october(partly).kind, october(partly).state) == ("temporary", "ready")
    make(provider)
    assert (october(partly).kind, october(partly).state) == ("manual", "held")


# Automatic bills


@pytest.fixture
def auto(acme: Company) -> Company:
    """A company with auto-billing, switched on in the middle of October."""
    Company.objects.update(auto_since=date(2026, 10, 15))
    return acme


def test_auto_billing_bills_last_month_alone_and_only_companies_that_have_it(
    provider: Provider, auto: Company
) -> None:
    other = Company.objects.create(provider=provider, source_id="birch", name="Birch")
    configure(other, "license:Server")
    automatic(provider)
    (bill,) = Bill.objects.all()
    assert (bill.company_id, bill.month, bill.kind, bill.state) == (auto.pk, OCTOBER, "automatic", "ready")


def test_auto_billing_waits_for_a_collection_after_the_month(provider: Provider, company: Company) -> None:
    collected(provider, OCTOBER.first, OCTOBER.last)
    configure(company, "license:Server")
    Company.objects.update(auto_since=date(2026, 10, 15))
    (waiting,) = automatic(provider)
    assert waiting.step.reason == "it needs a collection begun after the end of the month"
    make(provider, date(2026, 11, 3), trigger=Trigger.AUTO_BILLING, day_is_ending=True)
    assert october(company).before_month_end


@pytest.mark.parametrize("state", ["ready", "sending", "partly sent", "failed", "sent"])
def test_an_automatic_bill_never_changes(provider: Provider, auto: Company, state: str) -> None:
    automatic(provider)
    Bill.objects.update(state=state)
    holds(auto, "DC03", first=date(2026, 10, 7))
    price(provider, price="99.00", since=OCTOBER)
    automatic(provider, date(2026, 11, 3))
    make(provider)
    make(provider, month=OCTOBER)
    assert (october(auto).kind, october(auto).state, october(auto).price) == ("automatic", state, Decimal(24))
    assert [line.quantity for line in october(auto).lines.all()] == [2]


def test_an_automatic_bill_that_is_held_was_never_sent_and_is_made_anew(provider: Provider, auto: Company) -> None:
    Company.objects.update(is_ambiguous=True)
    automatic(provider)
    assert october(auto).state == "held"
    Company.objects.update(is_ambiguous=False)
    holds(auto, "DC03", first=date(2026, 10, 7))
    make(provider)
    assert (october(auto).kind, october(auto).state, october(auto).price) == ("automatic", "ready", Decimal(36))


# Absurd figures


def test_a_company_whose_amount_no_bill_can_hold_is_held_and_the_others_are_billed(
    provider: Provider, acme: Company
) -> None:
    other = Company.objects.create(provider=provider, source_id="birch", name="Birch")
    configure(other, "license:Server")
    holds(other, "FS01")
    price(provider, company=acme, since=OCTOBER, cost="0", price="600000000000")
    make(provider)
    assert (october(acme).state, october(acme).price, october(acme).lines.count()) == ("held", Decimal(0), 0)
    assert "its price would be 1,200,000,000,000.00" in october(acme).reasons[0]
    assert (october(other).state, october(other).price) == ("ready", Decimal(12))


def test_lines_that_only_together_are_more_than_a_bill_can_hold_hold_it(provider: Provider, acme: Company) -> None:
    configure(acme, "license:Desktop", name="Desktops")
    holds(acme, "PC01", "Desktop")
    price(provider, company=acme, since=OCTOBER, cost="0", price="450000000000")
    price(provider, "Desktop", since=OCTOBER, cost="0", price="900000000000")
    make(provider)
    assert october(acme).state == "held"
    assert "its lines add up to 1,000,000,000,000 or more" in october(acme).reasons[0]


# Chunks


def test_of_a_chunk_that_fails_nothing_is_kept_and_of_those_before_everything(
    provider: Provider, acme: Company
) -> None:
    others = Company.objects.bulk_create(
        Company(provider=provider, source_id=f"c{n}", name=f"Company {n:03}") for n in range(CHUNK + 1)
    )
    for company in others:
        configure(company, "license:Server")
    first_chunk = {acme.pk, *(company.pk for company in others[: CHUNK - 1])}
    healthy, broken = others[CHUNK - 1 :]
    for company in (healthy, broken):
        holds(company, "DC01")
        holds(company, "DC02")
    # October is stored well before November's activation turns out to be unreadable.
    holds(broken, "DC03", first=date(2026, 11, 5), origin="hearsay")
    with pytest.raises(ValueError, match="hearsay"):
        make(provider)
    assert set(Bill.objects.values_list("company_id", flat=True)) == first_chunk
    assert set(BillLine.objects.values_list("bill__company_id", flat=True)) == first_chunk


# How much of a month is known


def test_a_month_without_a_collection_is_not_covered(provider: Provider) -> None:
    assert coverage(provider, OCTOBER) == Coverage()


def test_a_month_collected_from_its_first_day_until_after_its_end_is_whole(provider: Provider) -> None:
    collected(provider, OCTOBER.first, NOVEMBER.first)
    assert coverage(provider, OCTOBER) == Coverage(first_day=OCTOBER.first, after_end=True)


def test_collections_before_the_month_cover_its_beginning(provider: Provider) -> None:
    collected(provider, date(2026, 9, 20), date(2026, 10, 20))
    assert coverage(provider, OCTOBER) == Coverage(first_day=OCTOBER.first, after_end=False)


def test_a_month_collected_for_the_first_time_in_its_middle_is_known_from_there_on(provider: Provider) -> None:
    collected(provider, date(2026, 10, 15), NOVEMBER.first)
    assert coverage(provider, OCTOBER) == Coverage(first_day=date(2026, 10, 15), after_end=True)


def test_collections_around_a_month_but_none_within_do_not_cover_it(provider: Provider) -> None:
    collected(provider, SEPTEMBER.last, NOVEMBER.first)
    assert coverage(provider, OCTOBER).is_empty


@pytest.mark.parametrize("state", ["held", "failed"])
def test_a_collection_that_kept_nothing_covers_nothing(provider: Provider, state: str) -> None:
    collected(provider, OCTOBER.first, NOVEMBER.first, state=state)
    assert coverage(provider, OCTOBER).is_empty


def test_collected_storage_alone_covers_nothing(provider: Provider) -> None:
    collected(provider, OCTOBER.first, NOVEMBER.first, section="storage")
    assert coverage(provider, OCTOBER).is_empty


def test_an_imported_month_is_whole(provider: Provider) -> None:
    imported(provider, OCTOBER.first, OCTOBER.last)
    assert coverage(provider, OCTOBER) == Coverage(first_day=OCTOBER.first, after_end=True)


def test_an_import_completes_what_was_collected_from_a_day_on(provider: Provider) -> None:
    collected(provider, date(2026, 10, 15))
    imported(provider, OCTOBER.first, date(2026, 10, 20))
    assert coverage(provider, OCTOBER) == Coverage(first_day=OCTOBER.first, after_end=False)
    collected(provider, NOVEMBER.first)
    assert coverage(provider, OCTOBER) == Coverage(first_day=OCTOBER.first, after_end=True)


def test_an_import_of_another_month_covers_nothing(provider: Provider) -> None:
    imported(provider, SEPTEMBER.first, SEPTEMBER.last)
    assert coverage(provider, OCTOBER).is_empty
    assert coverage(provider, SEPTEMBER) == Coverage(first_day=SEPTEMBER.first, after_end=True)


def test_the_coverage_of_one_provider_is_not_that_of_another(provider: Provider) -> None:
    collected(Provider.objects.create(name="Somebody else"), OCTOBER.first, NOVEMBER.first)
    assert coverage(provider, OCTOBER).is_empty
