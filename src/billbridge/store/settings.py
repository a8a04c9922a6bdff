"""Django's settings, derived from the installation's settings in the environment.

Importing this module touches no file and opens no database; `billbridge.store.start` does.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from billbridge.config import Settings, load, postgresql_parameters
from billbridge.never_shown import never_show


def _sqlite(settings: Settings) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(settings.sqlite_file),
        "OPTIONS": {
            # A transaction takes its write lock when it begins: two that read first and then write cannot deadlock.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # A bill that was reported as sent must survive a power cut, hence FULL although WAL would allow less.
            # Large tables are sorted in memory: a sort that spills into files takes three times as long.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY",
        },
    }


def _postgresql(settings: Settings) -> dict[str, Any]:
    options = {"connect_timeout": "10"} | postgresql_parameters(settings.database_url)
    never_show(options.get("password", ""))
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

never_show(BILLBRIDGE.metrics_token)
DATABASES = {"default": _postgresql(BILLBRIDGE) if BILLBRIDGE.uses_postgresql else _sqlite(BILLBRIDGE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LOGGING_CONFIG = None

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "js_lib_bootstrap5",
    "axes",
    "csp",
    "billbridge.store",
    "billbridge.web",
]
MIDDLEWARE = [
    "billbridge.web.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "billbridge.web.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "billbridge.web.middleware.ActorMiddleware",
    "billbridge.web.middleware.ErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "billbridge.web.urls"
WSGI_APPLICATION = "billbridge.web.wsgi.application"
_WEB = Path(__file__).parent.parent / "web"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": sorted(str(folder) for folder in _WEB.glob("**/templates")),
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "billbridge.web.context.console",
            ],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [str(_WEB / "static")]
WHITENOISE_USE_FINDERS = True  # assets come from installed packages: there is nothing to gather first
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

AUTH_USER_MODEL = "store.Administrator"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "billbridge.web.accounts.backend.AdministratorBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "dashboard:dashboard"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "billbridge.web.accounts.backend.tried_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

ALLOWED_HOSTS = list(BILLBRIDGE.hosts)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in BILLBRIDGE.hosts] if BILLBRIDGE.https else []
CSRF_FAILURE_VIEW = "billbridge.web.errors.form_expired"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BILLBRIDGE.https
SECURE_HSTS_SECONDS = 31536000 if BILLBRIDGE.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BILLBRIDGE.https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
