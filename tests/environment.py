"""Loaded before the settings: tests keep all they write in a directory of their own, on plain HTTP."""

import atexit
import gc
import os
import random
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import scratch

scratch.use_memory()
_directory = tempfile.mkdtemp(prefix="second-thought-tests-")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
os.environ["DATA_DIRECTORY"] = _directory
os.environ["LOCAL_HTTP"] = "1"
# What is made once for a whole run, by whichever of its processes needs it first: `made_once` of tests/installation.py.
# The process that began the run clears up.
RUN_DIRECTORY_VARIABLE = "SECOND_THOUGHT_TEST_RUN"
if RUN_DIRECTORY_VARIABLE not in os.environ:
    os.environ[RUN_DIRECTORY_VARIABLE] = tempfile.mkdtemp(prefix="second-thought-run-")
    atexit.register(shutil.rmtree, os.environ[RUN_DIRECTORY_VARIABLE], ignore_errors=True)
RANDOM_ORDER = "RANDOM_ORDER"  # a seed: `make test RANDOM=1` chooses one
POSTGRESQL = os.environ.get("TEST_ENGINE") == "postgresql"  # tests/postgres.py says so, and where the databases are
_OURS = ["KEY_DIRECTORY", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"]
for _name in _OURS if POSTGRESQL else [*_OURS, "DATABASE_URL", "AUDIENCE_DATABASE_URL"]:
    os.environ.pop(_name, None)


# Generated cases are the same in every run, and no test is timed: a noisy machine turns nothing red. `make test` takes
# few of them, `make proof` more. To search further: python -m pytest --hypothesis-profile=search
@cache
def _load_profiles() -> None:
    from hypothesis import (  # Importing it takes as long as a hundred tests: only where it is used.
        HealthCheck,
        settings,
    )

    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    untimed = settings.get_profile("untimed")
    settings.register_profile("few", untimed, derandomize=True, max_examples=20)
    settings.register_profile("many", untimed, derandomize=True)
    settings.register_profile("search", untimed, derandomize=False, max_examples=2_000)
    settings.load_profile("few")


_USES_HYPOTHESIS = re.compile(rb"^(from|import) hypothesis\b", re.MULTILINE)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path) -> None:
    if _USES_HYPOTHESIS.search(module_path.read_bytes()):
        _load_profiles()


# What has been imported and collected stays: looking through it for garbage again and again takes a tenth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "only_on(engine, reason): about one of the two engines, 'sqlite' or 'postgresql'"
    )
    # PostgreSQL drops no database that a thread is still connected to; this one goes with its server. On SQLite it is a
    # copy that is migrated already (tests/conftest.py), and goes with its directory.
    config.option.reuse_db = True
    if config.getoption("--hypothesis-profile"):
        _load_profiles()


# `make test` runs three files at a time, each in one process, so that what a file has made once serves all its tests.
# What goes by a clock comes one after the other; what takes long begins first: nobody waits for it at last.
_ONE_AT_A_TIME = ("tests/crash/", "tests/deploy/test_restart.py")
_EVERY_PAGE = "tests/browser/test_every_page.py"
_LONG: tuple[str, ...] = (_EVERY_PAGE, "tests/trust/", *_ONE_AT_A_TIME, "tests/browser/")
_LONG += ("tests/deploy/", "tests/power/", "tests/fuzz/", "tests/analytics/rehearsal/", "tests/analytics/disclosure/")


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Sends a whole file to one process. (`--dist loadgroup` of xdist 3.8 groups nothing with pytest 9.)

    The file that looks at every page takes longer than all others together: each third of the routes is on its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        name, _, test = nodeid.partition("::")
        if name == _EVERY_PAGE:
            route = test.partition("[")[2].partition(" ")[0]
            return f"{name} {crc32(route.encode()) % 3}"
        return "by a clock" if nodeid.startswith(_ONE_AT_A_TIME) else name


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling:
    return FileScheduling(config, log)


# Every test below these starts processes, or measures what real time does.
_PROCESSES = ("tests/browser/", "tests/crash/", "tests/deploy/", "tests/fuzz/", "tests/power/", "tests/trust/")


# Files of tests that ask for pages, each of which takes as long as ten rules.
_PAGES = re.compile(r"/test_(\w+_)?views\.py::")


def _needs_a_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or names & {"db", "transactional_db"})


_INSTALLATION = re.compile(rb"\btests\.(installation|postgres|crash|deploy)\b|\bonly_on\b")


def _has_an_installation(item: pytest.Item) -> bool:
    """Does it start processes on databases? A process that draws a document or builds a package asks no engine."""
    if not item.get_closest_marker("process"):
        return False
    name = item.nodeid.partition("::")[0]
    return name.startswith(("tests/crash/", "tests/deploy/")) or _mentions_an_installation(item.path)


@cache
def _mentions_an_installation(path: Path) -> bool:
    return bool(_INSTALLATION.search(path.read_bytes()))


def _shuffle(items: list[pytest.Item], seed: str) -> None:
    """Files in random order, and the tests of each: what a file has made once serves all its tests."""
    chance = random.Random(seed)
    places = {name: chance.random() for name in sorted({item.nodeid.partition("::")[0] for item in items})}
    chance.shuffle(items)
    items.sort(key=lambda item: places[item.nodeid.partition("::")[0]])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(_PROCESSES):
            item.add_marker(pytest.mark.process)
        if _PAGES.search(item.nodeid):
            item.add_marker(pytest.mark.slow)
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.generated)
    if POSTGRESQL:  # the others are the same on every engine
        items[:] = [item for item in items if _needs_a_database(item) or _has_an_installation(item)]
    if seed := os.environ.get(RANDOM_ORDER):
        _shuffle(items, seed)
    if hasattr(config, "workerinput"):  # in a process of pytest-xdist
        items.sort(key=lambda item: next((at for at, name in enumerate(_LONG) if item.nodeid.startswith(name)), 99))
    for item in items:
        for mark in item.iter_markers("only_on"):
            if (mark.args[0] == "postgresql") != POSTGRESQL:
                item.add_marker(pytest.mark.skip(reason=f"only on {mark.args[0]}: {mark.kwargs['reason']}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if seed := os.environ.get(RANDOM_ORDER):
        terminalreporter.write_line(f"In random order; RANDOM={seed} repeats it.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if "hypothesis" not in sys.modules:  # Its plugin would import it to say that there is nothing to say.
        session.config.pluginmanager.unregister(name="hypothesispytest")
