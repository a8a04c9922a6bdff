"""Rating: the worked bills, the send modes, and lines that explain themselves."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billbridge.billing.activations import Activation, NotBilledReason
from billbridge.billing.configuration import (
    Configuration,
    ConfigurationError,
    SendMode,
    check_configurations,
)
from billbridge.billing.counting import ChangeOfType, CountingRule, DomainSeries
from billbridge.billing.lines import Mark
from billbridge.billing.money import Currency
from billbridge.billing.months import Month
from billbridge.billing.prices import MissingPrice, PriceBook, PriceSetting
from billbridge.billing.products import KNOWN_LICENSE_TYPES, Product, license_types_by_name
from billbridge.billing.rating import rate
from billbridge.billing.storage import GB, AccountTerms, GbRates, Limit, StorageUse
from billbridge.billing.usage import Adjustment, BillingRules, CompanyUsage, Exclusion

D = Decimal
MONTH = Month(2026, 2)
RULES = BillingRules(currency=Currency(code="EUR"), license_types=license_types_by_name(KNOWN_LICENSE_TYPES))
SERVER, DESKTOP, ULTIMATE = (Product.license(name) for name in ("Server", "Desktop", "Ultimate"))
S3 = Product.storage("s3")
PRICES = PriceBook.of(
    PriceSetting(license_type=name, from_month=Month(2026, 1), cost=D(cost), price=D(price))
    for name, cost, price in (("Server", "5.00", "12.00"), ("Desktop", "2.50", "6.00"), ("Ultimate", "9", "20"))
)


def held(license_type, count):
    return [
        Activation(
            company_id="c1",
            user_id="u1",
            user_login="ann",
            endpoint=f"{license_type}-{n}",
            license_type=license_type,
            first_day=date(2026, 1, 5),
            last_seen=date(2026, 2, 28),
        )
        for n in range(count)
    ]


def configuration(mode, *products, name="Managed Backup"):
    return Configuration(id=name, name=name, mode=mode, products=products)


def rated(*configurations, activations=(), rules=RULES, prices=PRICES, **usage):
    return rate(
        CompanyUsage(
            company_id="c1",
            month=MONTH,
            through=MONTH.last,
            configurations=configurations,
            activations=activations,
            **usage,
        ),
        rules,
        prices,
    )


def test_average_sends_the_quantity_and_the_average_cost_and_price():
    month = rated(
        configuration(SendMode.AVERAGE, SERVER, DESKTOP, ULTIMATE),
        activations=held("Server", 3) + held("Desktop", 2),
    )
    (line,) = month.lines
    assert (line.sent_quantity, line.sent_cost, line.sent_price) == (5, D("4.00"), D("9.60"))
    assert (month.cost, month.price) == (D("20.00"), D("48.00"))


def test_total_sends_quantity_1_and_the_totals():
    (line,) = rated(
        configuration(SendMode.TOTAL, SERVER, DESKTOP), activations=held("Server", 3) + held("Desktop", 2)
    ).lines
    assert (line.sent_quantity, line.sent_cost, line.sent_price) == (1, D("20.00"), D("48.00"))


def test_quantity_sends_the_quantity_alone_and_misses_no_price():
    month = rated(
        configuration(SendMode.QUANTITY, SERVER, DESKTOP),
        activations=held("Server", 3) + held("Desktop", 2),
        prices=PriceBook.of([]),
    )
    (line,) = month.lines
    assert (line.sent_quantity, line.sent_cost, line.sent_price) == (5, None, None)
    assert Mark.NEVER_SET not in line.marks


def test_44_over_3_is_sent_as_14_667():
    (line,) = rated(
        configuration(SendMode.AVERAGE, SERVER, ULTIMATE), activations=held("Server", 2) + held("Ultimate", 1)
    ).lines
    assert line.price == D("44.00")
    assert (line.sent_price, line.price_remainder) == (D("14.667"), 0)


def test_a_product_without_a_price_is_billed_at_0_and_marked():
    month = rated(configuration(SendMode.AVERAGE, SERVER), activations=held("Server", 2), prices=PriceBook.of([]))
    assert month.price == 0
    assert month.lines[0].marks == (Mark.NEVER_SET,)
    assert month.hold_reasons == ()


def test_a_price_set_to_0_is_not_a_missing_one():
    free = PriceBook.of([PriceSetting(license_type="Server", from_month=MONTH, cost=D(0), price=D(0))])
    (line,) = rated(configuration(SendMode.AVERAGE, SERVER), activations=held("Server", 2), prices=free).lines
    assert line.marks == ()


def test_with_hold_a_missing_price_holds_the_bill():
    rules = BillingRules(
        currency=RULES.currency, license_types=RULES.license_types, missing_price=MissingPrice.HOLD
    )
    month = rated(
        configuration(SendMode.TOTAL, SERVER), activations=held("Server", 2), prices=PriceBook.of([]), rules=rules
    )
    assert month.hold_reasons == ("Managed Backup: cost and price of Server were never set",)


def test_quantity_0_leaves_cost_and_price_as_they_are():
    (line,) = rated(configuration(SendMode.AVERAGE, SERVER)).lines
    assert (line.sent_quantity, line.sent_cost, line.sent_price) == (0, None, None)


STORAGE_TERMS = {
    "s3": AccountTerms(
        rates=GbRates(
            backup_cost=D("0.02"), backup_price=D("0.05"), restore_cost=D("0.05"), restore_price=D("0.10")
        ),
        user_limits={"u1": Limit(name="0 GB for 30", backup_gb=None, cost=D("20"), price=D("30"))},
    )
}


def test_storage_per_gb_and_a_limit_make_the_sum_of_the_worked_example():
    use = StorageUse(
        account_id="s3",
        user_id="u1",
        user_login="ann",
        readings={date(2026, 2, 1): 500 * GB},
        monthly_average=500 * GB,
        restored=10 * GB,
    )
    month = rated(
        configuration(SendMode.TOTAL, SERVER, DESKTOP, S3),
        activations=held("Server", 3) + held("Desktop", 2),
        storage=[use],
        terms=STORAGE_TERMS,
    )
    (line,) = month.lines
    assert line.price == D("48.00") + D("56.00")
    assert (line.sent_quantity, line.sent_price) == (1, D("104.00"))


def test_a_limit_without_usage_is_sent_once_at_the_total_and_marked():
    use = StorageUse(account_id="s3", user_id="u1", user_login="ann", readings={}, monthly_average=0)
    (line,) = rated(configuration(SendMode.AVERAGE, S3), storage=[use], terms=STORAGE_TERMS).lines
    assert (line.sent_quantity, line.sent_price) == (1, D("30.00"))
    assert Mark.MONEY_WITHOUT_UNITS in line.marks


def test_a_companys_limit_is_paid_once_and_shared_by_users_without_their_own():
    terms = {
        "s3": AccountTerms(
            rates=GbRates(backup_price=D("0.10")),
            company_limit=Limit(name="1 TB", backup_gb=D(1000), price=D(50)),
            user_limits={"u3": Limit(name="100 GB", backup_gb=D(100), price=D(9))},
        )
    }
    uses = [
        StorageUse(account_id="s3", user_id=user, user_login=user, readings={}, monthly_average=gb * GB)
        for user, gb in (("u1", 900), ("u2", 300), ("u3", 100))
    ]
    (line,) = rated(configuration(SendMode.AVERAGE, S3), storage=uses, terms=terms).lines
    assert line.price == D("50") + D("9") + D("20.00")  # 200 GB beyond the company's limit
    assert line.sent_quantity == 1300


def test_a_users_price_beats_the_companys_and_the_companys_the_accounts():
    terms = AccountTerms(
        rates=GbRates(backup_price=D(3)),
        company_rates=GbRates(backup_price=D(2)),
        user_rates={"u1": GbRates(backup_price=D(1))},
    )
    assert [terms.rates_for(user)[0].backup_price for user in ("u1", "u2")] == [1, 2]
    assert AccountTerms(rates=terms.rates).rates_for("u2")[0].backup_price == 3


def test_storage_is_sent_in_whole_gb_rounded_up_while_money_comes_from_exact_bytes():
    use = StorageUse(account_id="s3", user_id="u2", user_login="bob", readings={}, monthly_average=GB * 3 // 2)
    terms = {"s3": AccountTerms(rates=GbRates(backup_price=D("1.00")))}
    (line,) = rated(configuration(SendMode.AVERAGE, S3), storage=[use], terms=terms).lines
    assert (line.quantity, line.sent_quantity, line.price) == (D("1.5"), 2, D("1.50"))
    assert line.sent_price == D("0.75")


def test_an_exclusion_and_an_adjustment_are_shown_with_their_reasons():
    month = rated(
        configuration(SendMode.AVERAGE, SERVER),
        activations=held("Server", 3),
        exclusions=[Exclusion(endpoint="server-0", reason="spare")],
        adjustments=[Adjustment(license_type="Server", units=D(2), reason="by contract", first_month=MONTH)],
    )
    assert month.lines[0].quantity == 4
    assert [(n.subject, n.reason, n.detail) for n in month.not_billed] == [
        ("Server-0", NotBilledReason.EXCLUDED, "spare")
    ]


def test_unknown_types_and_unconfigured_products_are_listed_never_lost():
    month = rated(
        configuration(SendMode.AVERAGE, SERVER),
        activations=held("Quantum Backup", 1) + held("Desktop", 1) + held("RMM + Connect", 1),
    )
    assert {(n.license_type, n.reason) for n in month.not_billed} == {
        ("Quantum Backup", NotBilledReason.UNKNOWN_TYPE),
        ("Desktop", NotBilledReason.NOT_CONFIGURED),
        ("RMM + Connect", NotBilledReason.PROVIDER_TYPE),
    }


def test_a_mixed_configuration_is_refused_unless_the_total_is_sent():
    with pytest.raises(ConfigurationError, match=r"mixes licenses and storage.*move s3"):
        check_configurations("Acme", [configuration(SendMode.AVERAGE, SERVER, S3)])
    check_configurations("Acme", [configuration(SendMode.TOTAL, SERVER, S3)])


def test_a_product_in_two_configurations_is_refused():
    with pytest.raises(ConfigurationError, match="'B' bills Server, which configuration 'A' bills already"):
        check_configurations(
            "Acme",
            [configuration(SendMode.TOTAL, SERVER, name="A"), configuration(SendMode.TOTAL, SERVER, name="B")],
        )


def test_two_configurations_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="two configurations named"):
        check_configurations(
            "Acme",
            [configuration(SendMode.TOTAL, SERVER, name="A"), configuration(SendMode.TOTAL, S3, name="a")],
        )


def test_old_months_keep_old_prices_and_a_companys_own_beats_the_general_one():
    book = PriceBook.of(
        [
            PriceSetting(license_type="Server", from_month=Month(2026, 1), cost=D(5), price=D(12)),
            PriceSetting(license_type="Server", from_month=Month(2026, 3), cost=D(5), price=D(14)),
            PriceSetting(license_type="Server", from_month=Month(2026, 2), cost=D(4), price=D(11), company_id="c1"),
        ]
    )
    assert book.in_force("Server", "c2", Month(2026, 2)).price == 12
    assert book.in_force("server", "c2", Month(2026, 3)).price == 14
    assert book.in_force("Server", "c1", Month(2026, 3)).price == 11
    assert book.in_force("Server", "c1", Month(2026, 1)).price == 12
    assert book.in_force("Server", "c2", Month(2025, 12)).never_set


def test_spellings_of_one_license_type_are_counted_together():
    spelled = [*held("Server", 2), *held("SERVER", 3)[2:], *held(" server ", 4)[3:]]
    line = rated(configuration(SendMode.AVERAGE, SERVER), activations=spelled).lines[0]
    assert line.quantity == 2 + 1 + 1
    assert len(line.products[0].endpoints) == 4


def test_an_endpoint_found_under_two_spellings_of_its_license_type_counts_once():
    month = rated(configuration(SendMode.AVERAGE, SERVER), activations=[*held("Server", 1), *held("SERVER", 1)])
    assert month.lines[0].quantity == 1


def test_domains_found_under_two_spellings_of_a_license_type_are_counted_together():
    mail = "Microsoft 365 / Google Workspace"
    series = [
        DomainSeries(domain=name, license_type=spelled, readings={date(2026, 2, 1): count})
        for name, spelled, count in (("a.example", mail, 7), ("b.example", mail.upper(), 5))
    ]
    (line,) = rated(configuration(SendMode.AVERAGE, Product.license(mail)), domains=series).lines
    assert line.quantity == 12


def test_a_fraction_of_a_license_is_sent_rounded_up_and_the_average_comes_from_what_is_sent():
    rules = BillingRules(currency=RULES.currency, license_types=RULES.license_types, counting=CountingRule.DAYS)
    half = replace(held("Server", 1)[0], first_day=date(2026, 2, 15))
    (line,) = rated(configuration(SendMode.AVERAGE, SERVER), activations=[half], rules=rules).lines
    assert (line.quantity, line.price) == (D("0.5"), D("6.00"))
    assert (line.sent_quantity, line.sent_price) == (1, D("6.00"))
    assert Mark.ROUNDED_QUANTITY in line.marks


def test_a_halopsa_that_keeps_fractions_gets_them():
    rules = BillingRules(
        currency=RULES.currency,
        license_types=RULES.license_types,
        counting=CountingRule.DAYS,
        keeps_fractions=True,
    )
    half = replace(held("Server", 1)[0], first_day=date(2026, 2, 15))
    (line,) = rated(configuration(SendMode.AVERAGE, SERVER), activations=[half], rules=rules).lines
    assert (line.sent_quantity, line.sent_price) == (D("0.5"), D("12.00"))
    assert Mark.ROUNDED_QUANTITY not in line.marks


def test_a_limit_without_usage_sends_no_money_in_quantity_mode():
    use = StorageUse(account_id="s3", user_id="u1", user_login="ann", readings={}, monthly_average=0)
    (line,) = rated(configuration(SendMode.QUANTITY, S3), storage=[use], terms=STORAGE_TERMS).lines
    assert (line.sent_quantity, line.sent_cost, line.sent_price) == (0, None, None)


def test_adjustments_never_make_a_quantity_negative():
    less = Adjustment(license_type="Server", units=D(-5), reason="by contract", first_month=MONTH)
    (line,) = rated(
        configuration(SendMode.AVERAGE, SERVER), activations=held("Server", 3), adjustments=[less]
    ).lines
    assert line.quantity == 0
    assert Mark.FLOORED in line.marks


def test_an_adjustment_holds_from_its_first_to_its_last_month():
    ended = Adjustment(
        license_type="Server", units=D(5), reason="", first_month=Month(2025, 1), last_month=Month(2026, 1)
    )
    later = Adjustment(license_type="Server", units=D(7), reason="", first_month=Month(2026, 3))
    (line,) = rated(
        configuration(SendMode.AVERAGE, SERVER), activations=held("Server", 1), adjustments=[ended, later]
    ).lines
    assert line.quantity == 1


def test_a_configuration_that_has_ended_makes_no_line_and_its_products_are_listed():
    ended = Configuration(id="1", name="Old", mode=SendMode.TOTAL, products=(SERVER,), last_month=Month(2026, 1))
    month = rated(ended, activations=held("Server", 1))
    assert month.lines == ()
    assert [n.reason for n in month.not_billed] == [NotBilledReason.NOT_CONFIGURED]


def test_storage_of_an_account_in_no_configuration_is_listed():
    use = StorageUse(account_id="b2", user_id="u1", user_login="ann", readings={}, monthly_average=GB)
    month = rated(configuration(SendMode.TOTAL, S3), storage=[use])
    assert [(n.subject, n.reason) for n in month.not_billed] == [("b2", NotBilledReason.NOT_CONFIGURED)]


def test_a_domain_listed_mailbox_by_mailbox_is_shown_as_such_for_its_company():
    mail = "Microsoft 365 / Google Workspace"
    mailbox = replace(held(mail, 1)[0], endpoint="ann@a.example", user_id="")
    series = DomainSeries(domain="a.example", license_type=mail, readings={date(2026, 2, 1): 7})
    month = rated(configuration(SendMode.AVERAGE, Product.license(mail)), activations=[mailbox], domains=[series])
    assert [(n.subject, n.company_id, n.count) for n in month.not_billed] == [("a.example", "c1", 7)]


@pytest.mark.parametrize("rule", list(ChangeOfType))
def test_a_change_of_type_is_marked_only_where_it_counts_under_both(rule):
    rules = BillingRules(currency=RULES.currency, license_types=RULES.license_types, change_of_type=rule)
    desktop = replace(held("Desktop", 1)[0], endpoint="A", last_day=date(2026, 2, 9))
    server = replace(held("Server", 1)[0], endpoint="A", first_day=date(2026, 2, 10))
    (line,) = rated(
        configuration(SendMode.AVERAGE, SERVER, DESKTOP), activations=[desktop, server], rules=rules
    ).lines
    assert (Mark.CHANGED_TYPE in line.marks) == (rule is ChangeOfType.BOTH)
