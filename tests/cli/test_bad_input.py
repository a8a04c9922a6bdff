"""What happens when something outside, or something entered, is wrong: a clear error, and nothing changed.

An error names the thing and the remedy and ends with exit code 3 (a person must act) or 4 (try again later). What
is wrong with one company alone holds that company, with the reason and exit code 5, and bills the others.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import stamina
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from installation import ACCOUNT_ID, Console, OpenConsole, Ran, configuration, prices, small_world

from billbridge.simulators.faults import Fault
from billbridge.simulators.server import SimulatorServer
from billbridge.simulators.world import World
from billbridge.simulators.world_halopsa import HaloCustomer, HaloSubscriptionSeed

ACME, BIRCH = "Acme Dental", "Birch & Co, Ltd."
FEBRUARY_1, MARCH_2, MARCH_3 = "2026-02-01", "2026-03-02", "2026-03-03"
WRONG, TRY_AGAIN, NEEDS_A_PERSON = 3, 4, 5

USAGE = ("company", "backupuser", "activationrow", "storagereading", "monthlystorage")
SETTINGS = ("licenseprice", "billingconfiguration", "billedproduct", "haloconnection", "company")
SENDING = ("run", "plannedchange", "slot")
BILLS = ("bill", "billline")


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """MBS is asked as often as ever, but without the pauses between."""
    stamina.set_testing(True, attempts=4, cap=True)
    yield
    stamina.set_testing(False)


def two_companies() -> World:
    """Two companies of two servers each."""
    world = small_world(ACME, BIRCH, today=date(2026, 2, 1))
    for company in (ACME, BIRCH):
        for number in range(2):
            world.add_license(user=company.lower(), license_type="Server", endpoint=f"SRV-{number}")
    return world


def ready(console: Console) -> Console:
    """The console after February was collected, before anything was billed."""
    console.settings["companies"] = [
        console.company(name, configuration("Servers", "average", "Server")) for name in (ACME, BIRCH)
    ]
    console.apply_setup(day=FEBRUARY_1).must()
    console.collect(FEBRUARY_1)
    console.collect(MARCH_2)
    return console


@pytest.fixture
def console(open_console_in_process: OpenConsole) -> Console:
    return ready(open_console_in_process(two_companies()))


def assert_refused(ran: Ran, code: int, *words: str) -> None:
    """It ended with `code` and said all of the words."""
    ran.must(code)
    for word in words:
        assert word.casefold() in ran.said.casefold(), f"{word!r} is not in: {ran.said}"


class Untouched:
    """Sees that nothing was sent to HaloPSA, nothing counts as sent, and some tables are as they were."""

    def __init__(self, console: Console, *tables: str) -> None:
        self._console = console
        self._tables = (*SENDING, *tables)
        self._before = self._now()

    def check(self) -> None:
        assert self._now() == self._before
        assert not {state for _, state in self._console.bills().values()} & {"sending", "sent", "partly sent"}

    def _now(self) -> object:
        return self._console.books(), self._console.rows_of(*self._tables)


def reconnect(console: Console, part: str = "halopsa", **settings: Any) -> None:
    """Apply the setup with something else in one of the connections."""
    connection = console.settings["halopsa"] if part == "halopsa" else console.settings["sources"]["mbs"]
    connection.update(settings)
    console.apply_setup("--same-instance").must()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """What a server shows that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


# HaloPSA


def test_a_wrong_secret_of_halopsa_says_to_make_a_new_one(console: Console) -> None:
    reconnect(console, client_secret="outdated")
    untouched = Untouched(console, *BILLS)

    ran = console.sync(MARCH_2)

    assert_refused(ran, WRONG, "does not accept the client ID and secret", "Make a new secret")
    assert "outdated" not in ran.said
    untouched.check()


def test_a_wrong_tenant_of_halopsa_says_which_one_is_right(console: Console) -> None:
    reconnect(console, tenant="acmee")
    untouched = Untouched(console, *BILLS)

    assert_refused(console.sync(MARCH_2), WRONG, "'acmee'", "Enter acme as the tenant")
    untouched.check()


