"""Where tests put temporary files: in memory if there is room, since thousands of them wait for a disk to sync.

What a disk forgets when the plug is pulled, tests/power simulates.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

DISK = tempfile.gettempdir()
_MEMORY = Path("/dev/shm")
_ENOUGH = 4 << 30  # bytes


def use_memory() -> None:
    """Let this process and those that it starts put temporary files into memory, unless TMPDIR says where."""
    if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        tempfile.tempdir = os.environ["TMPDIR"] = str(_MEMORY)
