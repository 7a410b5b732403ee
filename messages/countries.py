"""Countries by their two-letter code, as help links name them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

EVERYWHERE = "*"
_FILE = Path(__file__).parent / "library" / "countries.tsv"


@cache
def names() -> dict[str, str]:
    """Code to English name, in the order of the names."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return dict(sorted(((code, name) for code, name in rows), key=lambda row: row[1]))


def name_of(code: str) -> str:
    """The country's name, or the code if it has none here."""
    return names().get(code, code)
