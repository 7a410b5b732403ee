"""Settings: each comes from the environment, has one home here and a default that is safe in production.

`docs/operations.md` describes them all. `LOCAL_HTTP=1` is for a laptop: it allows plain HTTP on localhost.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from campaign.keyring import secret_file

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


# Where things are at rest. The audience database is kept apart because it must never be in a backup.
DATA_DIRECTORY = Path(os.environ.get("DATA_DIRECTORY", BASE_DIR / "var"))
KEY_DIRECTORY = Path(os.environ.get("KEY_DIRECTORY", DATA_DIRECTORY / "keys"))
# Acknowledged events wait here while the audience database is away: a disk that outlives a restart, in no backup.
SPOOL_DIRECTORY = Path(os.environ.get("SPOOL_DIRECTORY", DATA_DIRECTORY / "spool"))
DATA_DIRECTORY.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = _flag("DEBUG")
LOCAL_HTTP = _flag("LOCAL_HTTP")
SECRET_KEY = os.environ.get("SECRET_KEY") or secret_file(KEY_DIRECTORY, "django.key").hex()
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "messages.apps.MessagesConfig",
    "campaign.apps.CampaignConfig",
    "analytics.apps.AnalyticsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaign.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "campaign.urls"
WSGI_APPLICATION = "campaign.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


# A commit is on disk before it returns, a forgotten transaction lets go of its locks, and a server that went away
# is noticed within seconds.
_POSTGRESQL = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": "-c synchronous_commit=on -c idle_in_transaction_session_timeout=300s",
}


def _database(variable: str, file: str) -> dict[str, object]:
    """One database from its URL, opened for durability first.

    SQLite: WAL, synchronous=FULL, secure_delete. PostgreSQL: synchronous_commit, whatever the server's default is.
    """
    config: dict[str, Any] = dict(
        dj_database_url.parse(os.environ.get(variable) or f"sqlite:///{DATA_DIRECTORY / file}", conn_max_age=600)
    )
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["CONN_HEALTH_CHECKS"] = True
        own = config.get("OPTIONS", {})  # what stands in the URL, such as sslmode; it may add, not weaken
        config["OPTIONS"] = _POSTGRESQL | own
        config["OPTIONS"]["options"] = f"{own.get('options', '')} {_POSTGRESQL['options']}".strip()
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
        }
        # A test database is a file too: the web process and its writer thread each hold their own connection.
        config["TEST"] = {"NAME": str(DATA_DIRECTORY / f"test-{os.getpid()}-{file}")}
    return config


DATABASES = {
    "default": _database("DATABASE_URL", "default.sqlite3"),
    "audience": _database("AUDIENCE_DATABASE_URL", "audience.sqlite3"),
}
DATABASE_ROUTERS = ["analytics.routers.AudienceRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "campaign:list"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIRECTORY / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True  # a few files, found where they are: no collecting step

# Transport. Everything is on unless LOCAL_HTTP says that this is a laptop.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not LOCAL_HTTP
SECURE_HSTS_SECONDS = 0 if LOCAL_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL_HTTP
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
BEHIND_TLS_PROXY = _flag("BEHIND_TLS_PROXY")
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The audience surface.
RECEIPT_LIFE_HOURS = int(os.environ.get("RECEIPT_LIFE_HOURS", "2"))
if not 1 <= RECEIPT_LIFE_HOURS <= 24:
    raise ImproperlyConfigured("RECEIPT_LIFE_HOURS must be from 1 to 24: a view is forgotten within a day.")
SNAPSHOT_SECONDS = float(os.environ.get("SNAPSHOT_SECONDS", "2"))
SERVED_FLUSH_SECONDS = float(os.environ.get("SERVED_FLUSH_SECONDS", "5"))
NETWORK_LIMIT = int(os.environ.get("NETWORK_LIMIT", "3000"))
if NETWORK_LIMIT < 0:
    raise ImproperlyConfigured("NETWORK_LIMIT must be 0, for no limit, or more.")
# Counts below this leave for nobody, staff included. It may be raised, never lowered.
SMALL_CELL = int(os.environ.get("SMALL_CELL", "10"))
if SMALL_CELL < 10:
    raise ImproperlyConfigured("SMALL_CELL must be 10 or more: smaller groups could be recognised.")
NEVER_NAME = _list("NEVER_NAME")  # tools and sites that no message may name
CHECK_HELP_LINKS = _flag("CHECK_HELP_LINKS")  # the worker asks each help link's address once a day
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # empty: /metrics is off

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "campaign.api_errors.one_error_shape",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Second Thought",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "campaign.openapi.add_audience_endpoints",
    ],
}

# Errors of staff pages go to standard error, without the request: no mail, no report of a request's contents.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # These name the path and the client: silent in production.
        "django.server": {"handlers": ["stderr"], "level": "INFO" if DEBUG else "CRITICAL", "propagate": False},
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        # Its warnings hold the Host or the Referer of whoever came to a wrong address.
        "django.security": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
    },
}
