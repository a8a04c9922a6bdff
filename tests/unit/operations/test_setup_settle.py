"""What a setup file makes of an installation, and how the change reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from textwrap import dedent

import pytest

from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.months import Month
from billbridge.billing.products import LicenseType, Product
from billbridge.operations.setup.compare import compare
from billbridge.operations.setup.document import (
    CompanySetup,
    HaloSettings,
    KnownAccount,
    KnownUser,
    ProviderSettings,
    Secret,
    SetupDocument,
)
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.problems import SetupError
from billbridge.operations.setup.read import read_setup
from billbridge.operations.setup.settle import settle

DAY = date(2026, 10, 5)
OLD = "534874a8-8675-4db8-ad9d-484ca2e1268e"
OTHER = "634874a8-8675-4db8-ad9d-484ca2e1268e"
SERVER, DESKTOP = Product.license("Server"), Product.license("Desktop")

BACKUP = Configuration(id=OLD, name="Backup", mode=SendMode.AVERAGE, products=(SERVER, DESKTOP))
ACME = CompanySetup(id="42", name="Acme", configurations=(BACKUP,), exclusions=(), adjustments=())
NORTH = CompanySetup(id="43", name="North", configurations=(), exclusions=(), adjustments=())
NOW = SetupDocument(
    provider=ProviderSettings(name="N", currency="EUR", time_zone="UTC"),
    halopsa=HaloSettings(address="https://a.halopsa.com", client_id="x", client_secret=Secret(text="old")),
    supplier_name="",
    license_types=(LicenseType(name="Mac"),),
    default_asset_types=(),
    storage_accounts=(KnownAccount(id="acc-1", name="CorporateS3"),),
    users=(KnownUser(id="u1", login="anna@acme", company_id="42"),),
    prices=(),
    storage_costs=(),
    storage_limits=(),
    domains=(),
    companies=(ACME, NORTH),
)
INSTALLED = Installed(document=NOW, accounts={"acc-1": "CorporateS3"})
BILLED = replace(INSTALLED, billed=frozenset({OLD}))


def read(text: str) -> SetupDocument:
    return read_setup(dedent(text), "setup.toml", environment={})


def settled(text: str, installed: Installed = INSTALLED) -> SetupDocument:
    return settle(read(text), installed, day=DAY)


def changes(text: str, installed: Installed = INSTALLED) -> list[str]:
    return [str(change) for change in compare(installed, read(text), day=DAY)]


def problem(text: str, installed: Installed = INSTALLED) -> str:
    with pytest.raises(SetupError) as raised:
        settled(text, installed)
    (only,) = raised.value.problems
    return only


def company(text: str, installed: Installed = INSTALLED) -> CompanySetup:
    (only,) = settled("[[companies]]\n" + dedent(text), installed).companies or ()
    return only


def configurations(*written: str) -> str:
    return '[[companies]]\nid = "42"\n' + "".join(f"[[companies.configurations]]\n{one}\n" for one in written)


def test_names_become_ids_and_license_types_get_their_known_spelling() -> None:
    document = settled("""\
        [[prices]]
        license_type = "server"
        company = " ACME "
        from_month = "2026-10"
        cost = 1
        price = 2
        [[storage_limits]]
        account = "corporates3"
        company = "Acme"
        user = "Anna@acme"
        name = "50 GB"
        cost = 1
        price = 2
        """)
    assert document.prices is not None
    assert (document.prices[0].license_type, document.prices[0].company_id) == ("Server", "42")
    assert document.storage_limits is not None
    limit = document.storage_limits[0]
    assert (limit.account_id, limit.company_id, limit.user_id) == ("acc-1", "42", "u1")


def test_a_name_that_is_not_known_is_answered_with_the_closest_one() -> None:
    price = '[[prices]]\nlicense_type = "Server"\nfrom_month = "2026-10"\ncost = 1\nprice = 2\n'
    said = problem(price + 'company = "Acmee"\n')
    assert said.startswith("setup.toml:6: No company 'Acmee' is known. Did you mean 'Acme'?")
    assert "setup.toml:2: No license type 'Sever' is known. Did you mean 'Server'?" in problem(
        price.replace("Server", "Sever")
    )


def test_a_name_that_two_companies_have_is_refused_with_their_ids() -> None:
    twins = replace(INSTALLED, document=replace(NOW, companies=(ACME, replace(NORTH, name="acme"))))
    said = problem('[[domains]]\nname = "acme.com"\ncompany = "Acme"\n', twins)
    assert said.endswith("Write the id instead: 42 or 43.")


def test_a_user_is_looked_for_in_its_company_only() -> None:
    limit = '[[storage_limits]]\naccount = "acc-1"\nuser = "anna@acme"\nname = "x"\ncost = 1\nprice = 2\n'
    assert "No user of this company 'anna@acme' is known" in problem(limit + 'company = "North"\n')


def test_accounts_users_and_companies_may_be_made_known_by_the_file() -> None:
    text = """\
        [[storage_accounts]]
        id = "acc-2"
        name = "Glacier"
        [[users]]
        id = "u9"
        login = "bob"
        company = "New One"
        [[companies]]
        id = "77"
        name = "New One"
        [[storage_limits]]
        account = "Glacier"
        company = "new one"
        user = "bob"
        name = "x"
        cost = 1
        price = 2
        """
    assert changes(text) == [
        "storage_accounts[Glacier (acc-2)]: not set -> added",
        "companies[New One (77)]: not set -> added",
        "users[bob (u9)]: not set -> added",
        "storage_limits[Glacier (acc-2), New One (77), user bob (u9)]: not set -> x: cost 1.00, price 2.00",
    ]


def test_a_company_id_that_is_not_known_needs_a_name() -> None:
    assert "Company '77' is not known yet. Add its name, or correct its id." in problem(
        '[[companies]]\nid = "77"\n'
    )


def test_a_mistyped_id_does_not_make_a_second_company_of_the_same_name() -> None:
    assert 'Write id = "42", or another name' in problem('[[companies]]\nid = "24"\nname = "Acme"\n')


def test_a_company_may_be_named_by_its_name_alone() -> None:
    assert company('name = "acme"\ncustomer_id = 7\n').id == "42"


def test_a_company_listed_by_id_and_by_name_is_listed_twice() -> None:
    assert "is listed twice, first in line 1" in problem('[[companies]]\nid = "42"\n[[companies]]\nname = "Acme"\n')


def test_a_storage_account_named_by_id_and_by_name_is_one_product() -> None:
    text = configurations(
        'name = "a"\nmode = "total"\nproducts = ["storage:acc-1"]',
        'name = "b"\nmode = "total"\nproducts = ["storage:CorporateS3"]',
    )
    assert "bills CorporateS3, which configuration 'a' bills already" in problem(text)


def test_a_license_that_only_the_provider_pays_is_refused() -> None:
    text = configurations('name = "a"\nmode = "total"\nproducts = ["Onboarding"]')
    assert "Onboarding is charged to the provider and counts for no company." in problem(text)


def test_auto_billing_that_is_switched_on_begins_on_the_day_of_applying() -> None:
    assert company('id = "42"\nauto_billing = true\n').auto_billing_since == DAY


def test_auto_billing_that_is_on_already_keeps_its_day() -> None:
    since = date(2026, 8, 31)
    on = replace(ACME, auto_billing=True, auto_billing_since=since)
    installed = replace(INSTALLED, document=replace(NOW, companies=(on,)))
    assert company('id = "42"\nauto_billing = true\n', installed).auto_billing_since == since


def test_auto_billing_was_not_switched_on_on_a_day_that_is_still_to_come() -> None:
    text = '[[companies]]\nid = "42"\nauto_billing = true\nauto_billing_since = '
    assert settled(text + "2026-10-05").companies is not None
    assert problem(text + "2026-10-06") == (
        "setup.toml:4: auto_billing_since is 2026-10-06, which lies after the business day 2026-10-05. Write the "
        "day on which it was switched on, or remove it: then it begins on the day of applying."
    )


def test_a_day_to_come_that_is_set_already_is_left_alone() -> None:
    on = replace(ACME, auto_billing=True, auto_billing_since=date(2026, 12, 1))
    installed = replace(INSTALLED, document=replace(NOW, companies=(on,)))
    assert (
        changes('[[companies]]\nid = "42"\nauto_billing = true\nauto_billing_since = 2026-12-01\n', installed) == []
    )


def test_a_configuration_without_an_id_is_found_by_its_name() -> None:
    text = configurations('name = "backup"\nmode = "average"\nproducts = ["Server"]')
    assert changes(text, BILLED) == [
        "companies[Acme (42)].configurations[Backup].name: Backup -> backup",
        "companies[Acme (42)].configurations[Backup].products: Desktop, Server -> Server",
    ]


def test_the_order_of_configurations_and_products_is_no_change() -> None:
    text = configurations('name = "Backup"\nmode = "average"\nproducts = ["Desktop", "Server"]')
    assert changes(text) == []


def test_a_configuration_without_bills_is_removed_when_it_is_left_out() -> None:
    assert company('id = "42"\nconfigurations = []\n').configurations == ()


def test_a_configuration_with_bills_ends_with_the_running_month_when_it_is_left_out() -> None:
    (kept,) = company('id = "42"\nconfigurations = []\n', BILLED).configurations or ()
    assert kept == replace(BACKUP, last_month=Month(2026, 10))
    assert changes('[[companies]]\nid = "42"\nconfigurations = []\n', BILLED) == [
        "companies[Acme (42)].configurations[Backup].last_month: not set -> "
        "2026-10 (bills hang on it, so it ends instead of being removed)",
    ]


def test_a_configuration_that_ended_before_is_left_out_without_a_change() -> None:
    ended = replace(ACME, configurations=(replace(BACKUP, last_month=Month(2026, 8)),))
    installed = replace(BILLED, document=replace(NOW, companies=(ended,)))
    assert changes('[[companies]]\nid = "42"\nconfigurations = []\n', installed) == []


def test_an_ending_configuration_gives_its_products_to_the_one_that_takes_them() -> None:
    text = configurations('name = "Servers"\nmode = "average"\nproducts = ["Server"]')
    assert "companies[Acme (42)].configurations[Backup].products: Desktop, Server -> Desktop" in changes(
        text, BILLED
    )


def test_a_configuration_with_bills_is_not_emptied_but_taken_over() -> None:
    said = problem(configurations('name = "All"\nmode = "average"\nproducts = ["Server", "Desktop"]'), BILLED)
    assert "Configuration 'Backup' has bills, so it cannot vanish, but 'All' takes all its products." in said
    assert f'id = "{OLD}"' in said
    assert 'products = [] and last_month = "2026-10"' in said


MERGED = configurations(
    f'id = "{OLD}"\nname = "Backup"\nmode = "average"\nproducts = []\nlast_month = "2026-10"',
    'name = "All"\nmode = "average"\nproducts = ["Server", "Desktop"]',
)


def test_a_configuration_with_bills_that_ends_gives_all_its_products_to_another() -> None:
    assert changes(MERGED, BILLED) == [
        "companies[Acme (42)].configurations[Backup].products: Desktop, Server -> none",
        "companies[Acme (42)].configurations[Backup].last_month: not set -> 2026-10",
        "companies[Acme (42)].configurations[All].name: not set -> All",
        "companies[Acme (42)].configurations[All].mode: not set -> average",
        "companies[Acme (42)].configurations[All].products: not set -> Desktop, Server",
    ]


def test_an_ended_configuration_without_products_is_left_out_without_a_change() -> None:
    ended = replace(BACKUP, products=(), last_month=Month(2026, 8))
    installed = replace(BILLED, document=replace(NOW, companies=(replace(ACME, configurations=(ended,)),)))
    assert changes('[[companies]]\nid = "42"\nconfigurations = []\n', installed) == []


def test_an_ended_configuration_that_is_left_out_gives_all_its_products_away() -> None:
    ended = replace(BACKUP, last_month=Month(2026, 8))
    installed = replace(BILLED, document=replace(NOW, companies=(replace(ACME, configurations=(ended,)),)))
    found = company(
        'id = "42"\n[[companies.configurations]]\nname = "All"\nmode = "average"\n'
        'products = ["Server", "Desktop"]\n',
        installed,
    ).configurations
    assert found is not None
    assert [(one.name, one.products, one.last_month) for one in found] == [
        ("All", (SERVER, DESKTOP), None),
        ("Backup", (), Month(2026, 8)),
    ]


def test_two_new_configurations_are_each_shown_under_their_own_name() -> None:
    text = configurations(
        'name = "Servers"\nmode = "average"\nproducts = ["Server"]',
        'name = "Desktops"\nmode = "quantity"\nproducts = ["Desktop"]',
    ).replace('id = "42"', 'id = "43"', 1)
    assert changes(text) == [
        "companies[North (43)].configurations[Servers].name: not set -> Servers",
        "companies[North (43)].configurations[Servers].mode: not set -> average",
        "companies[North (43)].configurations[Servers].products: not set -> Server",
        "companies[North (43)].configurations[Desktops].name: not set -> Desktops",
        "companies[North (43)].configurations[Desktops].mode: not set -> quantity",
        "companies[North (43)].configurations[Desktops].products: not set -> Desktop",
    ]


def test_a_configuration_keeps_its_id_under_a_new_name() -> None:
    text = configurations(f'id = "{OLD}"\nname = "All"\nmode = "average"\nproducts = ["Server", "Desktop"]')
    assert changes(text, BILLED) == ["companies[Acme (42)].configurations[Backup].name: Backup -> All"]


@pytest.mark.parametrize("installed", [INSTALLED, replace(INSTALLED, document=replace(NOW, companies=(NORTH,)))])
def test_a_configuration_never_moves_to_another_company(installed: Installed) -> None:
    elsewhere = replace(installed, taken=frozenset({OTHER}))
    uid = OLD if installed is INSTALLED else OTHER
    text = configurations(f'id = "{uid}"\nname = "x"\nmode = "total"\nproducts = ["Server"]')
    said = problem(text.replace('id = "42"', 'name = "North"', 1), elsewhere)
    assert "has the id of another company's configuration" in said


def test_a_license_type_in_use_is_not_removed() -> None:
    mac = replace(ACME, configurations=(replace(BACKUP, products=(Product.license("Mac"),)),))
    installed = replace(INSTALLED, document=replace(NOW, companies=(mac,)))
    assert "The license type 'Mac' is not listed" in problem("license_types = []\n", installed)
    assert changes("license_types = []\n") == ["license_types[Mac]: per endpoint, billable -> not set"]


def test_a_first_file_has_to_name_the_provider() -> None:
    nothing = Installed(document=SetupDocument(companies=()))
    assert "There is no provider yet." in problem("prices = []\n", nothing)


def test_what_the_file_does_not_speak_of_never_differs() -> None:
    assert changes('[[companies]]\nid = "43"\ncustomer_id = 7\n') == [
        "companies[North (43)].customer_id: not set -> 7"
    ]


def test_secrets_are_told_apart_but_never_told() -> None:
    halopsa = '[halopsa]\naddress = "https://a.halopsa.com"\nclient_id = "x"\n'
    assert changes(halopsa) == []
    assert changes(halopsa + 'client_secret = "old"\n') == []
    assert changes(halopsa + 'client_secret = "new"\n') == ["halopsa.client_secret: set -> changed"]
    assert (
        changes('[sources.mbs]\naddress = "https://a.test"\nlogin = "l"\npassword = "p"\n')[-1]
        == "sources.mbs.password: not set -> set"
    )


def test_a_secret_that_does_not_open_any_more_is_changed_by_entering_it_again() -> None:
    assert NOW.halopsa is not None
    lost = replace(INSTALLED, document=replace(NOW, halopsa=replace(NOW.halopsa, client_secret=Secret())))
    text = '[halopsa]\naddress = "https://a.halopsa.com"\nclient_id = "x"\nclient_secret = "old"\n'
    assert changes(text, lost) == ["halopsa.client_secret: set -> changed"]
