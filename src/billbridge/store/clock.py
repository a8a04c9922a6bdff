"""The one clock all processes of an installation share: the database's."""

from __future__ import annotations

from django.db import connection

_NOW = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())::float8",
}


def database_now() -> float:
    """The database's real time in seconds since 1970, exact to a millisecond; it moves within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW[connection.vendor])
        return float(cursor.fetchone()[0])
