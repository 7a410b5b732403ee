"""PURE  Pack files so that the same files give the same bytes."""

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that the format can hold
_READABLE_BY_ALL = 0o644 << 16


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP archive of these files, in the order of their names and without a time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else it would say on which system it was made
            entry.external_attr = _READABLE_BY_ALL
            archive.writestr(entry, files[name])
    return stream.getvalue()
