"""The statistics and the client install alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.process, pytest.mark.slow]


def install(folder: str, tmp_path: Path) -> Path:
    """Install a folder as `pip install ./folder` does, without the network, and return where it is."""
    source, target = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(ROOT / folder, source, ignore=shutil.ignore_patterns("__pycache__"))
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", str(target), str(source)]
    subprocess.run(command, check=True, cwd=tmp_path)
    return target


def run(program: str, installed: Path) -> str:
    """Run a program that finds the installed folder and this environment's libraries, and nothing of the project."""
    code = f"import sys; sys.path.insert(0, {str(installed)!r})\n{program}"
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True, cwd=installed)
    return done.stdout.strip()


def test_the_statistics_need_scipy_and_nothing_else_of_the_project(tmp_path: Path) -> None:
    installed = install("analytics/stats", tmp_path)
    # 56 of 70 against 48 of 80: Miettinen and Nurminen 1985 give 0.0528 to 0.3382.
    told = run(
        "from analytics.stats import Counts, proportions\n"
        "found = proportions.difference(treated=Counts(70, 56), control=Counts(80, 48))\n"
        "ends = [round(end, 4) for end in (found.interval.low, found.interval.high)]\n"
        "print(proportions.__file__, ends, 'django' in sys.modules)",
        installed,
    )
    assert told == f"{installed}/analytics/stats/proportions.py [0.0528, 0.3382] False"


def test_every_module_of_the_statistics_is_installed(tmp_path: Path) -> None:
    installed = install("analytics/stats", tmp_path) / "analytics" / "stats"
    here = ROOT / "analytics" / "stats"
    assert {path.relative_to(installed) for path in installed.rglob("*.py")} == {
        path.relative_to(here) for path in here.rglob("*.py")
    }


def test_all_packages_have_one_version() -> None:
    folders = ("", "analytics/stats", "clients/python")
    written = [(ROOT / folder / "pyproject.toml").read_text(encoding="utf-8") for folder in folders]
    assert len({tomllib.loads(each)["project"]["version"] for each in written}) == 1


def test_the_client_needs_python_alone(tmp_path: Path) -> None:
    installed = install("clients/python", tmp_path)
    told = run("import second_thought; print(second_thought.__file__, 'pandas' in sys.modules)", installed)
    assert told == f"{installed}/second_thought/__init__.py False"
