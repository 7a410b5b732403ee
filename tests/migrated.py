"""What the migrations make is kept between runs of tests, under a key of all that could make them other files."""

from __future__ import annotations

import ast
import hashlib
import sqlite3
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path("var", "tests")  # below the root; `rm -rf var/tests` is always safe
_APPS = ("analytics", "campaign", "messages")
_SETTINGS = ("campaign.settings", "analytics.routers")
_MODELS = ("apps", "models")  # Django adds a permission for each model after a migration


def cache_key(root: Path = ROOT) -> str:
    """A digest of migrations, models, settings, every module of ours that these import, and the packages."""
    digest = hashlib.sha256(f"{sys.version} {sqlite3.sqlite_version}".encode())
    for path in sources(root):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:24]


def sources(root: Path = ROOT) -> list[Path]:
    """The files of the project that the content of freshly migrated databases depends on."""
    migrations = [path for app in _APPS for path in (root / app / "migrations").glob("*.py")]
    named = [*_SETTINGS, *(f"{app}.{module}" for app in _APPS for module in _MODELS)]
    waiting = migrations + [path for name in named for path in _files_of(root, name)]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            names = _imports(path.read_bytes(), path.parent.name == "migrations")
            waiting += [file for name in names for file in _files_of(root, name)]
    return sorted([*found, *(root / "requirements").glob("*.txt")])


def _files_of(root: Path, name: str) -> Iterator[Path]:
    """The file of a module of ours and the packages around it; nothing for any other name."""
    parts = name.split(".")
    if parts[0] in _APPS:
        packages = [root.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts) + 1)]
        module = root.joinpath(*parts).with_suffix(".py")
        yield from (path for path in (*packages, module) if path.is_file())


@cache
def _imports(source: bytes, by_string: bool) -> frozenset[str]:
    """Every name that a file imports, wherever in it; of `from a import b`, both a and a.b.

    A migration names others by a string as well, for import_module().
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        elif by_string and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return frozenset(found)
