"""The systemd units: systemd understands them, and they give the server no more than it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.installation import ROOT

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")
UNITS = ["second-thought-web@.service", "second-thought-worker.service"]
_LIMITS = ["LimitCORE=0", "MemorySwapMax=0", "UMask=0077", "ProtectSystem=strict", "NoNewPrivileges=true"]


@pytest.fixture(scope="module", autouse=True)
def systemd() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")


def analysed(unit: str, text: str, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What systemd says of a unit whose program is there."""
    file = directory / unit
    text = text.replace("/srv/second-thought/.venv/bin/python", sys.executable).replace(
        "/srv/second-thought", str(ROOT)
    )
    file.write_text(text, encoding="utf-8")
    command = ["systemd-analyze", *arguments, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(unit: str, tmp_path: Path) -> None:
    text = (ROOT / "deploy" / unit).read_text("utf-8")
    done = analysed(unit, text, tmp_path, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    misspelt = analysed(unit, text.replace("LimitCORE", "LimitCores"), tmp_path, "verify")
    assert "LimitCores" in misspelt.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_exposes_little(unit: str, tmp_path: Path) -> None:
    text = (ROOT / "deploy" / unit).read_text("utf-8")
    assert all(line in text.splitlines() for line in _LIMITS)
    strict = ("security", "--offline=true", "--threshold=15")
    assert analysed(unit, text, tmp_path, *strict).returncode == 0
    careless = "\n".join(line for line in text.splitlines() if not line.startswith(("Capability", "SystemCall")))
    assert analysed(unit, careless, tmp_path, *strict).returncode != 0


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_started_again_however_often_it_ends(unit: str) -> None:
    """systemd gives up after five starts in ten seconds, unless the unit says otherwise."""
    sections = ConfigParser(strict=False, interpolation=None, allow_no_value=True, delimiters="=")
    sections.optionxform = str  # type: ignore[assignment,method-assign]  # systemd distinguishes capital letters
    sections.read(ROOT / "deploy" / unit, encoding="utf-8")
    assert sections["Unit"]["StartLimitIntervalSec"] == "0"
    assert (sections["Service"]["Restart"], sections["Service"]["RestartSec"]) == ("always", "5")
