"""Check whether a disk takes writes, by itself and whether or not anybody sends an event."""

import os
from pathlib import Path
from tempfile import TemporaryFile

PROBE_BYTES = 1 << 20  # room for some thousand events


def takes_writes(directory: Path) -> bool:
    """Whether a file of a mebibyte has room in this directory and reaches its disk. It has no name, and is gone."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=directory, buffering=0) as file:
            file.write(bytes(4096))
            if hasattr(os, "posix_fallocate"):  # reserves the room without writing it
                os.posix_fallocate(file.fileno(), 0, PROBE_BYTES)
            os.fsync(file.fileno())
    except OSError:
        return False
    return True