def test_a_halopsa_whose_certificate_nobody_vouches_for_gets_nothing(
    console: Console, self_signed: ssl.SSLContext
) -> None:
    untouched = Untouched(console, *BILLS)
    with console.halopsa.start(tls=self_signed) as server:
        reconnect(console, address=f"{server.url}/api")

        assert_refused(console.sync(MARCH_2), WRONG, "certificate that is not trusted", "Check the host name")
    untouched.check()


def test_a_page_for_people_instead_of_halopsas_data_says_to_check_the_address(console: Console) -> None:
    untouched = Untouched(console, *BILLS)
    console.halopsa.faults.add(Fault(kind="html", route="GET /Client", times=-1))

    assert_refused(console.sync(MARCH_2), WRONG, "web page", "address")
    untouched.check()


def test_a_halopsa_that_asks_for_a_long_pause_is_left_alone_until_later(console: Console) -> None:
    untouched = Untouched(console, *BILLS)
    console.halopsa.faults.add(Fault(kind="rate_limit", route="GET /Client", times=-1, retry_after=900))

    assert_refused(console.sync(MARCH_2), TRY_AGAIN, "refuses further calls", "lower the connection's calls")
    untouched.check()
    assert console.calls()["GET /Client"] == 1


def test_a_storm_of_429_is_waited_out_and_nothing_is_doubled(console: Console) -> None:
    console.halopsa.faults.add(Fault(kind="rate_limit", route="POST /SoftwareLicence", times=2, retry_after=1))

    console.sync(MARCH_2).must()

    assert len(console.subscriptions()) == 4
    assert {write["action"] for write in console.books()} == {"create"}


def crowded() -> World:
    """A tenant of more than one page of customers and of other vendors' subscriptions."""
    world = two_companies()
    known = world.halopsa.customers
    others = tuple(
        HaloCustomer(id=500 + n, name=f"Other {n}", main_site_id=known[0].main_site_id, main_site_name="Main")
        for n in range(130)
    )
    subscriptions = tuple(
        HaloSubscriptionSeed(
            id=900 + n,
            type=1,
            name=f"Firewall {n}",
            client_id=known[0].id,
            site_id=known[0].main_site_id,
            count=1,
            purchase_price=world.halopsa.items[0].costprice,
            price=world.halopsa.items[0].baseprice,
            start_date=date(2025, 1, 1),
        )
        for n in range(130)
    )
    world.halopsa = replace(world.halopsa, customers=(*known, *others), subscriptions=subscriptions)
    return world


@pytest.mark.parametrize("kind", ["repeat_page", "shift_page"])
def test_a_list_of_customers_whose_pages_do_not_add_up_is_no_plan_at_all(
    open_console_in_process: OpenConsole, kind: Any
) -> None:
    console = ready(open_console_in_process(crowded()))
    untouched = Untouched(console, *BILLS)
    console.halopsa.faults.add(Fault(kind=kind, route="GET /Client", times=-1))

    assert_refused(console.sync(MARCH_2), TRY_AGAIN, "Client", "came twice")
    untouched.check()


@pytest.mark.parametrize("kind", ["repeat_page", "shift_page"])
def test_nothing_is_created_from_a_list_of_subscriptions_whose_pages_do_not_add_up(
    open_console_in_process: OpenConsole, kind: Any
) -> None:
    console = ready(open_console_in_process(crowded()))
    console.halopsa.faults.add(Fault(kind=kind, route="GET /SoftwareLicence", times=-1))

    ran = console.sync(MARCH_2).must(NEEDS_A_PERSON)

    assert "could not be read whole" in ran.out
    assert console.books() == []
    assert not {state for _, state in console.bills().values()} & {"sent", "partly sent"}
    console.halopsa.faults.clear()
    console.sync(MARCH_2).must()
    assert len(console.subscriptions()) == 4


