"""An installation of its own, for tests that start real processes: a directory, two migrated databases."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.environment import POSTGRESQL

ROOT = Path(__file__).resolve().parent.parent
_URLS = ("DATABASE_URL", "AUDIENCE_DATABASE_URL")


@contextmanager
def installed(directory: Path, variables: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """The environment of an installation on the engine of this run, or on the databases that `variables` name."""
    with _databases() as databases:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "campaign.settings",
            "DATA_DIRECTORY": str(directory),
            **(variables or databases),
        }
        for alias in ("default", "audience"):
            manage("migrate", "--database", alias, "-v0", environment=environment)
        yield environment


def manage(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run one command of this installation to its end; what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, check=True, cwd=ROOT, env=dict(environment), capture_output=True, text=True).stdout


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    """Two new databases on the server of this run; nothing on SQLite, where the directory is enough."""
    if not POSTGRESQL:
        yield {}
        return
    suffix = secrets.token_hex(4)
    urls = {name: f"{os.environ[name]}_{suffix}" for name in _URLS}
    names = [url.rpartition("/")[2] for url in urls.values()]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for name in names:
            connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urls
        finally:
            for name in names:  # by force: a test may have killed whoever was connected
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
