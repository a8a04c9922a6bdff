"""The metrics as Prometheus reads them, and who may."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from pytest_django.fixtures import Settings

from billbridge import __version__
from billbridge.store.models import Company, HaloConnection, Provider, Run
from billbridge.web.status.families import FAMILIES
from databases import KIND, Installation

TOKEN = "a token that only tests know"
DOCUMENTED = Path(__file__).parents[2] / "docs/reference/metrics.md"
ASK = """
from django.conf import settings
from django.test import Client
from billbridge.store.start import start
start()
settings.SECRET_KEY = "a key that only tests sign with"
answer = Client(headers={"host": "localhost"}).get("/metrics")
print(answer.status_code)
print(answer.content.decode())
"""


@pytest.fixture
def scraper(db: None) -> Client:
    """A scraper on the console's own machine."""
    return Client(headers={"host": "localhost:8080"})


@pytest.fixture
def _with_token(settings: Settings) -> None:
    settings.BILLBRIDGE = replace(settings.BILLBRIDGE, metrics_token=TOKEN)


def scraped(client: Client, **headers: str) -> dict[str, float]:
    """Every sample by name and labels."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in parse(answer.content.decode())
        for sample in family.samples
    }


def test_a_scrape_tells_the_figures_with_the_providers_id_and_no_name(scraper: Client, provider: Provider):
    Company.objects.create(provider=provider, source_id="acme", name="Acme Dental")
    HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="b")
    now = datetime.now(UTC)
    Run.objects.create(
        provider=provider, trigger="manual sync", day=date(2026, 3, 2), began=now, ended=now, state="partly done"
    )

    found = scraped(scraper)

    assert found["billbridge_up[]"] == 1
    assert found[f"billbridge_build_info['{__version__}']"] == 1
    assert found[f"billbridge_runs_total['{provider.pk}', 'manual sync', 'partly done']"] == 1
    assert found["billbridge_workers[]"] == 0
    assert found[f"billbridge_last_sync_age_seconds['{provider.pk}']"] == float("inf")
    text = scraper.get("/metrics").content.decode()
    for name in ("Acme", provider.name, "halo.test"):
        assert name not in text


def test_an_installation_without_a_provider_is_up(scraper: Client):
    assert scraped(scraper)["billbridge_up[]"] == 1


def test_the_format_is_the_one_the_scraper_asks_for(scraper: Client, provider: Provider):
    plain = scraper.get("/metrics")
    open_ = scraper.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert plain["Content-Type"].startswith("text/plain; version=")
    assert open_["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert [f.name for f in parse_openmetrics(open_.content.decode())] == [
        "billbridge_build", "billbridge_up", *(family.name for family in FAMILIES),
    ]  # fmt: skip


def test_every_metric_stands_in_the_reference_with_its_type(scraper: Client, provider: Provider):
    """And nothing else does: what a page promises must be there."""
    text = scraper.get("/metrics").content.decode()
    told = set(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    rows = re.findall(r"^\| `(billbridge_\w+)` \| (\w+) \|", DOCUMENTED.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(rows) == told
    assert len(rows) == len(told) == len(FAMILIES) + 2


def test_names_follow_the_customs_of_prometheus(scraper: Client, provider: Provider):
    for family in FAMILIES:
        assert re.fullmatch(r"billbridge_[a-z0-9_]+", family.name)
        assert family.help.endswith(".")
        assert not family.name.endswith("_total"), "the counter's ending is added when it is written"
        if "age" in family.name or "blocked" in family.name:
            assert family.name.endswith("_seconds")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-Proto": "https"},
        {"Forwarded": "for=203.0.113.7"},
        {"X-Real-IP": "203.0.113.7"},
        {"Via": "1.1 proxy"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_without_a_token_what_a_web_server_hands_on_finds_nothing(scraper: Client, headers: dict[str, str]):
    answer = scraper.get("/metrics", headers=headers)

    assert answer.status_code == 404
    assert b"billbridge_up" not in answer.content


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.5", "", "unix:", "::ffff:10.0.0.5"])
def test_without_a_token_other_machines_find_nothing(scraper: Client, address: str):
    assert scraper.get("/metrics", REMOTE_ADDR=address).status_code == 404


def test_without_a_token_a_name_of_the_console_finds_nothing(db: None):
    assert Client().get("/metrics").status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9000", "[::1]:8080"])
def test_without_a_token_this_machine_reads_them(db: None, settings: Settings, address: str, host: str):
    settings.ALLOWED_HOSTS = settings.BILLBRIDGE.hosts

    assert Client(headers={"host": host}).get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.usefixtures("_with_token")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token_any_machine_reads_them(db: None, scheme: str):
    client = Client(headers={"authorization": f"{scheme} {TOKEN}", "x-forwarded-for": "203.0.113.7"})

    assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 200


@pytest.mark.usefixtures("_with_token")
@pytest.mark.parametrize(
    "given", ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer é"]
)
def test_a_token_that_is_not_the_one_is_refused_on_this_machine_too(scraper: Client, given: str):
    answer = scraper.get("/metrics", headers={"authorization": given} if given else {})

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_proxy_may_not_keep_them(scraper: Client):
    assert "no-store" in scraper.get("/metrics")["Cache-Control"]


def test_they_are_for_looking_only(scraper: Client):
    assert scraper.post("/metrics").status_code == 405


def test_a_database_that_is_away_is_a_metric(empty_installation: Installation):
    if KIND == "sqlite":
        (empty_installation.data / "billbridge.sqlite3").mkdir(parents=True)
    else:
        address = empty_installation.env["BILLBRIDGE_DATABASE_URL"]
        empty_installation.env["BILLBRIDGE_DATABASE_URL"] = address.replace("/installation_", "/missing_")

    status, *lines = empty_installation.run("-c", ASK).stdout.splitlines()

    assert status == "200"
    samples = [line for line in lines if line and not line.startswith("#")]
    assert samples == [f'billbridge_build_info{{version="{__version__}"}} 1.0', "billbridge_up 0.0"]


def test_a_database_of_an_older_program_is_not_up(empty_installation: Installation):
    lines = empty_installation.run("-c", ASK).stdout.splitlines()

    assert "billbridge_up 0.0" in lines