# MBS


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault(kind="html", times=-1), WRONG, ("web page", "Check the API address")),
        (Fault(kind="truncate", times=-1), TRY_AGAIN, ("breaks off", "Trying again later")),
        (Fault(kind="status", times=-1, status=500), TRY_AGAIN, ("500", "Trying again later")),
        (Fault(kind="rate_limit", times=-1, retry_after=900), TRY_AGAIN, ("429", "Trying again later")),
        (Fault(kind="rate_limit", times=-1), TRY_AGAIN, ("429", "Trying again later")),
        (Fault(kind="cut_after", times=-1), TRY_AGAIN, ("the connection broke", "Trying again later")),
    ],
    ids=["a web page", "truncated JSON", "500s", "a long pause", "a storm of 429", "cut connections"],
)
def test_what_mbs_answers_badly_changes_nothing(
    console: Console, fault: Fault, code: int, words: tuple[str, ...]
) -> None:
    before = console.rows_of(*USAGE)
    console.mbs.faults.add(fault)

    ran = console.run("collect", "--json", day=MARCH_3)

    assert_refused(ran, code, *words)
    assert console.rows_of(*USAGE) == before


@pytest.mark.parametrize("route", ["GET /Companies", "GET /Users", "GET /Licenses", "GET /apps/domains"])
@pytest.mark.parametrize("kind", ["html", "truncate", "status"])
def test_licenses_of_which_one_list_fails_come_in_not_at_all(console: Console, route: str, kind: Any) -> None:
    console.world.add_license(user=ACME.lower(), license_type="Server", endpoint="NEW", day=date(2026, 3, 3))
    before = console.rows_of("company", "backupuser", "activationrow")
    console.mbs.faults.add(Fault(kind=kind, route=route, times=-1))

    ran = console.run("collect", "--json", day=MARCH_3).must(NEEDS_A_PERSON)

    assert [section["state"] for section in ran.document["sections"]] == ["failed", "done"]
    assert console.rows_of("company", "backupuser", "activationrow") == before
    console.mbs.faults.clear()
    console.collect(MARCH_3)
    assert len(console.rows_of("activationrow")["activationrow"]) == 5


def test_a_wrong_password_of_mbs_says_where_to_get_another(console: Console) -> None:
    reconnect(console, "mbs", password="outdated")
    before = console.rows_of(*USAGE)

    ran = console.run("collect", "--json", day=MARCH_3)

    assert_refused(ran, WRONG, "refused the API login 'xmkfXp4ZW'", "Settings > General")
    assert "outdated" not in ran.said
    assert console.rows_of(*USAGE) == before


def test_an_mbs_that_cannot_be_reached_changes_nothing(console: Console) -> None:
    reconnect(console, "mbs", address=f"http://127.0.0.1:{closed_port()}")
    before = console.rows_of(*USAGE)

    ran = console.run("collect", "--json", day=MARCH_3)

    assert_refused(ran, TRY_AGAIN, "cannot be reached", "network, proxy and firewall")
    assert console.rows_of(*USAGE) == before


def test_an_mbs_whose_certificate_nobody_vouches_for_is_told_no_password(
    console: Console, self_signed: ssl.SSLContext
) -> None:
    before = console.rows_of(*USAGE)
    calls = console.mbs.calls.describe()
    with SimulatorServer(console.mbs.handle, tls=self_signed).start() as server:
        reconnect(console, "mbs", address=server.url)

        ran = console.run("collect", "--json", day=MARCH_3)

    assert_refused(ran, WRONG, "certificate", "Check the address")
    assert console.rows_of(*USAGE) == before
    assert console.mbs.calls.describe() == calls


def test_a_source_that_suddenly_shows_nothing_is_not_believed(console: Console) -> None:
    for company in (ACME, BIRCH):
        for number in range(4):
            console.world.add_license(user=company.lower(), license_type="Server", endpoint=f"MORE-{number}")
    console.collect(MARCH_2)
    before = console.rows_of("activationrow")
    console.world.release_licenses(company=ACME, day=date(2026, 3, 3))

    ran = console.run("collect", "--json", day=MARCH_3)

    assert_refused(ran, NEEDS_A_PERSON, "far fewer licenses", ACME, "--accept-losses")
    assert console.rows_of("activationrow") == before


