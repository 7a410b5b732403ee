"""An installation of its own, for tests that start real processes: a directory, two migrated databases."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import migrated
from tests.environment import POSTGRESQL, RUN_DIRECTORY_VARIABLE

ROOT = Path(__file__).resolve().parent.parent
_URLS = ("DATABASE_URL", "AUDIENCE_DATABASE_URL")
_ALIASES = ("default", "audience")


@contextmanager
def new_installation(directory: Path, variables: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """The environment of an installation on the engine of this run, or on the databases that `variables` name."""
    if variables:
        environment = _environment(directory, variables)
        _migrate(environment)
        yield environment
    elif POSTGRESQL:
        with _databases() as urls:
            yield _environment(directory, urls)
    else:
        copy_migrated_databases(directory)
        yield _environment(directory, {})


def copy_migrated_databases(directory: Path) -> None:
    """Put both databases on SQLite there, migrated and empty."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in _migrated_files().iterdir():
        shutil.copy(file, directory)


def _environment(directory: Path, variables: Mapping[str, str]) -> dict[str, str]:
    own = {"DJANGO_SETTINGS_MODULE": "campaign.settings", "DATA_DIRECTORY": str(directory)}
    return {**os.environ, **own, **variables}


def _migrate(environment: Mapping[str, str]) -> None:
    with ThreadPoolExecutor() as both:
        list(both.map(lambda alias: manage("migrate", "--database", alias, "-v0", environment=environment), _ALIASES))


def _migrated_files() -> Path:
    """Both databases on SQLite, migrated and kept between runs; each installation begins with a copy."""

    def make(folder: Path) -> None:
        whole = _environment(folder, {})
        _migrate({name: value for name, value in whole.items() if name not in _URLS})  # on SQLite, in any run
        for path in folder.iterdir():
            if path.suffix != ".sqlite3":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    return make_once(f"migrated-{migrated.cache_key()}", make, where=ROOT / migrated.CACHE)


def make_once(name: str, make: Callable[[Path], object], *, where: Path | None = None) -> Path:
    """A folder that is filled once, by whichever process needs it first: for a whole run of tests, or for all runs."""
    where = where or Path(os.environ[RUN_DIRECTORY_VARIABLE])
    where.mkdir(parents=True, exist_ok=True)
    ready = where / name
    with (where / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            making = Path(tempfile.mkdtemp(dir=where))
            make(making)
            making.rename(ready)
    return ready


def manage(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run one command of this installation to its end; what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, check=True, cwd=ROOT, env=dict(environment), capture_output=True, text=True).stdout


def migrated_postgresql_databases() -> dict[str, str]:
    """Both databases on the server of this run, migrated once; new ones are made of them. They go with the server."""

    def make(folder: Path) -> None:
        urls = _beside("template")
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            for url in urls.values():
                connection.execute(f'CREATE DATABASE "{_name(url)}"')
        with tempfile.TemporaryDirectory() as place:
            _migrate(_environment(Path(place), urls))
        (folder / "urls.json").write_text(json.dumps(urls), encoding="utf-8")

    urls: dict[str, str] = json.loads((make_once("postgresql", make) / "urls.json").read_text("utf-8"))
    return urls


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    """Two new databases on the server of this run."""
    templates, urls = migrated_postgresql_databases(), _beside(secrets.token_hex(4))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for variable, url in urls.items():
            connection.execute(f'CREATE DATABASE "{_name(url)}" TEMPLATE "{_name(templates[variable])}"')
        try:
            yield urls
        finally:
            for url in urls.values():  # by force: a test may have killed whoever was connected
                connection.execute(f'DROP DATABASE "{_name(url)}" WITH (FORCE)')


def _beside(suffix: str) -> dict[str, str]:
    """Addresses of two more databases on the server of this run."""
    return {variable: f"{os.environ[variable]}_{suffix}" for variable in _URLS}


def _name(url: str) -> str:
    return url.rpartition("/")[2]
