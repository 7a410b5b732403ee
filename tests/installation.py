"""An installation of its own, for tests that start real processes: a directory, two migrated databases."""

from __future__ import annotations

import fcntl
import hashlib
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
from tests.postgres import NoPostgresError, cluster, programs

ROOT = Path(__file__).resolve().parent.parent
_URLS = ("DATABASE_URL", "AUDIENCE_DATABASE_URL")
_ALIASES = ("default", "audience")


@contextmanager
def new_installation(directory: Path, variables: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """The environment of an installation on the engine of this run, or on the databases that `variables` name."""
    urls = {name: url for name, url in (variables or {}).items() if name in _URLS}
    if urls:
        _load_migrated(urls)
        yield _environment(directory, variables or {})
    elif POSTGRESQL:
        with _databases() as urls:
            yield _environment(directory, urls)
    else:
        copy_migrated_databases(directory)
        yield _environment(directory, variables or {})


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

    return make_once(f"migrated-{_cache_key()}", make, where=ROOT / migrated.CACHE)


def _cache_key() -> str:
    """The digest of what migrated databases depend on: once for a whole run, since it reads half of the project."""

    def make(folder: Path) -> None:
        (folder / "key").write_text(migrated.cache_key(), encoding="utf-8")

    return (make_once("cache-key", make) / "key").read_text("utf-8")


def _load_migrated(urls: Mapping[str, str]) -> None:
    """Fill empty databases on PostgreSQL with what the migrations make; loading a dump is much faster."""

    def make(folder: Path) -> None:
        with cluster() as server, tempfile.TemporaryDirectory() as place:
            new = {name: server.environment()[name] for name in _URLS}
            _migrate(_environment(Path(place), new))
            for name, url in new.items():
                _run_program("pg_dump", "--no-owner", "--file", str(folder / name), url)

    version = hashlib.sha256(_run_program("pg_dump", "--version").encode()).hexdigest()[:8]
    dumps = make_once(f"postgresql-{version}-{_cache_key()}", make, where=ROOT / migrated.CACHE)
    for name, url in urls.items():
        _run_program("psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={dumps / name}", url)


def _run_program(name: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs to its end, the server's own or that on PATH; what it printed."""
    program = shutil.which(name, path=f"{programs()}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        raise NoPostgresError(f"PostgreSQL's program {name} is missing: install its client programs.")
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


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
        _load_migrated(urls)
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
