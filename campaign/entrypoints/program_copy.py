"""Run a process that lives long from a copy of the program, which an update of the files does not reach.

Code, templates, translations and style sheets are loaded when a page first needs them, which may be months after the
start. From the copy they are those that the process started with. Memory would be the other place to keep them.
The packages of the virtual environment are not copied: an update makes a new environment (docs/operations.md, Update).
"""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from django.conf import settings

PROGRAM = ("analytics", "campaign", "messages", "templates", "locale", "docs", "manage.py")
_PREFIX = "second-thought-program-"
_LOCK = ".in-use"  # held by whatever runs from the copy


def is_running_from_copy() -> bool:
    """Whether this process runs from a copy already."""
    return (_program() / _LOCK).exists()


def run_from_copy(arguments: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Copy the program into a new private directory, and replace this process by Python with these arguments there.

    Python and its packages are found by their real path: a link to the environment may be set to another later.
    """
    python = str(Path(sys.executable).parent.resolve() / Path(sys.executable).name)
    variables = {**variables, **_absolute_locations()}
    os.chdir(_make_copy())
    os.execve(python, [python, *arguments], variables)  # noqa: S606  (no shell is involved)


def _make_copy() -> Path:
    """Copy the program, and hold the copy until this process and its children have ended.

    Copies that nobody holds any more are removed first: a process that is killed leaves its own.
    """
    _remove_unused_copies()
    copy = Path(tempfile.mkdtemp(prefix=_PREFIX))
    descriptor = os.open(copy / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.set_inheritable(descriptor, True)  # and left open: the system releases the lock with the last holder
    for name in PROGRAM:
        source = _program() / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "pictures"))
        else:
            shutil.copy(source, copy / name)
    return copy


def _program() -> Path:
    directory: Path = settings.BASE_DIR
    return directory


def _absolute_locations() -> dict[str, str]:
    """Settings that name files, which stay where they are."""
    names = ("DATA_DIRECTORY", "KEY_DIRECTORY", "SPOOL_DIRECTORY")
    locations = {name: str(getattr(settings, name).resolve()) for name in names}
    for name, alias in (("DATABASE_URL", "default"), ("AUDIENCE_DATABASE_URL", "audience")):
        file = Path(str(settings.DATABASES[alias]["NAME"]))
        if settings.DATABASES[alias]["ENGINE"] == "django.db.backends.sqlite3" and not file.is_absolute():
            locations[name] = f"sqlite:///{file.resolve()}"
    return locations


def _remove_unused_copies() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError), lock.open("r+") as stream:  # another user's, or held
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)
