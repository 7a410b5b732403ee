"""Exports kept as files, so that a change of any of them is seen and meant.

`REWRITE=1 .venv/bin/python -m pytest tests/analytics/export` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

FOLDER = Path(__file__).with_name("golden")


def assert_golden(name: str, content: bytes, *, folder: Path = FOLDER) -> None:
    """Compare an export with the file that is kept of it."""
    path = folder / name
    if os.environ.get("REWRITE"):
        path.write_bytes(content)
    assert _lines(path.read_bytes()) == _lines(content)


def _lines(content: bytes) -> list[str]:
    """The lines of a file, with numbers as exact as every version of scipy has them."""
    text = content.decode("utf-8-sig")
    return re.sub(r"\d+\.\d{9,}", lambda match: f"{float(match[0]):.9f}", text).splitlines()