# What is wrong with one company, and only with it


def not_billed(document: dict[str, Any]) -> list[tuple[str, str]]:
    """License type or subject and reason of everything a collection or bill left out."""
    parts = [*document.get("sections", ()), *document.get("bills", ())]
    return [(entry["license_type"], entry["reason"]) for part in parts for entry in part["not_billed"]]


def counts(console: Console) -> dict[int, int]:
    """The counts of last month's subscriptions by customer."""
    rows = [row for row in console.subscriptions() if "(current month)" not in row["name"]]
    return {row["client_id"]: int(row["count"]) for row in rows}


def test_a_license_of_an_unknown_type_is_listed_and_the_rest_is_billed(console: Console) -> None:
    console.world.add_license(user=ACME.lower(), license_type="Quantum Guard", endpoint="Q", day=date(2026, 2, 9))
    console.collect(MARCH_2)

    document = console.run("bill", "--json", day=MARCH_2).must().document
    console.sync(MARCH_2).must()

    assert ("Quantum Guard", "the license type is unknown: add it to the license types") in not_billed(document)
    assert set(counts(console).values()) == {2}


def test_a_user_without_a_company_is_listed_and_billed_to_nobody(console: Console) -> None:
    console.world.add_user(login="orphan", day=date(2026, 3, 2))
    console.world.add_license(user="orphan", license_type="Server", endpoint="LOST", day=date(2026, 3, 2))

    document = console.run("collect", "--json", day=MARCH_2).must().document
    console.sync(MARCH_2).must()

    assert ("Server", "its user belongs to no company") in not_billed(document)
    assert set(counts(console).values()) == {2}


def test_two_companies_of_one_name_are_held_until_one_is_renamed(console: Console) -> None:
    console.world.duplicate_company_name(company=ACME, day=date(2026, 3, 2))
    console.collect(MARCH_2)

    ran = console.sync(MARCH_2)

    assert_refused(ran, NEEDS_A_PERSON, f"another company is called {ACME!r} too", "rename one")
    acme, birch = (company["customer_id"] for company in console.settings["companies"])
    assert counts(console) == {birch: 2}
    assert acme not in {write["client_id"] for write in console.books()}


def delete_customer(console: Console) -> None:
    console.delete_in_halopsa("Client", console.settings["companies"][0]["customer_id"])


def delete_site(console: Console) -> None:
    console.delete_in_halopsa("Site", console.settings["companies"][0]["site_id"])


def bill_in_euro(console: Console) -> None:
    console.edit_in_halopsa("Client", console.settings["companies"][0]["customer_id"], default_currency_code=2)


def delete_asset_type(console: Console) -> None:
    (printer,) = [
        row["id"] for row in console.halopsa.tables["AssetType"].rows.values() if row["name"] == "Printer"
    ]
    (acme, _) = console.settings["companies"]
    acme["configurations"][0]["asset_types"] = {"Server": "Printer"}
    console.apply_setup().must()
    console.delete_in_halopsa("AssetType", printer)


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (delete_customer, ("HaloPSA customer 12 no longer exists", "map it anew")),
        (delete_site, ("HaloPSA site 40 no longer exists", "choose another site")),
        (bill_in_euro, ("is billed in EUR, the provider in USD", "never converted")),
        (delete_asset_type, ("asset type 'Printer'", "no longer exists in HaloPSA", "choose another")),
    ],
    ids=["a deleted customer", "a deleted site", "another currency", "a deleted asset type"],
)
def test_what_is_wrong_with_a_mapping_holds_that_company_alone(
    console: Console, happens: Any, words: tuple[str, ...]
) -> None:
    happens(console)
    before = len(console.books())

    ran = console.sync(MARCH_2)

    assert_refused(ran, NEEDS_A_PERSON, ACME, *words)
    assert console.bills()[ACME, "2026-02"] == ("manual", "held")
    assert console.bills()[BIRCH, "2026-02"] == ("manual", "sent")
    acme, birch = (company["customer_id"] for company in console.settings["companies"])
    assert counts(console) == {birch: 2}
    assert acme not in {write["client_id"] for write in console.books()[before:]}


