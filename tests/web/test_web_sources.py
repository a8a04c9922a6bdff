"""Settings > Sources: the backup service, collecting, domains, and the import of a Usage History."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from acme import TODAY, ClientOf, make_acme
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billbridge.operations.usage_history_upload import LARGEST_FILE
from billbridge.store.models import (
    ActivationRow,
    Administrator,
    AuditEntry,
    Collection,
    Company,
    Domain,
    DomainReading,
    Draft,
    Provider,
    SourceConnection,
    Task,
    UsageHistoryImport,
)
from billbridge.store.secrets import put_secret, read_secret

ADDRESS = "/settings/sources/"
DOMAINS = f"{ADDRESS}domains/"
HISTORY = f"{ADDRESS}usage-history/"
MAILBOXES = "Microsoft 365 / Google Workspace"
HEADER = "Type,Company,User,Endpoint,Status,Purchased,Purchase ID,Activated,Deactivated,Days Active,Cost\n"
GOOD = "Server,Acme,front,DC09,Paid,2026-09-01,T1,2026-10-03,2026-10-20,18,5.00\n"
UNKNOWN = "Server,Nobody Ltd,front,DC10,Paid,2026-09-01,T1,2026-10-03,,29,5.00\n"
TRIAL = "Ultimate,Acme,front,DC11,Active trial,2026-09-01,T2,2026-10-03,,3,0.00\n"


@pytest.fixture
def browser(client_of: ClientOf, owner: Administrator) -> Client:
    return client_of(owner)


@pytest.fixture
def clerk(client_of: ClientOf, billing_person: Administrator) -> Client:
    return client_of(billing_person)


@pytest.fixture
def connection(provider: Provider) -> SourceConnection:
    row = SourceConnection.objects.create(provider=provider, address="https://api.mbs.test", login="api")
    put_secret(row, "password", "kept secret")
    return row


def shown(browser: Client, address: str = ADDRESS) -> str:
    return browser.get(address, follow=True).content.decode()


def version(browser: Client, address: str = ADDRESS) -> str:
    found = re.search(r'name="version" value="(\w+)"', shown(browser, address))
    assert found is not None
    return found[1]


# The connection


def test_credentials_are_saved_sealed_and_never_shown(browser: Client) -> None:
    given = {"address": "https://api.mspbackups.com", "login": "api", "password": "open sesame"}
    assert browser.post(ADDRESS, given | {"version": version(browser)}).status_code == 302
    row = SourceConnection.objects.get()
    assert read_secret(row, "password") == "open sesame"
    assert "open sesame" not in shown(browser)
    assert "open sesame" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_an_empty_password_keeps_the_one_there_is(browser: Client, connection: SourceConnection) -> None:
    browser.post(ADDRESS, {"address": connection.address, "login": "other", "version": version(browser)})
    connection.refresh_from_db()
    assert connection.login == "other"
    assert read_secret(connection, "password") == "kept secret"


def test_a_kept_password_is_never_sent_to_another_address(browser: Client, connection: SourceConnection) -> None:
    response = browser.post(ADDRESS, {"address": "https://evil.test", "login": "api"})
    assert response.status_code == 400
    assert "it would be sent to another address" in response.content.decode()
    connection.refresh_from_db()
    assert connection.address == "https://api.mbs.test"


@pytest.mark.parametrize("wrong", [{"address": "ftp://x"}, {"address": ""}, {"login": "x" * 10_000}])
def test_an_address_or_login_that_cannot_be_is_refused(browser: Client, wrong: dict[str, str]) -> None:
    given = {"address": "https://api.mspbackups.com", "login": "api", "password": "open sesame"}
    assert browser.post(ADDRESS, given | wrong).status_code == 400
    assert not SourceConnection.objects.exists()


def test_a_connection_form_opened_before_another_change_saves_nothing(
    browser: Client, connection: SourceConnection
) -> None:
    stale = version(browser)
    SourceConnection.objects.update(login="theirs")
    response = browser.post(ADDRESS, {"address": connection.address, "login": "mine", "version": stale})
    assert response.status_code == 409


def test_only_an_owner_changes_and_tests_the_connection(
    clerk: Client, connection: SourceConnection, client_of: ClientOf, viewer: Administrator
) -> None:
    for other in (clerk, client_of(viewer)):
        assert other.post(ADDRESS, {"address": connection.address, "login": "mine"}).status_code == 403
        assert other.post(f"{ADDRESS}test/").status_code == 403
        assert "kept secret" not in shown(other)


# Test and collect


def test_a_test_is_asked_for_and_its_findings_are_shown(
    browser: Client, provider: Provider, connection: SourceConnection
) -> None:
    browser.post(f"{ADDRESS}test/")
    task = Task.objects.get(kind="test source")
    assert "Test of the source" in shown(browser)
    task.state = Task.State.DONE
    task.result = {"findings": [{"step": "Login", "ok": False, "message": "Refused.", "remedy": "Enter it again."}]}
    task.save()
    text = shown(browser)
    assert "fails" in text
    assert "Refused." in text
    assert "Enter it again." in text


def test_collecting_now_is_asked_for_by_billing_and_not_by_a_viewer(
    clerk: Client, connection: SourceConnection, client_of: ClientOf, viewer: Administrator
) -> None:
    assert client_of(viewer).post(f"{ADDRESS}collect/").status_code == 403
    clerk.post(f"{ADDRESS}collect/")
    assert Task.objects.get(kind="collect").inputs == {}


def collected(provider: Provider, state: str = "done", **more: Any) -> Collection:
    given = {"section": "licenses", "day": TODAY, "began": datetime.now(UTC), **more}
    return Collection.objects.create(provider=provider, source="mbs", state=state, **given)


def test_what_is_held_is_shown_with_its_reason_and_can_be_believed(
    clerk: Client, provider: Provider, connection: SourceConnection
) -> None:
    collected(provider, "held", reason="Acme shows 1 license, and had 9.")
    text = shown(clerk)
    assert "Acme shows 1 license, and had 9." in text
    assert "Believe it and collect again" in text
    clerk.post(f"{ADDRESS}collect/", {"accept_losses": "yes"})
    assert Task.objects.get(kind="collect").inputs == {"accept_losses": True}


def test_nothing_is_offered_to_be_believed_once_a_later_collection_was_done(
    clerk: Client, provider: Provider, connection: SourceConnection
) -> None:
    collected(provider, "held", reason="too few", began=datetime(2026, 11, 1, tzinfo=UTC))
    collected(provider)
    assert "Believe it" not in shown(clerk)


def test_a_collection_opens_with_its_figures_warnings_and_what_is_not_billed(
    clerk: Client, provider: Provider
) -> None:
    one = collected(
        provider,
        figures={"licenses": 12},
        warnings=["a user without a login"],
        not_billed=[{"subject": "POOL-1", "reason": "it lies in a pool", "license_type": "Server", "count": 3}],
    )
    text = shown(clerk, f"{ADDRESS}collections/{one.pk}/")
    for part in ("12", "a user without a login", "POOL-1", "it lies in a pool", "(3)"):
        assert part in text


def test_collections_of_another_provider_are_not_there(clerk: Client, other_provider: Provider) -> None:
    foreign = collected(other_provider, "failed", reason="theirs")
    assert "theirs" not in shown(clerk)
    assert clerk.get(f"{ADDRESS}collections/{foreign.pk}/").status_code == 404


# Domains


@pytest.fixture
def domain(provider: Provider) -> Domain:
    row = Domain.objects.create(provider=provider, name="acme.example")
    for day, licenses in ((date(2026, 11, 1), 4), (TODAY, 6)):
        DomainReading.objects.create(provider=provider, domain=row.name, day=day, licenses=licenses)
    return row


def test_a_domain_is_listed_with_its_latest_number_and_marked_while_it_is_not_mapped(
    clerk: Client, domain: Domain
) -> None:
    text = shown(clerk, DOMAINS)
    assert re.search(r'class="figure">6', text)
    assert text.count("not mapped</span>") == 2


def test_a_domain_is_mapped_to_a_company_by_its_name(clerk: Client, provider: Provider, domain: Domain) -> None:
    acme = make_acme(provider)
    address = f"{DOMAINS}{domain.pk}/"
    given = {"company": "acme", "license_type": MAILBOXES, "version": version(clerk, address)}
    assert clerk.post(address, given).status_code == 302
    domain.refresh_from_db()
    assert (domain.company, domain.license_type) == (acme, MAILBOXES)
    assert AuditEntry.objects.filter(subject="domains[acme.example]").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"company": "Nobody"}, "There is no company"),
        ({"company": "Twin"}, "Several companies are called"),
        ({"license_type": "Server"}, "Select a valid choice"),
        ({"company": "Theirs"}, "There is no company"),
    ],
)
def test_a_company_or_type_that_does_not_fit_is_refused_beside_the_field(
    clerk: Client, provider: Provider, other_provider: Provider, domain: Domain, given: dict[str, str], said: str
) -> None:
    for number in range(2):
        Company.objects.create(provider=provider, source_id=f"twin-{number}", name="Twin")
    Company.objects.create(provider=other_provider, source_id="theirs", name="Theirs")
    response = clerk.post(f"{DOMAINS}{domain.pk}/", {"company": "", "license_type": "", **given})
    assert response.status_code == 400
    assert said in response.content.decode()


def test_a_domain_form_opened_before_another_change_saves_nothing(
    clerk: Client, provider: Provider, domain: Domain
) -> None:
    make_acme(provider)
    address = f"{DOMAINS}{domain.pk}/"
    stale = version(clerk, address)
    Domain.objects.create(provider=provider, name="other.example")
    response = clerk.post(address, {"company": "Acme", "license_type": MAILBOXES, "version": stale})
    assert response.status_code == 409


def test_companies_are_offered_while_a_name_is_typed(
    clerk: Client, provider: Provider, other_provider: Provider
) -> None:
    for name in ("Acme Dental", "Bolt"):
        Company.objects.create(provider=provider, source_id=name, name=name)
    Company.objects.create(provider=other_provider, source_id="x", name="Acme of others")
    text = shown(clerk, f"{DOMAINS}companies/?company=acme")
    assert "Acme Dental" in text
    assert "Bolt" not in text
    assert "Acme of others" not in text


def test_a_viewer_sees_domains_and_changes_none(client_of: ClientOf, viewer: Administrator, domain: Domain) -> None:
    browser = client_of(viewer)
    assert "acme.example" in shown(browser, DOMAINS)
    assert browser.get(f"{DOMAINS}{domain.pk}/").status_code == 403
    assert browser.post(f"{DOMAINS}{domain.pk}/", {"company": ""}).status_code == 403


def test_a_domain_of_another_provider_is_not_there(clerk: Client, other_provider: Provider) -> None:
    foreign = Domain.objects.create(provider=other_provider, name="theirs.example")
    assert "theirs.example" not in shown(clerk, DOMAINS)
    assert clerk.get(f"{DOMAINS}{foreign.pk}/").status_code == 404


# The import of a Usage History


@pytest.fixture
def acme(provider: Provider) -> Company:
    company = make_acme(provider)
    ActivationRow.objects.all().delete()
    return company


def upload(browser: Client, text: str | bytes, name: str = "usage.csv", **given: str) -> Any:
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, data, content_type="text/csv")
    return browser.post(HISTORY, {"file": file, "dates": "iso", "month": "", **given})


def digest(browser: Client) -> str:
    found = re.search(r'name="digest" value="(\w+)"', shown(browser, f"{HISTORY}preview/"))
    assert found is not None
    return found[1]


def confirm(browser: Client, rows: str = "all", **given: str) -> Any:
    return browser.post(f"{HISTORY}import/", {"digest": digest(browser), "rows": rows, **given}, follow=True)


def test_a_preview_shows_rows_and_errors_and_stores_no_usage(clerk: Client, acme: Company) -> None:
    assert upload(clerk, HEADER + GOOD + UNKNOWN + TRIAL).status_code == 302
    text = shown(clerk, f"{HISTORY}preview/")
    for part in (
        "DC09",
        "Nobody Ltd",
        "no company has this name",
        "Import the 1 good row",
        "2026-10-01 to 2026-10-20",
    ):
        assert part in text
    assert not ActivationRow.objects.exists()
    assert not UsageHistoryImport.objects.exists()


def test_a_clean_file_is_imported_and_then_forgotten(clerk: Client, acme: Company) -> None:
    upload(clerk, HEADER + GOOD)
    assert "1 row was imported" in confirm(clerk).content.decode()
    row = ActivationRow.objects.get()
    assert (row.endpoint, row.first_day, row.last_day) == ("DC09", date(2026, 10, 3), date(2026, 10, 20))
    assert not Draft.objects.exists()
    assert AuditEntry.objects.filter(action="import", subject="Usage History usage.csv").exists()
    assert "usage.csv" in shown(clerk, HISTORY)


def test_all_rows_are_not_imported_while_one_has_an_error(clerk: Client, acme: Company) -> None:
    upload(clerk, HEADER + GOOD + UNKNOWN)
    assert "rows have errors" in confirm(clerk, "all").content.decode()
    assert not ActivationRow.objects.exists()
    confirm(clerk, "good")
    assert ActivationRow.objects.count() == 1


def test_a_file_can_be_read_in_another_way_without_being_sent_again(clerk: Client, acme: Company) -> None:
    upload(clerk, HEADER + GOOD.replace("2026-10-03", "10/3/2026").replace("2026-10-20", "10/20/2026"))
    assert "choose the date order that the file uses" in shown(clerk, f"{HISTORY}preview/")
    clerk.post(f"{HISTORY}preview/", {"dates": "us", "month": "2026-10"})
    text = shown(clerk, f"{HISTORY}preview/")
    assert "Import 1 row" in text
    assert "2026-10-01 to 2026-10-31" in text


def test_a_file_that_was_looked_at_is_the_one_that_is_imported(clerk: Client, acme: Company) -> None:
    upload(clerk, HEADER + GOOD)
    looked_at = digest(clerk)
    upload(clerk, HEADER + GOOD.replace("DC09", "DC99"))
    text = confirm(clerk, digest=looked_at).content.decode()
    assert "Another file was uploaded since" in text
    assert not ActivationRow.objects.exists()


def test_a_waiting_file_is_offered_to_its_person_alone_and_can_be_thrown_away(
    clerk: Client, browser: Client, acme: Company
) -> None:
    upload(clerk, HEADER + GOOD)
    assert "is not imported yet" in shown(clerk, HISTORY)
    assert "is not imported yet" not in shown(browser, HISTORY)
    assert "No file waits to be imported" in shown(browser, f"{HISTORY}preview/")
    clerk.post(f"{HISTORY}discard/")
    assert not Draft.objects.exists()


def test_a_file_left_for_a_day_is_forgotten_with_the_next_upload(
    clerk: Client, browser: Client, acme: Company
) -> None:
    upload(clerk, HEADER + GOOD)
    Draft.objects.update(saved=datetime(2026, 1, 1, tzinfo=UTC))
    upload(browser, HEADER + GOOD)
    assert Draft.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text"),
        (b"", "The file is empty"),
        (b"a,b,c\n1,2,3\n", "lacks the columns"),
        (b"x" * (LARGEST_FILE + 1), "more than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_beside_the_field(
    clerk: Client, acme: Company, data: bytes, said: str
) -> None:
    response = upload(clerk, data)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert not Draft.objects.exists()


def test_hostile_cells_are_plain_text(clerk: Client, acme: Company) -> None:
    upload(clerk, HEADER + GOOD.replace("DC09", "<script>alert(1)</script>"), name="<b>x</b>.csv")
    text = shown(clerk, f"{HISTORY}preview/")
    assert "<script>alert(1)" not in text
    assert "<b>x</b>" not in text


def test_a_viewer_imports_nothing(client_of: ClientOf, viewer: Administrator, acme: Company) -> None:
    browser = client_of(viewer)
    assert upload(browser, HEADER + GOOD).status_code == 403
    assert browser.get(f"{HISTORY}preview/").status_code == 403
    assert browser.post(f"{HISTORY}import/", {"digest": "x"}).status_code == 403
    assert browser.post(f"{HISTORY}discard/").status_code == 403
    assert shown(browser, HISTORY)
