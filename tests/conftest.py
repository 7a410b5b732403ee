"""Every test has a spool of its own: what one test left to be counted is not another's."""

from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def a_spool_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "SPOOL_DIRECTORY", tmp_path / "spool")
