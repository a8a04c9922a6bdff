"""Reading a setup file: exact values, and every problem at once with its line and its remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import tomlkit

from billbridge.billing.configuration import SendMode
from billbridge.billing.counting import CountingRule
from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.billing.slots import Layout
from billbridge.errors import InvalidInput
from billbridge.operations.setup.document import Secret, SetupDocument
from billbridge.operations.setup.problems import SetupError
from billbridge.operations.setup.read import read_setup

PROVIDER = '[provider]\nname = "N"\ncurrency = "EUR"\ntime_zone = "UTC"\n'
HALOPSA = '[halopsa]\naddress = "https://a.halopsa.com"\nclient_id = "x"\n'
PRICE = '[[prices]]\nlicense_type = "Server"\nfrom_month = "2026-09"\n'
COMPANY = '[[companies]]\nid = "42"\nname = "Acme"\n'


def read(text: str, **environment: str) -> SetupDocument:
    return read_setup(dedent(text), "setup.toml", environment=environment)


def problems(text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(SetupError) as raised:
        read(text, **environment)
    return raised.value.problems


def test_a_file_without_anything_sets_nothing() -> None:
    assert read("") == SetupDocument()


def test_an_empty_list_is_set_and_an_absent_one_is_not() -> None:
    document = read("prices = []\n")
    assert document.prices == ()
    assert document.storage_costs is None


def test_what_the_provider_leaves_out_has_its_default() -> None:
    provider = read(PROVIDER).provider
    assert provider is not None
    assert provider.counting_rule is CountingRule.ACTIVE_IN_MONTH


def test_currency_and_time_zone_are_never_guessed() -> None:
    assert problems('[provider]\nname = "N"\n') == (
        "setup.toml:1: [provider]: currency is missing. Add currency = ....",
        "setup.toml:1: [provider]: time_zone is missing. Add time_zone = ....",
    )


@pytest.mark.parametrize("written", ["0.1", '"0.10"', "0.100000"])
def test_money_is_exact_however_it_is_written(written: str) -> None:
    prices = read(PRICE + f"cost = {written}\nprice = 3\n").prices
    assert prices is not None
    assert prices[0].cost == Decimal("0.1")
    assert prices[0].price == Decimal(3)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("-1", "-1 is negative"),
        ("1.2345678", "more than 6 decimals"),
        ("nan", "'NaN' is not a number"),
        ('"twelve"', "is not a number"),
        ("1e15", "too large"),
        ("true", "must be an amount"),
        ("[1]", "must be an amount"),
    ],
)
def test_money_that_cannot_be_is_refused(written: str, said: str) -> None:
    (problem,) = problems(PRICE + f"cost = {written}\nprice = 3\n")
    assert problem.startswith("setup.toml:4: [[prices]]: cost")
    assert said in problem


def test_a_price_needs_both_cost_and_price() -> None:
    assert problems(PRICE + "cost = 1\n") == ("setup.toml:1: [[prices]]: price is missing. Add price = ....",)


def test_every_problem_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = """\
        [provider]
        name = "Northwind"
        currency = "EURO"
        time_zone = "Europe/Wien"
        counting_rule = "paek"
        colour = "red"
        [[prices]]
        license_type = "Server"
        from_month = "2026-13"
        cost = -1
        """
    found = problems(text)
    assert [int(problem.split(":")[1]) for problem in found] == [3, 4, 5, 6, 7, 9, 10]
    assert found[0].endswith("Did you mean 'EUR'?")
    assert found[1].endswith("Did you mean 'Europe/Vienna'?")
    assert "Did you mean 'peak'?" in found[2]


def test_only_a_companys_own_price_may_end() -> None:
    (problem,) = problems(PRICE + 'last_month = "2026-10"\ncost = 1\nprice = 2\n')
    assert "The general price of Server cannot end" in problem


def test_a_price_does_not_end_before_it_begins() -> None:
    (problem,) = problems(PRICE + 'company = "42"\nlast_month = "2026-08"\ncost = 1\nprice = 2\n')
    assert "ends before it begins in 2026-09" in problem


def test_the_error_is_one_a_person_is_shown() -> None:
    with pytest.raises(InvalidInput, match=r"setup\.toml:1: "):
        read("x = 1\n")


def test_an_unknown_key_is_answered_with_the_closest_known_one() -> None:
    (problem,) = problems(HALOPSA + "calls_per_windw = 3\n")
    assert (
        problem == "setup.toml:4: [halopsa]: 'calls_per_windw' is not known here. Did you mean 'calls_per_window'?"
    )


def test_an_unknown_list_is_reported_where_it_begins() -> None:
    (problem,) = problems("[provider]\n" + PROVIDER.partition("\n")[2] + "[[pricess]]\n")
    assert problem == "setup.toml:5: The file: 'pricess' is not known here. Did you mean 'prices'?"


def test_a_currency_that_is_gone_is_refused() -> None:
    (problem,) = problems(PROVIDER.replace("EUR", "DEM"))
    assert "'DEM' is no currency of ISO 4217 in use" in problem


def test_a_zone_that_depends_on_the_machine_is_refused() -> None:
    (problem,) = problems(PROVIDER.replace("UTC", "localtime"))
    assert "is no time zone" in problem


def test_a_month_without_quotes_is_explained() -> None:
    (problem,) = problems(PRICE.replace('"', "").replace("Server", '"Server"'))
    assert problem.startswith("setup.toml:3: This is no valid TOML")
    assert problem.endswith('Write a month in quotes: "2026-10".')


def test_a_list_written_as_a_table_is_explained() -> None:
    assert problems('[prices]\nlicense_type = "Server"\n') == (
        "setup.toml:1: The file: prices must be a list of tables. Write [[prices]] above each of them.",
    )


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read("\ufeff" + PROVIDER).provider is not None


def test_halopsa_keeps_what_the_file_does_not_say() -> None:
    document = read(HALOPSA + 'layout = "monthly"\nsettle_seconds = 0.5\n')
    assert document.halopsa is not None
    assert document.halopsa.layout is Layout.MONTHLY
    assert document.halopsa.settle_seconds == 0.5
    assert document.halopsa.client_secret is None
    assert document.supplier_name is None


def test_additional_settings_can_stand_alone() -> None:
    document = read('[halopsa.additional_settings]\nsupplier_name = "MSP360"\n')
    assert document.halopsa is None
    assert document.supplier_name == "MSP360"


def test_an_address_that_would_send_the_secret_in_the_clear_is_refused() -> None:
    (problem,) = problems(HALOPSA.replace("https", "http"))
    assert problem.startswith("setup.toml:2: ")
    assert "not encrypted" in problem


@pytest.mark.parametrize("written", ["1", "7", "4.0", '"4"', "true"])
def test_unit_price_decimals_are_a_whole_number_from_2_to_6(written: str) -> None:
    (problem,) = problems(HALOPSA + f"unit_price_decimals = {written}\n")
    assert "Write a whole number from 2 to 6, without quotes." in problem


def test_a_secret_comes_from_the_file() -> None:
    document = read(HALOPSA + 'client_secret = "s3"\n')
    assert document.halopsa is not None
    assert document.halopsa.client_secret == Secret(text="s3")


def test_a_secret_comes_from_the_environment() -> None:
    document = read(HALOPSA + 'client_secret_env = "HALO"\n', HALO="from outside")
    assert document.halopsa is not None
    assert document.halopsa.client_secret == Secret(text="from outside")


def test_a_secret_comes_from_a_file_beside_the_setup_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n", encoding="utf-8")
    text = '[sources.mbs]\naddress = "https://api.test"\nlogin = "msp"\npassword_file = "secret"\n'
    document = read_setup(text, str(tmp_path / "setup.toml"))
    assert document.mbs is not None
    assert document.mbs.password == Secret(text="from a file")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('client_secret_env = "NOWHERE"', "the environment variable NOWHERE is not set"),
        ('client_secret_file = "/nowhere/at/all"', "/nowhere/at/all cannot be read"),
        ('client_secret = ""', "client_secret is empty"),
        ('client_secret = "a"\nclient_secret_env = "B"', "both give the secret"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_problem(written: str, said: str) -> None:
    (problem,) = problems(HALOPSA + written + "\n")
    assert said in problem


def test_a_secret_never_shows_in_the_document() -> None:
    assert "s3cr3t" not in repr(read(HALOPSA + 'client_secret = "s3cr3t"\n'))


def test_a_company_is_read_with_everything_it_has() -> None:
    text = COMPANY + dedent("""\
        customer_id = 12
        site_id = 40
        auto_billing = true
        auto_billing_since = 2026-10-05
        [[companies.configurations]]
        name = "Backup"
        mode = "total"
        products = ["Server", "storage: CorporateS3"]
        asset_types = { Server = "Physical" }
        last_month = "2027-01"
        [[companies.exclusions]]
        endpoint = "pc-1"
        reason = "ours"
        [[companies.adjustments]]
        license_type = "Server"
        units = -1.5
        first_month = "2026-10"
        reason = "agreed"
        """)
    (company,) = read(text).companies or ()
    assert company.auto_billing_since == date(2026, 10, 5)
    (configuration,) = company.configurations or ()
    assert configuration.mode is SendMode.TOTAL
    assert configuration.products == (Product.license("Server"), Product.storage("CorporateS3"))
    assert configuration.asset_types == {Product.license("Server"): "Physical"}
    assert configuration.last_month == Month(2027, 1)
    (adjustment,) = company.adjustments or ()
    assert adjustment.units == Decimal("-1.5")
    assert [exclusion.endpoint for exclusion in company.exclusions or ()] == ["pc-1"]


def test_the_lists_of_a_company_that_are_absent_are_not_set() -> None:
    (company,) = read(COMPANY + "exclusions = []\n").companies or ()
    assert company.configurations is None
    assert company.exclusions == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COMPANY + "site_id = 4\n", "site_id is given without a customer"),
        (COMPANY + "auto_billing_since = 2026-10-01\n", "auto_billing_since is given while auto-billing is off"),
        ("[[companies]]\ncustomer_id = 1\n", "a company has neither id nor name"),
        (COMPANY + COMPANY, "is listed twice, first in line 1"),
        ('[[users]]\nid = "1"\ncompany = "A"\n[[users]]\nid = "1"\ncompany = "A"\n', "is listed twice"),
        (PRICE + "cost = 1\nprice = 2\n" + PRICE.replace("S", "s") + "cost = 1\nprice = 2\n", "two prices"),
        ('[[storage_costs]]\nuser = "u"\n', "user 'u' has no company"),
        ('[[license_types]]\nname = "a\\nb"\n', "name holds a control character"),
        (f'[[license_types]]\nname = "{"x" * 201}"\n', "name has 201 characters"),
    ],
)
def test_entries_that_cannot_be_are_refused(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text))


def configurations(*written: str) -> str:
    return COMPANY + "".join(f"[[companies.configurations]]\n{one}\n" for one in written)


def test_a_forbidden_mode_is_refused_where_it_stands() -> None:
    (problem,) = problems(configurations('name = "x"\nmode = "average"\nproducts = ["Server", "storage:s3"]'))
    assert problem.startswith("setup.toml:4: Company 'Acme', configuration 'x' mixes licenses and storage")
    assert "move s3 to a configuration of its own" in problem


def test_a_product_in_two_configurations_is_refused_whatever_its_spelling() -> None:
    found = problems(
        configurations(
            'name = "x"\nmode = "total"\nproducts = ["Server", "storage:CorporateS3"]',
            'name = "y"\nmode = "total"\nproducts = ["server"]',
            'name = "z"\nmode = "total"\nproducts = ["storage:corporates3"]',
        )
    )
    assert [problem.split(":")[1] for problem in found] == ["8", "12"]
    assert "configuration 'y' bills server, which configuration 'x' bills already" in found[0]


def test_an_asset_type_is_only_for_a_product_of_the_configuration() -> None:
    (problem,) = problems(
        configurations('name = "x"\nmode = "total"\nproducts = ["Server"]\nasset_types = { Desktop = "PC" }')
    )
    assert "Desktop is no product of this configuration" in problem


def test_two_configurations_never_share_an_id() -> None:
    same = 'id = "534874a8-8675-4db8-ad9d-484ca2e1268e"\nmode = "total"\n'
    (problem,) = problems(
        configurations(same + 'name = "x"\nproducts = ["Server"]', same + 'name = "y"\nproducts = ["Desktop"]')
    )
    assert problem.startswith("setup.toml:9: Configuration 'y' has the id of the one in line 4.")


def test_an_id_that_is_none_is_refused() -> None:
    (problem,) = problems(configurations('id = "7"\nname = "x"\nmode = "total"\nproducts = ["Server"]'))
    assert "id '7' is no id of a configuration" in problem


WHOLE = """\
license_types = [{ name = "Mac", unit = "mac", billable = true, count_only = false }]
storage_accounts = [{ id = "acc-1", name = "S3" }]
users = [{ id = "u1", login = "anna", company = "42" }]
default_asset_types = [{ product = "Server", asset_type = "Server", item_id = 4 }]
prices = [{ license_type = "Server", company = "42", from_month = "2026-10", cost = 1, price = 2 }]
domains = [{ name = "acme.com", company = "42", license_type = "Server" }]
[provider]
name = "N"
currency = "EUR"
time_zone = "UTC"
missing_price = "bill at 0"
[halopsa]
address = "https://a.halopsa.com"
client_id = "x"
client_secret = "y"
batch_size = 3
window_seconds = 3
keeps_fractions = false
[halopsa.additional_settings]
supplier_name = "M"
[sources.mbs]
address = "https://a.test"
login = "l"
[[storage_limits]]
account = "acc-1"
company = "42"
user = "u1"
name = "50"
backup_gb = 50
cost = 1
price = 2
[[companies]]
id = "42"
name = "Acme"
customer_id = 1
auto_billing = true
auto_billing_since = 2026-10-01
exclusions = [{ endpoint = "pc", reason = "r" }]
adjustments = [{ license_type = "Server", units = 1, first_month = "2026-10", reason = "r" }]
[[companies.configurations]]
name = "x"
mode = "total"
products = ["Server"]
asset_types = { Server = "s" }
last_month = "2026-12"
"""
OTHER_KINDS: tuple[Any, ...] = (-1, 1.5, "\t", [[]], {"a": 1}, date(2026, 1, 2))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from paths(one, (*path, key))


def test_a_value_of_another_kind_is_a_problem_with_a_line_and_never_a_crash() -> None:
    found: list[str] = []
    for path in paths(tomllib.loads(WHOLE)):
        for other in OTHER_KINDS:
            changed = tomllib.loads(WHOLE)
            inner: Any = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = other
            try:
                read(tomlkit.dumps(changed))
            except SetupError as error:
                found += error.problems
    assert len(found) > 200
    assert [problem for problem in found if not re.match(r"setup\.toml:\d+: .+\.", problem)] == []
