"""The settings an installation is started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from billbridge.config import load, postgresql_parameters
from billbridge.errors import InvalidInput

URL = "postgresql://bill:open%3Asesame@db.example:6432/billing?sslmode=require"


def test_without_anything_set_the_data_goes_into_a_folder_where_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({})
    assert settings.data == tmp_path / "billbridge-data"
    assert settings.sqlite_file == tmp_path / "billbridge-data" / "billbridge.sqlite3"
    assert not settings.uses_postgresql
    assert not settings.data.exists()


def test_the_key_file_stands_in_the_data_folder(tmp_path: Path) -> None:
    assert load({"BILLBRIDGE_DATA": str(tmp_path)}).key_file.parent == tmp_path


def test_a_relative_data_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({"BILLBRIDGE_DATA": "here"}).data == tmp_path / "here"


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InvalidInput, match="BILLBRIDGE_DATA"):
        load({"BILLBRIDGE_DATA": str(file)})


def test_a_postgresql_address_is_taken_apart() -> None:
    assert postgresql_parameters(URL) == {
        "user": "bill", "password": "open:sesame", "host": "db.example", "port": "6432", "dbname": "billing",
        "sslmode": "require",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url", ["postgresql://bill@/billing?host=/run/postgresql", "postgresql://bill@%2Frun%2Fpostgresql/billing"]
)
def test_a_postgresql_socket_is_named_by_its_folder(url: str) -> None:
    parameters = postgresql_parameters(url)
    assert (parameters["host"], parameters["dbname"]) == ("/run/postgresql", "billing")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://bill:secret@db/billing",
        "host=db password=secret",
        "postgresql://bill:sec:ret@[db/billing",
        "postgresql://bill:secret@db/billing?color=red",
        "postgresql://bill:secret@db",
    ],
)
def test_an_unusable_database_address_is_refused_without_showing_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="BILLBRIDGE_DATABASE_URL") as refused:
        load({"BILLBRIDGE_DATA": str(tmp_path), "BILLBRIDGE_DATABASE_URL": url})
    assert "secret" not in str(refused.value)
    assert "sec:ret" not in str(refused.value)


def test_the_token_of_the_metrics_is_read_and_not_shown(tmp_path: Path) -> None:
    settings = load({"BILLBRIDGE_DATA": str(tmp_path), "BILLBRIDGE_METRICS_TOKEN": " open sesame "})
    assert settings.metrics_token == "open sesame"
    assert "sesame" not in repr(settings)
    assert load({"BILLBRIDGE_DATA": str(tmp_path)}).metrics_token == ""


def test_settings_do_not_show_the_password_when_they_are_logged(tmp_path: Path) -> None:
    settings = load({"BILLBRIDGE_DATA": str(tmp_path), "BILLBRIDGE_DATABASE_URL": URL})
    assert settings.uses_postgresql
    assert "sesame" not in repr(settings)
