"""What a web worker need not hold in memory."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

# Django REST framework colours the pages of its browsable API and serializes PostgreSQL's arrays; here are neither. The
# code that an app scans is drawn as SVG, and plans are drawn by a process of their own: no need of Pillow (5 MB).
UNUSED_MODULES = ("pygments", "django.contrib.postgres", "PIL")


def block_unused_imports() -> None:
    """Who asks for what is never used finds it not installed, as it may well be: 1 MB."""
    for name in UNUSED_MODULES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # so Python marks what must not be imported


def release_free_memory() -> None:
    """What starting used and freed is the system's again: 1 MB. Only glibc keeps it, and has a call for it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
