"""PURE  Secrets as files of their owner alone, created whole and destroyed by overwriting."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32


def read_or_create_secret(directory: Path, name: str) -> bytes:
    """The bytes of one secret file, created whole with mode 0600 if it is not there yet."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / name
    if not path.exists():
        draft = directory / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)  # fails if another process was first, whose secret is then used
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        fsync_directory(directory)  # else a power cut may lose the file, and with it every receipt signed so far
    return path.read_bytes()


def destroy_secret_file(directory: Path, name: str) -> bool:
    """Overwrite and remove a secret and its drafts; whether there was one.

    A process that reads the file while it is overwritten with random bytes gets a secret that nobody knows. On
    copy-on-write disks only the removal has an effect.
    """
    existed = (directory / name).exists()
    for path in [directory / name, *directory.glob(f".{name}.*")]:
        with suppress(FileNotFoundError), path.open("r+b", buffering=0) as stream:
            stream.write(secrets.token_bytes(path.stat().st_size))
            os.fsync(stream.fileno())
            path.unlink()
    if existed:
        fsync_directory(directory)
    return existed


def fsync_directory(directory: Path) -> None:
    """Make the names of the files in it survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
