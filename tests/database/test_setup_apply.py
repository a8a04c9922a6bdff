"""Applying a setup file to an installation: all of it or nothing, and nothing the second time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from textwrap import dedent

import pytest

from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations.setup import (
    Instance,
    SetupError,
    apply_setup,
    compare,
    current_setup,
    export_setup,
    read_setup,
)
from billbridge.store.models import (
    AdjustmentSetting,
    BackupUser,
    Bill,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Company,
    DefaultAssetType,
    Domain,
    ExclusionSetting,
    HaloConnection,
    KnownLicenseType,
    LicensePrice,
    Provider,
    Slot,
    SourceConnection,
    StorageAccount,
    StorageLimit,
    StorageRate,
)
from billbridge.store.secrets import read_secret

pytestmark = pytest.mark.django_db

DAY = date(2026, 10, 5)

PROVIDER = '[provider]\nname = "Northwind IT"\ncurrency = "USD"\ntime_zone = "Europe/Vienna"\n'
HALOPSA = """\
[halopsa]
address = "https://northwind.halopsa.com/api"
client_id = "billbridge"
client_secret = "halo secret"
layout = "monthly"
window_seconds = 1.5
"""
WHOLE = (
    PROVIDER
    + HALOPSA
    + """\
[halopsa.additional_settings]
supplier_name = "MSP360"
[sources.mbs]
address = "https://api.mspbackups.com"
login = "msp"
password = "mbs password"
[[license_types]]
name = "Mac"
[[storage_accounts]]
id = "acc-1"
name = "CorporateS3"
[[users]]
id = "u1"
login = "anna@acme"
company = "Acme"
[[default_asset_types]]
product = "Server"
asset_type = "Physical server"
item_id = 61
[[prices]]
license_type = "Server"
from_month = "2026-09"
cost = 5.00
price = 12.00
[[prices]]
license_type = "Server"
company = "Acme"
from_month = "2026-10"
cost = 5.000001
price = 11
[[storage_costs]]
account = "CorporateS3"
from_month = "2026-09"
backup_cost = 0.005
backup_price = 0.02
restore_cost = 0
restore_price = 0.01
[[storage_costs]]
account = "CorporateS3"
company = "Acme"
user = "anna@acme"
from_month = "2026-09"
backup_cost = 0.004
backup_price = 0.01
restore_cost = 0
restore_price = 0
[[storage_limits]]
account = "CorporateS3"
company = "Acme"
user = "anna@acme"
name = "50 GB"
backup_gb = 50.5
cost = 1
price = 2.50
[[domains]]
name = "acme.com"
company = "Acme"
license_type = "Microsoft 365 / Google Workspace"
[[companies]]
id = "42"
name = "Acme"
customer_id = 12
site_id = 40
auto_billing = true
[[companies.configurations]]
name = "Managed Backup"
mode = "total"
products = ["Server", "storage:CorporateS3"]
asset_types = { Server = "Virtual server" }
[[companies.configurations]]
name = "Macs"
mode = "average"
products = ["Mac"]
last_month = "2027-01"
[[companies.exclusions]]
endpoint = "pc-1"
license_type = "Server"
reason = "ours"
[[companies.adjustments]]
license_type = "Server"
units = -1.5
first_month = "2026-10"
reason = "agreed"
"""
)


def apply(text: str, *, day: date = DAY, instance: Instance | None = None) -> list[str]:
    changes = apply_setup(read_setup(dedent(text), "setup.toml"), day=day, instance=instance)
    return [str(change) for change in changes]


def preview(text: str, *, day: date = DAY) -> list[str]:
    return [str(change) for change in compare(current_setup(), read_setup(dedent(text), "setup.toml"), day=day)]


@pytest.fixture
def acme() -> Company:
    """The whole file applied, with one bill in its first configuration."""
    apply(WHOLE)
    company = Company.objects.get()
    configuration = BillingConfiguration.objects.get(name="Managed Backup")
    bill = Bill.objects.create(
        provider=company.provider, company=company, month=Month(2026, 9), counting_rule="peak", currency="USD",
        cost=0, price=0, made_on=DAY, kind="manual", state="sent",
    )  # fmt: skip
    BillLine.objects.create(
        bill=bill, configuration=configuration, name="x", mode="total", quantity=1, cost=0, price=0,
        sent_quantity=1, cost_remainder=0, price_remainder=0,
    )  # fmt: skip
    return company


def test_an_empty_installation_gets_everything_the_file_says() -> None:
    apply(WHOLE)
    provider = Provider.objects.get()
    assert (provider.name, provider.currency, provider.time_zone) == ("Northwind IT", "USD", "Europe/Vienna")
    halopsa = HaloConnection.objects.get(provider=provider)
    assert (halopsa.layout, halopsa.window_seconds, halopsa.supplier_name) == ("monthly", 1.5, "MSP360")
    company = Company.objects.get(provider=provider)
    assert (company.source_id, company.name, company.client_id, company.site_id) == ("42", "Acme", 12, 40)
    assert company.auto_since == DAY
    assert set(LicensePrice.objects.values_list("company__source_id", "from_month", "cost", "price")) == {
        (None, Month(2026, 9), Decimal(5), Decimal(12)),
        ("42", Month(2026, 10), Decimal("5.000001"), Decimal(11)),
    }
    assert set(StorageRate.objects.values_list("account_id", "company__source_id", "user_id")) == {
        ("acc-1", None, ""),
        ("acc-1", "42", "u1"),
    }
    limit = StorageLimit.objects.get()
    assert (limit.user_id, limit.backup_gb, limit.restore_gb) == ("u1", Decimal("50.5"), None)
    assert set(BilledProduct.objects.values_list("configuration__name", "product", "asset_type")) == {
        ("Managed Backup", "license:Server", "Virtual server"),
        ("Managed Backup", "storage:acc-1", ""),
        ("Macs", "license:Mac", ""),
    }
    assert BillingConfiguration.objects.get(name="Macs").last_month == Month(2027, 1)
    assert AdjustmentSetting.objects.get().units == Decimal("-1.5")
    assert ExclusionSetting.objects.get().reason == "ours"
    assert DefaultAssetType.objects.get().item_id == 61
    assert KnownLicenseType.objects.get().name == "Mac"
    assert Domain.objects.get().company == company
    assert (StorageAccount.objects.get().name, BackupUser.objects.get().login) == ("CorporateS3", "anna@acme")


def test_secrets_are_sealed_and_can_be_read_back() -> None:
    apply(WHOLE)
    assert b"halo secret" not in bytes(HaloConnection.objects.get().client_secret)
    assert read_secret(HaloConnection.objects.get(), "client_secret") == "halo secret"
    assert read_secret(SourceConnection.objects.get(), "password") == "mbs password"


def test_a_secret_that_the_file_does_not_give_is_kept() -> None:
    apply(WHOLE)
    changes = apply(HALOPSA.replace('client_secret = "halo secret"\n', "").replace("1.5", "2"))
    assert changes == ["halopsa.window_seconds: 1.5 -> 2"]
    assert read_secret(HaloConnection.objects.get(), "client_secret") == "halo secret"


def test_the_preview_is_what_is_applied_and_the_second_time_nothing_changes() -> None:
    planned = preview(WHOLE)
    assert not Provider.objects.exists()
    assert apply(WHOLE) == planned
    assert apply(WHOLE, day=date(2026, 12, 24)) == []


def test_an_export_applied_again_changes_nothing_and_reads_the_same(acme: Company) -> None:
    exported = export_setup(acme.provider)
    uids = set(BillingConfiguration.objects.values_list("pk", "uid"))
    assert apply(exported) == []
    assert export_setup(acme.provider) == exported
    assert set(BillingConfiguration.objects.values_list("pk", "uid")) == uids


def test_an_export_moves_to_another_installation_but_for_its_secrets() -> None:
    apply(WHOLE)
    exported = export_setup(Provider.objects.get())
    Company.objects.all().delete()
    Provider.objects.all().delete()
    apply(exported)
    assert export_setup(Provider.objects.get()).replace("was never entered", "is kept; to change it") == exported
    assert not HaloConnection.objects.get().client_secret


def test_a_list_in_the_file_replaces_the_list_and_an_absent_one_is_left_alone(acme: Company) -> None:
    changes = apply("prices = []\n[[license_types]]\nname = 'Mac'\n[[license_types]]\nname = 'Pi'\n")
    assert changes == [
        "license_types[Pi]: not set -> per endpoint, billable",
        "prices[Server from 2026-09]: cost 5.00, price 12.00 -> not set",
        "prices[Server from 2026-10, Acme (42)]: cost 5.000001, price 11.00 -> not set",
    ]
    assert not LicensePrice.objects.exists()
    assert StorageRate.objects.count() == 2


def test_a_company_that_is_not_listed_keeps_everything(acme: Company) -> None:
    other = Company.objects.create(provider=acme.provider, source_id="43", name="North")
    assert apply('[[companies]]\nname = "North"\ncustomer_id = 7\n') == [
        "companies[North (43)].customer_id: not set -> 7"
    ]
    other.refresh_from_db()
    acme.refresh_from_db()
    assert (other.client_id, acme.client_id) == (7, 12)


def test_the_name_in_the_file_never_renames_a_known_company(acme: Company) -> None:
    assert (
        apply('[[companies]]\nid = "42"\nname = "Else"\ncustomer_id = 12\nsite_id = 40\nauto_billing = true\n')
        == []
    )
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_a_domain_that_is_no_longer_listed_counts_for_nobody_but_stays_known(acme: Company) -> None:
    assert apply("domains = []\n") == [
        "domains[acme.com]: Acme (42), Microsoft 365 / Google Workspace -> not set",
    ]
    assert Domain.objects.get().company is None


def test_a_configuration_with_bills_ends_and_one_without_is_removed(acme: Company) -> None:
    changes = apply('[[companies]]\nid = "42"\nconfigurations = []\n')
    assert (
        "companies[Acme (42)].configurations[Managed Backup].last_month: not set -> "
        "2026-10 (bills hang on it, so it ends instead of being removed)"
    ) in changes
    configuration = BillingConfiguration.objects.get()
    assert (configuration.name, configuration.last_month) == ("Managed Backup", Month(2026, 10))
    assert configuration.products.count() == 2


def test_a_configuration_with_a_subscription_ends_as_well(acme: Company) -> None:
    macs = BillingConfiguration.objects.get(name="Macs")
    Slot.objects.create(configuration=macs, slot="last", key="k", subscription_id=1)
    apply('[[companies]]\nid = "42"\nconfigurations = []\n')
    macs.refresh_from_db()
    assert macs.last_month == Month(2026, 10)


def test_configurations_swap_names_and_products_and_keep_their_identity(acme: Company) -> None:
    backup, macs = (BillingConfiguration.objects.get(name=name) for name in ("Managed Backup", "Macs"))
    apply(f"""\
        [[companies]]
        id = "42"
        [[companies.configurations]]
        id = "{backup.uid}"
        name = "Macs"
        mode = "average"
        products = ["Mac"]
        [[companies.configurations]]
        id = "{macs.uid}"
        name = "Managed Backup"
        mode = "total"
        products = ["Server", "storage:acc-1"]
        """)
    assert set(BilledProduct.objects.values_list("configuration__pk", "configuration__name", "product")) == {
        (backup.pk, "Macs", "license:Mac"),
        (macs.pk, "Managed Backup", "license:Server"),
        (macs.pk, "Managed Backup", "storage:acc-1"),
    }


def test_a_file_with_a_problem_changes_nothing() -> None:
    apply(WHOLE)
    with pytest.raises(SetupError, match="No company 'Nobody' is known"):
        apply(WHOLE.replace("USD", "EUR").replace('company = "Acme"\nuser', 'company = "Nobody"\nuser'))
    assert Provider.objects.get().currency == "USD"


def test_an_id_of_another_providers_configuration_is_refused(acme: Company) -> None:
    other = Provider.objects.create(name="Other")
    foreign = BillingConfiguration.objects.create(
        company=Company.objects.create(provider=other, source_id="1", name="X"), name="x", mode="total"
    )
    text = f"""\
        [[companies]]
        id = "42"
        [[companies.configurations]]
        id = "{foreign.uid}"
        name = "x"
        mode = "total"
        products = ["Desktop"]
        """
    document = read_setup(dedent(text), "setup.toml")
    with pytest.raises(SetupError, match="has the id of another company's configuration"):
        apply_setup(document, day=DAY, provider=acme.provider)


def test_of_several_providers_one_has_to_be_named(provider: Provider) -> None:
    Provider.objects.create(name="Other")
    with pytest.raises(InvalidInput, match="several providers"):
        apply(PROVIDER)
    changes = apply_setup(read_setup(PROVIDER, "setup.toml"), day=DAY, provider=provider)
    assert [change.path for change in changes] == ["provider.currency", "provider.time_zone"]


def test_what_was_learned_of_one_halopsa_is_forgotten_with_its_address() -> None:
    apply(WHOLE)
    HaloConnection.objects.update(proven_batch=50, known_sizes={"clients": 3})
    apply(HALOPSA.replace("monthly", "rolling"))
    assert HaloConnection.objects.get().proven_batch == 50
    apply(HALOPSA.replace("northwind", "southwind"), instance=Instance.SAME)
    halopsa = HaloConnection.objects.get()
    assert (halopsa.proven_batch, halopsa.known_sizes) == (1, {})


def test_an_installation_is_exported_before_anything_is_set(provider: Provider) -> None:
    exported = export_setup(provider)
    assert "prices = []\n" in exported
    assert apply(exported) == []


def test_settings_that_name_what_was_never_collected_are_exported_and_applied(acme: Company) -> None:
    StorageAccount.objects.all().delete()
    BackupUser.objects.all().delete()
    assert apply(export_setup(acme.provider)) == []
