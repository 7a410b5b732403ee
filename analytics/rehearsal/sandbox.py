"""The private installation in which a campaign is rehearsed: its environment, and checks that it is the current one."""

import os
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from analytics.models import OpenView
from campaign.models import Campaign

MARKER_FILENAME = "rehearsal"
# Settings that would lead to the databases, keys and secrets of the real installation.
_REMOVED = ("DATABASE_URL", "AUDIENCE_DATABASE_URL", "KEY_DIRECTORY", "SPOOL_DIRECTORY", "SECRET_KEY", "METRICS_TOKEN")
_OVERRIDES = {"LOCAL_HTTP": "1", "NETWORK_SHARE": "0.01", "BEHIND_TLS_PROXY": "0", "SKIP_SECOND_FACTOR": "0"}


class NotASandbox(Exception):
    """The current installation was not made for a rehearsal. Nothing was changed."""


def create_marker(directory: Path) -> None:
    """Mark a directory as made for a rehearsal."""
    (directory / MARKER_FILENAME).touch(mode=0o600)


def sandbox_environment(directory: Path) -> dict[str, str]:
    """Return the environment of a process that writes to `directory` only."""
    inherited = {name: value for name, value in os.environ.items() if name not in _REMOVED}
    return {**inherited, **_OVERRIDES, "DATA_DIRECTORY": str(directory)}


def require_sandbox_paths() -> None:
    """Raise NotASandbox unless databases, keys and spool lie in a marked directory. It needs no tables."""
    directory = Path(settings.DATA_DIRECTORY).resolve()
    paths = [str(settings.KEY_DIRECTORY), str(settings.SPOOL_DIRECTORY)]
    for database in settings.DATABASES.values():
        if database["ENGINE"] != "django.db.backends.sqlite3":
            raise NotASandbox("A rehearsal needs SQLite databases of its own.")
        paths.append(str(database["NAME"]))
    if not (directory / MARKER_FILENAME).is_file():
        raise NotASandbox("This directory was not made for a rehearsal.")
    if any(directory not in Path(path).resolve().parents for path in paths):
        raise NotASandbox("Databases, keys or spool lie outside of the rehearsal’s directory.")


def require_empty_sandbox() -> None:
    """Raise NotASandbox unless the paths are those of a sandbox and its databases are empty."""
    require_sandbox_paths()
    if Campaign.objects.exists() or User.objects.exists() or OpenView.objects.exists():
        raise NotASandbox("The databases are not empty.")
