"""Where tests put temporary files: in memory if there is room, since thousands of them wait for a disk to sync.

What a disk forgets when the plug is pulled, tests/power simulates.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

# Before any process of this run used memory: those that this one starts inherit TMPDIR.
DISK = os.environ.setdefault("SECOND_THOUGHT_TEST_DISK", tempfile.gettempdir())
_MEMORY = Path("/dev/shm")
_ENOUGH = 4 << 30  # bytes


def use_memory() -> None:
    """Let this process and those that it starts put temporary files into memory, unless TMPDIR says where."""
    if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        tempfile.tempdir = os.environ["TMPDIR"] = str(_MEMORY)
        _remove_leftovers()


def _remove_leftovers() -> None:
    """What runs that were killed a day ago or earlier have left in memory."""
    for path in _MEMORY.glob("second-*"):
        with suppress(OSError):
            if path.stat().st_uid == os.geteuid() and path.stat().st_mtime < time.time() - 86_400:
                shutil.rmtree(path, ignore_errors=True)
