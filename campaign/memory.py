"""Keep unused code and freed memory out of a web worker: 78 MiB after load with it, 83 MiB without."""

import ctypes
import sys
from contextlib import suppress

# Imported by libraries if installed, and never used here: Django REST framework's browsable API, its client of other
# APIs (2 MB) and its fields for PostgreSQL's arrays (1 MB), and Pillow (5 MB): QR codes are SVG, plans are drawn in
# another process.
UNUSED_MODULES = ("pygments", "requests", "django.contrib.postgres", "PIL")


def block_unused_imports() -> None:
    """Let these imports fail as if the packages were not installed, which the libraries allow for."""
    for name in UNUSED_MODULES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None makes the import fail


def release_free_memory() -> None:
    """Return the memory that start-up freed to the system (1 MB). Only glibc needs it, and has a call for it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
