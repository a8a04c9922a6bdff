"""Django's settings, derived from the installation's settings in the environment.

Importing this module touches no file and opens no database; `billbridge.store.start` does.
"""

from __future__ import annotations

from typing import Any

from billbridge.config import Settings, load, postgresql_parameters


def _sqlite(settings: Settings) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(settings.sqlite_file),
        "OPTIONS": {
            # A transaction takes its write lock when it begins: two that read first and then write cannot deadlock.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # A bill that was reported as sent must survive a power cut, hence FULL although WAL would allow less.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        },
    }


def _postgresql(settings: Settings) -> dict[str, Any]:
    options = {"connect_timeout": "10"} | postgresql_parameters(settings.database_url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": options.pop("dbname"),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        "OPTIONS": options,
    }


BILLBRIDGE = load()
"""The installation this process was set up for."""

DATABASES = {"default": _postgresql(BILLBRIDGE) if BILLBRIDGE.uses_postgresql else _sqlite(BILLBRIDGE)}
INSTALLED_APPS = ["billbridge.store"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LOGGING_CONFIG = None
