"""The size of the embed, compressed, which a partner's page must load."""

from __future__ import annotations

import gzip

from benchmarks.installation import ROOT
from benchmarks.ratio_table import Line

EMBED = ROOT / "campaign" / "static" / "campaign" / "embed.js"
GOAL = 5000


def gzipped_size(data: bytes) -> int:
    """The length after `gzip -9`, without a time or name, so that it is reproducible."""
    return len(gzip.compress(data, compresslevel=9, mtime=0))


def measure() -> list[Line]:
    """The embed's size and its goal."""
    size = gzipped_size(EMBED.read_bytes())
    return [Line("embed: bytes, gzipped", f"{size:,}", f"at most {GOAL:,}", size <= GOAL)]
