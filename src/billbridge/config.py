"""The settings an installation is started with: one frozen value, read from the environment and checked at once.

Everything a person changes while the console runs stands in the database; here is only what it takes to find it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from billbridge.errors import InvalidInput

DATA_VARIABLE = "BILLBRIDGE_DATA"
"""The environment variable that names the data folder."""

DATABASE_VARIABLE = "BILLBRIDGE_DATABASE_URL"
"""The environment variable that names a PostgreSQL database; unset or empty means SQLite in the data folder."""

HOSTS_VARIABLE = "BILLBRIDGE_HOSTS"
"""The environment variable with the names the console is reached by, separated by commas."""

HTTPS_VARIABLE = "BILLBRIDGE_HTTPS"
"""Set to 1 when browsers reach the console over HTTPS: cookies are then never sent without it."""

METRICS_TOKEN_VARIABLE = "BILLBRIDGE_METRICS_TOKEN"  # noqa: S105
"""The environment variable with the token that a scraper of `/metrics` must send; without one it must run here."""

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The names of this machine to itself: the console always answers to them."""

DEFAULT_DATA = "billbridge-data"
"""The data folder when none is named, in the folder the program is started in."""

_POSTGRESQL_SCHEMES = ("postgresql://", "postgres://")
_URL_HINT = "Write it as postgresql://user:password@host:5432/database, or leave it empty to use SQLite."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where an installation keeps its data. `data` is absolute and need not exist yet."""

    data: Path
    database_url: str = field(default="", repr=False)  # may hold a password
    hosts: tuple[str, ...] = LOCAL_HOSTS
    """The host names the console answers to."""
    https: bool = False
    """Whether browsers reach the console over HTTPS."""
    metrics_token: str = field(default="", repr=False)
    """What a scraper of the metrics must send; empty: only one on this machine is answered."""

    @property
    def uses_postgresql(self) -> bool:
        """Whether the data is kept in PostgreSQL instead of SQLite."""
        return bool(self.database_url)

    @property
    def sqlite_file(self) -> Path:
        """The SQLite database; unused on PostgreSQL."""
        return self.data / "billbridge.sqlite3"

    @property
    def signing_key_file(self) -> Path:
        """The key that sessions and forms are signed with."""
        return self.data / "signing-key"

    @property
    def key_file(self) -> Path:
        """The keys that the stored secrets are encrypted with."""
        return self.data / "keys"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from the environment; raises `InvalidInput` naming the variable that is wrong."""
    data = Path(environ.get(DATA_VARIABLE) or DEFAULT_DATA).expanduser().absolute()
    if data.exists() and not data.is_dir():
        raise InvalidInput(
            f"{DATA_VARIABLE} is {data}, which is not a folder.", hint="Name a folder, or one that may be made."
        )
    url = environ.get(DATABASE_VARIABLE, "").strip()
    if url:
        postgresql_parameters(url)
    named = tuple(host.strip() for host in environ.get(HOSTS_VARIABLE, "").split(",") if host.strip())
    return Settings(
        data=data,
        database_url=url,
        hosts=(*LOCAL_HOSTS, *named),
        https=_yes(environ, HTTPS_VARIABLE),
        metrics_token=environ.get(METRICS_TOKEN_VARIABLE, "").strip(),
    )


def _yes(environ: Mapping[str, str], variable: str) -> bool:
    text = environ.get(variable, "").strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"", "0", "false", "no", "off"}:
        return False
    raise InvalidInput(f"{variable} is {text!r}.", hint="Set it to 1 or 0.")


def postgresql_parameters(url: str) -> dict[str, str]:
    """The connection parameters in a PostgreSQL URL, by libpq's names; `host` may be the folder of a socket.

    Raises `InvalidInput` without showing the URL, because it may hold a password.
    """
    from psycopg import ProgrammingError  # noqa: PLC0415  # on SQLite no command waits for it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    if not url.startswith(_POSTGRESQL_SCHEMES):
        raise InvalidInput(f"{DATABASE_VARIABLE} does not begin with postgresql://.", hint=_URL_HINT)
    try:
        parameters = conninfo_to_dict(url)
    except ProgrammingError:  # its message repeats the URL
        raise InvalidInput(f"{DATABASE_VARIABLE} cannot be read as a PostgreSQL address.", hint=_URL_HINT) from None
    if not parameters.get("dbname"):
        raise InvalidInput(f"{DATABASE_VARIABLE} names no database.", hint=_URL_HINT)
    return {name: str(value) for name, value in parameters.items()}
