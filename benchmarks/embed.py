"""How much a partner's page must load: the embed, compressed."""

from __future__ import annotations

import gzip

from benchmarks.installation import ROOT
from benchmarks.rounds import Line

EMBED = ROOT / "campaign" / "static" / "campaign" / "embed.js"
GOAL = 4096


def gzipped_size(data: bytes) -> int:
    """The length after `gzip -9`, with no time and no name in it, so that it is the same everywhere."""
    return len(gzip.compress(data, compresslevel=9, mtime=0))


def measure() -> list[Line]:
    """The embed's size beside the goal."""
    size = gzipped_size(EMBED.read_bytes())
    return [Line("embed: bytes, gzipped", f"{size:,}", f"at most {GOAL:,}", size <= GOAL)]
