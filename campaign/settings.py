"""Settings: each comes from the environment, has one home here and a default that is safe in production.

`docs/operations.md` describes them all. `LOCAL_HTTP=1` is for a laptop: it allows plain HTTP on localhost.
"""

import os
import re
import secrets
import sys
from functools import partial
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

from messages.secret_files import read_or_create_secret

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


# Where data is stored. The audience database is separate because it must never be in a backup.
DATA_DIRECTORY = Path(os.environ.get("DATA_DIRECTORY", BASE_DIR / "var"))
KEY_DIRECTORY = Path(os.environ.get("KEY_DIRECTORY", DATA_DIRECTORY / "keys"))
# Acknowledged events wait here while the audience database is away. Use a disk that survives a restart, in no backup.
SPOOL_DIRECTORY = Path(os.environ.get("SPOOL_DIRECTORY", DATA_DIRECTORY / "spool"))
# `manage.py analyse` reads one table: it needs no directory, and makes none.
_HAS_DATA = sys.argv[1:2] != ["analyse"]
if _HAS_DATA:
    DATA_DIRECTORY.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = _flag("DEBUG")
LOCAL_HTTP = _flag("LOCAL_HTTP")
SECRET_KEY = os.environ.get("SECRET_KEY") or (
    read_or_create_secret(KEY_DIRECTORY, "django.key").hex() if _HAS_DATA else secrets.token_hex()
)
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "messages.apps.MessagesConfig",  # first: it refuses or records commands of Django that write past the audit record
    "campaign.apps.SupportConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "allauth.account",  # the second factor's foundation; none of its pages is mounted
    "allauth.mfa",
    "drf_spectacular_sidecar",
    "campaign.apps.CampaignConfig",
    "analytics.apps.AnalyticsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "campaign.staff_site.middleware.content_security_policy",
    "campaign.staff_site.middleware.refuse_null_characters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "campaign.staff_site.middleware.staff_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "messages.accounts.middleware.OlderDatabaseMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "messages.accounts.middleware.SessionIdleMiddleware",
    "messages.accounts.middleware.RecordedAccountMiddleware",
    "messages.accounts.form_recovery.SignedInMiddleware",
    "messages.accounts.middleware.SecondFactorMiddleware",
    "campaign.staff_site.middleware.explain_wrong_method",
    "allauth.account.middleware.AccountMiddleware",
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
                "django.template.context_processors.i18n",
                "campaign.staff_site.navigation.staff_page_context",
            ],
            "builtins": [
                "messages.templatetags.typed_by",  # in place of Django's csrf_token
                "messages.templatetags.frame_symbols",
            ],
        },
    }
]
CSRF_FAILURE_VIEW = "messages.accounts.form_recovery.csrf_failure"


# A commit is on disk before it returns, an idle transaction releases its locks, and a lost server is noticed within
# seconds.
_POSTGRESQL = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": "-c synchronous_commit=on -c idle_in_transaction_session_timeout=300s",
}


