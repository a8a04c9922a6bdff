"""Storage: the month's figure, limits, and which rates hold for whom."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billbridge.billing.months import Month
from billbridge.billing.storage import (
    GB,
    NEVER_SET,
    AccountTerms,
    GbRates,
    Limit,
    StorageBasis,
    StorageUse,
    backup_figure,
    charge_account,
)

D = Decimal
APRIL = Month(2026, 4)


def april(day):
    return date(2026, 4, day)


def use(user="u1", readings=None, **values):
    return StorageUse(account_id="s3", user_id=user, user_login=user, readings=readings or {}, **values)


def stored(user, gb, restored_gb=0):
    return use(user, monthly_average=gb * GB, restored=restored_gb * GB)


def figure(used, basis=StorageBasis.MEAN, through=APRIL.last):
    return backup_figure(used, month=APRIL, through=through, basis=basis)


def charge(uses, terms):
    return charge_account("s3", uses, terms, month=APRIL, through=APRIL.last, basis=StorageBasis.MEAN)


# The month's figure

RISING = {april(day): day * GB for day in range(1, 31)}


@pytest.mark.parametrize(
    ("basis", "gb"),
    [
        (StorageBasis.MEAN, Fraction(31, 2)),
        (StorageBasis.PEAK, 30),
        (StorageBasis.P95, 29),  # 29 of 30 days are 96.7 %, 28 only 93.3 %
        (StorageBasis.LAST_DAY, 30),
    ],
)
def test_each_basis_takes_its_own_figure(basis, gb):
    assert figure(use(readings=RISING), basis).backup_bytes == gb * GB


def test_p95_of_20_days_leaves_out_exactly_the_highest():
    values = {april(day): day * GB for day in range(1, 21)}
    assert figure(use(readings=values), StorageBasis.P95, april(20)).backup_bytes == 19 * GB


@pytest.mark.parametrize("basis", list(StorageBasis))
def test_of_one_day_every_basis_is_that_day(basis):
    assert figure(use(readings={april(1): 7}), basis, april(1)).backup_bytes == 7


def test_the_order_of_the_readings_does_not_matter():
    backwards = dict(reversed(RISING.items()))
    for basis in StorageBasis:
        assert figure(use(readings=backwards), basis) == figure(use(readings=RISING), basis)


def test_a_day_without_a_collection_repeats_the_day_before_and_is_counted():
    gap = figure(use(readings={april(1): 10, april(4): 30}), through=april(5))
    assert gap.backup_bytes == Fraction(10 + 10 + 10 + 30 + 30, 5)
    assert gap.repeated_days == 3


def test_the_last_figure_before_the_month_holds_until_the_first_reading():
    early = figure(use(readings={april(3): 30}, before=6), through=april(3))
    assert (early.backup_bytes, early.repeated_days) == (14, 2)


def test_days_before_anything_was_known_are_left_out_not_taken_as_zero():
    assert figure(use(readings={april(29): 10})).backup_bytes == 10


def test_the_running_month_takes_the_days_to_date():
    assert figure(use(readings=RISING), through=april(3)).backup_bytes == 2 * GB


def test_readings_of_other_months_are_not_looked_at():
    readings = {date(2026, 3, 31): 99, april(1): 10, date(2026, 5, 1): 99}
    for basis in StorageBasis:
        assert figure(use(readings=readings), basis).backup_bytes == 10


def test_the_mean_of_a_closed_month_is_the_sources_own_average():
    closed = figure(use(readings=RISING, monthly_average=12345))
    assert (closed.backup_bytes, closed.origin) == (12345, "the source's monthly average")


@pytest.mark.parametrize("basis", [StorageBasis.PEAK, StorageBasis.P95, StorageBasis.LAST_DAY])
def test_other_bases_come_from_the_daily_figures(basis):
    assert figure(use(readings={april(1): 50}, monthly_average=12345), basis).backup_bytes == 50


@pytest.mark.parametrize("basis", list(StorageBasis))
def test_without_daily_figures_every_basis_falls_back_on_the_sources_average_and_says_so(basis):
    fallback = figure(use(monthly_average=12345), basis)
    assert (fallback.backup_bytes, fallback.origin) == (12345, "the source's monthly average")


def test_without_any_figures_it_is_0_and_says_so():
    assert (figure(use()).backup_bytes, figure(use()).origin) == (0, "no figures")


# Rates: user, company, account

RATES = AccountTerms(
    rates=GbRates(backup_cost=D("0.01"), backup_price=D("0.03"), restore_cost=D("0.1"), restore_price=D("0.3")),
    company_rates=GbRates(backup_price=D("0.02")),
    user_rates={"u1": GbRates(backup_price=D("0.01"))},
)


def test_each_user_is_charged_at_the_most_particular_rates():
    charged = charge([stored("u1", 100), stored("u2", 100)], RATES)
    assert [(user.price, user.rates) for user in charged.users] == [
        (1, "custom price by user"),
        (2, "custom price by company"),
    ]


def test_more_particular_rates_replace_the_others_whole():
    charged = charge([stored("u2", 0, restored_gb=10)], RATES)
    assert (charged.cost, charged.price) == (0, 0)


def test_backup_and_restore_have_rates_of_their_own():
    charged = charge([stored("u1", 100, restored_gb=10)], AccountTerms(rates=RATES.rates))
    assert (charged.cost, charged.price) == (1 + 1, 3 + 3)


def test_never_set_is_marked_only_where_there_is_something_to_charge():
    assert charge([stored("u1", 1)], AccountTerms()).never_set
    assert not charge([stored("u1", 0)], AccountTerms()).never_set
    assert AccountTerms().rates_for("u1") == (GbRates(), NEVER_SET)


def test_rates_set_to_0_are_not_a_missing_price():
    assert not charge([stored("u1", 1)], AccountTerms(rates=GbRates())).never_set


def test_usage_within_a_limit_needs_no_rates():
    terms = AccountTerms(company_limit=Limit(name="100 GB", backup_gb=D(100), price=D(5)))
    assert not charge([stored("u1", 80)], terms).never_set


# Limits

PRICE_1 = GbRates(backup_cost=D("0.5"), backup_price=D(1), restore_price=D(2))


@pytest.mark.parametrize(
    ("used", "price"), [(0, 9), (80, 9), (100, 9), (101, 10), (150, 59)], ids=lambda gb: f"{gb}"
)
def test_a_limit_is_paid_in_full_and_only_usage_beyond_it_per_gb(used, price):
    terms = AccountTerms(rates=PRICE_1, user_limits={"u1": Limit(name="100 GB", backup_gb=D(100), price=D(9))})
    assert charge([stored("u1", used)], terms).price == price


def test_a_limit_for_backup_alone_includes_no_restore():
    terms = AccountTerms(rates=PRICE_1, user_limits={"u1": Limit(name="100 GB", backup_gb=D(100), price=D(9))})
    assert charge([stored("u1", 50, restored_gb=3)], terms).price == 9 + 6


def test_a_limit_may_include_restore():
    limit = Limit(name="100 + 10", backup_gb=D(100), restore_gb=D(10), price=D(9))
    assert charge(
        [stored("u1", 50, restored_gb=13)], AccountTerms(rates=PRICE_1, user_limits={"u1": limit})
    ).price == (9 + 6)


def test_room_in_the_backup_limit_does_not_pay_for_restore():
    limit = Limit(name="100 + 0", backup_gb=D(100), restore_gb=D(0), price=D(9))
    assert charge(
        [stored("u1", 10, restored_gb=5)], AccountTerms(rates=PRICE_1, user_limits={"u1": limit})
    ).price == (9 + 10)


def test_a_companys_limit_is_paid_once_for_all_its_users():
    terms = AccountTerms(
        rates=PRICE_1, company_limit=Limit(name="1 TB", backup_gb=D(1000), cost=D(20), price=D(50))
    )
    charged = charge([stored("u1", 300), stored("u2", 400)], terms)
    assert (charged.cost, charged.price) == (20, 50)
    assert [(limit.limit, limit.paid_by) for limit in charged.limits] == [("1 TB", "the company")]


def test_a_users_limit_beats_the_companys_and_leaves_its_room_to_the_others():
    terms = AccountTerms(
        rates=PRICE_1,
        company_limit=Limit(name="100 GB", backup_gb=D(100), price=D(10)),
        user_limits={"u2": Limit(name="10 GB", backup_gb=D(10), price=D(2))},
    )
    charged = charge([stored("u1", 100), stored("u2", 15)], terms)
    assert charged.price == 10 + 2 + 5
    assert [user.limit for user in charged.users] == ["100 GB", "10 GB"]


def test_usage_beyond_a_companys_limit_is_shared_in_proportion_and_charged_at_each_users_rates():
    terms = AccountTerms(
        rates=PRICE_1,
        user_rates={"u2": GbRates(backup_price=D(3))},
        company_limit=Limit(name="100 GB", backup_gb=D(100), price=D(10)),
    )
    charged = charge([stored("u1", 150), stored("u2", 50)], terms)
    assert [user.charged_backup_gb for user in charged.users] == [75, 25]
    assert charged.price == 10 + 75 * 1 + 25 * 3


def test_the_quantity_is_all_gb_used_within_limits_or_not():
    terms = AccountTerms(rates=PRICE_1, company_limit=Limit(name="100 GB", backup_gb=D(100), price=D(10)))
    assert charge([stored("u1", 30), stored("u2", 12)], terms).gb == 42


def test_the_order_of_users_does_not_matter():
    uses = [stored("u1", 150), stored("u2", 50), stored("u3", 7, restored_gb=2)]
    assert charge(uses, RATES) == charge(uses[::-1], RATES)


def test_money_comes_from_exact_bytes():
    charged = charge([use(monthly_average=1)], AccountTerms(rates=GbRates(backup_price=D(1))))
    assert charged.price == Fraction(1, GB)