# What was entered


def refused_setup(console: Console, *words: str) -> None:
    """The setup as it now stands is refused with exit code 3, naming file and line, and leaves all settings."""
    before = console.rows_of(*SETTINGS)

    ran = console.apply_setup()

    assert_refused(ran, WRONG, "setup.toml:", *words)
    assert console.rows_of(*SETTINGS) == before


@pytest.mark.parametrize("mode", ["average", "quantity"])
def test_licenses_and_storage_together_are_refused_unless_sent_as_a_total(console: Console, mode: str) -> None:
    mixed = configuration("Everything", mode, "Server", f"storage:{ACCOUNT_ID}")
    console.settings["companies"][0]["configurations"] = [mixed]

    refused_setup(console, "'Everything'", "mixes licenses and storage", "Send it as 'total', or move")


def test_a_product_in_two_configurations_is_refused(console: Console) -> None:
    console.settings["companies"][0]["configurations"] += [configuration("Again", "total", "Server")]

    refused_setup(console, "'Again' bills Server", "'Servers' bills already", "remove it from one of the two")


@pytest.mark.parametrize(("price", "words"), [("-12.00", "negative"), ("12.123456789", "decimals")])
def test_a_price_that_cannot_be_is_refused(console: Console, price: str, words: str) -> None:
    console.settings["prices"] = prices({"Server": ("5.00", price)})

    refused_setup(console, "price", price, words)


def test_a_month_that_has_not_begun_is_not_billed(console: Console) -> None:
    untouched = Untouched(console, *BILLS)

    ran = console.sync(MARCH_2, "--month", "2026-04")

    assert_refused(ran, WRONG, "2026-04 has not begun", "Name a month that has usage")
    untouched.check()


def test_a_usage_history_from_the_future_is_not_imported(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text(
        "Type,Company,User,Endpoint,Status,Purchased,Purchase ID,Activated,Deactivated,Days Active,Cost\n"
        f"Server,{ACME},{ACME.lower()},SRV-0,Paid,2026-02-01,P-1,2026-02-01,,28,5.00\n"
        f"Server,{ACME},{ACME.lower()},SRV-9,Paid,2026-05-01,P-2,2026-05-01,,28,5.00\n"
    )
    before = console.rows_of(*USAGE)

    ran = console.run("import", "usage-history", str(file), day=MARCH_2)

    assert_refused(ran, WRONG, "history.csv:3", "lies in the future", "Nothing was imported")
    assert console.rows_of(*USAGE) == before


def test_a_clock_that_jumps_back_collects_nothing(console: Console) -> None:
    before = console.rows_of(*USAGE, "collection")

    ran = console.run("collect", "--json", day="2026-02-10")

    assert_refused(ran, WRONG, "2026-02-10 lies before the last collection of 2026-03-02", "Check the clock")
    assert console.rows_of(*USAGE, "collection") == before


@pytest.mark.parametrize("command", [("sync", "--yes", "--json"), ("plan", "--json"), ("bill", "--json")])
def test_a_clock_that_jumps_back_bills_nothing(console: Console, command: tuple[str, ...]) -> None:
    console.sync(MARCH_2).must()
    before = console.books(), console.rows_of(*SENDING, "bill", "billline")

    ran = console.run(*command, day="2026-02-10")

    assert_refused(ran, WRONG, "2026-02-10 lies before", "Check the clock")
    assert (console.books(), console.rows_of(*SENDING, "bill", "billline")) == before


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "02.03.2026"])
def test_a_day_that_is_none_says_how_to_write_one(console: Console, day: str) -> None:
    untouched = Untouched(console, *BILLS)

    assert_refused(console.run("sync", "--yes", "--json", "--day", day), WRONG, day, "Write it as YYYY-MM-DD")
    untouched.check()