def _database(variable: str, file: str) -> dict[str, object]:
    """One database from its URL, durability first: SQLite with WAL and FULL, PostgreSQL with synchronous_commit."""
    config: dict[str, Any] = dict(
        dj_database_url.parse(os.environ.get(variable) or f"sqlite:///{DATA_DIRECTORY / file}", conn_max_age=600)
    )
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["CONN_HEALTH_CHECKS"] = True
        own = config.get("OPTIONS", {})  # from the URL, such as sslmode; it can add options, not weaken them
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
FORM_RENDERER = "campaign.staff_site.form_renderer.DirectSelects"
DATABASE_ROUTERS = ["analytics.routers.AudienceRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Passwords are hashed with Argon2id; other hashes are upgraded at the next sign-in.
AUTHENTICATION_BACKENDS = ["messages.accounts.sign_in_backend.RecordingBackend"]
PASSWORD_HASHERS = ["messages.accounts.password_hasher.Argon2id", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "campaign:list"
LOGOUT_REDIRECT_URL = "login"

# Sessions and second factors. A session ends after SESSION_HOURS, and after SESSION_IDLE_HOURS without use.
SESSION_ENGINE = "messages.accounts.session_store"
SESSION_HOURS = int(os.environ.get("SESSION_HOURS", "12"))
SESSION_IDLE_HOURS = int(os.environ.get("SESSION_IDLE_HOURS", "2"))
if not 1 <= SESSION_IDLE_HOURS <= SESSION_HOURS <= 168:
    raise ImproperlyConfigured("SESSION_IDLE_HOURS and SESSION_HOURS must be at least 1, and a session ends in a week.")
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SKIP_SECOND_FACTOR = _flag("SKIP_SECOND_FACTOR")
if SKIP_SECOND_FACTOR and not LOCAL_HTTP:
    raise ImproperlyConfigured("SKIP_SECOND_FACTOR is for a demo on this machine, with LOCAL_HTTP=1, and nowhere else.")
# Made on first use.
SECOND_FACTOR_KEY = SimpleLazyObject(partial(read_or_create_secret, KEY_DIRECTORY, "second-factor.key"))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Second Thought"
MFA_TOTP_TOLERANCE = 1  # allows a clock that is half a minute off
MFA_ADAPTER = "messages.accounts.encryption.EncryptingMFAAdapter"
ACCOUNT_ADAPTER = "messages.accounts.encryption.NoSignupAccountAdapter"

# Mail for invitations and notices. Without a mail server, links of invitations are shown to copy.
EMAIL_HOST = os.environ.get("MAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("MAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("MAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("MAIL_PASSWORD", "")
EMAIL_USE_TLS = True
EMAIL_TIMEOUT = 10
# On this machine alone and without a mail server, mails to people who are signed in are printed in the terminal.
MAIL_IS_PRINTED = LOCAL_HTTP and not EMAIL_HOST
EMAIL_BACKEND = f"django.core.mail.backends.{'console' if MAIL_IS_PRINTED else 'smtp'}.EmailBackend"
DEFAULT_FROM_EMAIL = os.environ.get("MAIL_FROM", "second-thought@localhost")

# Where the worker puts the head of the audit record once a day, beside mailing it: best on another machine.
AUDIT_HEAD_DIRECTORY = os.environ.get("AUDIT_HEAD_DIRECTORY", "")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]  # of the staff pages, each in its own words
AUDIENCE_LANGUAGES = ["en", "es", "ar"]  # of the text around a message
PARTIAL_LANGUAGES: list[str] = []  # of these, those whose translation is unfinished: what is missing is in English
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "campaign.i18n.formats"  # day before month in English, too
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIRECTORY / "static"
if _HAS_DATA:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True  # a few files, found where they are: no collecting step

# Transport security, off only with LOCAL_HTTP.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = not LOCAL_HTTP
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
NETWORK_SHARE = float(os.environ.get("NETWORK_SHARE", "0.01"))
if not 0 < NETWORK_SHARE <= 1:
    raise ImproperlyConfigured("NETWORK_SHARE must be above 0, and 1 at most, for no limit.")
# Counts below this are suppressed for everybody, staff included. It may be raised, never lowered.
SMALL_CELL = int(os.environ.get("SMALL_CELL", "10"))
if SMALL_CELL < 10:
    raise ImproperlyConfigured("SMALL_CELL must be 10 or more: smaller groups could be recognised.")
# The target of "Leave now", for visitors and staff: a page that reveals nothing about its visitor.
EXIT_URL = os.environ.get("EXIT_URL") or "https://www.wikipedia.org/"
if not EXIT_URL.startswith(("https://", "http://") if LOCAL_HTTP else "https://"):
    raise ImproperlyConfigured("EXIT_URL must begin with https://.")
# The licence under which files of results are handed out, by its SPDX identifier.
RESULTS_LICENCE = os.environ.get("RESULTS_LICENCE") or "CC-BY-4.0"
if not re.fullmatch(r"[A-Za-z0-9.+-]{1,60}", RESULTS_LICENCE):
    raise ImproperlyConfigured("RESULTS_LICENCE must be an SPDX identifier, such as CC-BY-4.0 or CC0-1.0.")
# Who runs the campaigns, and how to reach them: visitors read both.
ORGANISATION = os.environ.get("ORGANISATION", "").strip() or ("A trial installation" if LOCAL_HTTP else "")
ORGANISATION_CONTACT = os.environ.get("ORGANISATION_CONTACT", "").strip()
if ORGANISATION_CONTACT and not re.fullmatch(r"https://\S+|[^@\s:]+@[^@\s:]+", ORGANISATION_CONTACT):
    raise ImproperlyConfigured(
        "ORGANISATION_CONTACT must be an e-mail address, or an address that begins with https://."
    )
NEVER_NAME = _list("NEVER_NAME")  # tools and sites that no message may name
CHECK_HELP_LINKS = _flag("CHECK_HELP_LINKS")  # the worker requests each help link once a day
# The site's public address, for links in notices: the worker gets no request from which to derive it.
_HOST = next((host for host in ALLOWED_HOSTS if not host.startswith((".", "*"))), "localhost")
SITE_ADDRESS = os.environ.get("SITE_ADDRESS", "").rstrip("/") or f"http{'' if LOCAL_HTTP else 's'}://{_HOST}"
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # for monitoring on other machines

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "campaign.api.authentication.ApiTokenAuthentication",
        "campaign.api.authentication.SecondFactorSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["campaign.api.parsers.StrictJSON"],
    "EXCEPTION_HANDLER": "campaign.api.exceptions.handle_api_exception",
}

# Errors go to standard error, without the request: no mail, no report of a request's contents.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(levelname)s %(name)s %(message)s"}
        if DEBUG
        else {"()": "campaign.log_format.RequestFreeFormatter"}
    },
    "filters": {
        "once_per_hour": {
            "()": "campaign.log_format.OncePerHour",
            "loggers": ["analytics.ingest", "campaign.serving", "campaign.rsgi", "campaign.wsgi"],
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": [] if DEBUG else ["once_per_hour"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # Its messages name the path and the client: silent in production.
        "django.server": {"handlers": ["stderr"], "level": "INFO" if DEBUG else "CRITICAL", "propagate": False},
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        # Its warnings hold the Host or the Referer of a request.
        "django.security": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
    },
}
