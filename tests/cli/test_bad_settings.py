"""A set-up file with a figure or a day that cannot be: refused with file, line and remedy, and nothing changes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from installation import ACCOUNT, Console, OpenConsole, configuration, prices, small_world

ACME = "Acme Dental"
DAY = "2026-03-02"
WRONG = 3
SETTINGS = ("provider", "licenseprice", "storagerate", "storagelimit", "billingconfiguration", "company")
REMEDY = "with at most six decimals, like"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    """A console with settings that are in force."""
    console = open_console_in_process(small_world(ACME, today=date(2026, 3, 2)))
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"))]
    console.apply_setup(day=DAY).must()
    return console


def refused(console: Console, written: str, *words: str) -> None:
    """The settings are refused where `written` stands in the file, with all the words, and those in force stay."""
    before = console.rows_of(*SETTINGS)
    (line,) = [number for number, text in enumerate(console.setup_text().split("\n"), start=1) if written in text]

    ran = console.apply_setup(day=DAY).must(WRONG)

    assert f"setup.toml:{line}: " in ran.said
    for word in words:
        assert word in ran.said
    assert console.rows_of(*SETTINGS) == before


@pytest.mark.parametrize("key", ["cost", "price"])
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("-12.34", "-12.34 is negative: a cost or price is 0 or more"),
        ("12.123456789", "12.123456789 has more than 6 decimals"),
        ("1e300", "is too large"),
        ("NaN", "is not a number"),
    ],
)
def test_a_price_that_cannot_be_is_refused_where_it_stands(
    console: Console, key: str, written: str, words: str
) -> None:
    console.settings["prices"] = [*prices({"Server": ("5.00", "12.00")}), *prices({"Desktop": ("2.50", "6.00")})]
    console.settings["prices"][1][key] = written

    refused(console, f'{key} = "{written}"', f"[[prices]]: {key}: ", words, f"Write {key} {REMEDY} {key} = 12.50.")


def storage_cost(**changed: str) -> dict[str, str]:
    rates = dict.fromkeys(("backup_cost", "backup_price", "restore_cost", "restore_price"), "0.05")
    return {"account": ACCOUNT, "from_month": "2026-01", **rates, **changed}


@pytest.mark.parametrize("key", ["backup_cost", "backup_price", "restore_cost", "restore_price"])
@pytest.mark.parametrize(("written", "words"), [("-0.01", "is negative"), ("0.000000001", "more than 6 decimals")])
def test_a_storage_price_that_cannot_be_is_refused_where_it_stands(
    console: Console, key: str, written: str, words: str
) -> None:
    console.settings["storage_costs"] = [storage_cost(**{key: written})]

    refused(console, f'{key} = "{written}"', f"[[storage_costs]]: {key}: ", words, f"Write {key} {REMEDY}")


@pytest.mark.parametrize(
    ("changed", "written", "words"),
    [
        ({"price": "-1.00"}, 'price = "-1.00"', "-1.00 is negative"),
        ({"cost": "0.000000001"}, 'cost = "0.000000001"', "more than 6 decimals"),
        ({"backup_gb": "-5"}, 'backup_gb = "-5"', "backup_gb is -5. Write a number from 0"),
    ],
)
def test_a_storage_limit_that_cannot_be_is_refused_where_it_stands(
    console: Console, changed: dict[str, str], written: str, words: str
) -> None:
    limit = {"account": ACCOUNT, "company": ACME, "name": "1 TB", "backup_gb": "1000", "cost": "1", "price": "2"}
    console.settings["storage_limits"] = [limit | changed]

    refused(console, written, "[[storage_limits]]", words)


def with_company(console: Console, **more: Any) -> None:
    console.settings["companies"] = [console.company(ACME, configuration("Servers", "average", "Server"), **more)]


def test_auto_billing_that_begins_on_a_day_to_come_is_refused_where_it_stands(console: Console) -> None:
    with_company(console, auto_billing=True, auto_billing_since="2026-03-03")

    refused(
        console, "auto_billing_since", "2026-03-03, which lies after the business day 2026-03-02", "or remove it"
    )


@pytest.mark.parametrize("day", ["2026-02-30", "02.03.2026", "tomorrow"])
def test_a_day_that_is_none_is_refused_where_it_stands(console: Console, day: str) -> None:
    with_company(console, auto_billing=True, auto_billing_since=day)

    refused(
        console, "auto_billing_since", f"{day}, which is no day", "Write it like auto_billing_since = 2026-10-31"
    )


@pytest.mark.parametrize("month", ["2026-13", "October", "2026-10-01"])
def test_a_month_that_is_none_is_refused_where_it_stands(console: Console, month: str) -> None:
    console.settings["prices"] = prices({"Server": ("5.00", "12.00")}, from_month=month)

    refused(
        console, f'from_month = "{month}"', f"{month}, which is no month", 'Write it like from_month = "2026-10"'
    )


def test_a_users_price_without_the_users_company_is_refused_where_it_stands(console: Console) -> None:
    console.settings["storage_costs"] = [storage_cost(user=ACME.lower())]

    refused(console, f'user = "{ACME.lower()}"', "has no company", "Add company = ... beside it")


def test_a_configuration_without_products_that_does_not_end_is_refused_where_it_stands(console: Console) -> None:
    console.settings["companies"][0]["configurations"].append(configuration("Empty", "average"))
    before = console.rows_of(*SETTINGS)

    ran = console.apply_setup(day=DAY).must(WRONG)

    assert "configuration 'Empty' has no products. Add a product, give it a last month, or remove it." in ran.said
    assert console.rows_of(*SETTINGS) == before
